/* SPDX-License-Identifier: ISC */
/*
 * Fetching ahead of time.
 *
 * With a hundred thousand connections open nearly every look at one misses
 * the caches, and a packet looks at a dozen places.  Asked for in good time,
 * and for many packets together, they come while others are worked on.
 * Nothing here changes anything: a wrong guess costs a fetch.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

#define CACHE_LINE	64

static void
fetch(const void *at, size_t size)
{
	for (size_t i = 0; i < size; i += CACHE_LINE)
		__builtin_prefetch((const char *)at + i);
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

void
flow_foresee(const struct flow_table *t, struct packet *p,
    enum flow_foresee what)
{
	const struct entry *e;
	const struct flow *f;
	enum side who;

	switch (what) {
	case FORESEE_BUCKET:
		p->flow_hash = table_hash(t, p);
		p->foreseen = true;
		fetch(&t->buckets[p->flow_hash & t->mask], 1);
		return;
	case FORESEE_ENTRY:
		if ((e = t->buckets[p->flow_hash & t->mask]) != NULL)
			fetch(e, sizeof(*e));
		return;
	case FORESEE_FLOW:
		if ((e = likely_entry(t, p)) != NULL && e->list != LIST_TOMBS)
			fetch(e + 1, sizeof(*f) - sizeof(*e));
		return;
	case FORESEE_SESSION:
	case FORESEE_READER:
	case FORESEE_TEXTS:
		if ((p->payload.len == 0 && (p->flags & TCP_FIN) == 0) ||
		    (e = likely_entry(t, p)) == NULL ||
		    e->list == LIST_TOMBS)
			return;		/* the reader hears nothing */
		f = (const struct flow *)e;
		who = p->source_port == f->facts.port[SIDE_CLIENT] ?
		    SIDE_CLIENT : SIDE_SERVER;
		memory_foresee(&f->side[who], what - FORESEE_SESSION);
		if (f->session != NULL && t->ops->foresee != NULL)
			t->ops->foresee(f->session, what - FORESEE_SESSION);
		return;
	case FORESEEN:
		return;
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
			    depth);
	if (e != NULL)
		fetch(e, sizeof(*f));
}
