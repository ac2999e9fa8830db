/* SPDX-License-Identifier: ISC */
/*
 * smtp/smtp.h -- one SMTP conversation, as a bystander hears it.
 *
 * Give it each side's octets in causal order; read back the facts that
 * rules ask about (RFC 5321, RFC 3207, RFC 2034, RFC 2920, RFC 3030,
 * RFC 4954, LMTP RFC 2033).  It does not judge: "STARTTLS was not offered"
 * is a fact here, and a finding only in detect/.  It knows neither packets
 * nor TLS: where TLS may begin it stops and says so.
 *
 * Message contents, local parts and credentials are read past and never
 * kept.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "base/book.h"
#include "base/mark.h"
#include "base/span.h"

#define SMTP_BANNER_MAX		512	/* octets of the greeting kept */
#define SMTP_REPLY_MAX		8192	/* octets of an EHLO reply kept */
#define SMTP_EXTENSIONS_MAX	256	/* lines of an EHLO reply kept */
#define SMTP_DOMAINS_MAX	64	/* distinct recipient domains kept */
#define SMTP_HELLOS_MAX		8	/* EHLO/HELO commands kept */

enum smtp_protocol {
	SMTP_NOTHING,		/* nothing understood yet */
	SMTP_SMTP,
	SMTP_LMTP,		/* LHLO was said */
	SMTP_FOREIGN,		/* something else speaks here */
};

enum smtp_hello { HELLO_NONE, HELLO_EHLO, HELLO_HELO, HELLO_LHLO };

/* As v_sessions.offer; judged on the last EHLO before TLS. */
enum smtp_offer {
	OFFER_UNSEEN,		/* asked, but the reply was not seen whole */
	OFFER_NOT_ASKED,	/* HELO only, or nothing */
	OFFER_OFFERED,
	OFFER_ABSENT,
	OFFER_MASKED,
	OFFER_EHLO_REFUSED,	/* 4xx or 5xx to EHLO */
};

enum smtp_starttls { STARTTLS_NOT_SENT, STARTTLS_SENT, STARTTLS_MASKED };

/* What smtp_hear() wants to happen next. */
enum smtp_next {
	SMTP_GO_ON,
	SMTP_TLS_MAY_BEGIN,	/* STARTTLS was accepted, or its reply cannot
				 * be seen (or it was never sent) and TLS
				 * octets come: octets from here on belong to
				 * TLS */
};

/* One EHLO, HELO or LHLO and what came of it. */
struct smtp_greeting {
	enum smtp_hello	 hello : 8;
	enum smtp_offer	 offer : 8;
	uint16_t	 code;		/* of its reply; 0: none seen */
	struct mark	 command, reply_first, reply_last;
};

/*
 * Hundreds of thousands of conversations may be open at once, and most end
 * with the reply to EHLO: what comes behind it, and what is odd, is kept
 * apart, where there is any.  Texts are escaped (base/escape.h) and NULL if
 * there is nothing to tell.  What is counted goes on being counted past the
 * limits of what is kept.
 */

/* STARTTLS; smtp_upgrade() */
struct smtp_upgrade {
	const char	*starttls_as_sent;	/* the command */
	const char	*starttls_reply_text;
	struct mark	 starttls_command_at, starttls_reply_at;
};

/* mail in clear; commands that were refused count too; smtp_mail() */
struct smtp_mail {
	unsigned	 rcpt_commands;
	/* sent to their end, whatever came of them: */
	unsigned	 mails_tls_optional;	/* TLS-Required: No, RFC 8689 */
	unsigned	 mails_tls_report;	/* TLS-RPT reports, RFC 8460 */
	unsigned	 mails_ordinary;	/* neither, as far as was seen */
	unsigned	 headers_unseen;	/* of these: header not heard
						 * to its end */
	unsigned	 rcpt_domains_kept, rcpt_domains_dropped;
	const char	**rcpt_domains;		/* lower case, distinct, in
						 * order */
	const char	*mail_from_domain;	/* of the last MAIL; "": null
						 * sender */
	struct mark	 first_mail, first_data, first_accepted;
};

/* what few conversations have; smtp_rare() */
struct smtp_rare {
	struct mark	 starttls_demanded_at;

	/* plaintext where none may be, RFC 3207 section 4.2; redacted */
	unsigned	 client_early_octets;	/* behind STARTTLS, before its
						 * reply or TLS */
	unsigned	 server_early_octets;	/* behind the 220, before TLS */
	const char	*client_early, *server_early;
	struct mark	 client_early_at, server_early_at;
	struct mark	 plain_after_accept_at;

	/* credentials in clear */
	const char	*auth;			/* mechanism, upper case: the
						 * accepted, else the first */
	struct mark	 auth_at;
	unsigned	 auth_times;

	struct mark	 requiretls_at;

	unsigned	 garbage_lines;		/* of the server, no replies */
	unsigned	 unpaired_replies;	/* no command explains them */
	unsigned	 limits_reached;	/* something was given up */
};

struct smtp_facts {
	/* NULL: none of it; read by the functions below */
	struct smtp_upgrade	*upgrade;
	struct smtp_mail	*mail;
	struct smtp_rare	*rare;

	/* the server's greeting */
	const char	*banner;		/* text of its first line */
	struct mark	 greeting;
	uint16_t	 greeting_code;		/* 0: none seen */

	uint16_t	 starttls_reply;	/* code; 0: none seen */

	enum smtp_protocol	 protocol : 8;

	/* EHLO and kin */
	enum smtp_hello	 hello : 8;		/* the last before TLS */
	enum smtp_offer	 offer : 8;		/* the last before TLS */

	enum smtp_starttls	 starttls : 8;

	uint8_t		 hellos_kept;		/* the first of them */
	uint16_t	 offer_times;		/* lines offering STARTTLS */
	uint16_t	 masked_keywords;	/* lines of X's (and a letter),
						 * of stars, of blanks ... */
	uint16_t	 masked_eights;		/* as long as STARTTLS */
	unsigned	 hellos_seen;
	unsigned	 starttls_times;
	struct smtp_greeting	*hellos;
	const char	*hello_name;		/* argument of the last */
	/* The last complete EHLO reply: lines as received, without code,
	 * separated by \n.  Keywords: first words but of the first line, upper
	 * case, separated by blanks. */
	const char	*ehlo_reply;
	const char	*capabilities;
	const char	*offer_token;		/* the line that offers STARTTLS
						 * or seems to hide it */

	/* mail in clear */
	unsigned	 mail_commands;
	unsigned	 data_commands;		/* DATA, BDAT and BURL */
	unsigned	 mails_accepted;	/* 2xx to the end of DATA or to
						 * the last BDAT */
	unsigned	 mails_unanswered;	/* sent whole, no reply seen */

	/* greeting, EHLO */
	bool	banner_masked : 1;	/* only 2, 0, blank and *, >= 8 stars */
	bool	banner_esmtp : 1;	/* the word ESMTP stands in it */
	bool	hello_masked : 1;	/* "XXXX name" in place of EHLO */
	bool	ehlo_echo_differs : 1;	/* its refusal quotes another word */
	bool	offer_altered : 1;	/* not in the form all clients know */
	bool	offer_near : 1;		/* offer_token is STARTTLS with letters
					 * changed */
	bool	masked_in_order : 1;	/* several, ending in A, B, C ... */
	bool	enhanced_codes : 1;	/* ENHANCEDSTATUSCODES announced */
	bool	reply_after_final : 1;	/* lines after the last of a list */
	bool	reply_mixed_codes : 1;	/* two codes in one reply, any reply */
	bool	reply_too_long : 1;	/* beyond the limits: offer unseen */

	/* STARTTLS */
	bool	starttls_unoffered : 1;	/* sent although not offered */
	bool	anonymoustls : 1;	/* it was X-ANONYMOUSTLS */
	bool	noop_padded : 1;	/* NOOP and blanks, eight octets, after
					 * an offer */
	bool	tls_unasked : 1;	/* TLS of the client, no STARTTLS */
	bool	starttls_reply_enhanced : 1;	/* with an enhanced code */
	bool	starttls_echo_differs : 1;	/* it quotes another command */
	bool	starttls_demanded : 1;	/* 530 or like text, before TLS */
	bool	plain_after_accept : 1;	/* SMTP goes on in clear after 2xx */

	/* the rest */
	bool	requiretls : 1;		/* MAIL ... REQUIRETLS, RFC 8689 */
	bool	auth_accepted : 1;	/* 235 */
	bool	quit : 1;
	bool	turned : 1;		/* TURN accepted: roles flipped */
	bool	xclient : 1;
	bool	proxy_header : 1;	/* HAProxy's line or binary header */
	bool	tunnelled : 1;		/* HTTP CONNECT or SOCKS before it */
	bool	early_talker : 1;	/* it spoke before the greeting */

	/* what was missed, for v_sessions.capture_gaps */
	bool	gap_in_greeting : 1;
	bool	gap_in_ehlo_reply : 1;
	bool	gap_in_starttls : 1;
	bool	gap_in_mail : 1;
};

/* The parts of the facts, all zero if there are none. */
static inline const struct smtp_upgrade *
smtp_upgrade(const struct smtp_facts *f)
{
	static const struct smtp_upgrade none;

	return f->upgrade != NULL ? f->upgrade : &none;
}

static inline const struct smtp_mail *
smtp_mail(const struct smtp_facts *f)
{
	static const struct smtp_mail none;

	return f->mail != NULL ? f->mail : &none;
}

static inline const struct smtp_rare *
smtp_rare(const struct smtp_facts *f)
{
	static const struct smtp_rare none;

	return f->rare != NULL ? f->rare : &none;
}

/*
 * Lines for the redacted dialogue.  `line` is escaped, redacted, without
 * CRLF, and good for the call.
 */
struct smtp_ops {
	void	(*line)(void *context, enum side who, struct mark at,
		    struct span line);
	/* The same for lines at once, texts of the book that is shared;
	 * NULL: line() is told of each. */
	void	(*known)(void *context, enum side who, struct mark at,
		    struct book_list lines);
};

struct smtp;			/* opaque; belongs to a session */
struct smtp_recalls;		/* opaque; belongs to a thread */

/* `ops` may be NULL and must outlive the conversation otherwise.
 * `midstream`: the beginning was not captured.  NULL if memory is short. */
struct smtp	*smtp_new(const struct smtp_ops *ops, void *context,
		    bool midstream);
void		 smtp_free(struct smtp *s);	/* NULL is fine */
/* Replies to EHLO that were read before: for all conversations of a thread.
 * NULL: memory. */
struct smtp_recalls	*smtp_recalls_new(uint64_t seed);
void		 smtp_recalls_free(struct smtp_recalls *all);	/* NULL is fine */
/* Texts that `b` has are not kept once more, and lists that `all` has (NULL:
 * none) not read once more.  Before anything is heard; both must outlive the
 * conversation. */
void		 smtp_share(struct smtp *s, struct book *b,
		    struct smtp_recalls *all);

/*
 * Hear octets of one side.  Returns how many were used: all of them, unless
 * *next becomes SMTP_TLS_MAY_BEGIN; then the rest, and all that this side
 * says later, is for TLS (or for smtp_plain_again()).  Memory running
 * short makes facts NULL, nothing else.
 */
size_t		 smtp_hear(struct smtp *s, enum side who, struct span octets,
		    struct mark at, enum smtp_next *next);

/* Octets of this side are missing from the capture. */
void		 smtp_gap(struct smtp *s, enum side who, uint64_t octets,
		    struct mark at);

/*
 * After SMTP_TLS_MAY_BEGIN plain octets came instead of TLS: go on hearing.
 * Octets of the server heard so while the client has not been plain again
 * are server_early; plain_after_accept is set by the client's next command,
 * or by a reply if the client is never heard.
 */
void		 smtp_plain_again(struct smtp *s, enum side who,
		    struct mark at);

/* No more octets from this side.  An unfinished last line is shown, but is
 * neither command nor reply: nobody would act upon it. */
void		 smtp_end(struct smtp *s, enum side who, struct mark at);

/* How many coming octets of this side are body octets of known length
 * (BDAT, RFC 3030) that need not be shown to smtp_hear(); 0: show all. */
uint64_t	 smtp_skippable(const struct smtp *s, enum side who);
/* They were not shown: `octets` of them passed. */
void		 smtp_skipped(struct smtp *s, enum side who, uint64_t octets,
		    struct mark at);

/* Is this side inside a message body (later copies do not matter)? */
bool		 smtp_in_body(const struct smtp *s, enum side who);

/* Neither side is in a body, and both speak SMTP, as far as is known. */
bool		 smtp_talks(const struct smtp *s);

/* Something is to be heard or read soon: fetch what that touches into the
 * caches: depth 0 itself, and once that is there, 1 the parts of its facts. */
void		 smtp_foresee(const struct smtp *s, unsigned depth);

/* The memory it takes up now, in octets. */
size_t		 smtp_size(const struct smtp *s);

/* Its facts as they are now, in a conversation that hears nothing: to be
 * read by another thread.  NULL: memory is short. */
struct smtp	*smtp_snapshot(const struct smtp *s);

/* Facts so far.  They live inside `s` and change when it hears more. */
const struct smtp_facts	*smtp_facts(const struct smtp *s);

#endif
