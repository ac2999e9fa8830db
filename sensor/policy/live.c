/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/live.h"

struct waiter {
	SLIST_ENTRY(waiter)	 link;
	lookup_done		*done;
	void			*context;
};

/* A question on its way, and all who want to hear. */
struct asking {
	LIST_ENTRY(asking)	 link;
	struct live		*live;
	struct lookup_question	 question;
	SLIST_HEAD(, waiter)	 waiters;
};

struct live {
	struct live_options	 options;
	struct live_counts	 counts;
	struct resolver		*resolver;
	struct policy_cache	*cache;
	LIST_HEAD(, asking)	 open;
	double			 tokens;
	int64_t			 filled;	/* when, microseconds */
	char			 name[ADDR_TEXT_MAX + 8];
};

struct live *
live_new(const struct live_options *o)
{
	char text[ADDR_TEXT_MAX];
	struct live *l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		log_warn("policy");
		return NULL;
	}
	l->options = *o;
	LIST_INIT(&l->open);
	l->tokens = o->burst;
	l->filled = clock_steady_us();
	snprintf(l->name, sizeof(l->name), "%s@%u",
	    addr_format(&o->resolver.server, text), o->resolver.port);
	if ((l->resolver = resolver_new(&o->resolver)) == NULL ||
	    (l->cache = policy_cache_new(&o->cache)) == NULL) {
		live_free(l);
		return NULL;
	}
	return l;
}

static void
free_asking(struct asking *a)
{
	struct waiter *w;

	LIST_REMOVE(a, link);
	while ((w = SLIST_FIRST(&a->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&a->waiters, link);
		free(w);
	}
	free(a);
}

void
live_free(struct live *l)
{
	struct asking *a;

	if (l == NULL)
		return;
	resolver_free(l->resolver);
	policy_cache_free(l->cache);
	while ((a = LIST_FIRST(&l->open)) != NULL)
		free_asking(a);
	free(l);
}

/* A bucket that fills at per_second and holds burst. */
static bool
afford(struct live *l)
{
	int64_t now = clock_steady_us();

	l->tokens += (double)(now - l->filled) * l->options.per_second / 1e6;
	l->filled = now;
	if (l->tokens > l->options.burst)
		l->tokens = l->options.burst;
	if (l->tokens < 1)
		return false;
	l->tokens -= 1;
	return true;
}

static void
answered(void *context, struct lookup_answer *answer)
{
	struct asking *a = context;
	struct waiter *w;

	policy_cache_keep(a->live->cache, &a->question, answer);
	/* those who are told may ask anew: this one is over before */
	LIST_REMOVE(a, link);
	while ((w = SLIST_FIRST(&a->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&a->waiters, link);
		w->done(w->context, answer);
		free(w);
	}
	free(a);
	lookup_answer_give(answer);
}

/* Nobody is asked; not kept, so that the next one may be luckier. */
static void
refuse(struct live *l, const struct lookup_question *q, lookup_done *done,
    void *context)
{
	struct lookup_answer *a;

	l->counts.refused++;
	if ((a = lookup_answer_new(q)) != NULL) {
		a->status = LOOKUP_UNKNOWN;
		a->failure = LOOKUP_BUDGET;
		a->at = clock_wall_us();
		a->until = a->at + (int64_t)l->options.cache.failure * 1000000;
	}
	done(context, a);
	lookup_answer_give(a);
}

static struct asking *
open_question(struct live *l, const struct lookup_question *q)
{
	struct asking *a;

	if (!afford(l) || (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->live = l;
	a->question = *q;
	SLIST_INIT(&a->waiters);
	if (!resolver_ask(l->resolver, q, answered, a)) {
		free(a);
		return NULL;
	}
	LIST_INSERT_HEAD(&l->open, a, link);
	return a;
}

static void
ask(void *self, const struct lookup_question *q, lookup_done *done,
    void *context)
{
	struct live *l = self;
	struct lookup_answer *kept;
	struct waiter *w;
	struct asking *a;

	kept = policy_cache_find(l->cache, q, clock_wall_us());
	if (kept != NULL) {
		lookup_answer_take(kept);	/* `done` may push it out */
		done(context, kept);
		lookup_answer_give(kept);
		return;
	}
	LIST_FOREACH(a, &l->open, link)
		if (lookup_question_equal(&a->question, q))
			break;
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		refuse(l, q, done, context);
		return;
	}
	if (a != NULL)
		l->counts.shared++;
	else if ((a = open_question(l, q)) == NULL) {
		free(w);
		refuse(l, q, done, context);
		return;
	}
	w->done = done;
	w->context = context;
	SLIST_INSERT_HEAD(&a->waiters, w, link);
}

struct lookup_source
live_source(struct live *l)
{
	return (struct lookup_source){
		.self = l,
		.ask = ask,
		.name = l->name,
	};
}

int
live_fd(const struct live *l)
{
	return resolver_fd(l->resolver);
}

int
live_wait_ms(const struct live *l)
{
	return resolver_wait_ms(l->resolver);
}

void
live_run(struct live *l)
{
	resolver_run(l->resolver);
}

const struct live_counts *
live_counted(const struct live *l)
{
	return &l->counts;
}

const struct resolver_counts *
live_resolver_counted(const struct live *l)
{
	return resolver_counted(l->resolver);
}

const struct cache_counts *
live_cache_counted(const struct live *l)
{
	return policy_cache_counted(l->cache);
}
