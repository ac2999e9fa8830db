/* SPDX-License-Identifier: ISC */
/*
 * policy/live.h -- the network as a source: cache before resolver, one
 * lookup for all who wait for the same answer, and a budget.
 *
 * Names of recipients are chosen by strangers.  New questions (not those the
 * cache answers) are let through at a bounded rate; beyond it the answer is
 * "unknown", which demands nothing and accuses nobody.
 */
#ifndef POLICY_LIVE_H
#define POLICY_LIVE_H

#include "policy/cache.h"
#include "policy/resolver.h"
#include "policy/source.h"

struct live_options {
	struct resolver_options	resolver;
	struct cache_options	cache;
	unsigned		per_second;	/* new questions */
	unsigned		burst;
};

#define LIVE_OPTIONS_DEFAULT {			\
	.resolver = RESOLVER_OPTIONS_DEFAULT,	\
	.cache = CACHE_OPTIONS_DEFAULT,		\
	.per_second = 200,			\
	.burst = 2000,				\
}

struct live_counts {
	uint64_t	refused;	/* for the budget's sake */
	uint64_t	shared;		/* waited for another's question */
};

struct live;

/* NULL after saying why. */
struct live	*live_new(const struct live_options *o);
void		 live_free(struct live *l);	/* NULL is fine */

struct lookup_source	live_source(struct live *l);

/* As in resolver.h. */
int	live_fd(const struct live *l);
int	live_wait_ms(const struct live *l);
void	live_run(struct live *l);

const struct live_counts	*live_counted(const struct live *l);
const struct resolver_counts	*live_resolver_counted(const struct live *l);
const struct cache_counts	*live_cache_counted(const struct live *l);

#endif
