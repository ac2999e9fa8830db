/* SPDX-License-Identifier: ISC */
/*
 * policy/source.h -- where answers come from: a live resolver (live.h) or a
 * snapshot (snapshot.h).  Those who ask cannot tell.
 */
#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

#include "policy/lookup.h"

/* Once per question, maybe before ask() returns.  The answer is borrowed:
 * take a reference to keep it.  NULL: memory is short. */
typedef void	lookup_done(void *context, struct lookup_answer *answer);

struct lookup_source {
	void		*self;
	void		 (*ask)(void *self, const struct lookup_question *q,
			    lookup_done *done, void *context);
	const char	*name;		/* for the evidence */
	bool		 free_of_charge;	/* asking bothers nobody */
};

#endif
