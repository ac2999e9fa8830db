/* SPDX-License-Identifier: ISC */
/*
 * policy/match.h -- does a certificate chain keep what TLSA records promise?
 *
 * The chain is the one a server was seen to send, the time the packet's: a
 * question asked years later has the answer of that day.  Verification is
 * OpenSSL's, without a connection (RFC 6698, RFC 7671, RFC 7672 section 3).
 * Answers are kept, as servers show the same chain to everybody.
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include "policy/tlsa.h"

#define MATCH_CHAIN_MAX		10	/* certificates looked at */
#define MATCH_CHAIN_OCTETS	65536	/* ... and octets of all of them */
#define MATCH_NAMES_MAX		8	/* reference names looked at */
#define MATCH_NAME_MAX		254	/* of one, with its end */

/* What was to be seen of the server's certificate. */
enum match_seen {
	MATCH_SEEN_CHAIN,
	MATCH_SEEN_RAW_KEY,	/* RFC 7250: chain[0] is the bare key */
	MATCH_SEEN_HIDDEN,	/* TLS 1.3, a resumed session, or a gap */
	MATCH_SEEN_NONE,	/* an anonymous suite: there was none */
};

struct match_question {
	enum match_seen		 seen;
	const struct span	*chain;		/* DER, the leaf first */
	unsigned		 chain_count;
	unsigned		 chain_sent;	/* more: the rest was lost */
	const struct tlsa_set	*records;
	/* TLSA base domain, then those of RFC 7672 section 3.2.2; A-labels */
	const char *const	*names;
	unsigned		 names_count;
	int64_t			 at;	/* microseconds since 1970 */
};

enum match_outcome {
	MATCH_MATCHED,		/* a record that counts authenticates it */
	MATCH_MISMATCHED,	/* no such record describes the chain */
	/* A trust anchor record does describe it, but ... */
	MATCH_EXPIRED,		/* ... a certificate had expired */
	MATCH_NOT_YET_VALID,
	MATCH_NAME,		/* ... it is not for this server */
	MATCH_PURPOSE,		/* ... nor for TLS servers */
	MATCH_WEAK,		/* ... key or digest too weak */
	MATCH_SIGNATURE,	/* ... its issuer did not sign it: a forgery */
	MATCH_PATH,		/* ... or something else breaks the path */
	/* Nothing can be said: */
	MATCH_NO_NAMES,		/* no reference name to check was given */
	MATCH_HIDDEN,		/* the certificate could not be seen */
	MATCH_CUT,		/* ... or only the chain's beginning */
	MATCH_UNREADABLE,	/* ... or it is no certificate */
	MATCH_NO_CERTIFICATE,	/* anonymous suite: authenticates nobody */
	MATCH_UNUSABLE,		/* no usable record: TLS, unauthenticated */
	MATCH_NO_RECORDS,
	MATCH_FAILED,		/* our memory was short */
	MATCH_OUTCOMES
};

enum match_promise {
	MATCH_KEPT,
	MATCH_BROKEN,
	MATCH_UNDECIDED,	/* what would tell was not seen */
	MATCH_NOT_MADE,		/* no authentication was promised */
};

/* One record, as if there were no other. */
struct match_verdict {
	enum match_outcome	 outcome;
	bool			 counts;	/* tlsa_counts() */
	/* The certificate its data describes, 0 being the leaf, -1 none: with
	 * usage 3 on an issuer, or 2 on the leaf, it does so in vain. */
	int			 depth;
};

struct match_result {
	enum match_outcome	 outcome;
	struct match_verdict	 verdicts[TLSA_RECORDS_MAX];
	unsigned		 count;		/* as the set's */
	int			 record;	/* which settled it; -1 */
	int			 depth;		/* of what it describes; -1 */
	char			 name[MATCH_NAME_MAX];	/* that fitted, or "" */
	const char		*error;		/* OpenSSL's reason, or NULL */
	int			 error_depth;	/* of who is at fault */
	/* mismatched, but a record outranked by a stronger digest would do:
	 * senders without that digest accept the chain */
	bool			 weaker_only;
	/* the last certificate sent names an issuer that was not sent */
	bool			 issuer_missing;
	/* Of the leaf, whatever the usage; for EE records neither matters. */
	bool			 name_fits;
	int64_t			 not_before, not_after;	/* microseconds; 0 */
	/* The answer is the same at all times from..until (excluded). */
	int64_t			 from, until;
};

struct match_counters {
	uint64_t	asked, kept, forgotten;	/* kept: answered from memory */
};

struct match;			/* opaque; one per thread */

/* It remembers at most `entries` answers.  NULL if memory is short. */
struct match	*match_new(unsigned entries);
void		 match_free(struct match *m);		/* NULL is fine */

/* Any octets are acceptable as certificates, any text as names. */
void		 match_ask(struct match *m, const struct match_question *q,
		    struct match_result *r);

const struct match_counters	*match_counters(const struct match *m);

enum match_promise	 match_promise(enum match_outcome o);

/* "name-mismatch-under-ta", and a sentence about it. */
const char	*match_word(enum match_outcome o);
const char	*match_text(enum match_outcome o);

#endif
