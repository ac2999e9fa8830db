/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "baseline/server_past_internal.h"

#define HOURS_KEPT	(2 * DAY)	/* hour by hour; then day by day */
#define PEER_HOURS	(3 * HOUR)	/* "the same hours" */

struct server_past *
server_past_new(void)
{
	struct server_past *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->names.most = SERVER_NAMES_MAX;
	p->replies.most = SERVER_REPLIES_MAX;
	p->keys.most = SERVER_KEYS_MAX;
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
	free(p);
}

static int64_t
floor_to(int64_t at, int64_t length)
{
	int64_t rest = at % length;

	return at - (rest < 0 ? rest + length : rest);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
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
	into->first_offered = earlier(into->first_offered, b->first_offered);
	into->last_offered = later(into->last_offered, b->last_offered);
	into->first_missing = earlier(into->first_missing, b->first_missing);
	into->last_missing = later(into->last_missing, b->last_missing);
}

static void
bucket_remove(struct server_past *p, unsigned i)
{
	memmove(p->buckets + i, p->buckets + i + 1,
	    (p->nbuckets - i - 1) * sizeof(*p->buckets));
	p->nbuckets--;
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
		b->first_offered = earlier(b->first_offered, s->at);
		b->last_offered = later(b->last_offered, s->at);
	} else if (is_missing(s->offer)) {
		b->first_missing = earlier(b->first_missing, s->at);
		b->last_missing = later(b->last_missing, s->at);
	}
	b->established += s->tls == SERVER_TLS_ESTABLISHED;
	b->broken += s->tls == SERVER_TLS_BROKEN;
	b->starttls_refused += s->tls == SERVER_TLS_REFUSED;
	b->banners += s->banner;
	b->banners_masked += s->banner_masked;
}

static bool
began_before(int64_t first, int64_t at)
{
	return first != 0 && first < at;
}

static int64_t
last_before(int64_t first, int64_t last, int64_t at)
{
	return last < at ? last : first;
}

static void
recall_offers(const struct bucket *b, int64_t at, struct past *past)
{
	past->offered += b->offered;
	past->offered_plainly += b->plainly;
	past->first_offered = earlier(past->first_offered, b->first_offered);
	past->last_offered = later(past->last_offered,
	    last_before(b->first_offered, b->last_offered, at));
}

static void
recall_missing(const struct bucket *b, int64_t at, struct past *past)
{
	past->absent += b->absent;
	past->masked += b->masked;
	past->ehlo_refused += b->refused;
	past->first_missing = earlier(past->first_missing, b->first_missing);
	past->last_missing = later(past->last_missing,
	    last_before(b->first_missing, b->last_missing, at));
}

/* A bucket that holds the session's own time counts whole as soon as it
 * began earlier: an hour is the grain of this memory, and later a day. */
static void
recall_buckets(const struct server_past *p, int64_t at, struct past *past)
{
	int64_t day = -1;

	for (unsigned i = 0; i < p->nbuckets; i++) {
		const struct bucket *b = &p->buckets[i];
		bool offered = began_before(b->first_offered, at);
		bool missing = began_before(b->first_missing, at);

		if (b->start > at)
			break;
		past->established += b->established;
		past->handshakes_failed += b->broken;
		past->starttls_refused += b->starttls_refused;
		past->banners_plain += b->banners - b->banners_masked;
		past->banners_masked += b->banners_masked;
		past->mixed_buckets += offered && missing;
		if (offered) {
			recall_offers(b, at, past);
			past->offered_days += b->start / DAY != day;
			day = b->start / DAY;
		}
		if (missing)
			recall_missing(b, at, past);
	}
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
	return later(n->last_offered, n->last_missing);
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
		n->first_offered = earlier(n->first_offered, s->at);
		n->last_offered = later(n->last_offered, s->at);
	} else if (is_missing(s->offer)) {
		n->missing_days = days_add(n->missing_days, n->last_missing,
		    s->at);
		n->missing++;
		n->first_missing = earlier(n->first_missing, s->at);
		n->last_missing = later(n->last_missing, s->at);
	}
}

static bool
around(int64_t first, int64_t last, int64_t at)
{
	return first != 0 && first <= at + PEER_HOURS &&
	    last >= at - PEER_HOURS;
}

/* Between its first and its last offer to a network there may be months:
 * did it offer it to anybody in these hours? */
static bool
offered_around(const struct server_past *p, int64_t at)
{
	for (unsigned i = 0; i < p->nbuckets; i++)
		if (around(p->buckets[i].first_offered,
		    p->buckets[i].last_offered, at))
			return true;
	return false;
}

static void
recall_nets(const struct server_past *p, const struct server_sight *s,
    struct past *past)
{
	bool offered = offered_around(p, s->at);

	for (unsigned i = 0; i < p->nnets; i++) {
		const struct net *n = &p->nets[i];

		past->nets_offered += n->first_offered != 0 &&
		    n->first_offered < s->at;
		past->nets_missing += n->last_missing > past->last_offered &&
		    n->first_missing < s->at;
		if (n->net != s->net) {
			past->peers += offered && around(n->first_offered,
			    n->last_offered, s->at);
			continue;
		}
		if (n->first_offered != 0 && n->first_offered < s->at)
			past->here_offered = n->offered;
		if (n->first_missing != 0 && n->first_missing < s->at) {
			past->here_missing = n->missing;
			past->here_missing_days = days_until(n->missing_days,
			    n->last_missing, s->at);
		}
	}
}

/* ------------------------------------------------------------------ */
/* names, replies, keys                                               */

static struct trait *
trait_find(const struct traits *t, uint64_t hash)
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
	struct trait *one = trait_find(t, hash);
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
	one->first = earlier(one->first, at);
	one->last = later(one->last, at);
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
	if (s->reply != 0 && s->offer == SERVER_OFFERED)
		trait_learn(&p->replies, s->reply, s->at);
	if (s->key != 0 &&
	    (t = trait_learn(&p->keys, s->key, s->at)) != NULL)
		t->more = s->issuer;
}

/*
 * A key counts as this server's once it was the first, or came back on
 * another day: a man in the middle shows his more than once, too.
 */
static void
recall_keys(const struct traits *keys, const struct server_sight *s,
    struct past *past)
{
	int64_t oldest = INT64_MAX;

	for (unsigned i = 0; i < keys->count; i++)
		if (keys->list[i].first < oldest)
			oldest = keys->list[i].first;
	for (unsigned i = 0; i < keys->count; i++) {
		const struct trait *t = &keys->list[i];

		if (t->first >= s->at || (t->first != oldest &&
		    days_until(t->days, t->last, s->at) < 2))
			continue;
		past->keys++;
		past->key_known |= t->hash == s->key;
		past->issuer_known |= t->more != 0 && t->more == s->issuer;
	}
}

static unsigned
traits_before(const struct traits *t, int64_t at)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->count; i++)
		n += t->list[i].first < at;
	return n;
}

static void
recall_traits(const struct server_past *p, const struct server_sight *s,
    struct past *past)
{
	const struct trait *t;

	past->names = traits_before(&p->names, s->at);
	if ((t = trait_find(&p->names, s->name)) != NULL &&
	    t->first < s->at) {
		past->name_offered = t->offered;
		past->name_missing = t->missing;
		past->name_days = days_until(t->days, t->last, s->at);
	}
	past->reply_known = traits_before(&p->replies, s->at) > 0;
	t = s->reply != 0 ? trait_find(&p->replies, s->reply) : NULL;
	past->reply_same = t != NULL && t->first < s->at;
	recall_keys(&p->keys, s, past);
}

void
server_past_recall(const struct server_past *p, const struct server_sight *s,
    struct past *past)
{
	recall_buckets(p, s->at, past);
	if (p->broke_at < s->at)
		past->broke_at = p->broke_at;
	recall_nets(p, s, past);
	recall_traits(p, s, past);
}

static int64_t
first_missing(const struct server_past *p)
{
	int64_t first = 0;

	for (unsigned i = 0; i < p->nbuckets; i++)
		first = earlier(first, p->buckets[i].first_missing);
	return first;
}

/* Is the first exception one to a habit?  Kept apart from the counts: who
 * takes the offer now and then must not become the server's own record once
 * the clean past is forgotten.  An older capture may tell, later, of the
 * habit, or of an exception before it. */
static void
learn_break(struct server_past *p, const struct server_sight *s)
{
	int64_t first = first_missing(p);
	struct past before = { 0 };

	if (first == 0 || s->at > first)
		return;
	recall_buckets(p, first, &before);
	if (before.offered >= PAST_HABIT_SESSIONS &&
	    before.offered_days >= PAST_HABIT_DAYS)
		p->broke_at = earlier(p->broke_at, first);
	else if (p->broke_at >= first)
		p->broke_at = 0;
}

void
server_past_learn(struct server_past *p, const struct server_sight *s)
{
	struct bucket *b = bucket_at(p, s->at);

	if (b == NULL)
		return;
	learn_bucket(b, s);
	learn_break(p, s);
	learn_net(p, s);
	learn_traits(p, s);
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
	expire_traits(&p->names, before);
	expire_traits(&p->replies, before);
	expire_traits(&p->keys, before);
}
