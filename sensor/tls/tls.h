/* SPDX-License-Identifier: ISC */
/*
 * tls/tls.h -- a TLS handshake, as far as a bystander can read it.
 *
 * Records and handshake messages of TLS 1.0 to 1.3 and SSL 3.0 (RFC 8446,
 * RFC 5246), ClientHello also in the form of SSL 2.0 (RFC 5246 E.2).
 * Resumes at any octet; keeps at most what a message's cap allows.  Knows
 * neither packets nor SMTP.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/digest.h"
#include "base/mark.h"
#include "base/span.h"
#include "tls/certificate.h"

#define TLS_HANDSHAKE_MAX	65536	/* octets of one message put together */
#define TLS_ASSEMBLING_MAX	(64 << 20) /* ... of all in a road thread */
#define TLS_CHAIN_MAX		10	/* certificates kept of a chain */

/* How it went, as v_sessions.tls and tls_failure. */
enum tls_state {
	TLS_NOTHING,		/* no octet yet from either side */
	TLS_HELLO,		/* (part of) a ClientHello seen, no answer */
	TLS_ANSWERED,		/* ServerHello (or a HelloRetryRequest) seen,
				 * handshake not yet done */
	TLS_ESTABLISHED,	/* both sides went on as RFC 8446 2 and
				 * RFC 5246 7.3 say */
	TLS_FAILED,		/* see failure */
};

enum tls_failure {
	TLS_FAIL_NONE,
	TLS_FAIL_NO_HELLO,	/* the client never sent a ClientHello */
	TLS_FAIL_PLAINTEXT,	/* readable text where a record belongs */
	TLS_FAIL_ALERT,		/* fatal, or warning and close, too early */
	TLS_FAIL_RESET,		/* RST before the end */
	TLS_FAIL_CLOSED,	/* FIN before the end */
	TLS_FAIL_TIMEOUT,	/* set by session/: no answer */
	TLS_FAIL_GARBAGE,	/* neither TLS nor text */
};

struct tls_facts {
	enum tls_state	 state;
	/* Set in state TLS_FAILED only.  Where octets are missing, or one
	 * side was never heard and the other went on, an end is not called a
	 * failure: the state stays what was seen. */
	enum tls_failure	 failure;
	enum side	 failed_by;
	struct mark	 failed_at;
	/* First line of the plaintext that came instead of a record, escaped,
	 * local parts of addresses removed; of the client its first word
	 * only, because a password may stand behind it.  NULL: none. */
	const char	*failure_text;

	/* ClientHello; the first one (the second after a HelloRetryRequest
	 * only adds) */
	bool		 client_hello;		/* seen whole */
	bool		 ssl2_hello;
	struct mark	 client_hello_at;
	uint16_t	 client_version_max;	/* 0x0304: TLS 1.3 */
	/* lower case, escaped, NULL: none */
	const char	*sni;
	const char	*alpn;			/* comma-separated, NULL */
	char		 ja3[33];		/* MD5 hex, "" unknown */
	char		 ja4[37];		/* "" unknown */
	/* session id, ticket or PSK offered */
	bool		 client_resumes;
	/* 0-RTT offered, RFC 8446 4.2.10 */
	bool		 early_data;
	/* No ServerHello was heard, but the client's records go on past its
	 * Finished: TLS came up where we cannot see it. */
	bool		 client_went_on;

	/* ServerHello */
	bool		 server_hello;
	struct mark	 server_hello_at;
	bool		 hello_retry;		/* HelloRetryRequest seen */
	uint16_t	 version;		/* chosen; 0 unknown */
	uint16_t	 cipher;		/* chosen; 0 unknown */
	char		 ja3s[33];
	/* RFC 8446 4.1.3, chosen version < 1.3 */
	bool		 downgrade_sentinel;
	/* abbreviated handshake or PSK */
	bool		 resumed;

	/* Certificate, TLS 1.2 and below */
	bool		 certificate_seen;	/* message read whole */
	/* anonymous suite, or empty list */
	bool		 certificate_none;
	bool		 certificate_hidden;	/* TLS 1.3 or resumption */
	struct mark	 certificate_at;
	/* Leaf first, at most TLS_CHAIN_MAX; NULL while chain_len is 0; each
	 * held by the cache's counting. */
	struct certificate	**chain;
	unsigned	 chain_len;
	/* certificates in the message, kept or not */
	unsigned	 chain_sent;
	/* A hello or Certificate beyond TLS_HANDSHAKE_MAX, or come while
	 * TLS_ASSEMBLING_MAX was reached: passed over. */
	bool		 oversized;

	/* alert in clear; alert_hidden: an encrypted one, told by the length
	 * or type of its record, before the handshake was done */
	bool		 alert;
	bool		 alert_hidden;
	enum side	 alert_by;
	uint8_t		 alert_level, alert_code;
	struct mark	 alert_at;

	/* handshake progress in clear: key exchange (of the server:
	 * ServerKeyExchange or ServerHelloDone), ChangeCipherSpec, encrypted
	 * records, per side */
	bool		 key_exchange[SIDES];
	bool		 change_cipher[SIDES];
	unsigned	 encrypted_records[SIDES];	/* counted to 255 */
	struct mark	 established_at;

	/* after the handshake something stood where a record belongs: text
	 * (failure_text holds it) or garbage (failure_text is NULL) */
	bool		 broken_after;
	enum side	 broken_by;
	struct mark	 broken_at;
	/* octets missing inside the handshake */
	bool		 gap;
};

/* What the caller should do with this side's coming octets. */
enum tls_next {
	TLS_MORE,	/* show them */
	TLS_ENOUGH,	/* nothing in them matters any more */
	/* this side speaks plaintext: the octets are not used */
	TLS_NOT_TLS,
};

struct tls;			/* opaque; belongs to a session */

/* `digest` and `cache` are borrowed, of the road thread.  NULL if memory is
 * short.  After the handshake one takes some 600 octets and its texts. */
struct tls	*tls_new(struct digest *digest,
		    struct certificate_cache *cache);
/* NULL is fine; drops its certificates.  Any thread may, and after the cache
 * and the digest are gone. */
void		 tls_free(struct tls *t);

/*
 * Hear octets of one side, in causal order.
 *
 * TLS_NOT_TLS: text stands where a record belongs, before the handshake is
 * done.  Whether it is text takes its first line to tell, which may have
 * come in pieces: so the plaintext is what tls_plaintext() holds from
 * earlier calls, followed by octets from *used on.  The state is then
 * TLS_FAILED, by TLS_FAIL_NO_HELLO (the client's, instead of a hello),
 * TLS_FAIL_PLAINTEXT, or what it had failed by already (an alert, then
 * text).  If TLS comes on that side after all (text injected before it), go
 * on calling: a hello takes a failure by text ahead of it back.
 *
 * TLS_ENOUGH: handshake over and the first records after it seen; or
 * garbage; or broken after the handshake.  All octets count as used.
 */
enum tls_next	 tls_hear(struct tls *t, enum side who, struct span octets,
		    struct mark at, size_t *used);
/* After TLS_NOT_TLS, or tls_end() within the first line: the first octets of
 * the plaintext, shown in earlier calls; mostly none.  Good until this
 * side's next tls_hear(). */
struct span	 tls_plaintext(const struct tls *t, enum side who);

/* Something may have been missed before the first octet that was heard. */
void		 tls_missed(struct tls *t);
/* Octets of this side are missing from the capture. */
void		 tls_gap(struct tls *t, enum side who, uint64_t octets);
/* This side will say no more (FIN or RST).  Sets TLS_FAIL_CLOSED or
 * TLS_FAIL_RESET, or a warning alert that nothing followed, or
 * TLS_FAIL_NO_HELLO; TLS_FAIL_TIMEOUT is for the caller to conclude. */
void		 tls_end(struct tls *t, enum side who, bool reset,
		    struct mark at);

/* Octets of the record at hand that need not be shown; 0: show all. */
uint64_t	 tls_skippable(const struct tls *t, enum side who);
void		 tls_skipped(struct tls *t, enum side who, uint64_t octets);

/* The memory it takes up now, in octets, but for its certificates. */
size_t		 tls_size(const struct tls *t);

const struct tls_facts	*tls_facts(const struct tls *t);

/* Its facts as they are now, in one that hears nothing: to be read by
 * another thread.  NULL: memory is short. */
struct tls	*tls_snapshot(const struct tls *t);

/* Could these be the first octets a client sends in TLS (record or SSL 2
 * hello)?  1 yes, 0 no, -1 too few to tell. */
int		 tls_looks_like_hello(struct span first);

/* "TLSv1.2"; IANA suite name ("TLS_AES_128_GCM_SHA256"), or "0x1301" style
 * text in `buffer` for one that has none. */
const char	*tls_version_name(uint16_t version);
const char	*tls_cipher_name(uint16_t cipher, char buffer[7]);
/* "protocol_version (70)", IANA's name of an alert; "70" if it has none. */
#define TLS_ALERT_MAX	48
#define TLS_ALERT_WARNING	1	/* the level; 2 is fatal (RFC 5246 section 7.2) */
const char	*tls_alert_name(uint8_t code, char buffer[TLS_ALERT_MAX]);

#endif
