/* SPDX-License-Identifier: ISC */
/*
 * heap.h -- what happens next: events in order of time, and of arrival
 * where the time is the same.
 */
#ifndef GENERATOR_HEAP_H
#define GENERATOR_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct event {
	uint64_t	 time;		/* nanoseconds */
	uint32_t	 session;	/* whose turn it is */
	uint32_t	 arrival;	/* heap_push counts */
};

/* All zero is an empty heap. */
struct heap {
	struct event	*events;
	size_t		 count, room;
	uint32_t	 arrivals;
};

/* -1 if memory is short. */
int		 heap_push(struct heap *h, uint64_t time, uint32_t session);

/* The earliest; there must be one. */
struct event	 heap_pop(struct heap *h);

void		 heap_free(struct heap *h);

#endif
