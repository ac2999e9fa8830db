/* SPDX-License-Identifier: ISC */
/*
 * detect/promise.h -- what DNS and the operator say about one session.
 *
 * Plain facts that somebody else asked for (policy/); rules weigh them.
 */
#ifndef DETECT_PROMISE_H
#define DETECT_PROMISE_H

#include "policy/confirm.h"
#include "policy/inventory.h"
#include "policy/match.h"
#include "policy/policy.h"

/* The last words about a mismatch that is to be asked about again, and about
 * one that could not be: whoever finds that out later puts them instead. */
#define MISMATCH_WAITS		" (unconfirmed: to be asked again when they " \
				"run out)"
#define MISMATCH_UNDECIDED	" (unconfirmed: they could not be asked again)"

struct promise {
	const struct policy_answer	*answer;	/* NULL: nothing known */
	/* The visible chain against the records; NULL: there is nothing to
	 * compare. */
	const struct match_result	*match;
	/* Of a mismatch: what records of after the TTL say. */
	enum confirm_answer		 confirm;
	bool				 fixed;	/* a snapshot's, will not change */
	const struct inventory		*inventory;	/* never NULL */
	/* Own domains at an own server, whatever this session was about. */
	const struct policy_answer	*const *watched;
	unsigned			 nwatched;
};

#endif
