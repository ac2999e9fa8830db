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
	enum smtp_hello	 hello;
	int		 code;		/* of its reply; 0: none seen */
	enum smtp_offer	 offer;
	struct mark	 command, reply_first, reply_last;
};

struct smtp_facts {
	enum smtp_protocol	 protocol;

	/* greeting of the server */
	int		 greeting_code;		/* 0: none seen */
	const char	*banner;		/* text of its first line, escaped, NULL: none */
	bool		 banner_masked;		/* only 2, 0, blank and *, >= 8 stars */
	bool		 banner_esmtp;		/* the word ESMTP stands in it */
	struct mark	 greeting;

	/* EHLO and kin */
	struct smtp_greeting	*hellos;	/* the first hellos_kept of them */
	unsigned	 hellos_kept, hellos_seen;
	bool		 hello_masked;		/* "XXXX name" in its place */
	bool		 ehlo_echo_differs;	/* the refusal quotes another command */
	enum smtp_hello	 hello;			/* the last before TLS */
	const char	*hello_name;		/* its argument, escaped, NULL: none */
	enum smtp_offer	 offer;			/* the last before TLS */
	const char	*offer_token;		/* the line that offers or seems to hide it, NULL */
	bool		 offer_altered;		/* offered, but not in the exact form all clients know */
	unsigned	 offer_times;		/* lines offering STARTTLS in that reply */
	unsigned	 masked_keywords;	/* lines of X's (and a letter), '*' ... */
	unsigned	 masked_eights;		/* of them as long as STARTTLS */
	bool		 masked_in_order;	/* several, their last letters A, B, C ... */
	bool		 offer_near;		/* offer_token is STARTTLS with letters changed */
	/* The last complete EHLO reply: lines as received, without code,
	 * separated by \n, escaped; NULL: none.  Keywords: first words but of
	 * the first line, upper case, separated by blanks. */
	const char	*ehlo_reply;
	const char	*capabilities;
	bool		 enhanced_codes;	/* ENHANCEDSTATUSCODES announced */
	bool		 reply_after_final;	/* lines after the final one of an EHLO reply */
	bool		 reply_mixed_codes;	/* two codes in one reply, any reply */
	unsigned	 garbage_lines;		/* of the server, not reply lines */
	bool		 reply_too_long;	/* beyond the limits: offer is unseen */

	/* STARTTLS */
	enum smtp_starttls	 starttls;
	unsigned	 starttls_times;
	bool		 starttls_unoffered;	/* sent although not offered */
	bool		 anonymoustls;		/* it was X-ANONYMOUSTLS */
	bool		 noop_padded;		/* NOOP and blanks, eight octets, after an offer */
	bool		 tls_unasked;		/* TLS octets of the client without STARTTLS */
	const char	*starttls_as_sent;	/* the command, escaped, NULL: none */
	int		 starttls_reply;	/* code; 0: none seen */
	const char	*starttls_reply_text;	/* escaped, NULL */
	bool		 starttls_reply_enhanced; /* with an enhanced status code */
	bool		 starttls_echo_differs;	/* reply quotes another command */
	struct mark	 starttls_command_at, starttls_reply_at;
	bool		 starttls_demanded;	/* 530 or like text, before TLS */
	struct mark	 starttls_demanded_at;
	/* plaintext where none may be, RFC 3207 section 4.2 */
	unsigned	 client_early_octets;	/* behind STARTTLS, before its reply or TLS */
	const char	*client_early;		/* escaped and redacted, NULL */
	unsigned	 server_early_octets;	/* behind the 220, before TLS */
	const char	*server_early;
	struct mark	 client_early_at, server_early_at;
	bool		 plain_after_accept;	/* SMTP goes on in clear after 2xx to STARTTLS */
	struct mark	 plain_after_accept_at;

	/* mail in clear */
	unsigned	 mail_commands, rcpt_commands, data_commands; /* DATA or BDAT, refused ones too */
	unsigned	 mails_accepted;	/* 2xx to DATA's end or the last BDAT */
	unsigned	 mails_unanswered;	/* sent whole, reply not seen */
	struct mark	 first_mail, first_data, first_accepted;
	const char	*mail_from_domain;	/* of the last MAIL; "" null sender; NULL: none */
	const char	**rcpt_domains;		/* lower case, distinct, in order */
	unsigned	 rcpt_domains_kept, rcpt_domains_dropped;
	bool		 requiretls;		/* MAIL ... REQUIRETLS, RFC 8689 */
	struct mark	 requiretls_at;

	/* credentials in clear */
	const char	*auth;			/* mechanism upper case, NULL: none; the accepted one, else the first */
	unsigned	 auth_times;
	bool		 auth_accepted;		/* 235 */
	struct mark	 auth_at;

	bool		 quit;
	bool		 turned;		/* TURN accepted: roles flipped */
	bool		 xclient;
	bool		 proxy_header;		/* HAProxy PROXY line or binary header */
	bool		 tunnelled;		/* HTTP CONNECT or SOCKS came before */
	bool		 early_talker;		/* client spoke before the greeting */
	unsigned	 unpaired_replies;	/* replies no command explains */
	unsigned	 limits_reached;	/* times something had to be given up */

	/* what was missed, for v_sessions.capture_gaps */
	bool		 gap_in_greeting, gap_in_ehlo_reply, gap_in_starttls,
			 gap_in_mail;
};

/*
 * Lines for the redacted dialogue.  `line` is escaped, redacted, without
 * CRLF, and good for the call.
 */
struct smtp_ops {
	void	(*line)(void *context, enum side who, struct mark at,
		    struct span line);
};

struct smtp;			/* opaque; belongs to a session */

/* `ops` may be NULL and must outlive the conversation otherwise.
 * `midstream`: the beginning was not captured.  NULL if memory is short. */
struct smtp	*smtp_new(const struct smtp_ops *ops, void *context,
		    bool midstream);
void		 smtp_free(struct smtp *s);	/* NULL is fine */

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

/* Facts so far.  They live inside `s` and change when it hears more. */
const struct smtp_facts	*smtp_facts(const struct smtp *s);

#endif
