/* SPDX-License-Identifier: ISC */
/*
 * promises.h -- what policy says about records: put the question, take the
 * answer later, compare the chain.
 *
 *	record --question--> policy/ask.h ... --answer--> struct promise
 *
 * The clerk's alone, but for promises_open(), which forks the policy process
 * and comes before threads and before privileges are given up.
 */
#ifndef PROMISES_H
#define PROMISES_H

#include "config.h"
#include "detect/promise.h"
#include "session/record.h"
#include "store/store.h"

struct promises;		/* opaque */

/* NULL after saying why.  With --policy off it only knows the inventory. */
struct promises	*promises_open(const struct config *c);
void		 promises_close(struct promises *p);	/* NULL is fine */

/* A ticket for what is worth asking, to come back by promises_take(); 0: it
 * is not, or too much is open: judge without. */
uint64_t	 promises_put(struct promises *p,
		    const struct session_record *r);

/* Is it worth asking: a mail conversation, with something by which to know
 * its destination? */
bool		 promises_worth(const struct promises *p,
		    const struct session_record *r);

/* True: an answer, the caller's from now on. */
bool		 promises_take(struct promises *p, uint64_t *ticket,
		    struct policy_answer **answer);
/* Let answers come, for so long at the most. */
void		 promises_run(struct promises *p, int wait_ms);

/* All that is known of this record; `answer` (NULL: none) must outlive
 * *out, and *out the next call. */
void		 promises_weigh(struct promises *p,
		    const struct session_record *r,
		    const struct policy_answer *answer, struct promise *out);

/* Does asking again make sense?  Not of a snapshot. */
bool		 promises_change(const struct promises *p);

/* Later, without the record: what it asks, of the same destination, ... */
void		 promises_ask(const struct promises *p,
		    const struct session_record *r,
		    struct policy_question *q);
uint64_t	 promises_put_question(struct promises *p,
		    const struct policy_question *q);

/* ... and what it was shown. */
struct promises_shown {
	enum match_seen		 seen;
	struct certificate	*chain[TLS_CHAIN_MAX];	/* borrowed */
	unsigned		 count, sent;
	int64_t			 at;
};
void		 promises_show(const struct session_record *r,
		    struct promises_shown *s);
/* False: there is no record to compare with. */
bool		 promises_compare(struct promises *p,
		    const struct promises_shown *s,
		    const struct policy_answer *answer,
		    struct match_result *result);

/* Where MTA-STS policies are kept, and come from when a policy process
 * begins: before the first promises_run(), if at all. */
void		 promises_keep_in(struct promises *p, struct store *s);

#endif
