/* SPDX-License-Identifier: ISC */
#include "policy/confirm.h"

#define MICROSECONDS	INT64_C(1000000)
#define TTL_MAX		86400	/* nobody waits for longer than a day */
#define SLACK		5	/* seconds, for clocks and secondaries */

enum confirm_answer
confirm_mismatch(const struct confirm_question *q, int64_t *again)
{
	uint32_t ttl = q->ttl < TTL_MAX ? q->ttl : TTL_MAX;
	int64_t over = q->looked_up + (ttl + SLACK) * MICROSECONDS;

	if (match_promise(q->first->outcome) != MATCH_BROKEN)
		return CONFIRM_NOTHING;
	/* newer records that fit settle it at any time */
	if (q->later != NULL &&
	    match_promise(q->later->outcome) == MATCH_KEPT)
		return CONFIRM_RACE;
	if (q->now < over && !q->last) {
		*again = over;
		return CONFIRM_WAIT;
	}
	if (q->later == NULL || q->now < over)
		return CONFIRM_UNDECIDED;
	switch (match_promise(q->later->outcome)) {
	case MATCH_BROKEN:
		return CONFIRM_REAL;
	case MATCH_NOT_MADE:
		return CONFIRM_WITHDRAWN;
	case MATCH_KEPT:
	case MATCH_UNDECIDED:
		break;
	}
	return CONFIRM_UNDECIDED;
}

const char *
confirm_word(enum confirm_answer a)
{
	static const char *const words[CONFIRM_ANSWERS] = {
		[CONFIRM_NOTHING] = "no-mismatch",
		[CONFIRM_WAIT] = "unconfirmed",
		[CONFIRM_REAL] = "confirmed",
		[CONFIRM_RACE] = "rollover-race",
		[CONFIRM_WITHDRAWN] = "withdrawn",
		[CONFIRM_UNDECIDED] = "undecided",
		[CONFIRM_FIXED] = "snapshot",
	};

	return a < CONFIRM_ANSWERS ? words[a] : "?";
}
