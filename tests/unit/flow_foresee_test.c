/* SPDX-License-Identifier: ISC */
/*
 * Fetching ahead changes nothing, and touches nothing that is gone (ASan
 * sees to that): many short connections in a table with room for few, each
 * step of each packet taken while others begin and end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/flow.h"

#define HOSTS		40
#define PACKETS		20000
#define TOLD_MAX	(1024 * 1024)

struct reader {
	uint16_t	port;		/* of the client */
	unsigned	octets;
};

struct told {
	char		text[TOLD_MAX];
	size_t		len;
	unsigned	foreseen;	/* calls for a session */
};

static void *
on_open(void *context, struct flow *f)
{
	struct reader *r = calloc(1, sizeof(*r));

	(void)context;
	assert_non_null(r);
	r->port = flow_facts(f)->port[SIDE_CLIENT];
	return r;
}

static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	(void)who;
	(void)at;
	((struct reader *)session)->octets += (unsigned)octets.len;
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	(void)who;
	(void)at;
	((struct reader *)session)->octets += (unsigned)octets;
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	(void)session;
	(void)c;
}

static void
on_end(void *session, enum side who, struct mark at)
{
	(void)session;
	(void)who;
	(void)at;
}

static struct told	*told;

static void
on_close(void *session, const struct flow_facts *facts)
{
	struct reader *r = session;

	told->len += (size_t)snprintf(told->text + told->len,
	    TOLD_MAX - told->len, "%u %u %u\n", r->port, r->octets,
	    facts->end);
	assert_true(told->len < TOLD_MAX);
	free(r);
}

/* What is asked for must be there; port 25 calls too. */
static void
on_foresee(const void *session, struct span octets, unsigned depth)
{
	const struct reader *r = session;

	(void)octets;
	assert_true(r->port == 25 ||
	    (r->port >= 1000 && r->port < 1000 + HOSTS));
	assert_true(depth < FLOW_FORESEE_STEPS);
	told->foreseen++;
}

static const struct flow_ops	ops = {
	.open = on_open,
	.octets = on_octets,
	.gap = on_gap,
	.conflict = on_conflict,
	.end = on_end,
	.close = on_close,
	.foresee = on_foresee,
};

static unsigned
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(*state >> 33);
}

/* Connections without any order: SYNs, octets, FINs, RSTs, of few hosts. */
static struct packet
some_packet(uint64_t *random, uint64_t number)
{
	static const uint8_t client[4] = { 192, 0, 2, 1 };
	static const uint8_t server[4] = { 198, 51, 100, 25 };
	static const uint8_t flags[] = { TCP_ACK, TCP_ACK, TCP_ACK, TCP_SYN,
	    TCP_ACK | TCP_FIN, TCP_RST | TCP_ACK };
	bool from_client = next_random(random) % 2 == 0;
	uint16_t port = (uint16_t)(1000 + next_random(random) % HOSTS);
	struct packet p = { .ttl = 64, .window = 1000,
	    .flags = flags[next_random(random) % sizeof(flags)],
	    .seq = next_random(random) % 64, .ack = next_random(random) % 64,
	    .mark = { .time = 1700000000000000 + (int64_t)number * 1000,
	    .packet = number } };

	p.source = addr_v4(from_client ? client : server);
	p.destination = addr_v4(from_client ? server : client);
	p.source_port = from_client ? port : 25;
	p.destination_port = from_client ? 25 : port;
	if ((p.flags & (TCP_SYN | TCP_RST)) == 0)
		p.payload = span_text("some words");
	p.payload_wire = (uint32_t)p.payload.len;
	return p;
}

static struct packet	packets[PACKETS];

/* Each packet's steps come one packet apart, as the road does it. */
static void
play(struct told *t, const struct flow_limits *limits, bool foresee)
{
	static uint8_t ports[8192];
	static struct counters counters;
	struct flow_table *table;

	ports[25 / 8] |= 1 << 25 % 8;
	told = t;
	t->len = 0;
	t->foreseen = 0;
	table = flow_table_new(limits, ports, 1, &ops, NULL, &counters);
	assert_non_null(table);
	for (unsigned i = 0; i < PACKETS + FLOW_FORESEE_STEPS; i++) {
		for (unsigned step = 0; foresee &&
		    step < FLOW_FORESEE_STEPS && step <= i; step++)
			if (i - step < PACKETS)
				flow_foresee(table, &packets[i - step], step);
		if (i >= FLOW_FORESEE_STEPS)
			flow_take(table, &packets[i - FLOW_FORESEE_STEPS]);
	}
	flow_table_free(table);
}

static void
the_same_is_told(void **state)
{
	static struct told plain, foreseen;
	struct flow_limits few = FLOW_LIMITS_DEFAULT;
	uint64_t random = 271828182845904523ULL;

	(void)state;
	for (unsigned i = 0; i < PACKETS; i++)
		packets[i] = some_packet(&random, i + 1);
	for (few.connections = 2; few.connections <= 64;
	    few.connections *= 2) {
		play(&plain, &few, false);
		play(&foreseen, &few, true);
		assert_string_equal(plain.text, foreseen.text);
		assert_true(plain.len > PACKETS / 10);
	}
	/* in the smallest, all are gone before it comes to that */
	assert_true(foreseen.foreseen > plain.foreseen + PACKETS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
