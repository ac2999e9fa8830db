/* SPDX-License-Identifier: ISC */
/*
 * policy/source.h -- where answers come from: a live resolver (live.h) or a
 * snapshot (snapshot.h).  Those who ask cannot tell.
 */
#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

#include "policy/dns.h"

/* Once per question, maybe before ask() returns.  The answer is borrowed:
 * take a reference to keep it.  NULL: memory is short. */
typedef void	dns_done(void *context, struct dns_answer *answer);

struct dns_source {
	void		*self;
	void		 (*ask)(void *self, const struct dns_question *q,
			    dns_done *done, void *context);
	const char	*name;		/* for the evidence */
	bool		 free_of_charge;	/* asking bothers nobody */
};

#endif
