/* SPDX-License-Identifier: ISC */
/*
 * detect/promise.h -- what DNS and the operator say about one session.
 *
 * Plain facts that somebody else asked for (policy/); rules weigh them.
 */
#ifndef DETECT_PROMISE_H
#define DETECT_PROMISE_H

#include "policy/inventory.h"
#include "policy/match.h"
#include "policy/policy.h"

struct promise {
	const struct policy_answer	*answer;	/* NULL: nothing known */
	/* The visible chain against the records; NULL: there is nothing to
	 * compare. */
	const struct match_result	*match;
	/* A mismatch was found again with records of after the TTL, or the
	 * records are those of a snapshot and will not change. */
	bool				 confirmed;
	const struct inventory		*inventory;	/* never NULL */
	/* Own domains at an own server, whatever this session was about. */
	const struct policy_answer	*const *watched;
	unsigned			 nwatched;
};

#endif
