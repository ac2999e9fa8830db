/* SPDX-License-Identifier: ISC */
/*
 * The table of connections: finding the one a segment is of, beginning it,
 * and the tombstones of those that are over.
 */
#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

#define BUCKETS_MIN	64
#define TOMBS_SHARE	16	/* of the connections, at most */

/* ------------------------------------------------------------------ */
/* lists, in order of time                                            */

static void
list_append(struct flow_table *t, struct entry *e, enum list_id to,
    int64_t at)
{
	e->list = (uint8_t)to;
	e->touched = at;
	e->newer = NULL;
	e->older = t->newest[to];
	if (e->older != NULL)
		e->older->newer = e;
	else {
		t->oldest[to] = e;
		timing_expect(t, at + t->patience[to]);
	}
	t->newest[to] = e;
	t->listed[to]++;
}

static void
list_remove(struct flow_table *t, struct entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		t->newest[e->list] = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		t->oldest[e->list] = e->newer;
	t->listed[e->list]--;
}

void
table_move(struct flow_table *t, struct entry *e, enum list_id to,
    int64_t at)
{
	list_remove(t, e);
	list_append(t, e, to, at);
}

/* ------------------------------------------------------------------ */
/* the buckets                                                        */

static struct entry **
bucket(struct flow_table *t, uint32_t hash)
{
	return &t->buckets[hash & t->mask];
}

static void
chain_add(struct flow_table *t, struct entry *e, uint32_t hash)
{
	e->hash = hash;
	e->chain = *bucket(t, hash);
	*bucket(t, hash) = e;
}

static void
chain_remove(struct flow_table *t, struct entry *e)
{
	struct entry **at = bucket(t, e->hash);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	t->departures++;
}

/* Is the source the end that comes first in the key?  Any order will do that
 * is the same for both directions. */
static bool
source_is_low(const struct packet *p)
{
	uint64_t source[2], destination[2];

	memcpy(source, p->source.octets, sizeof(source));
	memcpy(destination, p->destination.octets, sizeof(destination));
	if (source[1] != destination[1])
		return source[1] < destination[1];
	if (source[0] != destination[0])
		return source[0] < destination[0];
	return p->source_port < p->destination_port;
}

/* In words: what was written in other pieces is slow to be read. */
static uint32_t
hash_of(const struct flow_table *t, const struct packet *p, bool low)
{
	const struct addr *first = low ? &p->source : &p->destination;
	const struct addr *second = low ? &p->destination : &p->source;
	uint64_t words[5] = { low ? (uint64_t)p->source_port << 16 |
	    p->destination_port : (uint64_t)p->destination_port << 16 |
	    p->source_port };

	if (addr_is_v4(first) && addr_is_v4(second)) {
		memcpy(&words[1], first->octets + 12, 4);
		memcpy((uint8_t *)&words[1] + 4, second->octets + 12, 4);
		return (uint32_t)XXH3_64bits_withSeed(words, 16, t->seed);
	}
	memcpy(&words[1], first, sizeof(*first));
	memcpy(&words[3], second, sizeof(*second));
	return (uint32_t)XXH3_64bits_withSeed(words, sizeof(words), t->seed);
}

void
table_look(const struct flow_table *t, struct packet *p)
{
	p->source_is_low = source_is_low(p);
	p->flow_hash = hash_of(t, p, p->source_is_low);
	p->likely_until = 0;
	p->foreseen = true;
}

/* A connection keeps its ends in its facts only. */
static struct flow_key
key_of(const struct flow *f)
{
	enum side low = f->client_is_low ? SIDE_CLIENT : SIDE_SERVER;
	enum side high = side_other(low);

	return (struct flow_key){
		.ip = { f->facts.ip[low], f->facts.ip[high] },
		.port = { f->facts.port[low], f->facts.port[high] },
	};
}

static bool
is_between(const struct addr ip[2], const uint16_t port[2], int from,
    const struct packet *p)
{
	return port[from] == p->source_port &&
	    port[!from] == p->destination_port &&
	    addr_equal(&ip[from], &p->source) &&
	    addr_equal(&ip[!from], &p->destination);
}

static bool
is_of(const struct entry *e, const struct packet *p, bool low)
{
	const struct tomb *tomb = (const struct tomb *)e;
	const struct flow *f = (const struct flow *)e;

	return e->list == LIST_TOMBS ?
	    is_between(tomb->key.ip, tomb->key.port, low ? 0 : 1, p) :
	    is_between(f->facts.ip, f->facts.port, connection_side(f, low),
	    p);
}

static struct entry *
find(struct flow_table *t, const struct packet *p, bool low, uint32_t hash)
{
	struct entry *e;

	for (e = *bucket(t, hash); e != NULL; e = e->chain)
		if (e->hash == hash && is_of(e, p, low))
			break;
	return e;
}

/* ------------------------------------------------------------------ */
/* tombstones                                                         */

void
table_remove_tomb(struct flow_table *t, struct tomb *tomb)
{
	chain_remove(t, &tomb->entry);
	list_remove(t, &tomb->entry);
	t->tombs--;
	limits_free(t, tomb, sizeof(*tomb));
}

static struct tomb
tomb_of(const struct flow *f)
{
	struct tomb tomb = { .key = key_of(f),
	    .reset = f->facts.end == FLOW_RESET };

	for (int i = 0; i < SIDES; i++) {
		int at = (i == SIDE_CLIENT) == f->client_is_low ? 0 : 1;

		tomb.next[at] = f->side[i].next;
		tomb.has_next[at] = f->side[i].started;
		tomb.isn[at] = f->facts.side[i].isn;
		tomb.has_isn[at] = f->facts.side[i].syn;
	}
	return tomb;
}

/* Nobody is let go for a tombstone. */
static void
tomb_set(struct flow_table *t, const struct tomb *what, uint32_t hash)
{
	struct tomb *tomb;

	if (t->tombs >= t->limits.connections / TOMBS_SHARE + 16)
		table_remove_tomb(t, (struct tomb *)t->oldest[LIST_TOMBS]);
	if ((tomb = limits_alloc_spare(t, sizeof(*tomb))) == NULL)
		return;
	*tomb = *what;
	chain_add(t, &tomb->entry, hash);
	list_append(t, &tomb->entry, LIST_TOMBS, t->now);
	t->tombs++;
}

/* A late copy of a connection that is over; true: a new one begins. */
static bool
leaves_tomb(const struct tomb *tomb, const struct packet *p, bool low)
{
	int me = low ? 0 : 1;
	uint32_t ahead = p->seq - tomb->next[me];

	if ((p->flags & TCP_SYN) != 0)
		return !tomb->has_isn[me] || tomb->isn[me] != p->seq;
	if (p->payload_wire == 0 || !tomb->has_next[me])
		return false;
	/* In the middle of another connection, whose SYN was missed: its
	 * octets are nowhere near this one's. */
	if (ahead > PLAUSIBLE && -ahead > PLAUSIBLE)
		return true;
	/* What was reset goes on with octets never seen: it was not. */
	return tomb->reset && ahead <= PLAUSIBLE;
}

/* ------------------------------------------------------------------ */
/* connections                                                        */

/* Only a SYN, octets, or a FIN that may be ahead of its octets, are worth a
 * connection. */
static bool
is_worth_it(const struct packet *p)
{
	return (p->flags & TCP_RST) == 0 && (p->payload_wire > 0 ||
	    (p->flags & (TCP_SYN | TCP_FIN)) != 0);
}

static struct flow *
flow_new(struct flow_table *t, const struct packet *p, bool low,
    uint32_t hash)
{
	struct flow *f;

	while (t->connections >= t->limits.connections && limits_evict(t))
		continue;
	if ((f = limits_alloc(t, sizeof(*f))) == NULL)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->table = t;
	chain_add(t, &f->entry, hash);
	list_append(t, &f->entry, LIST_OPENING, t->now);
	t->connections++;
	connection_begin(f, p, low);
	return f;
}

void
table_remove(struct flow *f, bool leave_tomb)
{
	struct flow_table *t = f->table;
	struct tomb tomb = tomb_of(f);
	uint32_t hash = f->entry.hash;

	for (int i = 0; i < SIDES; i++) {
		waiting_forget(f, i);
		memory_forget(f, i);
	}
	timing_wait_no_more(f);
	doubts_free(f);
	if (f->kept != NULL)
		t->ops->forget(f->kept);
	limits_charge(t, &f->charged, 0);
	limits_charge(t, &f->kept_size, 0);
	if (t->leaper == f)
		t->leaper = NULL;
	chain_remove(t, &f->entry);
	list_remove(t, &f->entry);
	t->connections--;
	limits_free(t, f, sizeof(*f));
	if (leave_tomb)
		tomb_set(t, &tomb, hash);
}

/* ------------------------------------------------------------------ */
/* segments                                                           */

/* A connection in place of another.  The SYN that the segment confirmed is
 * heard first. */
static struct flow *
replace(struct flow *old, const struct packet *p, bool low)
{
	struct flow_table *t = old->table;
	uint32_t hash = old->entry.hash;
	const struct packet *begins = p;
	struct packet syn;
	struct entry *e;
	struct flow *f;
	bool syn_low;

	if (old->doubts != NULL && old->doubts->syn_waits) {
		syn = old->doubts->syn;
		begins = &syn;
	}
	count(t->counters, COUNT_connections_replaced);
	connection_end(old, FLOW_REPLACED);
	if ((e = find(t, p, low, hash)) != NULL)
		table_remove_tomb(t, (struct tomb *)e);
	if (begins == p)
		return is_worth_it(p) ? flow_new(t, p, low, hash) : NULL;
	syn_low = source_is_low(&syn);
	if ((f = flow_new(t, &syn, syn_low, hash)) != NULL) {
		f->busy = true;
		connection_take(f, &syn, syn_low);
	}
	return f;
}

/* NULL: the segment is of no connection that is followed. */
static struct flow *
flow_of(struct flow_table *t, const struct packet *p, bool *low,
    bool *belongs)
{
	enum belonging judged;
	struct entry *e;
	struct flow *f;
	uint32_t hash;

	*belongs = true;
	*low = p->foreseen ? p->source_is_low : source_is_low(p);
	hash = p->foreseen ? p->flow_hash : hash_of(t, p, *low);
	e = find(t, p, *low, hash);
	if (e != NULL && e->list == LIST_TOMBS) {
		if (!leaves_tomb((struct tomb *)e, p, *low)) {
			count(t->counters, COUNT_segments_after_end);
			return NULL;
		}
		table_remove_tomb(t, (struct tomb *)e);
		e = NULL;
	}
	if (e == NULL) {
		if (is_worth_it(p))
			return flow_new(t, p, *low, hash);
		count(t->counters, COUNT_segments_astray);
		return NULL;
	}
	f = (struct flow *)e;
	f->busy = true;		/* doubts take memory */
	judged = doubts_judge(f, p, *low);
	f->busy = false;
	*belongs = judged != DOUBTFUL;
	return judged == BEGINS_ANEW ? replace(f, p, *low) : f;
}

void
flow_take(struct flow_table *t, const struct packet *p)
{
	struct flow *f;
	bool low, belongs;

	timing_set(t, p->mark.time);
	timing_check(t);
	if ((p->flags & (TCP_SYN | TCP_RST)) == (TCP_SYN | TCP_RST)) {
		count(t->counters, COUNT_segments_astray);
		return;
	}
	if ((f = flow_of(t, p, &low, &belongs)) == NULL)
		return;
	f->busy = true;
	if (belongs)
		connection_take(f, p, low);
	if (t->ops->segment != NULL)
		limits_charge(t, &f->kept_size,
		    t->ops->segment(t->context, f->session, &f->kept, p));
	f->busy = false;
	if (t->leaping)
		t->leaper = f;
	if (connection_is_done(f))
		connection_end(f, FLOW_FINISHED);
	else if (t->listed[LIST_CLOSING] > t->limits.connections /
	    CLOSING_SHARE + CLOSING_LEAST)
		connection_end((struct flow *)t->oldest[LIST_CLOSING],
		    FLOW_IDLE);
	limits_enforce(t);
}

void
flow_table_tick(struct flow_table *t, int64_t now)
{
	timing_set(t, now);
	timing_check(t);
	limits_enforce(t);
}

void
flow_table_flush(struct flow_table *t)
{
	static const enum list_id order[] = { LIST_CLOSING, LIST_QUIET,
	    LIST_OPEN, LIST_OPENING };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		while (t->oldest[order[i]] != NULL)
			connection_end((struct flow *)t->oldest[order[i]],
			    FLOW_CUT);
	while (t->oldest[LIST_TOMBS] != NULL)
		table_remove_tomb(t, (struct tomb *)t->oldest[LIST_TOMBS]);
	t->now = 0;
	t->leaping = false;
	t->due = INT64_MAX;
}

size_t
flow_table_count(const struct flow_table *t)
{
	return t->connections;
}

/* ------------------------------------------------------------------ */

static size_t
buckets_size(const struct flow_table *t)
{
	return ((size_t)t->mask + 1) * sizeof(t->buckets[0]);
}

struct flow_table *
flow_table_new(const struct flow_limits *limits, const uint8_t *ports,
    uint64_t seed, const struct flow_ops *ops, void *context,
    struct counters *counters)
{
	struct flow_table *t;
	uint32_t size = BUCKETS_MIN;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	/* Room for all from the start: untouched pages cost nothing, and no
	 * packet ever waits for the table to grow. */
	while (size < limits->connections && size < 1U << 30)
		size *= 2;
	t->buckets = calloc(size, sizeof(t->buckets[0]));
	t->books = bookshelf_new(seed);
	if (t->buckets == NULL || t->books == NULL) {
		bookshelf_free(t->books);
		free(t->buckets);
		free(t);
		return NULL;
	}
	t->mask = size - 1;
	t->departures = 1;	/* 0: no guess */
	t->memory = buckets_size(t);
	t->limits = *limits;
	t->ports = ports;
	t->seed = seed;
	t->ops = ops;
	t->context = context;
	t->counters = counters;
	timing_init(t);
	return t;
}

void
flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	flow_table_flush(t);
	assert(t->memory == buckets_size(t));
	bookshelf_free(t->books);
	free(t->buckets);
	free(t);
}
