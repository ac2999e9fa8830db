/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL		/* a call costs as much as a short hash */
#include <xxhash.h>

#include "store/cache.h"

/*
 * A set is the four places an entry may be at: 64 octets, so that a find
 * costs one cache line.
 */
#define WAYS		4
#define ALL_MET		((1u << WAYS) - 1)

struct cache_entry {
	uint64_t	hash;
	int64_t		id;	/* 0: free */
};

struct cache_set {
	struct cache_entry	entry[WAYS];
};

struct cache {
	struct cache_set	*sets;
	uint8_t			*marks;	/* of a set: met again, a bit per
					 * entry, and above them how many
					 * came since the marks were new */
	uint64_t		 mask;
	uint64_t		 seed;
};

struct cache *
cache_new(unsigned entries, uint64_t seed)
{
	struct cache *c;
	size_t size;

	assert(entries >= WAYS && (entries & (entries - 1)) == 0);
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->mask = entries / WAYS - 1;
	c->seed = seed;
	size = (c->mask + 1) * sizeof(*c->sets);
	c->sets = aligned_alloc(sizeof(*c->sets), size);
	c->marks = calloc(c->mask + 1, sizeof(*c->marks));
	if (c->sets == NULL || c->marks == NULL) {
		cache_free(c);
		return NULL;
	}
	memset(c->sets, 0, size);
	return c;
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	free(c->marks);
	free(c->sets);
	free(c);
}

struct cache_key
cache_key(const struct cache *c, struct span value)
{
	return (struct cache_key){
		.hash = XXH3_64bits_withSeed(value.at, value.len, c->seed),
	};
}

void
cache_foresee(const struct cache *c, struct cache_key key)
{
	__builtin_prefetch(&c->sets[key.hash & c->mask]);
	__builtin_prefetch(&c->marks[key.hash & c->mask]);
}

int64_t
cache_find(struct cache *c, struct cache_key key)
{
	uint64_t which = key.hash & c->mask;
	struct cache_set *set = &c->sets[which];

	for (unsigned i = 0; i < WAYS; i++) {
		const struct cache_entry *e = &set->entry[i];

		if (e->hash == key.hash && e->id != 0) {
			c->marks[which] |= (uint8_t)(1u << i);
			return e->id;
		}
	}
	return 0;
}

/*
 * What was not met again makes room for what is new, however much of it
 * comes; only after sixteen new ones must each earn its mark again.
 */
static unsigned
make_room(uint8_t *marks)
{
	unsigned met = *marks % (1u << WAYS), came = *marks >> WAYS, at;

	if (++came == 1u << (8 - WAYS)) {
		came = 0;
		met = 0;
	}
	for (at = came % WAYS; (met >> at & 1) != 0 && met != ALL_MET;)
		at = (at + 1) % WAYS;
	met &= ~(1u << at);
	*marks = (uint8_t)(came << WAYS | met);
	return at;
}

void
cache_put(struct cache *c, struct cache_key key, int64_t id)
{
	uint64_t which = key.hash & c->mask;
	struct cache_set *set = &c->sets[which];
	unsigned at = WAYS;

	for (unsigned i = 0; i < WAYS && at == WAYS; i++)
		if (set->entry[i].id == 0)
			at = i;
	if (at == WAYS)
		at = make_room(&c->marks[which]);
	set->entry[at].hash = key.hash;
	set->entry[at].id = id;
}
