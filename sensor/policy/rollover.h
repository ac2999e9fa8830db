/* SPDX-License-Identifier: ISC */
/*
 * policy/rollover.h -- changing a mail server's certificate while its TLSA
 * records go on matching.
 *
 * The two procedures of the NCSC-NL factsheet, which the pair of records
 * makes possible (one of 3 1 1 and 2 1 1 matches at any time):
 *
 *   the same CA:  deploy the certificate (2 1 1 matches both), then replace
 *                 3 1 1;
 *   another CA:   replace 2 1 1, wait until no cache holds the old one,
 *                 deploy the certificate, then replace 3 1 1.
 *
 * Where there is no pair to lean on, the record of the next key is published
 * beside the present one first (RFC 7671 section 8.1).  A wait is two TTLs:
 * one for caches, one for secondary name servers (RFC 7671 section 8.1).
 */
#ifndef POLICY_ROLLOVER_H
#define POLICY_ROLLOVER_H

#include "policy/match.h"

#define ROLLOVER_STEPS_MAX	16
#define ROLLOVER_TEXT_MAX	400

/* Which certificates the servers show now. */
enum rollover_shown {
	ROLLOVER_SHOWS_OLD,
	ROLLOVER_SHOWS_BOTH,	/* some are changed, some are not */
	ROLLOVER_SHOWS_NEW,
	ROLLOVER_SHOWS_OTHER,	/* neither: it is not known which */
};

struct rollover_question {
	const struct tlsa_set	*records;	/* as published now */
	/* both against those records, now */
	const struct match_result *old, *new;
	/* from which records are made, the leaf first */
	const struct span	*old_chain, *new_chain;
	unsigned		 old_count, new_count;
	enum rollover_shown	 shown;
	uint32_t		 ttl;		/* seconds; 0: not known */
	int64_t			 published;	/* microseconds; 0: not known */
	int64_t			 now;
};

enum rollover_state { ROLLOVER_DONE, ROLLOVER_NOW, ROLLOVER_LATER };

enum rollover_name {
	ROLLOVER_MEND,		/* what is published fits nothing shown */
	ROLLOVER_PUBLISH,	/* a record for the next certificate */
	ROLLOVER_WAIT,		/* until no cache holds older records */
	ROLLOVER_DEPLOY,
	ROLLOVER_REPLACE,	/* what is left of the old one */
	ROLLOVER_NAMES
};

struct rollover_step {
	enum rollover_name	 name;
	enum rollover_state	 state;
	char			 text[ROLLOVER_TEXT_MAX];
	int			 remove;	/* record of the set; -1 */
	int			 add;		/* ... of the plan's `made` */
};

enum rollover_safety {
	ROLLOVER_SAFE,		/* do what is marked `now` */
	ROLLOVER_NOT_YET,	/* nothing is broken; wait */
	ROLLOVER_UNKNOWN,	/* something is missing to tell */
	ROLLOVER_BROKEN,	/* mail is being lost: mend it first */
	ROLLOVER_FINISHED,
};

struct rollover_plan {
	struct rollover_step	 steps[ROLLOVER_STEPS_MAX];
	unsigned		 count;
	enum rollover_safety	 safety;
	int64_t			 until;		/* of a wait; 0 */
	char			 text[ROLLOVER_TEXT_MAX];
	bool			 same_ca;	/* an issuer is in both */
	struct tlsa_set		 made;		/* records to publish */
};

/* `out` starts with all zero.  False if either leaf is no certificate. */
bool	rollover_plan(const struct rollover_question *q,
	    struct rollover_plan *out);
void	rollover_forget(struct rollover_plan *p);

const char	*rollover_name_word(enum rollover_name n);	/* "deploy" */
const char	*rollover_state_word(enum rollover_state s);	/* "now" */
const char	*rollover_safety_word(enum rollover_safety s);	/* "safe" */

#endif
