/* SPDX-License-Identifier: ISC */
/*
 * Memory, and who goes when there is too little of it.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/footprint.h"
#include "base/release.h"
#include "flow/flow_internal.h"

/* The oldest of a list that is not being worked on. */
static struct flow *
oldest_of(struct flow_table *t, enum list_id list)
{
	struct entry *e = t->oldest[list];

	while (e != NULL && ((struct flow *)e)->busy)
		e = e->newer;
	return (struct flow *)e;
}

/* One connection goes: a half-open one first, then a finished one, and only
 * then the one that was silent longest. */
bool
limits_evict(struct flow_table *t)
{
	static const struct {
		enum list_id	list;
		enum counter	counter;
	} order[] = {
		{ LIST_OPENING, COUNT_evicted_opening },
		{ LIST_CLOSING, COUNT_evicted_closing },
		{ LIST_QUIET, COUNT_evicted_open },
		{ LIST_OPEN, COUNT_evicted_open },
	};
	struct flow *f;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if ((f = oldest_of(t, order[i].list)) != NULL) {
			count(t->counters, order[i].counter);
			connection_end(f, FLOW_EVICTED);
			return true;
		}
	return false;
}

/* Make room, the least loss first. */
static bool
reclaim(struct flow_table *t, size_t size)
{
	count(t->counters, COUNT_memory_limit);
	while (t->memory + size > t->limits.memory) {
		if (t->oldest[LIST_TOMBS] != NULL)
			table_remove_tomb(t,
			    (struct tomb *)t->oldest[LIST_TOMBS]);
		else if (!limits_evict(t))
			return false;
	}
	return true;
}

static void *
alloc(struct flow_table *t, size_t size)
{
	void *p;

	if ((p = malloc(size)) == NULL) {
		count(t->counters, COUNT_memory_refused);
		return NULL;
	}
	t->memory += footprint(size);
	return p;
}

void *
limits_alloc(struct flow_table *t, size_t size)
{
	if (t->memory + footprint(size) > t->limits.memory &&
	    !reclaim(t, footprint(size))) {
		count(t->counters, COUNT_memory_refused);
		return NULL;
	}
	return alloc(t, size);
}

void *
limits_alloc_spare(struct flow_table *t, size_t size)
{
	if (t->memory + footprint(size) > t->limits.memory)
		return NULL;
	return alloc(t, size);
}

void
limits_free(struct flow_table *t, void *p, size_t size)
{
	if (p == NULL)
		return;
	assert(t->memory >= footprint(size));
	t->memory -= footprint(size);
	release(p, size);
}

void
limits_charge(struct flow_table *t, uint32_t *charged, size_t octets)
{
	uint32_t now = octets < UINT32_MAX ? (uint32_t)octets : UINT32_MAX;

	assert(t->memory >= *charged);
	t->memory = t->memory - *charged + now;
	*charged = now;
}

void
limits_enforce(struct flow_table *t)
{
	if (t->memory > t->limits.memory)
		reclaim(t, 0);
}
