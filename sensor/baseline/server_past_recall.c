/* SPDX-License-Identifier: ISC */
/*
 * What a server's memory says of the time before a session.
 */
#include "baseline/server_past_internal.h"

#define PEER_HOURS	(3 * HOUR)	/* "the same hours" */

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
	past->first_offered = time_earlier(past->first_offered,
	    b->first_offered);
	past->last_offered = time_later(past->last_offered,
	    last_before(b->first_offered, b->last_offered, at));
}

static void
recall_missing(const struct bucket *b, int64_t at, struct past *past)
{
	past->absent += b->absent;
	past->masked += b->masked;
	past->ehlo_refused += b->refused;
	past->first_missing = time_earlier(past->first_missing,
	    b->first_missing);
	past->last_missing = time_later(past->last_missing,
	    last_before(b->first_missing, b->last_missing, at));
}

/* A bucket that holds the session's own time counts whole as soon as it
 * began earlier: an hour is the grain of this memory, and later a day. */
void
server_past_recall_buckets(const struct server_past *p, int64_t at, struct past *past)
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

/* Of the offering reply that was seen last. */
static unsigned
usual_keywords(const struct traits *replies, int64_t at)
{
	const struct trait *latest = NULL;

	for (unsigned i = 0; i < replies->count; i++) {
		const struct trait *t = &replies->list[i];

		if (t->first < at &&
		    (latest == NULL || t->last > latest->last))
			latest = t;
	}
	return latest == NULL ? 0 : (unsigned)latest->more;
}

static void
recall_traits(const struct server_past *p, const struct server_sight *s,
    struct past *past)
{
	const struct trait *t;

	past->names = traits_before(&p->names, s->at);
	if ((t = server_past_trait(&p->names, s->name)) != NULL &&
	    t->first < s->at) {
		past->name_offered = t->offered;
		past->name_missing = t->missing;
		past->name_days = days_until(t->days, t->last, s->at);
	}
	past->reply_known = traits_before(&p->replies, s->at) > 0;
	t = s->reply != 0 ? server_past_trait(&p->replies, s->reply) : NULL;
	past->reply_same = t != NULL && t->first < s->at;
	past->keywords = s->reply != 0 ? s->keywords : 0;
	past->keywords_usual = usual_keywords(&p->replies, s->at);
	recall_keys(&p->keys, s, past);
}

/* When it was last so before `at`: to the grain of a day, if it was so after
 * that, too. */
static int64_t
trait_last_before(const struct trait *t, int64_t at)
{
	return t->last < at ? t->last : time_later(t->first,
	    days_last_over(t->days, t->last, at));
}

/* A network counts with the bit it has, and this one does not. */
static void
recall_suites(const struct traits *suites, const struct server_sight *s,
    struct past *past)
{
	uint64_t nets = 0;

	if (s->grade == 0)
		return;
	for (unsigned i = 0; i < suites->count; i++) {
		const struct trait *t = &suites->list[i];
		unsigned grade = suite_key_grade(t->hash), days;

		if (t->first >= s->at || grade == 0)
			continue;
		if (grade > s->grade) {
			past->suites_better_last = time_later(
			    past->suites_better_last,
			    trait_last_before(t, s->at));
			continue;
		}
		days = days_until(t->days, t->last, s->at);
		if (days > past->suites_low_days)
			past->suites_low_days = days;
		past->suites_low += t->offered + t->missing;
		past->suites_low_first = time_earlier(
		    past->suites_low_first, t->first);
		nets |= t->more;
	}
	past->suites_low_nets = (unsigned)__builtin_popcountll(nets &
	    ~net_bit(s->net));
}

/* The rest of a list the processor fetches by itself. */
void
server_past_foresee(const struct server_past *p)
{
	__builtin_prefetch(p->buckets);
	__builtin_prefetch((const char *)p->buckets + sizeof(*p->buckets));
	__builtin_prefetch(p->nets);
	__builtin_prefetch((const char *)p->nets + sizeof(*p->nets));
	__builtin_prefetch(p->names.list);
	__builtin_prefetch(p->replies.list);
	__builtin_prefetch(p->keys.list);
	__builtin_prefetch(p->suites.list);
}

void
server_past_recall(const struct server_past *p, const struct server_sight *s,
    struct past *past)
{
	server_past_recall_buckets(p, s->at, past);
	past->broke_at = p->broke_at;
	if (server_past_is_whole(p))
		past->broke_at = time_earlier(p->broke_at,
		    server_past_first_break(p, s->at));
	if (past->broke_at >= s->at)
		past->broke_at = 0;
	recall_nets(p, s, past);
	recall_traits(p, s, past);
	recall_suites(&p->suites, s, past);
}
