/* SPDX-License-Identifier: ISC */
/*
 * base/queue.h -- a bounded queue of pointers between threads.
 *
 * Many may put, one takes.  Full means: the giver waits (files) or is told
 * so and drops (live), by which call it chose.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;			/* opaque */

struct queue	*queue_new(size_t limit);	/* NULL if memory is short */
void		 queue_free(struct queue *q);	/* must be empty; NULL is fine */

/* Waits while full.  False if the queue was closed: the item stays the
 * caller's. */
bool	 queue_put(struct queue *q, void *item);
/* False if full or closed: the item stays the caller's. */
bool	 queue_try_put(struct queue *q, void *item);

/*
 * Up to `max` items, waiting up to `wait_ms` milliseconds for enough to be
 * worth it: few items may lie there that long.
 * 0: none came in time, or the queue is closed and empty (then *closed).
 */
size_t	 queue_take(struct queue *q, void **items, size_t max, int wait_ms,
	    bool *closed);

/* No more will be put; takers drain what is there. */
void	 queue_close(struct queue *q);

#endif
