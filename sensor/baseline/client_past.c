/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "baseline/client_past.h"
#include "baseline/codec.h"
#include "baseline/days.h"
#include "tls/suite.h"

/* A failed handshake explains mail in clear that follows within: Postfix
 * waits for its queue's back-off, an hour or so at most. */
#define RETRY_WINDOW	INT64_C(14400000000)	/* four hours */
#define FORMAT		3
#define WITHOUT_SUITES	2	/* ends ahead of them */
#define ROOM_STEP	4		/* partners */
#define GRADES		(SUITE_GRADES - 1)	/* that are known */

/* A hello whose suites were agreed on. */
struct offer {
	uint64_t	suites, hello;	/* suites 0: none */
	int64_t		first;		/* since when it is that one */
};

/* What was agreed on with a partner: with most of them nothing ever was. */
struct suites {
	struct offer	  offer, older;	/* the latest, and the one before */
	uint64_t	  lesser_offer;	/* of a downgrade, no broken suite */
	int64_t		  lesser_first;
	uint32_t	  graded;	/* suites agreed on */
	int64_t		  graded_first, graded_last;
	uint64_t	  graded_days;	/* before the last, see days_add() */
	int64_t		  got[GRADES];	/* when first; 0: never */
};

struct partner {
	uint64_t	  server, domain;
	uint32_t	  tls, unused;
	int64_t		  last, best_at;
	int64_t		  failed_first, failed_last;	/* of a run */
	int64_t		  worked_at;
	int64_t		  first_tls;
	struct suites	 *suites;	/* NULL: none; owned */
	enum past_failure failed;
	uint16_t	  best, chosen;
};

struct client_past {
	uint32_t	tls, unused;
	int64_t		first_tls;
	unsigned	count;
	/* Partners are large, and most of them do not matter to a session:
	 * who they are, and a bit for each with whom TLS ever failed. */
	uint32_t	failed;
	struct partner	*partners;
	uint32_t	who[CLIENT_SERVERS_MAX];
};

static const struct suites	no_suites;

static_assert(CLIENT_SERVERS_MAX <= 32, "a bit for each");

struct client_past *
client_past_new(void)
{
	return calloc(1, sizeof(struct client_past));
}

void
client_past_free(struct client_past *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->count; i++)
		free(p->partners[i].suites);
	free(p->partners);
	free(p);
}

static const struct suites *
suites_of(const struct partner *one)
{
	return one->suites != NULL ? one->suites : &no_suites;
}

/* NULL: memory is short. */
static struct suites *
suites_made(struct partner *one)
{
	if (one->suites == NULL)
		one->suites = calloc(1, sizeof(*one->suites));
	return one->suites;
}

/* The latest failure known ahead of this session (its own may be, too: it
 * began at that very time), unless it worked in between
 * or is long ago; 0: none.  Of a run its ends are known. */
static int64_t
failure_ahead(const struct partner *one, int64_t at)
{
	int64_t failed = one->failed_last < at ? one->failed_last :
	    one->failed_first < at ? one->failed_first : 0;

	if (failed == 0 || at - failed > RETRY_WINDOW ||
	    (one->worked_at > failed && one->worked_at < at))
		return 0;
	return failed;
}

/* Its place in the list, or `count`: it is not there. */
static unsigned
find(const struct client_past *p, uint64_t server)
{
	unsigned i;

	for (i = 0; i < p->count; i++)
		if (p->who[i] == (uint32_t)server &&
		    p->partners[i].server == server)
			break;
	return i;
}

static void
recall_failure(const struct partner *one, const struct client_sight *s,
    struct past *past)
{
	bool there = one->server != s->server;
	int64_t failed = failure_ahead(one, s->at);

	if (failed == 0 || failed <= past->failed_at ||
	    (there && (s->domain == 0 || one->domain != s->domain)))
		return;
	past->failed = one->failed;
	past->failed_at = failed;
	past->failed_there = there;
}

static bool
is_same(const struct offer *a, const struct offer *b)
{
	return a->suites == b->suites && a->hello == b->hello;
}

static void
swap(struct offer *a, struct offer *b)
{
	struct offer c = *a;

	*a = *b;
	*b = c;
}

/* By a client that was changed, to one server after the other. */
static bool
was_offered(const struct partner *one, const struct client_sight *s)
{
	const struct suites *had = suites_of(one);

	return (had->offer.suites == s->offer && had->offer.first < s->at) ||
	    (had->lesser_offer == s->offer && had->lesser_first < s->at);
}

static void
recall_offer(const struct client_past *p, const struct suites *here,
    const struct client_sight *s, struct past *past)
{
	const struct offer *o;

	if (s->offer == 0)
		return;
	for (unsigned i = 0; i < p->count; i++)
		past->offer_elsewhere += p->partners[i].server != s->server &&
		    was_offered(&p->partners[i], s);
	o = here->offer.first < s->at ? &here->offer : &here->older;
	if (o->suites == 0 || o->first >= s->at)
		return;
	past->offer_here = o->suites == s->offer ? PAST_OFFER_SAME :
	    o->hello == s->hello ? PAST_OFFER_CUT : PAST_OFFER_OTHER;
}

static void
recall_suites(const struct suites *had, int64_t at, struct past *past)
{
	if (had->graded == 0 || had->graded_first >= at)
		return;
	past->suites_here = had->graded;
	past->suites_here_days = days_until(had->graded_days,
	    had->graded_last, at);
	for (uint8_t i = 0; i < GRADES; i++) {
		if (had->got[i] == 0 || had->got[i] >= at)
			continue;
		past->suite_best_here = i + 1;
		if (past->suite_lowest_here == 0)
			past->suite_lowest_here = i + 1;
	}
}

void
client_past_recall(const struct client_past *p, const struct client_sight *s,
    struct past *past)
{
	const struct partner *one;
	unsigned i = find(p, s->server);

	if (p->first_tls != 0 && p->first_tls < s->at)
		past->client_tls = p->tls;
	past->client_unused = p->unused;
	for (uint32_t left = p->failed; left != 0; left &= left - 1)
		recall_failure(&p->partners[__builtin_ctz(left)], s, past);
	if (i == p->count)
		return;
	one = &p->partners[i];
	if (one->first_tls != 0 && one->first_tls < s->at)
		past->client_tls_here = one->tls;
	past->client_unused_here = one->unused;
	if (one->best_at != 0 && one->best_at < s->at) {
		past->client_best_here = one->best;
		past->chosen_best_here = one->chosen;
		past->client_best_at = one->best_at;
	}
	recall_offer(p, suites_of(one), s, past);
	recall_suites(suites_of(one), s->at, past);
}

void
client_past_foresee(const struct client_past *p, uint64_t server)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->who[i] == (uint32_t)server)
			fetch_ahead(&p->partners[i], sizeof(struct partner));
	for (uint32_t left = p->failed; left != 0; left &= left - 1)
		__builtin_prefetch(&p->partners[__builtin_ctz(left)]);
}

/* One more, in the place of the least recent when there are too many.
 * NULL: memory is short. */
static struct partner *
partner_new(struct client_past *p)
{
	struct partner *one;
	void *room;

	if (p->count == CLIENT_SERVERS_MAX) {
		one = &p->partners[0];
		for (unsigned i = 1; i < p->count; i++)
			if (p->partners[i].last < one->last)
				one = &p->partners[i];
		free(one->suites);
	} else {
		/* for 1, 2, 4, 8, 12 ... */
		if ((p->count & (p->count - 1)) == 0 ||
		    p->count % ROOM_STEP == 0) {
			room = realloc(p->partners, (p->count == 0 ? 1 :
			    p->count < ROOM_STEP ? p->count * 2 :
			    p->count + ROOM_STEP) * sizeof(*one));
			if (room == NULL)
				return NULL;
			p->partners = room;
		}
		one = &p->partners[p->count++];
	}
	memset(one, 0, sizeof(*one));
	return one;
}

/* After its server, or whether TLS failed, became known. */
static void
note_partner(struct client_past *p, const struct partner *one)
{
	ptrdiff_t i = one - p->partners;
	uint32_t bit = UINT32_C(1) << i;

	p->who[i] = (uint32_t)one->server;
	p->failed = one->failed_last != 0 || one->failed_first != 0 ?
	    p->failed | bit : p->failed & ~bit;
}

static struct partner *
partner_of(struct client_past *p, const struct client_sight *s)
{
	struct partner *one;
	unsigned i = find(p, s->server);

	if (i < p->count)
		return &p->partners[i];
	if ((one = partner_new(p)) != NULL) {
		one->server = s->server;
		note_partner(p, one);
	}
	return one;
}

/* However often the same one is told, it changes nothing. */
static void
learn_failure(struct partner *one, const struct client_sight *s)
{
	bool new_run = one->failed_last == 0 ||
	    (one->worked_at > one->failed_last && one->worked_at < s->at) ||
	    s->at - one->failed_last > RETRY_WINDOW;

	if (s->at > one->failed_last) {
		one->failed = s->failed;
		one->failed_last = s->at;
	}
	if (new_run || (s->at < one->failed_first &&
	    one->failed_first - s->at <= RETRY_WINDOW))
		one->failed_first = s->at;
}

/* A downgrade to what can be broken at once shows nothing of the client: its
 * hello may be somebody else's. */
static void
learn_lesser(struct suites *had, const struct client_sight *s)
{
	if (s->offer == 0 || s->grade == SUITE_BROKEN)
		return;
	if (s->offer != had->lesser_offer)
		had->lesser_first = 0;
	had->lesser_offer = s->offer;
	had->lesser_first = time_earlier(had->lesser_first, s->at);
}

/*
 * Each counts from when it was first given.  One that comes before the latest
 * began was that before it: captures are read in any order.
 */
static void
learn_offer(struct suites *had, const struct client_sight *s)
{
	const struct offer o = { s->offer, s->hello, s->at };

	if (o.suites == 0)
		return;
	if (is_same(&o, &had->offer))
		had->offer.first = time_earlier(had->offer.first, o.first);
	else if (is_same(&o, &had->older))
		had->older.first = time_earlier(had->older.first, o.first);
	else if (had->offer.suites == 0)
		had->offer = o;
	else if (o.first > had->offer.first) {
		had->older = had->offer;
		had->offer = o;
	} else if (had->older.suites == 0 || o.first > had->older.first)
		had->older = o;
	if (had->older.suites != 0 && had->older.first > had->offer.first)
		swap(&had->older, &had->offer);
}

static void
learn_suite(struct partner *one, const struct client_sight *s)
{
	struct suites *had;

	if (s->grade == 0 || s->grade > GRADES ||
	    (had = suites_made(one)) == NULL)
		return;
	if (s->pressed) {
		learn_lesser(had, s);
		return;
	}
	had->graded++;
	had->graded_first = time_earlier(had->graded_first, s->at);
	had->graded_days = days_add(had->graded_days, had->graded_last, s->at);
	if (had->graded == 1 || s->at > had->graded_last)
		had->graded_last = s->at;
	had->got[s->grade - 1] = time_earlier(had->got[s->grade - 1], s->at);
	learn_offer(had, s);
}

void
client_past_learn(struct client_past *p, const struct client_sight *s)
{
	struct partner *one = partner_of(p, s);

	if (one == NULL)
		return;
	if (s->at > one->last)
		one->last = s->at;
	if (s->domain != 0)
		one->domain = s->domain;
	p->tls += s->used_tls;
	p->unused += s->unused;
	one->tls += s->used_tls;
	one->unused += s->unused;
	if (s->used_tls && (p->first_tls == 0 || s->at < p->first_tls))
		p->first_tls = s->at;
	if (s->used_tls && (one->first_tls == 0 || s->at < one->first_tls))
		one->first_tls = s->at;
	if (s->failed != PAST_FAILED_NOT)
		learn_failure(one, s);
	else if (s->used_tls && s->at > one->worked_at)
		one->worked_at = s->at;
	if (s->best > one->best)
		one->best = s->best;
	if (s->chosen > one->chosen)
		one->chosen = s->chosen;
	if (s->best != 0 && (one->best_at == 0 || s->at < one->best_at))
		one->best_at = s->at;
	learn_suite(one, s);
	note_partner(p, one);
}

static void
put_offer(struct writer *w, const struct offer *o)
{
	put_number(w, o->suites);
	if (o->suites == 0)
		return;
	put_number(w, o->hello);
	put_time(w, o->first);
}

static void
put_suites(struct writer *w, const struct suites *had)
{
	put_number(w, had->lesser_offer);
	put_time(w, had->lesser_first);
	put_number(w, had->graded);
	if (had->graded == 0)
		return;
	put_time(w, had->graded_first);
	put_time(w, had->graded_last);
	put_number(w, had->graded_days);
	for (int i = 0; i < GRADES; i++)
		put_time(w, had->got[i]);
	put_offer(w, &had->offer);
	put_offer(w, &had->older);
}

/* Octets: a number each, in the order of the structs; what was agreed on in
 * TLS behind all of them. */
size_t
client_past_pack(const struct client_past *p, uint8_t out[CLIENT_OCTETS_MAX])
{
	struct writer w = { .at = out, .size = CLIENT_OCTETS_MAX };

	put_number(&w, FORMAT);
	put_number(&w, p->tls);
	put_number(&w, p->unused);
	put_time(&w, p->first_tls);
	put_number(&w, p->count);
	for (unsigned i = 0; i < p->count; i++) {
		const struct partner *one = &p->partners[i];

		put_number(&w, one->server);
		put_number(&w, one->domain);
		put_number(&w, one->tls);
		put_number(&w, one->unused);
		put_time(&w, one->last);
		put_time(&w, one->failed_first);
		put_time(&w, one->failed_last);
		put_time(&w, one->worked_at);
		put_time(&w, one->best_at);
		put_time(&w, one->first_tls);
		put_number(&w, one->failed);
		put_number(&w, one->best);
		put_number(&w, one->chosen);
	}
	for (unsigned i = 0; i < p->count; i++)
		put_suites(&w, suites_of(&p->partners[i]));
	return w.full ? 0 : w.len;
}

static void
get_partner(struct source_octets *s, struct partner *one)
{
	uint64_t failed;

	one->server = get_number(s);
	one->domain = get_number(s);
	one->tls = (uint32_t)get_number(s);
	one->unused = (uint32_t)get_number(s);
	one->last = get_time(s);
	one->failed_first = get_time(s);
	one->failed_last = get_time(s);
	one->worked_at = get_time(s);
	one->best_at = get_time(s);
	one->first_tls = get_time(s);
	failed = get_number(s);
	one->failed = failed <= PAST_FAILED_BROKEN ?
	    (enum past_failure)failed : PAST_FAILED_NOT;
	one->best = (uint16_t)get_number(s);
	one->chosen = (uint16_t)get_number(s);
}

static void
get_offer(struct source_octets *s, struct offer *o)
{
	if ((o->suites = get_number(s)) == 0)
		return;
	o->hello = get_number(s);
	o->first = get_time(s);
}

/* False: memory is short. */
static bool
get_suites(struct source_octets *s, struct partner *one)
{
	struct suites had = { 0 };

	had.lesser_offer = get_number(s);
	had.lesser_first = get_time(s);
	had.graded = (uint32_t)get_number(s);
	if (had.graded > 0) {
		had.graded_first = get_time(s);
		had.graded_last = get_time(s);
		had.graded_days = get_number(s);
		for (int i = 0; i < GRADES; i++)
			had.got[i] = get_time(s);
		get_offer(s, &had.offer);
		get_offer(s, &had.older);
	}
	if (had.graded == 0 && had.lesser_offer == 0 && had.lesser_first == 0)
		return true;
	if (suites_made(one) == NULL)
		return false;
	*one->suites = had;
	return true;
}

struct client_past *
client_past_unpack(const uint8_t *octets, size_t len)
{
	struct source_octets s = { .at = octets, .len = len };
	struct client_past *p;
	struct partner *one;
	uint64_t count, format = get_number(&s);
	unsigned i;

	if ((format != FORMAT && format != WITHOUT_SUITES) ||
	    (p = client_past_new()) == NULL)
		return NULL;
	p->tls = (uint32_t)get_number(&s);
	p->unused = (uint32_t)get_number(&s);
	p->first_tls = get_time(&s);
	count = get_number(&s);
	for (; count <= CLIENT_SERVERS_MAX && p->count < count;
	    note_partner(p, one)) {
		if ((one = partner_new(p)) == NULL)
			break;
		get_partner(&s, one);
	}
	for (i = 0; format == FORMAT && i < p->count; i++)
		if (!get_suites(&s, &p->partners[i]))
			break;
	if (p->count == count && !s.bad && (i == count ||
	    format == WITHOUT_SUITES))
		return p;
	client_past_free(p);
	return NULL;
}
