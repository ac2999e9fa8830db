/* SPDX-License-Identifier: ISC */
/*
 * store/cache.h -- which number a value has in the database, for the values
 * met most.
 *
 * Values are known by their 64-bit hash under a random seed, never
 * compared: strangers choose them, but cannot know which two would meet, and
 * by chance it is one new value in 2^48 (four are looked at, and their place
 * agrees already).  The cache has a fixed size; what is met again stays, what
 * was met once goes first.
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stdint.h>

#include "base/span.h"

struct cache_key {
	uint64_t	hash;
};

struct cache;			/* opaque */

/* `entries` is a power of two, at least 8.  NULL if memory is short. */
struct cache	*cache_new(unsigned entries, uint64_t seed);
void		 cache_free(struct cache *c);	/* NULL is fine */

struct cache_key	cache_key(const struct cache *c, struct span value);

/* Into the caches what finding it will touch. */
void	cache_foresee(const struct cache *c, struct cache_key key);
/* The number, or 0: not here. */
int64_t	cache_find(struct cache *c, struct cache_key key);
/* `id` is not 0. */
void	cache_put(struct cache *c, struct cache_key key, int64_t id);

#endif
