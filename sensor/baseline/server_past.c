/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "baseline/server_past_internal.h"

#define HOURS_KEPT	(2 * DAY)	/* hour by hour; then day by day */

struct server_past *
server_past_new(void)
{
	struct server_past *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->names.most = SERVER_NAMES_MAX;
	p->replies.most = SERVER_REPLIES_MAX;
	p->keys.most = SERVER_KEYS_MAX;
	p->suites.most = SERVER_SUITES_MAX;
	return p;
}

void
server_past_free(struct server_past *p)
{
	if (p == NULL)
		return;
	free(p->buckets);
	free(p->nets);
	free(p->names.list);
	free(p->replies.list);
	free(p->keys.list);
	free(p->suites.list);
	free(p);
}

static int64_t
floor_to(int64_t at, int64_t length)
{
	int64_t rest = at % length;

	return at - (rest < 0 ? rest + length : rest);
}

static bool
is_missing(enum server_offer offer)
{
	return offer == SERVER_ABSENT || offer == SERVER_MASKED ||
	    offer == SERVER_EHLO_REFUSED;
}

/* ------------------------------------------------------------------ */
/* buckets                                                            */

static void
absorb(struct bucket *into, const struct bucket *b)
{
	into->offered += b->offered;
	into->absent += b->absent;
	into->masked += b->masked;
	into->refused += b->refused;
	into->plainly += b->plainly;
	into->established += b->established;
	into->broken += b->broken;
	into->starttls_refused += b->starttls_refused;
	into->banners += b->banners;
	into->banners_masked += b->banners_masked;
	into->first_offered = time_earlier(into->first_offered,
	    b->first_offered);
	into->last_offered = time_later(into->last_offered, b->last_offered);
	into->first_missing = time_earlier(into->first_missing,
	    b->first_missing);
	into->last_missing = time_later(into->last_missing, b->last_missing);
}

static void
bucket_remove(struct server_past *p, unsigned i)
{
	memmove(p->buckets + i, p->buckets + i + 1,
	    (p->nbuckets - i - 1) * sizeof(*p->buckets));
	p->nbuckets--;
}

static uint32_t
missing_in(const struct bucket *b)
{
	return b->absent + b->masked + b->refused;
}

/* When a habit first broke, as far as the buckets tell: whatever order they
 * were filled in. */
int64_t
server_past_first_break(const struct server_past *p, int64_t at)
{
	uint32_t offered = 0, days = 0;
	int64_t day = -1;

	for (unsigned i = 0; i < p->nbuckets && p->buckets[i].start <= at;
	    i++) {
		const struct bucket *b = &p->buckets[i];
		bool broken = missing_in(b) > 0;

		if (b->first_offered != 0 &&
		    (!broken || b->first_offered < b->first_missing)) {
			offered += broken ? 1 : b->offered;
			days += b->start / DAY != day;
			day = b->start / DAY;
		}
		if (broken)
			return offered >= PAST_HABIT_SESSIONS &&
			    days >= PAST_HABIT_DAYS ? b->first_missing : 0;
	}
	return 0;
}

/* Nothing of its record is forgotten yet. */
bool
server_past_is_whole(const struct server_past *p)
{
	return p->nbuckets > 0 && p->buckets[0].start <= p->first_at;
}

/* Ahead of forgetting. */
static void
remember_break(struct server_past *p)
{
	if (server_past_is_whole(p))
		p->broke_at = time_earlier(p->broke_at,
		    server_past_first_break(p, INT64_MAX));
}

/* Hours that are over become part of their day. */
static void
fold_hours(struct server_past *p)
{
	int64_t newest = p->buckets[p->nbuckets - 1].start;
	unsigned i = 0;

	while (i < p->nbuckets && p->buckets[i].start < newest - HOURS_KEPT) {
		struct bucket *b = &p->buckets[i];

		b->start = floor_to(b->start, DAY);
		b->length = DAY;
		if (i > 0 && p->buckets[i - 1].start == b->start) {
			absorb(&p->buckets[i - 1], b);
			bucket_remove(p, i);
		} else
			i++;
	}
	if (p->nbuckets > SERVER_BUCKETS_MAX)
		remember_break(p);
	while (p->nbuckets > SERVER_BUCKETS_MAX)
		bucket_remove(p, 0);
}

static struct bucket *
bucket_at(struct server_past *p, int64_t at)
{
	struct bucket *b;
	unsigned i = p->nbuckets;
	void *room;

	while (i > 0 && p->buckets[i - 1].start > at)
		i--;
	if (i > 0 && at < p->buckets[i - 1].start + p->buckets[i - 1].length)
		return &p->buckets[i - 1];
	room = server_past_grow(p->buckets, p->nbuckets, sizeof(*b));
	if (room == NULL)
		return NULL;
	p->buckets = room;
	memmove(p->buckets + i + 1, p->buckets + i,
	    (p->nbuckets - i) * sizeof(*b));
	p->nbuckets++;
	b = &p->buckets[i];
	memset(b, 0, sizeof(*b));
	b->start = floor_to(at, HOUR);
	b->length = HOUR;
	fold_hours(p);
	/* folding may have moved it */
	for (i = p->nbuckets; i > 0; i--) {
		b = &p->buckets[i - 1];
		if (at >= b->start && at < b->start + b->length)
			return b;
	}
	return NULL;		/* older than all that is kept */
}

static void
learn_bucket(struct bucket *b, const struct server_sight *s)
{
	switch (s->offer) {
	case SERVER_OFFERED:
		b->offered++;
		b->plainly += s->plainly;
		break;
	case SERVER_ABSENT:
		b->absent++;
		break;
	case SERVER_MASKED:
		b->masked++;
		break;
	case SERVER_EHLO_REFUSED:
		b->refused++;
		break;
	case SERVER_OFFER_UNKNOWN:
		break;
	}
	if (s->offer == SERVER_OFFERED) {
		b->first_offered = time_earlier(b->first_offered, s->at);
		b->last_offered = time_later(b->last_offered, s->at);
	} else if (is_missing(s->offer)) {
		b->first_missing = time_earlier(b->first_missing, s->at);
		b->last_missing = time_later(b->last_missing, s->at);
	}
	b->established += s->tls == SERVER_TLS_ESTABLISHED;
	b->broken += s->tls == SERVER_TLS_BROKEN;
	b->starttls_refused += s->tls == SERVER_TLS_REFUSED;
	b->banners += s->banner;
	b->banners_masked += s->banner_masked;
}

/* ------------------------------------------------------------------ */
/* client networks                                                    */

static struct net *
net_find(const struct server_past *p, uint64_t net)
{
	for (unsigned i = 0; i < p->nnets; i++)
		if (p->nets[i].net == net)
			return &p->nets[i];
	return NULL;
}

static int64_t
net_last(const struct net *n)
{
	return time_later(n->last_offered, n->last_missing);
}

/* Who makes room: rows without an offer ahead of those with one, so that a
 * flood of stripped sessions does not push out what they are measured by. */
static bool
goes_first(uint32_t offered, uint32_t best, bool older)
{
	return (offered > 0) != (best > 0) ? best > 0 : older;
}

static struct net *
net_new(struct server_past *p, uint64_t net)
{
	struct net *n;
	void *room;

	if (p->nnets == SERVER_NETS_MAX) {
		n = &p->nets[0];
		for (unsigned i = 1; i < p->nnets; i++)
			if (goes_first(p->nets[i].offered, n->offered,
			    net_last(&p->nets[i]) < net_last(n)))
				n = &p->nets[i];
	} else {
		room = server_past_grow(p->nets, p->nnets, sizeof(*n));
		if (room == NULL)
			return NULL;
		p->nets = room;
		n = &p->nets[p->nnets++];
	}
	memset(n, 0, sizeof(*n));
	n->net = net;
	return n;
}

static void
learn_net(struct server_past *p, const struct server_sight *s)
{
	struct net *n;

	if (s->offer == SERVER_OFFER_UNKNOWN)
		return;
	if ((n = net_find(p, s->net)) == NULL &&
	    (n = net_new(p, s->net)) == NULL)
		return;
	if (s->offer == SERVER_OFFERED) {
		n->offered++;
		n->first_offered = time_earlier(n->first_offered, s->at);
		n->last_offered = time_later(n->last_offered, s->at);
	} else if (is_missing(s->offer)) {
		n->missing_days = days_add(n->missing_days, n->last_missing,
		    s->at);
		n->missing++;
		n->first_missing = time_earlier(n->first_missing, s->at);
		n->last_missing = time_later(n->last_missing, s->at);
	}
}

/* ------------------------------------------------------------------ */
/* names, replies, keys                                               */

struct trait *
server_past_trait(const struct traits *t, uint64_t hash)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->list[i].hash == hash)
			return &t->list[i];
	return NULL;
}

/* Of those, what was seen on the fewest days, then the least recent: a flood
 * on one day pushes out nothing older. */
static struct trait *
trait_to_go(const struct traits *t)
{
	struct trait *one = &t->list[0];

	for (unsigned i = 1; i < t->count; i++) {
		struct trait *other = &t->list[i];
		int more = __builtin_popcountll(other->days) -
		    __builtin_popcountll(one->days);

		if (goes_first(other->offered, one->offered, more < 0 ||
		    (more == 0 && other->last < one->last)))
			one = other;
	}
	return one;
}

static struct trait *
trait_learn(struct traits *t, uint64_t hash, int64_t at)
{
	struct trait *one = server_past_trait(t, hash);
	void *room;

	if (one == NULL && t->count == t->most) {
		one = trait_to_go(t);
		memset(one, 0, sizeof(*one));
	} else if (one == NULL) {
		room = server_past_grow(t->list, t->count, sizeof(*one));
		if (room == NULL)
			return NULL;
		t->list = room;
		one = &t->list[t->count++];
		memset(one, 0, sizeof(*one));
	}
	one->days = days_add(one->days, one->last, at);
	one->hash = hash;
	one->first = time_earlier(one->first, at);
	one->last = time_later(one->last, at);
	return one;
}

static void
learn_traits(struct server_past *p, const struct server_sight *s)
{
	struct trait *t;

	if (s->name != 0 && s->offer != SERVER_OFFER_UNKNOWN &&
	    (t = trait_learn(&p->names, s->name, s->at)) != NULL) {
		t->offered += s->offer == SERVER_OFFERED;
		t->missing += is_missing(s->offer);
	}
	/* what an offering reply looks like, but for STARTTLS */
	if (s->reply != 0 && s->offer == SERVER_OFFERED &&
	    (t = trait_learn(&p->replies, s->reply, s->at)) != NULL)
		t->more = s->keywords;
	if (s->key != 0 &&
	    (t = trait_learn(&p->keys, s->key, s->at)) != NULL)
		t->more = s->issuer;
}

/* Days make a suite the server's own: those of a downgrade do not count, and
 * its row is the first to go. */
static void
learn_suite(struct server_past *p, const struct server_sight *s)
{
	struct trait *t;
	uint64_t days = 0, key = suite_key(s->grade, s->suite);

	if (s->suite == 0)
		return;
	if ((t = server_past_trait(&p->suites, key)) != NULL)
		days = t->days;
	if ((t = trait_learn(&p->suites, key, s->at)) == NULL)
		return;
	t->more |= net_bit(s->net);
	t->offered += !s->pressed;
	t->missing += s->pressed;
	if (s->pressed)
		t->days = days;
}

void
server_past_learn(struct server_past *p, const struct server_sight *s)
{
	struct bucket *b;

	if (p->nbuckets == 0 || s->at < p->first_at)
		p->first_at = s->at;
	if ((b = bucket_at(p, s->at)) == NULL)
		return;
	learn_bucket(b, s);
	learn_net(p, s);
	learn_traits(p, s);
	learn_suite(p, s);
}

static void
expire_traits(struct traits *t, int64_t before)
{
	for (unsigned i = 0; i < t->count;)
		if (t->list[i].last < before)
			t->list[i] = t->list[--t->count];
		else
			i++;
}

static bool
ever_offered(const struct server_past *p)
{
	for (unsigned i = 0; i < p->nbuckets; i++)
		if (p->buckets[i].offered > 0)
			return true;
	return false;
}

void
server_past_expire(struct server_past *p, int64_t before)
{
	if (p->nbuckets > 0 &&
	    p->buckets[0].start + p->buckets[0].length <= before)
		remember_break(p);
	while (p->nbuckets > 0 &&
	    p->buckets[0].start + p->buckets[0].length <= before)
		bucket_remove(p, 0);
	for (unsigned i = 0; i < p->nnets;)
		if (net_last(&p->nets[i]) < before)
			p->nets[i] = p->nets[--p->nnets];
		else
			i++;
	/* a habit of which no offer is left is none */
	if (!ever_offered(p))
		p->broke_at = 0;
	if (p->nbuckets == 0)
		p->first_at = 0;
	expire_traits(&p->names, before);
	expire_traits(&p->replies, before);
	expire_traits(&p->keys, before);
	expire_traits(&p->suites, before);
}
