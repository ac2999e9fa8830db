/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "capture/ahead.h"

/* Two are the taker's, the others are read to. */
#define PIECES	6
#define TAKEN	2

struct capture_ahead {
	struct capture_stream	*stream;
	pthread_t		 thread;
	pthread_mutex_t		 lock;
	pthread_cond_t		 filled, drained;
	size_t			 lead, size;
	/* counted from the start, a piece's place is its number in the ring */
	uint64_t		 read, taken;
	size_t			 len[PIECES];
	bool			 over;		/* nothing more is read */
	bool			 stopping, joined;
	bool			 reader_waits, taker_waits;
	uint8_t			 octets[];
};

static uint8_t *
piece_at(struct capture_ahead *a, uint64_t number)
{
	return a->octets + number % PIECES * (a->lead + a->size) + a->lead;
}

/* Whole, unless the stream ends. */
static size_t
read_piece(struct capture_ahead *a, uint8_t *to)
{
	size_t len = 0;
	ssize_t got;

	while (len < a->size && (got = capture_stream_read(a->stream,
	    to + len, a->size - len)) > 0)
		len += (size_t)got;
	return len;
}

/* With the lock held.  False: told to stop. */
static bool
wait_for_room(struct capture_ahead *a)
{
	while (a->read - a->taken >= PIECES - TAKEN && !a->stopping) {
		a->reader_waits = true;
		pthread_cond_wait(&a->drained, &a->lock);
	}
	a->reader_waits = false;
	return !a->stopping;
}

static void *
ahead_main(void *argument)
{
	struct capture_ahead *a = argument;
	size_t len = a->size;

	pthread_setname_np(pthread_self(), "ahead");
	pthread_mutex_lock(&a->lock);
	while (len == a->size && wait_for_room(a)) {
		pthread_mutex_unlock(&a->lock);
		len = read_piece(a, piece_at(a, a->read));
		pthread_mutex_lock(&a->lock);
		a->len[a->read % PIECES] = len;
		a->read += len > 0;
		if (a->taker_waits)
			pthread_cond_signal(&a->filled);
	}
	a->over = true;
	pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are for who waits for them. */
static int
start(struct capture_ahead *a)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&a->thread, NULL, ahead_main, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct capture_ahead *
capture_ahead_start(struct capture_stream *s, size_t lead, size_t size)
{
	struct capture_ahead *a;

	if ((a = malloc(sizeof(*a) + PIECES * (lead + size))) == NULL)
		return NULL;
	*a = (struct capture_ahead){ .stream = s, .lead = lead,
	    .size = size };
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	pthread_cond_init(&a->drained, NULL);
	if (start(a) == 0)
		return a;
	a->joined = true;
	capture_ahead_free(a);
	return NULL;
}

uint8_t *
capture_ahead_take(struct capture_ahead *a, size_t *len)
{
	uint8_t *piece = NULL;

	*len = 0;
	pthread_mutex_lock(&a->lock);
	while (a->read == a->taken && !a->over) {
		a->taker_waits = true;
		pthread_cond_wait(&a->filled, &a->lock);
	}
	a->taker_waits = false;
	if (a->read > a->taken) {
		piece = piece_at(a, a->taken);
		*len = a->len[a->taken % PIECES];
		a->taken++;
	}
	/* it is woken for several: that takes longer than to read one */
	if (a->reader_waits && a->read - a->taken <= (PIECES - TAKEN) / 2)
		pthread_cond_signal(&a->drained);
	pthread_mutex_unlock(&a->lock);
	return piece;
}

void
capture_ahead_stop(struct capture_ahead *a)
{
	if (a->joined)
		return;
	pthread_mutex_lock(&a->lock);
	a->stopping = true;
	pthread_cond_signal(&a->drained);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->joined = true;
}

void
capture_ahead_free(struct capture_ahead *a)
{
	if (a == NULL)
		return;
	capture_ahead_stop(a);
	pthread_cond_destroy(&a->drained);
	pthread_cond_destroy(&a->filled);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
