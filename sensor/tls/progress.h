/* SPDX-License-Identifier: ISC */
/*
 * tls/progress.h -- how far a handshake has come; the inside of struct tls.
 *
 * tls.c reads octets and puts down what each record was; here that becomes
 * a state.  Nothing outside tls/ includes this.
 *
 * When is it established?  A ServerHello was read, and then
 *
 * - TLS 1.2 and below: each side sent ChangeCipherSpec and an encrypted
 *   handshake record behind it, its Finished; in a full handshake the
 *   client's key exchange stood before;
 * - TLS 1.3: the client sent an encrypted record that can hold a Finished,
 *   told by its length.
 *
 * A side that cannot be seen (never heard, or cut out of step by a gap) is
 * replaced by what the other may only say once that side has finished.
 */
#ifndef TLS_PROGRESS_H
#define TLS_PROGRESS_H

#include "tls/handshake.h"
#include "tls/record.h"
#include "tls/tls.h"

#define TLS_SIZES	8	/* encrypted records remembered by length */

enum tls_mode {
	TLS_READING,		/* records */
	TLS_COLLECTING,		/* text: its first line, until it is whole */
	TLS_DEAF,		/* TLS_ENOUGH was said */
};

#define TLS_LINE_OCTETS	200	/* of plaintext, kept as octets and as text */

struct tls_side {
	struct tls_record	 record;
	struct tls_handshake	 handshake;
	uint8_t			*text;		/* TLS_COLLECTING, or said */
	uint8_t			 text_len;
	uint8_t			 mode;		/* enum tls_mode */
	/* records since the handshake ended */
	uint8_t			 watched;
	/* encrypted application records */
	uint8_t			 data;
	uint8_t			 alert_len;	/* octets of alert */
	uint8_t			 alert[2];
	bool			 heard;		/* a record, ever */
	bool			 said_text;	/* text is with the caller */
	/* body at hand is not looked at */
	bool			 opaque;
	/* ChangeCipherSpec took effect */
	bool			 enciphered;
	bool			 changed;	/* ... or perhaps did */
	bool			 finished;	/* TLS <= 1.2: see above */
	/* a gap cost us the records' beat */
	bool			 lost;
	bool			 text_cut;	/* a gap ended the line */
	/* of the first `data` */
	uint16_t		 sizes[TLS_SIZES];
};

struct tls {
	struct tls_facts	 facts;
	struct digest		*digest;
	struct certificate_cache *cache;
	struct tls_room		*room;
	struct tls_side		 side[SIDES];
	/* the client's, hashed; 0: none */
	uint64_t		 session_id;
	bool			 alert_last;	/* nothing followed the alert */
	/* an SSL 2.0 server: not followed */
	bool			 ssl2;
};

void	tls_progress_enter(struct tls *t, enum tls_state next);
/* The first cause counts; nothing fails once established. */
void	tls_progress_fail(struct tls *t, enum tls_failure why, enum side who,
	    struct mark at);
/* Something happened: is the handshake complete now? */
void	tls_progress_judge(struct tls *t, struct mark at);
/* An encrypted record's header was read. */
void	tls_progress_encrypted(struct tls *t, enum side who, struct mark at);
void	tls_progress_end(struct tls *t, enum side who, bool reset,
	    struct mark at);

/* tls/hello.c: what the messages in clear say, put into the facts. */
void	tls_hello_client(struct tls *t, uint8_t type, struct span body,
	    struct mark at);
void	tls_hello_server(struct tls *t, struct span body, struct mark at);
void	tls_hello_certificate(struct tls *t, struct span body,
	    struct mark at);

/*
 * tls/plaintext.c: text where a record belongs.
 *
 * _collect takes octets until the first line is whole; then it returns true
 * and *rest starts with what of the plaintext is in this call.  _judge makes
 * facts of it; it is said (TLS_NOT_TLS) from then on.  _before: what of it
 * came in earlier calls.
 */
bool		tls_plaintext_collect(struct tls_side *s, struct span *rest);
void		tls_plaintext_judge(struct tls *t, enum side who,
		    struct span here, struct mark at);
struct span	tls_plaintext_before(const struct tls_side *s);

#endif
