/* SPDX-License-Identifier: ISC */
/*
 * policy/confirm.h -- is a mismatch real, or a rollover caught in the act?
 *
 * Records and certificates change hands with a TTL between them: a resolver
 * may still hold yesterday's records when a server shows today's
 * certificate.  So a mismatch is asked about again when the records it was
 * found with have run out, and is called one only if it is still there.
 */
#ifndef POLICY_CONFIRM_H
#define POLICY_CONFIRM_H

#include "policy/match.h"

enum confirm_answer {
	CONFIRM_NOTHING,	/* there was no mismatch */
	CONFIRM_WAIT,		/* ask again, not before `again` */
	CONFIRM_REAL,		/* the records of after the TTL agree */
	CONFIRM_RACE,		/* newer records fit the same certificates */
	CONFIRM_WITHDRAWN,	/* newer records promise nothing */
	CONFIRM_UNDECIDED,	/* there is no newer answer to be had */
	CONFIRM_FIXED,		/* a snapshot's records: never any newer */
	CONFIRM_ANSWERS		/* in this order: they are stored */
};

struct confirm_question {
	const struct match_result	*first;
	/* the same certificates, at the same moment, against the records as
	 * they are `now`; NULL if those are not known */
	const struct match_result	*later;
	int64_t		 looked_up;	/* when the first records were */
	uint32_t	 ttl;		/* seconds they had to live then */
	int64_t		 now;
	bool		 last;		/* no further try will be made */
};

/* `again` is set with CONFIRM_WAIT only. */
enum confirm_answer	confirm_mismatch(const struct confirm_question *q,
			    int64_t *again);

const char	*confirm_word(enum confirm_answer a);	/* "rollover-race" */

#endif
