/* SPDX-License-Identifier: ISC */
/*
 * clerk.h -- the one thread that judges records and writes rows.
 */
#ifndef CLERK_H
#define CLERK_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "promises.h"
#include "store/store.h"

struct clerk {
	struct queue	*records;	/* from the roads */
	struct store	*store;		/* the clerk's alone while it runs */
	struct promises	*promises;	/* likewise */
	struct parked	*parked;	/* records that wait for an answer */
	bool		 in_order;	/* of files: judge as they came, so that
					 * what was before does not depend on
					 * how soon the DNS answers */
	struct unconfirmed	*unconfirmed;	/* judgements that wait for another */
	struct unanswered	*unanswered;	/* ... that wait for the first */
	pthread_t	 thread;
	pthread_t	 waiter;	/* told by SIGUSR1 if it fails */
	atomic_bool	 failed;	/* the store takes no more */
};

/* -1 after saying why. */
int	clerk_start(struct clerk *c);

/* Ends when the queue is closed and empty; then all is committed. */
void	clerk_join(struct clerk *c);

#endif
