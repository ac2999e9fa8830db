/* SPDX-License-Identifier: ISC */
/*
 * A server's memory as octets, and back.
 */
#include "baseline/codec.h"
#include "baseline/server_past_internal.h"

#define FORMAT		3
#define WITHOUT_SUITES	2	/* ends ahead of them */

static void
put_traits(struct writer *w, const struct traits *t)
{
	put_number(w, t->count);
	for (unsigned i = 0; i < t->count; i++) {
		const struct trait *one = &t->list[i];

		put_number(w, one->hash);
		put_number(w, one->more);
		put_number(w, one->offered);
		put_number(w, one->missing);
		put_time(w, one->first);
		put_time(w, one->last);
		put_number(w, one->days);
	}
}

static void
put_bucket(struct writer *w, const struct bucket *b)
{
	const uint32_t counts[] = { b->offered, b->absent, b->masked,
	    b->refused, b->plainly, b->established, b->broken,
	    b->starttls_refused, b->banners, b->banners_masked };

	put_time(w, b->start);
	put_number(w, (uint64_t)(b->length / HOUR));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		put_number(w, counts[i]);
	put_time(w, b->first_offered);
	put_time(w, b->last_offered);
	put_time(w, b->first_missing);
	put_time(w, b->last_missing);
}

static void
put_net(struct writer *w, const struct net *n)
{
	put_number(w, n->net);
	put_number(w, n->offered);
	put_number(w, n->missing);
	put_time(w, n->first_offered);
	put_time(w, n->last_offered);
	put_time(w, n->first_missing);
	put_time(w, n->last_missing);
	put_number(w, n->missing_days);
}

size_t
server_past_pack(const struct server_past *p, uint8_t out[SERVER_OCTETS_MAX])
{
	struct writer w = { .at = out, .size = SERVER_OCTETS_MAX };

	put_number(&w, FORMAT);
	put_number(&w, p->nbuckets);
	for (unsigned i = 0; i < p->nbuckets; i++)
		put_bucket(&w, &p->buckets[i]);
	put_number(&w, p->nnets);
	for (unsigned i = 0; i < p->nnets; i++)
		put_net(&w, &p->nets[i]);
	put_traits(&w, &p->names);
	put_traits(&w, &p->replies);
	put_traits(&w, &p->keys);
	put_time(&w, p->first_at);
	put_time(&w, p->broke_at);
	put_traits(&w, &p->suites);
	return w.full ? 0 : w.len;
}

static int
get_traits(struct source_octets *s, struct traits *t)
{
	uint64_t count = get_number(s);

	if (count > t->most)
		return -1;
	for (; t->count < count; t->count++) {
		struct trait *one = server_past_grow(t->list, t->count,
		    sizeof(*one));

		if (one == NULL)
			return -1;
		t->list = one;
		one += t->count;
		one->hash = get_number(s);
		one->more = get_number(s);
		one->offered = (uint32_t)get_number(s);
		one->missing = (uint32_t)get_number(s);
		one->first = get_time(s);
		one->last = get_time(s);
		one->days = get_number(s);
	}
	return 0;
}

static void
get_bucket(struct source_octets *s, struct bucket *b)
{
	uint32_t *const counts[] = { &b->offered, &b->absent, &b->masked,
	    &b->refused, &b->plainly, &b->established, &b->broken,
	    &b->starttls_refused, &b->banners, &b->banners_masked };

	b->start = get_time(s);
	b->length = get_number(s) == 1 ? HOUR : DAY;
	if (b->start % b->length != 0)
		s->bad = true;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i] = (uint32_t)get_number(s);
	b->first_offered = get_time(s);
	b->last_offered = get_time(s);
	b->first_missing = get_time(s);
	b->last_missing = get_time(s);
}

static void
get_net(struct source_octets *s, struct net *n)
{
	n->net = get_number(s);
	n->offered = (uint32_t)get_number(s);
	n->missing = (uint32_t)get_number(s);
	n->first_offered = get_time(s);
	n->last_offered = get_time(s);
	n->first_missing = get_time(s);
	n->last_missing = get_time(s);
	n->missing_days = get_number(s);
}

static int
get_lists(struct source_octets *s, struct server_past *p)
{
	uint64_t count;

	if ((count = get_number(s)) > SERVER_BUCKETS_MAX)
		return -1;
	for (; p->nbuckets < count; p->nbuckets++) {
		void *room = server_past_grow(p->buckets, p->nbuckets,
		    sizeof(*p->buckets));

		if (room == NULL)
			return -1;
		p->buckets = room;
		get_bucket(s, &p->buckets[p->nbuckets]);
		if (p->nbuckets > 0 && p->buckets[p->nbuckets].start <=
		    p->buckets[p->nbuckets - 1].start)
			s->bad = true;
	}
	if ((count = get_number(s)) > SERVER_NETS_MAX)
		return -1;
	for (; p->nnets < count; p->nnets++) {
		void *room = server_past_grow(p->nets, p->nnets,
		    sizeof(*p->nets));

		if (room == NULL)
			return -1;
		p->nets = room;
		get_net(s, &p->nets[p->nnets]);
	}
	return 0;
}

struct server_past *
server_past_unpack(const uint8_t *octets, size_t len)
{
	struct source_octets s = { .at = octets, .len = len };
	struct server_past *p;
	uint64_t format = get_number(&s);

	if ((format != FORMAT && format != WITHOUT_SUITES) ||
	    (p = server_past_new()) == NULL)
		return NULL;
	if (get_lists(&s, p) == 0 && get_traits(&s, &p->names) == 0 &&
	    get_traits(&s, &p->replies) == 0 &&
	    get_traits(&s, &p->keys) == 0) {
		p->first_at = get_time(&s);
		p->broke_at = get_time(&s);
		if ((format == WITHOUT_SUITES ||
		    get_traits(&s, &p->suites) == 0) && !s.bad)
			return p;
	}
	server_past_free(p);
	return NULL;
}
