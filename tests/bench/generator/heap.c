/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>

#include "heap.h"

/* Four children a node: half the levels, and they share a cache line. */
#define CHILDREN	4

static bool
earlier(const struct event *a, const struct event *b)
{
	return a->time != b->time ? a->time < b->time :
	    a->arrival < b->arrival;
}

static int
grow(struct heap *h)
{
	size_t room = h->room > 0 ? h->room * 2 : 1024;
	struct event *events;

	events = reallocarray(h->events, room, sizeof(*events));
	if (events == NULL) {
		warn("events");
		return -1;
	}
	h->events = events;
	h->room = room;
	return 0;
}

int
heap_push(struct heap *h, uint64_t time, uint32_t session)
{
	struct event e = { time, session, h->arrivals++ };
	size_t i, parent;

	if (h->count == h->room && grow(h) == -1)
		return -1;
	for (i = h->count++; i > 0; i = parent) {
		parent = (i - 1) / CHILDREN;
		if (!earlier(&e, &h->events[parent]))
			break;
		h->events[i] = h->events[parent];
	}
	h->events[i] = e;
	return 0;
}

/* The earliest of the children of `i`, or `count` if it has none. */
static size_t
first_child(const struct heap *h, size_t i)
{
	size_t first = i * CHILDREN + 1, end, c;

	if (first >= h->count)
		return h->count;
	end = first + CHILDREN < h->count ? first + CHILDREN : h->count;
	for (c = first + 1; c < end; c++) {
		if (earlier(&h->events[c], &h->events[first]))
			first = c;
	}
	return first;
}

struct event
heap_pop(struct heap *h)
{
	struct event top, last;
	size_t i, child;

	assert(h->count > 0);
	top = h->events[0];
	last = h->events[--h->count];
	for (i = 0;; i = child) {
		child = first_child(h, i);
		if (child == h->count || !earlier(&h->events[child], &last))
			break;
		h->events[i] = h->events[child];
	}
	h->events[i] = last;
	return top;
}

void
heap_free(struct heap *h)
{
	free(h->events);
	*h = (struct heap){ 0 };
}
