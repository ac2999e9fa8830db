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

#include "base/fetch.h"
#include "flow/flow_internal.h"

#define FORESEE_DEPTHS	3	/* of struct flow_ops */

void
flow_foresee_bucket(const struct flow_table *t, struct packet *p)
{
	p->flow_hash = table_hash(t, p);
	p->foreseen = true;
	fetch_ahead(&t->buckets[p->flow_hash & t->mask], 1);
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

struct heard {			/* a packet that a reader hears */
	const struct packet	*packet;
	const struct flow	*flow;
	enum side		 who;
};

struct found {			/* of a batch */
	const struct packet	*packet[FLOW_FORESEE_MAX];
	const struct flow	*flow[FLOW_FORESEE_MAX];
	unsigned		 count;
};

/* But for what only packets of one side touch. */
static void
foresee_flows(const struct flow_table *t, const struct packet *p, unsigned n,
    struct found *found)
{
	const struct entry *e;

	found->count = 0;

	for (unsigned i = 0; i < n; i++)
		if ((e = t->buckets[p[i].flow_hash & t->mask]) != NULL)
			fetch_ahead(e, sizeof(*e));
	for (unsigned i = 0; i < n; i++) {
		if ((e = likely_entry(t, &p[i])) == NULL ||
		    e->list == LIST_TOMBS)
			continue;
		fetch_ahead(e + 1, offsetof(struct flow, facts.side) - sizeof(*e));
		found->packet[found->count] = &p[i];
		found->flow[found->count++] = (const struct flow *)e;
	}
}

/* How many are heard. */
static unsigned
foresee_sides(const struct found *found, struct heard heard[FLOW_FORESEE_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < found->count; i++) {
		const struct packet *p = found->packet[i];
		const struct flow *f = found->flow[i];
		enum side who = p->source_port == f->facts.port[SIDE_CLIENT] ?
		    SIDE_CLIENT : SIDE_SERVER;

		fetch_ahead(&f->facts.side[who], 1);
		if (is_heard(p))
			heard[count++] = (struct heard){ p, f, who };
	}
	return count;
}

void
flow_foresee(const struct flow_table *t, const struct packet *p, unsigned n)
{
	struct heard heard[FLOW_FORESEE_MAX];
	const struct heard *h, *end;
	struct found found;

	assert(n <= FLOW_FORESEE_MAX);
	foresee_flows(t, p, n, &found);
	end = heard + foresee_sides(&found, heard);
	for (unsigned depth = 0; depth < FORESEE_DEPTHS; depth++)
		for (h = heard; h < end; h++) {
			memory_foresee(&h->flow->side[h->who], depth);
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
		fetch_ahead(e, sizeof(*f));
}
