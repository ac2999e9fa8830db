/* SPDX-License-Identifier: ISC */
/*
 * unconfirmed.h -- certificates that matched no TLSA record, until the records
 * have run out and were asked for once more (policy/confirm.h).
 *
 *	record, promise -> stored as unconfirmed ... TTL ... asked again
 *	    -> its session, finding and incident are revised
 *
 * Sessions that were shown the same certificates under the same records are
 * one doubt, asked about once; and what was confirmed is remembered, so that
 * the next session of that kind need not wait.  Of a session is kept how it
 * would be judged under each outcome, not the session.
 *
 * The clerk's alone.  Bounded: beyond the limits, and when the sensor ends,
 * what is open becomes undecided and says so.
 */
#ifndef UNCONFIRMED_H
#define UNCONFIRMED_H

#include "base/digest.h"
#include "detect/detect.h"
#include "promises.h"
#include "store/store.h"

#define UNCONFIRMED_MAX		256	/* asked about at once */
#define UNCONFIRMED_SESSIONS_MAX	2048	/* that wait, in all */
#define UNCONFIRMED_KNOWN_MAX	1024	/* confirmed ones remembered */

struct unconfirmed;			/* opaque */

/* All borrowed.  NULL after saying why. */
struct unconfirmed	*unconfirmed_new(struct promises *p, struct store *s);
void		 unconfirmed_free(struct unconfirmed *d);	/* NULL is fine */

/* A session with a mismatch: before it is judged, and once it is stored. */
struct unconfirmed_case {
	int64_t				 session;
	const struct session_record	*r;
	const struct past		*past;
	const struct promise		*promise;
	const struct findings		*f;
	int64_t				 now;	/* as all below: the clock's */
	const char			*why;	/* it cannot be asked again;
						 * NULL: too many were open */
	uint8_t				 key[DIGEST_SHA256];	/* ours */
};

/* How sure is the mismatch of this record, which stands in `promise` as to
 * be asked again?  CONFIRM_WAIT, CONFIRM_REAL or CONFIRM_UNDECIDED. */
enum confirm_answer	unconfirmed_expect(struct unconfirmed *d,
			    struct unconfirmed_case *c);

/* As it was just stored, with what unconfirmed_expect() said of it: only a
 * mismatch that is more than a note is kept.  -1: the store takes no more, as
 * of all below. */
int	unconfirmed_add(struct unconfirmed *d, const struct unconfirmed_case *c);

/* Ask what is due. */
void	unconfirmed_run(struct unconfirmed *d, int64_t now);

/* Is this an answer to one of ours?  Then what it settles is revised, and *n
 * grows by how many sessions that were. */
int	unconfirmed_answered(struct unconfirmed *d, uint64_t ticket,
	    const struct policy_answer *answer, int64_t now, unsigned *n);

/* The sensor ends: what is open stays undecided. */
int	unconfirmed_end(struct unconfirmed *d, int64_t now);

#endif
