/* SPDX-License-Identifier: ISC */
/*
 * policy/inquiry.h -- what one case has asked of the DNS, and been told.
 *
 * Rules are written as if all answers were there already.  What is missing
 * is noted as wanted; the rules give up, somebody asks, and they run again
 * from the start.  So no rule waits, the order of answers cannot matter,
 * and the answers used are the evidence.
 */
#ifndef POLICY_INQUIRY_H
#define POLICY_INQUIRY_H

#include "policy/lookup.h"

#define INQUIRY_MAX	160	/* questions of one case */

struct inquiry_line {
	struct lookup_question	 question;
	struct lookup_answer	*answer;	/* NULL: wanted */
	bool			 asked;		/* on its way */
};

struct inquiry {
	struct inquiry_line	 lines[INQUIRY_MAX];
	unsigned		 count;
	bool			 full;	/* something was not even noted */
};

/*
 * The answer, or NULL: wanted from now on.  A name that cannot be asked for
 * and a case with too many questions get NULL and `full`.
 */
const struct lookup_answer	*inquire(struct inquiry *i, const char *name,
		    enum lookup_type type);

/* The next that is wanted and not on its way; it is now.  NULL: none. */
struct inquiry_line	*inquiry_next(struct inquiry *i);

/* Takes a reference. */
void	inquiry_tell(struct inquiry_line *l, struct lookup_answer *a);

void	inquiry_clear(struct inquiry *i);

#endif
