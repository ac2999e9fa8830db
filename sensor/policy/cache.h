/* SPDX-License-Identifier: ISC */
/*
 * policy/cache.h -- answers kept for a while, denials and failures too.
 *
 * Times to live are bounded on both sides, so that neither zero makes us ask
 * for each mail nor a day blinds us to a rollover.  When it is full the
 * answer that was not used for the longest time goes.
 */
#ifndef POLICY_CACHE_H
#define POLICY_CACHE_H

#include "policy/lookup.h"

struct cache_options {
	unsigned	limit;		/* answers */
	uint32_t	least, most;	/* seconds, of data */
	uint32_t	denial_most;	/* ... of NODATA and NXDOMAIN */
	uint32_t	failure;	/* ... of a failure, always */
};

#define CACHE_OPTIONS_DEFAULT	{ .limit = 8192, .least = 30, .most = 3600, \
				  .denial_most = 300, .failure = 30 }

struct cache_counts {
	uint64_t	hits, misses, evicted;
};

struct policy_cache;

/* NULL after saying why. */
struct policy_cache	*policy_cache_new(const struct cache_options *o);
void	policy_cache_free(struct policy_cache *c);	/* NULL is fine */

/* `now` in microseconds.  Borrowed; NULL: nothing that still holds. */
struct lookup_answer	*policy_cache_find(struct policy_cache *c,
		    const struct lookup_question *q, int64_t now);

/* Sets a->until, and keeps a reference unless memory is short. */
void	policy_cache_keep(struct policy_cache *c,
	    const struct lookup_question *q, struct lookup_answer *a);

const struct cache_counts	*policy_cache_counted(
		    const struct policy_cache *c);

#endif
