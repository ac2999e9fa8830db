/* SPDX-License-Identifier: ISC */
/*
 * analyzer/answers.h -- the DNS, for a command that asks now: a resolver, or
 * a snapshot in its stead.
 */
#ifndef ANALYZER_ANSWERS_H
#define ANALYZER_ANSWERS_H

#include "analyzer/options.h"
#include "policy/inquiry.h"

struct answers;			/* opaque */

/* As --resolver, --trust-resolver and --policy say.  NULL after saying why,
 * with *status set (wrong use or error). */
struct answers	*answers_open(const struct options *o, int *status);
void		 answers_close(struct answers *a);	/* NULL is fine */

/* "127.0.0.1@53", or the snapshot's path; it is the callee's. */
const char	*answers_source(const struct answers *a);
bool		 answers_are_live(const struct answers *a);

/* Wait until nothing of it is wanted any more.  Each answer is bounded in
 * time by the resolver's tries.  -1 if memory is short (said). */
int		 answers_fill(struct answers *a, struct inquiry *i);

/* The answer to one question; NULL if it cannot be asked. */
const struct lookup_answer	*answers_ask(struct answers *a,
		    struct inquiry *i, const char *name,
		    enum lookup_type type);

#endif
