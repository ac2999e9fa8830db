/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/queue.h"

struct queue {
	pthread_mutex_t	 lock;
	pthread_cond_t	 filled, drained;
	size_t		 limit, first, count;
	size_t		 worth_waking;	/* items */
	bool		 closed;
	bool		 taker_waits;
	unsigned	 givers_wait;
	void		*items[];
};

struct queue *
queue_new(size_t limit)
{
	pthread_condattr_t monotonic;
	struct queue *q;

	assert(limit > 0);
	if ((q = calloc(1, sizeof(*q) + limit * sizeof(q->items[0]))) == NULL)
		return NULL;
	q->limit = limit;
	q->worth_waking = limit / 16 + 1;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &monotonic);
	pthread_cond_init(&q->drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	assert(q->count == 0);
	pthread_cond_destroy(&q->drained);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* With the lock held and room for it. */
static void
append(struct queue *q, void *item)
{
	q->items[(q->first + q->count) % q->limit] = item;
	q->count++;
	/* Waking the taker costs more than an item: it is woken for many,
	 * or wakes by itself when its time is up. */
	if (q->taker_waits && q->count >= q->worth_waking) {
		q->taker_waits = false;
		pthread_cond_signal(&q->filled);
	}
}

bool
queue_put(struct queue *q, void *item)
{
	bool put = false;

	pthread_mutex_lock(&q->lock);
	while (q->count == q->limit && !q->closed) {
		q->givers_wait++;
		pthread_cond_wait(&q->drained, &q->lock);
		q->givers_wait--;
	}
	if (!q->closed) {
		append(q, item);
		put = true;
	}
	pthread_mutex_unlock(&q->lock);
	return put;
}

bool
queue_try_put(struct queue *q, void *item)
{
	bool put = false;

	pthread_mutex_lock(&q->lock);
	if (q->count < q->limit && !q->closed) {
		append(q, item);
		put = true;
	}
	pthread_mutex_unlock(&q->lock);
	return put;
}

static struct timespec
deadline_in(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

size_t
queue_take(struct queue *q, void **items, size_t max, int wait_ms,
    bool *closed)
{
	struct timespec until = deadline_in(wait_ms);
	size_t n = 0;

	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed && wait_ms > 0) {
		q->taker_waits = true;
		if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
			break;
	}
	q->taker_waits = false;
	while (n < max && q->count > 0) {
		items[n++] = q->items[q->first];
		q->first = (q->first + 1) % q->limit;
		q->count--;
	}
	*closed = q->closed && q->count == 0 && n == 0;
	/* room for many, for the same reason */
	if (q->givers_wait > 0 && q->count <= q->limit / 2)
		pthread_cond_broadcast(&q->drained);
	pthread_mutex_unlock(&q->lock);
	return n;
}

void
queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_cond_broadcast(&q->drained);
	pthread_mutex_unlock(&q->lock);
}
