/* SPDX-License-Identifier: ISC */
/*
 * The table of connections: finding them, keeping to the limits, and
 * noticing that time has passed.
 */
#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

#define SECOND		1000000		/* µs */
#define LEAP		(60 * SECOND)	/* a step of time to be confirmed */
#define CHECK_EVERY	(SECOND / 20)
#define TOMBS_SHARE	16		/* of the connections, at most */

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
	else
		t->oldest[to] = e;
	t->newest[to] = e;
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
}

void
table_move(struct flow_table *t, struct entry *e, enum list_id to,
    int64_t at)
{
	list_remove(t, e);
	list_append(t, e, to, at);
}

void
table_block(struct flow *f, int64_t at)
{
	struct flow_table *t = f->table;

	if (f->blocked)
		return;
	f->blocked = true;
	f->blocked_since = at;
	f->blocked_newer = NULL;
	f->blocked_older = t->blocked_newest;
	if (f->blocked_older != NULL)
		f->blocked_older->blocked_newer = f;
	else
		t->blocked_oldest = f;
	t->blocked_newest = f;
}

void
table_unblock(struct flow *f)
{
	struct flow_table *t = f->table;

	if (!f->blocked)
		return;
	f->blocked = false;
	if (f->blocked_newer != NULL)
		f->blocked_newer->blocked_older = f->blocked_older;
	else
		t->blocked_newest = f->blocked_older;
	if (f->blocked_older != NULL)
		f->blocked_older->blocked_newer = f->blocked_newer;
	else
		t->blocked_oldest = f->blocked_newer;
}

/* ------------------------------------------------------------------ */
/* the buckets                                                        */

static struct entry **
bucket(struct flow_table *t, uint32_t hash)
{
	return &t->buckets[hash & t->mask];
}

static void
chain_remove(struct flow_table *t, struct entry *e)
{
	struct entry **at = bucket(t, e->hash);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
}

static void
tomb_remove(struct flow_table *t, struct entry *e)
{
	chain_remove(t, e);
	list_remove(t, e);
	t->tombs--;
	table_release(t, e, sizeof(struct tomb));
}

static void
tomb_new(struct flow *f)
{
	struct flow_table *t = f->table;
	struct tomb *tomb;

	if (t->tombs >= t->limits.connections / TOMBS_SHARE + 16)
		tomb_remove(t, t->oldest[LIST_TOMBS]);
	if ((tomb = table_alloc(t, sizeof(*tomb))) == NULL)
		return;
	memset(tomb, 0, sizeof(*tomb));
	tomb->entry.key = f->entry.key;
	tomb->entry.hash = f->entry.hash;
	for (int i = 0; i < SIDES; i++) {
		int at = (i == SIDE_CLIENT) == f->client_is_low ? 0 : 1;

		tomb->next[at] = f->side[i].next;
		tomb->isn[at] = f->facts.side[i].isn;
		tomb->has_isn[at] = f->facts.side[i].syn;
	}
	tomb->entry.chain = *bucket(t, tomb->entry.hash);
	*bucket(t, tomb->entry.hash) = &tomb->entry;
	list_append(t, &tomb->entry, LIST_TOMBS, t->now);
	t->tombs++;
}

void
table_remove(struct flow *f, bool leave_tomb)
{
	struct flow_table *t = f->table;

	for (int i = 0; i < SIDES; i++) {
		stream_forget(f, i);
		memory_forget(f, i);
	}
	if (f->kept != NULL)
		t->ops->forget(f->kept);
	table_unblock(f);
	chain_remove(t, &f->entry);
	list_remove(t, &f->entry);
	t->connections--;
	if (leave_tomb)
		tomb_new(f);
	table_release(t, f, sizeof(*f));
}

/* ------------------------------------------------------------------ */
/* limits                                                             */

/* The oldest of a list that is not the one being worked on. */
static struct flow *
oldest_of(struct flow_table *t, enum list_id list)
{
	struct entry *e = t->oldest[list];

	if (e != NULL && (struct flow *)e == t->busy)
		e = e->newer;
	return (struct flow *)e;
}

/* One connection goes: a half-open one first, then a finished one, and only
 * then the one that was silent longest. */
static bool
evict(struct flow_table *t)
{
	static const struct {
		enum list_id	list;
		enum counter	counter;
	} order[] = {
		{ LIST_OPENING, COUNT_evicted_opening },
		{ LIST_CLOSING, COUNT_evicted_closing },
		{ LIST_OPEN, COUNT_evicted_open },
	};
	struct flow *f;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if ((f = oldest_of(t, order[i].list)) != NULL) {
			count(t->counters, order[i].counter);
			connection_end(f, FLOW_EVICTED);
			return true;
		}
	return false;
}

/* Make room, the least loss first. */
static bool
reclaim(struct flow_table *t, size_t size)
{
	count(t->counters, COUNT_memory_limit);
	while (t->memory + size > t->limits.memory) {
		if (t->oldest[LIST_TOMBS] != NULL)
			tomb_remove(t, t->oldest[LIST_TOMBS]);
		else if (!evict(t))
			return false;
	}
	return true;
}

void *
table_alloc(struct flow_table *t, size_t size)
{
	void *p;

	if (t->memory + size > t->limits.memory && !reclaim(t, size)) {
		count(t->counters, COUNT_memory_refused);
		return NULL;
	}
	if ((p = malloc(size)) == NULL) {
		count(t->counters, COUNT_memory_refused);
		return NULL;
	}
	t->memory += size;
	return p;
}

void
table_release(struct flow_table *t, void *p, size_t size)
{
	assert(t->memory >= size);
	t->memory -= size;
	free(p);
}

/* ------------------------------------------------------------------ */
/* time                                                               */

/* Those that wait for octets which do not come. */
static void
check_blocked(struct flow_table *t)
{
	int64_t patience = (int64_t)t->limits.gap_seconds * SECOND;
	struct flow *f;

	while ((f = t->blocked_oldest) != NULL &&
	    t->now - f->blocked_since > patience) {
		t->busy = f;
		while (stream_force(f, false))
			continue;
		t->busy = NULL;
		/* what still waits is looked at again */
		table_unblock(f);
		if (stream_waits(f))
			table_block(f, t->now);
	}
}

static void
check_timeouts(struct flow_table *t)
{
	const struct {
		enum list_id	list;
		int64_t		patience;
		enum flow_end	how;
	} waits[] = {
		{ LIST_OPENING, (int64_t)t->limits.opening_seconds * SECOND,
		    FLOW_IDLE },
		{ LIST_OPEN, (int64_t)t->limits.idle_seconds * SECOND,
		    FLOW_IDLE },
		{ LIST_CLOSING, CLOSING, FLOW_IDLE },
	};
	struct entry *e;

	if (t->now - t->checked < CHECK_EVERY && t->now >= t->checked)
		return;
	t->checked = t->now;
	check_blocked(t);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		while ((e = t->oldest[waits[i].list]) != NULL &&
		    t->now - e->touched > waits[i].patience)
			connection_end((struct flow *)e, waits[i].how);
	while ((e = t->oldest[LIST_TOMBS]) != NULL && t->now - e->touched >
	    (int64_t)t->limits.linger_seconds * SECOND)
		tomb_remove(t, e);
}

/*
 * The table's time follows the packets', but neither backwards nor far
 * ahead on the word of one packet: a single wrong stamp must not end every
 * connection.
 */
static void
set_time(struct flow_table *t, int64_t at)
{
	if (t->now == 0 || (at >= t->now && at - t->now < LEAP))
		t->now = at;
	else if (at > t->now || t->now - at > LEAP) {
		if (t->leap != 0 && at >= t->leap - SECOND &&
		    at - t->leap < LEAP)
			t->now = at;
		t->leap = at;
	}
}

/* ------------------------------------------------------------------ */
/* segments                                                           */

static bool
make_key(const struct packet *p, struct flow_key *key)
{
	int order = memcmp(p->source.octets, p->destination.octets, 16);
	bool low = order < 0 ||
	    (order == 0 && p->source_port < p->destination_port);

	key->ip[!low] = p->source;
	key->ip[low] = p->destination;
	key->port[!low] = p->source_port;
	key->port[low] = p->destination_port;
	return low;
}

static struct entry *
find(struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	struct entry *e;

	for (e = *bucket(t, hash); e != NULL; e = e->chain)
		if (e->hash == hash &&
		    memcmp(&e->key, key, sizeof(*key)) == 0)
			break;
	return e;
}

/* Only a SYN, or octets, are worth a connection. */
static struct flow *
flow_new(struct flow_table *t, const struct packet *p,
    const struct flow_key *key, uint32_t hash)
{
	struct flow *f;

	if ((p->flags & TCP_RST) != 0 ||
	    ((p->flags & TCP_SYN) == 0 && p->payload_wire == 0)) {
		count(t->counters, COUNT_segments_astray);
		return NULL;
	}
	while (t->connections >= t->limits.connections && evict(t))
		continue;
	if ((f = table_alloc(t, sizeof(*f))) == NULL)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->table = t;
	f->entry.key = *key;
	f->entry.hash = hash;
	f->entry.chain = *bucket(t, hash);
	*bucket(t, hash) = &f->entry;
	list_append(t, &f->entry, LIST_OPENING, t->now);
	t->connections++;
	return f;
}

/* A late copy of a connection that is over; true: a new one begins. */
static bool
leaves_tomb(const struct tomb *tomb, const struct packet *p, bool low)
{
	int me = low ? 0 : 1;

	if ((p->flags & TCP_SYN) != 0)
		return !tomb->has_isn[me] || tomb->isn[me] != p->seq;
	/* In the middle of another connection, whose SYN was missed: its
	 * octets are nowhere near this one's. */
	return p->payload_wire > 0 &&
	    (seq_before(p->seq + PLAUSIBLE_AHEAD, tomb->next[me]) ||
	    seq_before(tomb->next[me] + PLAUSIBLE_AHEAD, p->seq));
}

/* The SYN that waited for its answer belongs to what begins now. */
static void
inherit_syn(struct flow *f, const struct flow *old_state, bool waited)
{
	struct flow_traits *client = &f->facts.side[SIDE_CLIENT];

	if (!waited || client->syn)
		return;
	client->syn = true;
	client->isn = old_state->syn_isn;
}

void
flow_take(struct flow_table *t, const struct packet *p)
{
	struct flow old_state = { .syn_waits = false };
	struct flow_key key;
	bool low, waited = false;
	struct entry *e;
	struct flow *f;
	uint32_t hash;

	set_time(t, p->mark.time);
	check_timeouts(t);
	low = make_key(p, &key);
	hash = (uint32_t)XXH3_64bits_withSeed(&key, sizeof(key), t->seed);
	e = find(t, &key, hash);
	if (e != NULL && e->list == LIST_TOMBS) {
		if (!leaves_tomb((struct tomb *)e, p, low)) {
			count(t->counters, COUNT_segments_after_end);
			return;
		}
		tomb_remove(t, e);
		e = NULL;
	}
	if (e != NULL && connection_replaced((struct flow *)e, p, low)) {
		f = (struct flow *)e;
		waited = f->syn_waits;
		old_state.syn_isn = f->syn_isn;
		count(t->counters, COUNT_connections_replaced);
		connection_end(f, FLOW_REPLACED);
		if ((e = find(t, &key, hash)) != NULL)
			tomb_remove(t, e);
		e = NULL;
	}
	f = (struct flow *)e;
	if (f == NULL) {
		if ((f = flow_new(t, p, &key, hash)) == NULL)
			return;
		connection_begin(f, p, low);
	}
	t->busy = f;
	connection_take(f, p, low);
	inherit_syn(f, &old_state, waited);
	if (t->ops->segment != NULL)
		t->ops->segment(t->context, f->session, &f->kept, p);
	t->busy = NULL;
}

void
flow_table_tick(struct flow_table *t, int64_t now)
{
	set_time(t, now);
	check_timeouts(t);
}

void
flow_table_flush(struct flow_table *t)
{
	static const enum list_id order[] = { LIST_CLOSING, LIST_OPEN,
	    LIST_OPENING };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		while (t->oldest[order[i]] != NULL)
			connection_end((struct flow *)t->oldest[order[i]],
			    FLOW_CUT);
	while (t->oldest[LIST_TOMBS] != NULL)
		tomb_remove(t, t->oldest[LIST_TOMBS]);
	t->now = t->leap = t->checked = 0;
}

size_t
flow_table_count(const struct flow_table *t)
{
	return t->connections;
}

struct flow_table *
flow_table_new(const struct flow_limits *limits, const uint8_t *ports,
    uint64_t seed, const struct flow_ops *ops, void *context,
    struct counters *counters)
{
	struct flow_table *t;
	uint32_t size = 1024;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	/* Room for all from the start: untouched pages cost nothing, and no
	 * packet ever waits for the table to grow. */
	while (size < limits->connections && size < 1U << 30)
		size *= 2;
	if ((t->buckets = calloc(size, sizeof(t->buckets[0]))) == NULL) {
		free(t);
		return NULL;
	}
	t->mask = size - 1;
	t->limits = *limits;
	t->ports = ports;
	t->seed = seed;
	t->ops = ops;
	t->context = context;
	t->counters = counters;
	return t;
}

void
flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	flow_table_flush(t);
	assert(t->memory == 0);
	free(t->buckets);
	free(t);
}
