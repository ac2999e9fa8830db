/* SPDX-License-Identifier: ISC */
/*
 * Octets become segments of a few connections, with time passing, the clock
 * being set, and captures ending in between.  Whatever they are: octets and
 * gaps told of a side add up to no more than its sequence space moved, each
 * side ends once, every session opened is closed, nothing is told after the
 * close, and the table keeps to its limits.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "flow/flow.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	unsigned	open;
};

struct session {
	struct world	*world;
	struct flow	*flow;
	uint64_t	 told[SIDES], missing[SIDES];
	bool		 ended[SIDES];
};

static void *
on_open(void *context, struct flow *f)
{
	struct world *w = context;
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->world = w;
	s->flow = f;
	w->open++;
	return s;
}

/* The reader asks for this and that, as its octets tell. */
static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	struct session *s = session;

	(void)at;
	assert(octets.len > 0);
	assert(!s->ended[who]);
	s->told[who] += octets.len;
	flow_charge(s->flow, (size_t)s->told[who]);
	assert(s->told[who] <= flow_facts(s->flow)->side[who].octets);
	switch (octets.at[octets.len - 1] & 31) {
	case 1:
		flow_want(s->flow, who, FLOW_DELIVER);
		break;
	case 2:
		flow_want(s->flow, side_other(who), FLOW_COUNT);
		break;
	case 3:
		flow_skip(s->flow, who, octets.at[0]);
		break;
	case 4:
		flow_want(s->flow, who, FLOW_REMEMBER);
		break;
	}
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	struct session *s = session;

	(void)at;
	assert(octets > 0);
	assert(!s->ended[who]);
	s->missing[who] += octets;
	assert(s->missing[who] <= flow_facts(s->flow)->side[who].missing);
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	struct session *s = session;

	assert(c->before.len == c->after.len && c->before.len > 0);
	assert(c->before.at[0] != c->after.at[0]);
	assert(c->before.at[c->before.len - 1] !=
	    c->after.at[c->after.len - 1]);
	if (c->before.at[0] == 'x')
		flow_want(s->flow, c->side, FLOW_COUNT);
}

static void
on_end(void *session, enum side who, struct mark at)
{
	struct session *s = session;

	(void)at;
	assert(!s->ended[who]);
	s->ended[who] = true;
}

static void
on_close(void *session, const struct flow_facts *facts)
{
	struct session *s = session;

	assert(facts->end != FLOW_OPEN);
	assert(s->world->open > 0);
	s->world->open--;
	free(s);
}

/* What is kept from the first segment on: a counter of them. */
static size_t
on_segment(void *context, void *session, void **kept,
    const struct packet *p)
{
	unsigned *n = *kept;

	(void)context;
	(void)session;
	(void)p;
	if (n == NULL && (*kept = n = calloc(1, sizeof(*n))) == NULL)
		return 0;
	return ++*n;
}

static void
on_forget(void *kept)
{
	free(kept);
}

static const struct flow_ops	ops = { .open = on_open,
    .octets = on_octets, .gap = on_gap, .conflict = on_conflict,
    .end = on_end, .close = on_close, .segment = on_segment,
    .forget = on_forget };

struct segment {
	uint8_t		 octets[20 + 31];
};

/* A TCP header before the payload; the checksum right, but for `off`. */
static void
put_segment(struct packet *p, struct segment *room, uint8_t off)
{
	uint32_t sum = 6;
	size_t len = 20 + p->payload.len;

	memset(room, 0, sizeof(*room));
	memcpy(room->octets + 4, &(uint32_t){ htonl(p->seq) }, 4);
	memcpy(room->octets + 8, &(uint32_t){ htonl(p->ack) }, 4);
	room->octets[12] = 5 << 4;
	room->octets[13] = p->flags;
	if (p->payload.len > 0)
		memcpy(room->octets + 20, p->payload.at, p->payload.len);
	p->segment = span_of(room->octets, len);
	sum += (uint32_t)len;
	for (int i = 0; i < 16; i += 2)
		sum += (uint32_t)(p->source.octets[i] << 8 |
		    p->source.octets[i + 1]) +
		    (uint32_t)(p->destination.octets[i] << 8 |
		    p->destination.octets[i + 1]);
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(room->octets[i] << 8) +
		    (i + 1 < len ? room->octets[i + 1] : 0);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	sum = ~sum + off;
	room->octets[16] = (uint8_t)(sum >> 8);
	room->octets[17] = (uint8_t)sum;
}

struct fuzz {
	struct flow_table	*table;
	struct cursor		 in;
	int64_t			 time;
	uint64_t		 number;
};

/* Stamps are any number: they wrap. */
static int64_t
later(int64_t time, int64_t by)
{
	return (int64_t)((uint64_t)time + (uint64_t)by);
}

static void
take_segment(struct fuzz *z, uint8_t how)
{
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	struct cursor *c = &z->in;
	struct segment room;
	int from = how & 1;
	uint16_t client = (how & 6) == 6 ? 25 :
	    (uint16_t)(40000 + (how >> 1 & 3));
	struct packet p = {
		.mark = { .packet = ++z->number },
		.source = addr_v4(ip[from]),
		.destination = addr_v4(ip[!from]),
		.source_port = from == 0 ? client : 25,
		.destination_port = from == 0 ? 25 : client,
		.ttl = how,
	};
	uint8_t len;

	p.flags = cursor_u8(c);
	p.seq = 0xffffffc0 + cursor_u8(c);
	p.ack = 0xffffffc0 + cursor_u8(c);
	z->time = later(z->time,
	    (how & 8) != 0 ? (int64_t)cursor_u8(c) * 100000 : 1000);
	if ((how & 16) != 0)
		p.seq += (uint32_t)cursor_u16(c) << 16;
	len = cursor_u8(c);
	p.payload = cursor_take(c, len & 31);
	p.payload_wire = (uint32_t)p.payload.len + ((how & 32) != 0 ? 7 : 0);
	p.mark.time = later(z->time, (how & 64) != 0 ? -3000000 : 0);
	if ((len & 32) != 0)
		put_segment(&p, &room, len >> 6);
	flow_take(z->table, &p);
}

/* Other things than a segment. */
static void
happen(struct fuzz *z)
{
	uint8_t what = cursor_u8(&z->in);

	switch (what & 3) {
	case 0:
		flow_table_flush(z->table);
		break;
	case 1:
		z->time = later(z->time, what * 10000);
		flow_table_tick(z->table, z->time);
		break;
	case 2:		/* the clock is set, or seems so */
		z->time = later(z->time, (int64_t)
		    ((uint64_t)(int64_t)(int8_t)what << (what & 60)));
		break;
	case 3:
		flow_table_tick(z->table, later(z->time, what * -1000000));
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_limits limits = { .connections = 3, .held_per_side = 512,
	    .remembered_per_side = 256, .remember_seconds = 5,
	    .gap_seconds = 2, .idle_seconds = 60, .opening_seconds = 10,
	    .linger_seconds = 4 };
	struct fuzz z = { .in = cursor_over(span_of(data, size)),
	    .time = 1700000000000000 };
	uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8 };
	struct counters counters = { 0 };
	struct world w = { .open = 0 };

	/* from too little for anything to enough */
	limits.memory = 512 + (uint64_t)cursor_u8(&z.in) * 64;
	if ((z.table = flow_table_new(&limits, ports, 1, &ops, &w,
	    &counters)) == NULL)
		return 0;
	while (cursor_ok(&z.in) && z.in.rest.len > 0) {
		uint8_t how = cursor_u8(&z.in);

		if ((how & 128) != 0)
			happen(&z);
		else
			take_segment(&z, how);
		assert(flow_table_count(z.table) <= limits.connections);
	}
	flow_table_free(z.table);
	assert(w.open == 0);
	return 0;
}
