/* SPDX-License-Identifier: ISC */
/*
 * unanswered.h -- sessions whose promise could not be looked up, until it can.
 *
 *	record, lookup failed -> judged without ... asked again, and again
 *	    -> judged again, and its policy, findings and incident with it
 *
 * Whoever spoils DNS answers while he strips must not be rid of the judgement
 * for it.  A failure may be kept for five minutes at the most (RFC 2308 section
 * 7), so after that it is asked again at the latest; sooner at first, for a
 * day.  Sessions that asked the same are one question.
 *
 * What may come is not known beforehand, so the record itself is kept, and what
 * was before it.  Bounded: in number, and in octets; a session that came
 * without TLS takes the place of one that got it.  What finds no place, and
 * what is open when the sensor ends, is left as it was judged, and says so.
 *
 * The clerk's alone.
 */
#ifndef UNANSWERED_H
#define UNANSWERED_H

#include "promises.h"
#include "store/store.h"
#include "unconfirmed.h"

#define UNANSWERED_MAX		256	/* questions */
#define UNANSWERED_SESSIONS_MAX	1024
#define UNANSWERED_OCTETS_MAX	(32U << 20)	/* of their records */

struct unanswered;			/* opaque */

/* All borrowed.  NULL after saying why. */
struct unanswered	*unanswered_new(struct promises *p, struct store *s,
			    struct unconfirmed *u);
void		 unanswered_free(struct unanswered *u);	/* NULL is fine */

/*
 * A session as it was just stored; one whose lookups did not fail is none of
 * ours.  True in *kept: the record is ours now.  -1: the store takes no more,
 * as of all below.
 */
struct unanswered_case {
	int64_t				 session;
	struct session_record		*r;
	const struct past		*past;
	const struct policy_answer	*answer;	/* NULL: not asked */
	const struct findings		*f;
	int64_t				 now;	/* as all below: the clock's */
};
int	unanswered_add(struct unanswered *u, const struct unanswered_case *c,
	    bool *kept);

/* Ask what is due, a few at a time. */
int	unanswered_run(struct unanswered *u, int64_t now);

/* Is this an answer to one of ours?  Then whom it concerns is judged again,
 * and *n grows by how many sessions that were. */
int	unanswered_answered(struct unanswered *u, uint64_t ticket,
	    const struct policy_answer *answer, int64_t now, unsigned *n);

/* The sensor ends. */
int	unanswered_end(struct unanswered *u, int64_t now);

#endif
