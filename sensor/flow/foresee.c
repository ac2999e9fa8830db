/* SPDX-License-Identifier: ISC */
/*
 * Fetching ahead of time.
 *
 * With a hundred thousand connections open nearly every look at one misses
 * the caches, and a packet looks at a dozen places.  Asked for in good time,
 * and for many packets together, they come while others are worked on.
 * Nothing here changes anything: a wrong guess costs a fetch.
 */
#include <assert.h>

#include "flow/flow_internal.h"

#define CACHE_LINE	64
#define FORESEE_DEPTHS	3	/* of struct flow_ops */

static void
fetch(const void *at, size_t size)
{
	for (size_t i = 0; i < size; i += CACHE_LINE)
		__builtin_prefetch((const char *)at + i);
}

void
flow_foresee_bucket(const struct flow_table *t, struct packet *p)
{
	p->flow_hash = table_hash(t, p);
	p->foreseen = true;
	fetch(&t->buckets[p->flow_hash & t->mask], 1);
}

/* By its hash alone: good enough for a guess. */
static const struct entry *
likely_entry(const struct flow_table *t, const struct packet *p)
{
	const struct entry *e = t->buckets[p->flow_hash & t->mask];

	while (e != NULL && e->hash != p->flow_hash)
		e = e->chain;
	return e;
}

/* A reader will hear octets of one, or that it ends. */
static bool
is_heard(const struct packet *p)
{
	return p->payload.len > 0 || (p->flags & TCP_FIN) != 0;
}

/* Of those that a reader hears: whose, and what it takes up. */
struct heard {
	const struct packet	*packet;
	const struct flow	*flow;
	const struct stream	*side;
};

static unsigned
foresee_flows(const struct flow_table *t, const struct packet *p, unsigned n,
    struct heard heard[FLOW_FORESEE_MAX])
{
	const struct entry *e;
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		if ((e = t->buckets[p[i].flow_hash & t->mask]) != NULL)
			fetch(e, sizeof(*e));
	for (unsigned i = 0; i < n; i++) {
		const struct flow *f;

		if ((e = likely_entry(t, &p[i])) == NULL ||
		    e->list == LIST_TOMBS)
			continue;
		f = (const struct flow *)e;
		fetch(e + 1, sizeof(*f) - sizeof(*e));
		if (is_heard(&p[i]))
			heard[count++] = (struct heard){ &p[i], f, NULL };
	}
	return count;
}

void
flow_foresee(const struct flow_table *t, const struct packet *p, unsigned n)
{
	struct heard heard[FLOW_FORESEE_MAX], *h;
	const struct heard *end;

	assert(n <= FLOW_FORESEE_MAX);
	end = heard + foresee_flows(t, p, n, heard);
	for (h = heard; h < end; h++)
		h->side = &h->flow->side[h->packet->source_port ==
		    h->flow->facts.port[SIDE_CLIENT] ? SIDE_CLIENT :
		    SIDE_SERVER];
	for (unsigned depth = 0; depth < FORESEE_DEPTHS; depth++)
		for (h = heard; h < end; h++) {
			memory_foresee(h->side, depth);
			if (h->flow->session != NULL &&
			    t->ops->foresee != NULL)
				t->ops->foresee(h->flow->session,
				    h->packet->payload, depth);
		}
}

/*
 * Finished connections end in the order of their list, some packets apart,
 * when all of the last look at them has left the caches: at the end of one,
 * ask for the next three, each by a step deeper than at the end before.
 */
void
foresee_ends(const struct flow *f)
{
	const struct flow_ops *ops = f->table->ops;
	const struct entry *e = f->entry.newer;

	if (f->entry.list != LIST_CLOSING || ops->foresee == NULL)
		return;
	for (unsigned depth = 2; e != NULL && depth-- > 0; e = e->newer)
		if (((const struct flow *)e)->session != NULL)
			ops->foresee(((const struct flow *)e)->session,
			    span_of(NULL, 0), depth);
	if (e != NULL)
		fetch(e, sizeof(*f));
}
