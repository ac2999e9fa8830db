/* SPDX-License-Identifier: ISC */
/*
 * Fetching ahead of time.
 *
 * With a hundred thousand connections open nearly every look at one misses
 * the caches, and a packet looks at a dozen places.  Asked for in good time,
 * and for many packets together, they come while others are worked on.
 * Nothing here changes anything: a wrong guess costs a fetch.
 */
#include "base/fetch.h"
#include "flow/flow_internal.h"

#define SESSION_STEP	3	/* the first that a reader has a part in */
#define DEPTHS		(FLOW_FORESEE_STEPS - SESSION_STEP)

static const struct entry *
first_entry(const struct flow_table *t, const struct packet *p)
{
	return t->buckets[p->flow_hash & t->mask];
}

/*
 * By its hash alone: good enough for a guess.  It holds until an entry goes,
 * which may be this one.
 */
static const struct flow *
likely_flow(const struct flow_table *t, struct packet *p)
{
	const struct entry *e;

	if (p->likely_until == t->departures)
		return p->likely;
	e = first_entry(t, p);
	while (e != NULL && e->hash != p->flow_hash)
		e = e->chain;
	p->likely = e != NULL && e->list == LIST_TOMBS ? NULL : e;
	p->likely_until = t->departures;
	return p->likely;
}

/* A reader will hear octets of it, or that it ends. */
static bool
is_heard(const struct packet *p)
{
	return p->payload.len > 0 || (p->flags & TCP_FIN) != 0;
}

/* What only packets of one side touch, and what the reader will. */
static void
foresee_side(const struct flow *f, const struct packet *p, unsigned depth)
{
	const struct flow_ops *ops = f->table->ops;
	enum side who = p->source_port == f->facts.port[SIDE_CLIENT] ?
	    SIDE_CLIENT : SIDE_SERVER;

	if (depth == 0)
		fetch_ahead(&f->facts.side[who], 1);
	if (!is_heard(p))
		return;
	memory_foresee(&f->side[who], depth);
	if (f->session != NULL && ops->foresee != NULL)
		ops->foresee(f->session, p->payload, depth);
}

void
flow_foresee(const struct flow_table *t, struct packet *p, unsigned step)
{
	const struct flow *f;

	switch (step) {
	case 0:
		table_look(t, p);
		fetch_ahead(&t->buckets[p->flow_hash & t->mask], 1);
		return;
	case 1:
		/* where there is none it does no harm */
		fetch_ahead(first_entry(t, p), sizeof(struct entry));
		return;
	}
	if ((f = likely_flow(t, p)) == NULL)
		return;
	if (step < SESSION_STEP)
		fetch_ahead(&f->entry + 1, offsetof(struct flow, facts.side) -
		    sizeof(f->entry));
	else
		foresee_side(f, p, step - SESSION_STEP);
}

/* What the end of this one touches, by then. */
static void
foresee_end(const struct flow *f, unsigned depth)
{
	const struct flow_table *t = f->table;

	if (depth == 0) {
		fetch_ahead(&t->buckets[f->entry.hash & t->mask], 1);
		for (int i = 0; i < SIDES; i++)
			memory_foresee(&f->side[i], 0);
	}
	if (f->session != NULL)
		t->ops->foresee(f->session, span_of(NULL, 0), depth);
}

/*
 * Finished connections end in the order of their list, some packets apart,
 * when all of the last look at them has left the caches: at the end of one,
 * ask for the next four, each by a step deeper than at the end before.
 */
void
foresee_ends(const struct flow *f)
{
	const struct entry *e = f->entry.newer;

	if (f->entry.list != LIST_CLOSING || f->table->ops->foresee == NULL)
		return;
	for (unsigned depth = DEPTHS; e != NULL && depth-- > 0; e = e->newer)
		foresee_end((const struct flow *)e, depth);
	if (e != NULL)
		fetch_ahead(e, sizeof(*f));
}
