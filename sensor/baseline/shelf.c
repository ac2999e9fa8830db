/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "baseline/shelf.h"

struct shelf {
	struct shelf_item	**buckets;
	uint64_t		  mask, seed;
	struct shelf_item	 *newest, *oldest;
	unsigned		  count, most;
	shelf_leave		 *leave;
	void			 *context;
};

struct shelf *
shelf_new(unsigned most, uint64_t seed, shelf_leave *leave, void *context)
{
	struct shelf *s;
	uint64_t size = 64;

	while (size < most)
		size *= 2;
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->buckets = calloc(size, sizeof(*s->buckets))) == NULL) {
		free(s);
		return NULL;
	}
	s->mask = size - 1;
	s->seed = seed;
	s->most = most;
	s->leave = leave;
	s->context = context;
	return s;
}

static struct shelf_item **
bucket(const struct shelf *s, const uint8_t *key, size_t len)
{
	return &s->buckets[XXH3_64bits_withSeed(key, len, s->seed) & s->mask];
}

static void
unlink_item(struct shelf *s, struct shelf_item *item)
{
	if (item->newer != NULL)
		item->newer->older = item->older;
	else
		s->newest = item->older;
	if (item->older != NULL)
		item->older->newer = item->newer;
	else
		s->oldest = item->newer;
}

static void
link_newest(struct shelf *s, struct shelf_item *item)
{
	item->newer = NULL;
	item->older = s->newest;
	if (item->older != NULL)
		item->older->newer = item;
	else
		s->oldest = item;
	s->newest = item;
}

static void
drop(struct shelf *s, struct shelf_item *item)
{
	struct shelf_item **at = bucket(s, item->key, item->key_len);

	while (*at != item)
		at = &(*at)->chain;
	*at = item->chain;
	unlink_item(s, item);
	s->count--;
	s->leave(s->context, item);
	free(item);
}

static struct shelf_item *
look_up(const struct shelf *s, const uint8_t *key, size_t len)
{
	struct shelf_item *item;

	for (item = *bucket(s, key, len); item != NULL; item = item->chain)
		if (item->key_len == len && memcmp(item->key, key, len) == 0)
			break;
	return item;
}

void
shelf_foresee(const struct shelf *s, const uint8_t *key, size_t len)
{
	__builtin_prefetch(bucket(s, key, len));
}

void
shelf_foresee_first(const struct shelf *s, const uint8_t *key, size_t len)
{
	__builtin_prefetch(*bucket(s, key, len));
}

struct shelf_item *
shelf_peek(const struct shelf *s, const uint8_t *key, size_t len)
{
	struct shelf_item *item = look_up(s, key, len);

	if (item != NULL) {
		__builtin_prefetch(item->newer);
		__builtin_prefetch(item->older);
	}
	return item;
}

struct shelf_item *
shelf_find(struct shelf *s, const uint8_t *key, size_t len)
{
	struct shelf_item *item = look_up(s, key, len);

	if (item != NULL && item != s->newest) {
		unlink_item(s, item);
		link_newest(s, item);
	}
	return item;
}

struct shelf_item *
shelf_add(struct shelf *s, const uint8_t *key, size_t len)
{
	struct shelf_item **at = bucket(s, key, len);
	struct shelf_item *item;

	assert(len <= SHELF_KEY_MAX);
	if ((item = calloc(1, sizeof(*item))) == NULL)
		return NULL;
	memcpy(item->key, key, len);
	item->key_len = (uint8_t)len;
	item->chain = *at;
	*at = item;
	link_newest(s, item);
	if (++s->count > s->most)
		drop(s, s->oldest);
	return item;
}

void
shelf_remove(struct shelf *s, const uint8_t *key, size_t len)
{
	struct shelf_item *item = shelf_find(s, key, len);

	if (item != NULL)
		drop(s, item);
}

void
shelf_clear(struct shelf *s)
{
	while (s->oldest != NULL)
		drop(s, s->oldest);
}

void
shelf_free(struct shelf *s)
{
	if (s == NULL)
		return;
	shelf_clear(s);
	free(s->buckets);
	free(s);
}

struct shelf_item *
shelf_first(const struct shelf *s)
{
	return s->newest;
}

struct shelf_item *
shelf_next(const struct shelf_item *item)
{
	return item->older;
}
