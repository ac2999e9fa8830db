/* SPDX-License-Identifier: ISC */
/*
 * Octets become segments of a few connections.  Whatever they are: octets
 * and gaps told of a side add up to no more than its sequence space moved,
 * every session opened is closed, nothing is told after the close, and the
 * table keeps to its limits.
 */
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
	uint64_t	 told[SIDES];
	unsigned	 calls;
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
	s->told[who] += octets.len;
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
	assert(octets <= flow_facts(s->flow)->side[who].missing);
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	(void)session;
	assert(c->before.len == c->after.len && c->before.len > 0);
	assert(c->before.at[0] != c->after.at[0]);
	assert(c->before.at[c->before.len - 1] !=
	    c->after.at[c->after.len - 1]);
}

static void
on_end(void *session, enum side who, struct mark at)
{
	struct session *s = session;

	(void)who;
	(void)at;
	s->calls++;
	assert(s->calls <= 2);
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

static const struct flow_ops	ops = { .open = on_open,
    .octets = on_octets, .gap = on_gap, .conflict = on_conflict,
    .end = on_end, .close = on_close };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct flow_limits limits = { .connections = 3,
	    .memory = 16384, .held_per_side = 512,
	    .remembered_per_side = 256, .remember_seconds = 5,
	    .gap_seconds = 2, .idle_seconds = 60, .opening_seconds = 10,
	    .linger_seconds = 4 };
	struct cursor c = cursor_over(span_of(data, size));
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8 };
	struct counters counters = { 0 };
	struct world w = { .open = 0 };
	struct flow_table *t;
	int64_t time = 1700000000000000;
	uint64_t number = 0;

	if ((t = flow_table_new(&limits, ports, 1, &ops, &w,
	    &counters)) == NULL)
		return 0;
	while (cursor_ok(&c) && c.rest.len > 0) {
		uint8_t how = cursor_u8(&c);
		int from = how & 1;
		struct packet p = {
			.mark = { .packet = ++number },
			.source = addr_v4(ip[from]),
			.destination = addr_v4(ip[!from]),
			.source_port = from == 0 ?
			    (uint16_t)(40000 + (how >> 1 & 3)) : 25,
			.destination_port = from == 0 ? 25 :
			    (uint16_t)(40000 + (how >> 1 & 3)),
			.ttl = how,
		};

		p.flags = cursor_u8(&c);
		p.seq = 0xffffffc0 + cursor_u8(&c);
		p.ack = 0xffffffc0 + cursor_u8(&c);
		time += (how & 8) != 0 ? (int64_t)cursor_u8(&c) * 100000 :
		    1000;
		if ((how & 16) != 0)
			p.seq += (uint32_t)cursor_u16(&c) << 16;
		p.payload = cursor_take(&c, cursor_u8(&c) & 31);
		p.payload_wire = (uint32_t)p.payload.len +
		    ((how & 32) != 0 ? 7 : 0);
		p.mark.time = (how & 64) != 0 ? time - 3000000 : time;
		flow_take(t, &p);
		assert(flow_table_count(t) <= limits.connections);
	}
	flow_table_free(t);
	assert(w.open == 0);
	return 0;
}
