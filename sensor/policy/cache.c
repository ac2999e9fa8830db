/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/random.h>

#include <stdlib.h>

#include <xxhash.h>

#include "base/log.h"
#include "policy/cache.h"

struct kept {
	LIST_ENTRY(kept)	 chain;
	TAILQ_ENTRY(kept)	 use;
	struct lookup_question	 question;
	struct lookup_answer	*answer;
};

LIST_HEAD(chain, kept);

struct policy_cache {
	struct cache_options	 options;
	struct cache_counts	 counts;
	uint64_t		 seed;	/* strangers choose the names */
	unsigned		 kept;
	size_t			 nchains;	/* a power of two */
	struct chain		*chains;
	TAILQ_HEAD(uses, kept)	 uses;/* the latest first */
};

struct policy_cache *
policy_cache_new(const struct cache_options *o)
{
	struct policy_cache *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		goto fail;
	c->options = *o;
	for (c->nchains = 16; c->nchains < o->limit; )
		c->nchains *= 2;
	if ((c->chains = calloc(c->nchains, sizeof(*c->chains))) == NULL)
		goto fail;
	if (getrandom(&c->seed, sizeof(c->seed), 0) != sizeof(c->seed))
		goto fail;
	TAILQ_INIT(&c->uses);
	return c;

fail:
	log_warn("policy cache");
	if (c != NULL)
		free(c->chains);
	free(c);
	return NULL;
}

static void
drop(struct policy_cache *c, struct kept *k)
{
	LIST_REMOVE(k, chain);
	TAILQ_REMOVE(&c->uses, k, use);
	c->kept--;
	lookup_answer_give(k->answer);
	free(k);
}

void
policy_cache_free(struct policy_cache *c)
{
	struct kept *k;

	if (c == NULL)
		return;
	while ((k = TAILQ_FIRST(&c->uses)) != NULL)
		drop(c, k);
	free(c->chains);
	free(c);
}

static struct kept *
find(const struct policy_cache *c, const struct lookup_question *q,
    struct chain **chain)
{
	XXH64_hash_t h = XXH3_64bits_withSeed(q->name, strlen(q->name),
	    c->seed + q->type);
	struct kept *k;

	*chain = &c->chains[h & (c->nchains - 1)];
	LIST_FOREACH(k, *chain, chain)
		if (lookup_question_equal(&k->question, q))
			return k;
	return NULL;
}

struct lookup_answer *
policy_cache_find(struct policy_cache *c, const struct lookup_question *q,
    int64_t now)
{
	struct chain *chain;
	struct kept *k = find(c, q, &chain);

	if (k != NULL && k->answer->until <= now) {
		drop(c, k);
		k = NULL;
	}
	if (k == NULL) {
		c->counts.misses++;
		return NULL;
	}
	c->counts.hits++;
	TAILQ_REMOVE(&c->uses, k, use);
	TAILQ_INSERT_HEAD(&c->uses, k, use);
	return k->answer;
}

static uint32_t
time_to_keep(const struct cache_options *o, const struct lookup_answer *a)
{
	uint32_t most = a->found == LOOKUP_DATA ? o->most : o->denial_most;

	if (lookup_failed(a) || a->status == LOOKUP_UNKNOWN)
		return o->failure;
	if (a->ttl < o->least)
		return o->least;
	return a->ttl > most ? most : a->ttl;
}

void
policy_cache_keep(struct policy_cache *c, const struct lookup_question *q,
    struct lookup_answer *a)
{
	struct chain *chain;
	struct kept *k = find(c, q, &chain);

	a->until = a->at + (int64_t)time_to_keep(&c->options, a) * 1000000;
	if (k != NULL)
		drop(c, k);
	if (c->kept >= c->options.limit && c->kept > 0) {
		drop(c, TAILQ_LAST(&c->uses, uses));
		c->counts.evicted++;
	}
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return;		/* then it is asked again */
	k->question = *q;
	k->answer = lookup_answer_take(a);
	LIST_INSERT_HEAD(chain, k, chain);
	TAILQ_INSERT_HEAD(&c->uses, k, use);
	c->kept++;
}

const struct cache_counts *
policy_cache_counted(const struct policy_cache *c)
{
	return &c->counts;
}
