/* SPDX-License-Identifier: ISC */
/* Floods: the table keeps to its limits and says what it let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

struct seen {
	uint64_t	opened, closed, evicted;
};

static void *
on_open(void *context, struct flow *f)
{
	struct seen *s = context;

	(void)f;
	s->opened++;
	return s;
}

static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	(void)session;
	(void)who;
	(void)octets;
	(void)at;
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	(void)session;
	(void)who;
	(void)octets;
	(void)at;
}

static void
on_end(void *session, enum side who, struct mark at)
{
	(void)session;
	(void)who;
	(void)at;
}

static void
on_close(void *session, const struct flow_facts *facts)
{
	struct seen *s = session;

	s->closed++;
	s->evicted += facts->end == FLOW_EVICTED;
}

static const struct flow_ops	ops = { .open = on_open,
    .octets = on_octets, .gap = on_gap, .end = on_end, .close = on_close };

struct flood {
	struct flow_table	*table;
	struct counters		 counters;
	struct seen		 seen;
	uint8_t			 ports[8192];
	uint64_t		 packets;
};

static void
flood_open(struct flood *f, const struct flow_limits *limits)
{
	memset(f, 0, sizeof(*f));
	f->ports[25 / 8] |= 1 << 25 % 8;
	f->table = flow_table_new(limits, f->ports, 1, &ops, &f->seen,
	    &f->counters);
	assert_non_null(f->table);
}

/* A segment of the n-th connection, from its client. */
static void
send(struct flood *f, uint32_t n, uint8_t flags, const char *octets)
{
	uint8_t from[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
	    (uint8_t)n };
	static const uint8_t to[4] = { 198, 51, 100, 25 };
	struct packet p = {
		.mark = { .time = 1700000000000000 +
		    (int64_t)f->packets, .packet = ++f->packets },
		.source = addr_v4(from), .destination = addr_v4(to),
		.source_port = (uint16_t)(1024 + (n >> 24)),
		.destination_port = 25, .flags = flags,
		.seq = (flags & TCP_SYN) != 0 ? 100 : 101,
		.payload = span_text(octets),
		.payload_wire = (uint32_t)strlen(octets), .ttl = 64,
	};

	flow_take(f->table, &p);
}

static void
a_million_syns_stay_within_the_limit_of_connections(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 50000;
	flood_open(&f, &limits);
	send(&f, 0xfffff0, TCP_SYN, "");
	send(&f, 0xfffff0, TCP_ACK, "EHLO a\r\n");
	for (uint32_t n = 0; n < 1000000; n++)
		send(&f, n, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 50000);
	assert_int_equal(counter_read(&f.counters, COUNT_evicted_opening),
	    1000001 - 50000);
	/* the one that speaks was not pushed out */
	assert_int_equal(f.seen.evicted, 0);
	flow_table_free(f.table);
	assert_int_equal(f.seen.opened, 1);
	assert_int_equal(f.seen.closed, 1);
}

static void
idle_talkers_stay_within_the_limit_of_memory(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.memory = 16 * 1024 * 1024;
	flood_open(&f, &limits);
	for (uint32_t n = 0; n < 200000; n++) {
		send(&f, n, TCP_SYN, "");
		send(&f, n, TCP_ACK, "EHLO client.example\r\n");
	}
	/* it cannot hold more than fit, at 100 octets each at the least */
	assert_true(flow_table_count(f.table) < limits.memory / 100);
	assert_true(counter_read(&f.counters, COUNT_memory_limit) > 0);
	assert_true(counter_read(&f.counters, COUNT_evicted_open) > 100000);
	assert_int_equal(f.seen.evicted,
	    counter_read(&f.counters, COUNT_evicted_open));
	flow_table_free(f.table);
	assert_int_equal(f.seen.opened, f.seen.closed);
}

static void
one_wrong_stamp_ends_no_connection(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	flood_open(&f, &limits);
	send(&f, 1, TCP_SYN, "");
	send(&f, 1, TCP_ACK, "EHLO a\r\n");
	f.packets += 400ULL * 86400 * 1000000;	/* a year ahead */
	send(&f, 2, TCP_SYN, "");
	f.packets -= 400ULL * 86400 * 1000000;
	send(&f, 3, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 3);
	/* two in a row are believed */
	f.packets += 400ULL * 86400 * 1000000;
	send(&f, 4, TCP_SYN, "");
	send(&f, 5, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 2);
	flow_table_free(f.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_million_syns_stay_within_the_limit_of_connections),
		cmocka_unit_test(idle_talkers_stay_within_the_limit_of_memory),
		cmocka_unit_test(one_wrong_stamp_ends_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
