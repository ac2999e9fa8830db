/* SPDX-License-Identifier: ISC */
/*
 * session/record.h -- what is known of one connection, ready to be judged.
 *
 * The road hands records to the clerk; whoever holds one owns it.  Plain
 * facts: parsers' facts and what follows from them without any expectation.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/seen.h"
#include "flow/flow.h"
#include "session/evidence.h"
#include "session/path.h"
#include "schema/dialogue.h"
#include "schema/names.h"
#include "smtp/smtp.h"
#include "tls/suite.h"
#include "tls/tls.h"

#define RECORD_CONFLICTS_MAX	8	/* kept with their octets */
#define RECORD_EXCERPT_MAX	200	/* octets of escaped text */

enum record_protocol {
	RECORD_NONE,		/* no bytes understood */
	RECORD_SMTP,
	RECORD_LMTP,
	RECORD_TLS,		/* from the first octet */
	RECORD_OTHER,
};

enum record_starttls {
	RECORD_STARTTLS_UNSEEN,
	RECORD_STARTTLS_NOT_SENT,
	RECORD_STARTTLS_SENT,
	RECORD_STARTTLS_MASKED,
};

enum record_tls {
	RECORD_TLS_UNSEEN,
	RECORD_TLS_NONE,
	RECORD_TLS_ESTABLISHED,
	RECORD_TLS_FAILED,
};

enum record_protection {
	RECORD_UNKNOWN,
	RECORD_NO_MAIL,
	RECORD_TLS_PROTECTED,
	RECORD_CLEARTEXT,
};

enum record_certificate {
	RECORD_CERTIFICATE_UNKNOWN,
	RECORD_CERTIFICATE_VISIBLE,
	RECORD_CERTIFICATE_HIDDEN,
	RECORD_CERTIFICATE_NONE,
};

enum record_name_from {
	RECORD_NAME_NONE,
	RECORD_NAME_SNI,
	RECORD_NAME_MX,
	RECORD_NAME_DNS,
	RECORD_NAME_BANNER,
};

/* A record says what is known when it is made: */
enum record_stage {
	RECORD_FINAL,		/* the connection is over */
	RECORD_EARLY,		/* it goes on, and something came to light */
	RECORD_NOTE,		/* TLS failed (or STARTTLS was refused: then
				 * tls_state is none); flow, tls_state and
				 * server_name only, and nothing to be stored */
};

/* Two contents for one stretch of the plaintext dialogue or handshake. */
struct record_conflict {
	enum side	 side;
	struct mark	 before_at, after_at;
	uint64_t	 offset;
	uint32_t	 octets;
	uint8_t		 ttl_before, ttl_after;
	char		 before[RECORD_EXCERPT_MAX + 1];	/* escaped, redacted */
	char		 after[RECORD_EXCERPT_MAX + 1];
};

struct session_record {
	enum record_stage	 stage;
	const char		*source;	/* interface or file name; the book's, or owned */
	struct flow_facts	 flow;
	uint64_t		 identity;	/* unkeyed hash of 5-tuple, ISNs; the store adds the sensor */
	char			 community_id[32];

	struct book		*book;		/* texts that repeat; NULL: none; held */
	struct smtp		*smtp;		/* NULL: TLS or foreign from the start; owned */
	struct tls		*tls;		/* NULL: none; owned */
	struct dialogue		*dialogue;	/* NULL: memory was short; owned */

	/* conclusions, as v_sessions names them */
	enum record_protocol	 protocol;
	enum smtp_offer		 offer;
	enum record_starttls	 starttls;
	enum record_tls		 tls_state;
	enum tls_failure	 tls_failure;
	enum record_certificate	 certificate;
	enum record_protection	 protection;
	char			*server_name;	/* NULL: none; owned */
	enum record_name_from	 server_name_from;
	uint32_t		 gaps;		/* bit per enum gap; 0: complete */

	struct dns_facts	*dns;		/* NULL: nothing of note; owned */
	struct evidence		*evidence;	/* NULL: not wanted; owned */
	struct path_oddities	*odd;		/* NULL: all packets alike; owned */
	struct record_conflict	*conflicts;	/* owned; NULL: none */
	unsigned		 conflicts_kept, conflicts_seen;
};

void	session_record_free(struct session_record *r);	/* NULL is fine */

/* The memory it takes up. */
size_t	session_record_size(const struct session_record *r);
/* Of that, what was said and who read it; each may be NULL. */
size_t	readers_size(const struct dialogue *d, const struct smtp *smtp,
	    const struct tls *tls);

/* Into the caches ahead of time what reading it will touch: depth 0 itself,
 * and once that is there, depth 1 what it points to, 2 what that does. */
#define RECORD_DEPTHS	3
void	session_record_foresee(const struct session_record *r, unsigned depth);

static inline bool
record_lacks(const struct session_record *r, enum gap g)
{
	return (r->gaps >> g & 1) != 0;
}

/* STARTTLS was heard by all that we know, and never answered: the client
 * waited so long in vain. */
#define RECORD_PATIENCE	INT64_C(30000000)	/* us */

static inline bool
record_starttls_unanswered(const struct session_record *r)
{
	const struct smtp_facts *f;

	if (r->smtp == NULL || r->starttls != RECORD_STARTTLS_SENT ||
	    r->tls_state != RECORD_TLS_NONE || r->gaps != 0)
		return false;
	f = smtp_facts(r->smtp);
	return f->starttls_reply == 0 && (r->flow.end == FLOW_IDLE ||
	    r->flow.last.time - smtp_upgrade(f)->starttls_command_at.time >=
	    RECORD_PATIENCE);
}

#endif
