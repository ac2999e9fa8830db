/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dns/shelf.h"

#define FIRST_ROOM	64

static struct dns_shelf_item *
at(const struct dns_shelf *s, uint32_t n)
{
	return n == 0 ? NULL :
	    (struct dns_shelf_item *)(void *)(s->items + (n - 1) * s->size);
}

static uint32_t
number(const struct dns_shelf *s, const struct dns_shelf_item *i)
{
	return (uint32_t)((size_t)((const uint8_t *)i - s->items) / s->size) +
	    1;
}

void
dns_shelf_init(struct dns_shelf *s, size_t size, uint32_t limit, int64_t keep,
    struct counters *counters, enum counter forgotten)
{
	*s = (struct dns_shelf){ .size = (size + 7) & ~(size_t)7,
	    .limit = limit > 0 ? limit : 1, .keep = keep,
	    .counters = counters, .forgotten = forgotten };
}

void
dns_shelf_clear(struct dns_shelf *s)
{
	free(s->items);
	free(s->slots);
	s->items = NULL;
	s->slots = NULL;
	s->count = s->room = s->mask = s->oldest = s->newest = 0;
}

static void
unlink_age(struct dns_shelf *s, struct dns_shelf_item *i)
{
	if (i->newer != 0)
		at(s, i->newer)->older = i->older;
	else
		s->newest = i->older;
	if (i->older != 0)
		at(s, i->older)->newer = i->newer;
	else
		s->oldest = i->newer;
}

static void
link_newest(struct dns_shelf *s, struct dns_shelf_item *i)
{
	uint32_t n = number(s, i);

	i->newer = 0;
	i->older = s->newest;
	if (s->newest != 0)
		at(s, s->newest)->newer = n;
	else
		s->oldest = n;
	s->newest = n;
}

static void
link_slot(struct dns_shelf *s, struct dns_shelf_item *i)
{
	uint32_t *slot = &s->slots[i->key & s->mask];

	i->same_slot = *slot;
	*slot = number(s, i);
}

static void
unlink_slot(struct dns_shelf *s, struct dns_shelf_item *i)
{
	uint32_t *slot = &s->slots[i->key & s->mask];
	uint32_t n = number(s, i);

	while (*slot != n)
		slot = &at(s, *slot)->same_slot;
	*slot = i->same_slot;
}

/* Room for twice as many; -1: memory, and all is as it was. */
static int
grow(struct dns_shelf *s)
{
	uint32_t room = s->room == 0 ? FIRST_ROOM : s->room * 2;
	uint32_t slots = s->mask + 1;
	uint32_t *fresh;
	uint8_t *items;

	if (room > s->limit)
		room = s->limit;
	while (slots < room)
		slots *= 2;
	if ((items = realloc(s->items, room * s->size)) == NULL)
		return -1;
	s->items = items;
	if ((fresh = calloc(slots, sizeof(fresh[0]))) == NULL)
		return -1;
	free(s->slots);
	s->slots = fresh;
	s->mask = slots - 1;
	s->room = room;
	for (uint32_t n = 1; n <= s->count; n++)
		link_slot(s, at(s, n));
	return 0;
}

void *
dns_shelf_find(const struct dns_shelf *s, uint64_t key)
{
	struct dns_shelf_item *i;

	if (s->slots == NULL)
		return NULL;
	i = at(s, s->slots[key & s->mask]);
	while (i != NULL && i->key != key)
		i = at(s, i->same_slot);
	return i;
}

void *
dns_shelf_next(const struct dns_shelf *s, const void *item)
{
	const struct dns_shelf_item *was = item;
	struct dns_shelf_item *i = at(s, was->same_slot);

	while (i != NULL && i->key != was->key)
		i = at(s, i->same_slot);
	return i;
}

static void *
begin(struct dns_shelf *s, struct dns_shelf_item *i, uint64_t key, int64_t time)
{
	memset(i, 0, s->size);
	i->key = key;
	i->first = i->last = time;
	link_slot(s, i);
	link_newest(s, i);
	return i;
}

/* This one is given up for another. */
static struct dns_shelf_item *
vacate(struct dns_shelf *s, struct dns_shelf_item *i, int64_t time)
{
	if (i->last >= time - s->keep)
		count(s->counters, s->forgotten);
	unlink_age(s, i);
	unlink_slot(s, i);
	return i;
}

void *
dns_shelf_add(struct dns_shelf *s, uint64_t key, int64_t time)
{
	struct dns_shelf_item *oldest = at(s, s->oldest);

	/* What is too old to matter is used again before more is taken. */
	if (oldest != NULL && oldest->last < time - s->keep)
		return begin(s, vacate(s, oldest, time), key, time);
	if (s->count < s->room || (s->room < s->limit && grow(s) == 0))
		return begin(s, at(s, ++s->count), key, time);
	oldest = at(s, s->oldest);
	if (oldest == NULL)
		return NULL;
	return begin(s, vacate(s, oldest, time), key, time);
}

void *
dns_shelf_add_few(struct dns_shelf *s, uint64_t key, int64_t time,
    unsigned most)
{
	struct dns_shelf_item *stalest = NULL;
	unsigned n = 0;

	for (struct dns_shelf_item *i = dns_shelf_find(s, key); i != NULL;
	    i = dns_shelf_next(s, i)) {
		n++;
		if (stalest == NULL || i->last < stalest->last)
			stalest = i;
	}
	if (n < most)
		return dns_shelf_add(s, key, time);
	return begin(s, vacate(s, stalest, time), key, time);
}

void
dns_shelf_renew(struct dns_shelf *s, void *item, int64_t time)
{
	struct dns_shelf_item *i = item;

	unlink_age(s, i);
	unlink_slot(s, i);
	begin(s, i, i->key, time);
}

void
dns_shelf_touch(struct dns_shelf *s, void *item, int64_t time)
{
	struct dns_shelf_item *i = item;

	if (time > i->last)
		i->last = time;
	if (time < i->first)
		i->first = time;
	if (number(s, i) == s->newest)
		return;
	unlink_age(s, i);
	link_newest(s, i);
}

void *
dns_shelf_oldest(const struct dns_shelf *s)
{
	return at(s, s->oldest);
}

void *
dns_shelf_newer(const struct dns_shelf *s, const void *item)
{
	return at(s, ((const struct dns_shelf_item *)item)->newer);
}
