/* SPDX-License-Identifier: ISC */
/* Floods: the table keeps to its limits and says what it let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

struct seen {
	uint64_t	opened, closed, evicted, gaps;
	size_t		charge;		/* for each session */
	size_t		kept;		/* for each connection */
};

static void *
on_open(void *context, struct flow *f)
{
	struct seen *s = context;

	s->opened++;
	flow_charge(f, s->charge);
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
	struct seen *s = session;

	(void)who;
	(void)octets;
	(void)at;
	s->gaps++;
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

static size_t
on_segment(void *context, void *session, void **kept,
    const struct packet *p)
{
	const struct seen *s = context;

	(void)session;
	(void)p;
	*kept = s->kept > 0 ? context : NULL;
	return s->kept;
}

static void
on_forget(void *kept)
{
	(void)kept;
}

static const struct flow_ops	ops = { .open = on_open,
    .octets = on_octets, .gap = on_gap, .end = on_end, .close = on_close,
    .segment = on_segment, .forget = on_forget };

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

/* A segment of the n-th connection, from its client, at this place. */
static void
send_at(struct flood *f, uint32_t n, uint32_t place, uint8_t flags,
    const char *octets)
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
		.seq = ((flags & TCP_SYN) != 0 ? 100 : 101) + place,
		.payload = span_text(octets),
		.payload_wire = (uint32_t)strlen(octets), .ttl = 64,
	};

	flow_take(f->table, &p);
}

static void
send(struct flood *f, uint32_t n, uint8_t flags, const char *octets)
{
	send_at(f, n, 0, flags, octets);
}

/* Its server's, which acknowledges that many octets. */
static void
answer(struct flood *f, uint32_t n, uint8_t flags, uint32_t acked,
    const char *octets)
{
	uint8_t to[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
	    (uint8_t)n };
	static const uint8_t from[4] = { 198, 51, 100, 25 };
	struct packet p = {
		.mark = { .time = 1700000000000000 +
		    (int64_t)f->packets, .packet = ++f->packets },
		.source = addr_v4(from), .destination = addr_v4(to),
		.source_port = 25, .flags = flags | TCP_ACK,
		.destination_port = (uint16_t)(1024 + (n >> 24)),
		.seq = (flags & TCP_SYN) != 0 ? 500 : 501,
		.ack = 101 + acked, .payload = span_text(octets),
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
	/* another, with one between that is a little late */
	f.packets += 400ULL * 86400 * 1000000;
	send(&f, 6, TCP_SYN, "");
	f.packets -= 400ULL * 86400 * 1000000 + 10;
	send(&f, 7, TCP_SYN, "");
	f.packets += 400ULL * 86400 * 1000000 + 10;
	send(&f, 8, TCP_SYN, "");
	f.packets -= 400ULL * 86400 * 1000000;
	send(&f, 9, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 7);
	/* two in a row are believed */
	f.packets += 400ULL * 86400 * 1000000;
	send(&f, 4, TCP_SYN, "");
	send(&f, 5, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 2);
	flow_table_free(f.table);
}

static void
a_half_open_connection_costs_at_most_400_octets(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 100000;
	/* the table itself has room for 2^17 */
	limits.memory = 8 * 131072 + 400 * 10000;
	flood_open(&f, &limits);
	for (uint32_t n = 0; n < 20000; n++)
		send(&f, n, TCP_SYN, "");
	assert_true(flow_table_count(f.table) >= 10000);
	assert_true(counter_read(&f.counters, COUNT_evicted_opening) > 0);
	flow_table_free(f.table);
}

/* What the reader takes up counts, also while there is no session. */
static void
the_readers_memory_is_within_the_limit(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 1000;
	limits.memory = 10 * 1024 * 1024;
	flood_open(&f, &limits);
	f.seen.charge = 1024 * 1024;
	for (uint32_t n = 0; n < 100; n++) {
		send(&f, n, TCP_SYN, "");
		answer(&f, n, TCP_SYN, 0, "");
		answer(&f, n, 0, 0, "220 mx\r\n");
		assert_true(flow_table_count(f.table) <= 9);
	}
	assert_int_equal(f.seen.opened, 100);
	assert_int_equal(f.seen.evicted, 91);
	assert_int_equal(counter_read(&f.counters, COUNT_evicted_open), 91);
	flow_table_flush(f.table);
	f.seen.charge = 0;
	f.seen.kept = 1024 * 1024;
	for (uint32_t n = 0; n < 100; n++) {
		send(&f, n, TCP_SYN, "");
		assert_true(flow_table_count(f.table) <= 9);
	}
	flow_table_free(f.table);
	assert_int_equal(f.seen.closed, 100);
}

static void
one_session_larger_than_the_limit_is_let_go_itself(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 16;
	limits.memory = 65536;
	flood_open(&f, &limits);
	f.seen.charge = 1024 * 1024;
	send(&f, 1, TCP_SYN, "");
	answer(&f, 1, TCP_SYN, 0, "220 mx\r\n");
	assert_int_equal(flow_table_count(f.table), 0);
	assert_int_equal(f.seen.evicted, 1);
	flow_table_free(f.table);
}

/* Finished ones leave tombstones; letting many go at once must not pile up
 * in calls. */
static void
many_finished_ones_make_room_for_one(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 200000;
	limits.memory = 64 * 1024 * 1024;
	flood_open(&f, &limits);
	for (uint32_t n = 0; n < 60000; n++) {
		send(&f, n, TCP_SYN, "");
		answer(&f, n, TCP_SYN | TCP_FIN, 0, "");
		send(&f, n, TCP_FIN | TCP_ACK, "");
	}
	f.seen.charge = 63 * 1024 * 1024;
	send(&f, 70000, TCP_SYN, "");
	answer(&f, 70000, TCP_SYN, 0, "220 mx\r\n");
	assert_true(flow_table_count(f.table) < 3000);
	flow_table_free(f.table);
	assert_int_equal(f.seen.opened, 1);
}

/* Not even for what it needs itself. */
static void
the_one_being_worked_on_is_not_let_go(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 16;
	limits.memory = 65536;
	flood_open(&f, &limits);
	f.seen.charge = 64000;
	send(&f, 1, TCP_SYN, "");
	answer(&f, 1, TCP_SYN, 0, "220 mx\r\n");
	for (uint32_t i = 1; i < 20; i++)	/* each behind a hole */
		send_at(&f, 1, i * 100, TCP_ACK, "0123456789");
	send_at(&f, 1, 7777, TCP_SYN, "");	/* to be doubted */
	assert_true(counter_read(&f.counters, COUNT_memory_refused) > 1);
	assert_int_equal(flow_table_count(f.table), 1);
	assert_int_equal(f.seen.evicted, 0);
	flow_table_free(f.table);
	assert_int_equal(f.seen.closed, 1);
}

/* A hole that nobody fills, and all that is said behind it. */
static void
what_waits_is_bounded(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.held_per_side = 10000;
	flood_open(&f, &limits);
	send(&f, 1, TCP_SYN, "");
	answer(&f, 1, TCP_SYN, 0, "");
	/* the same again and again waits once */
	for (uint32_t i = 0; i < 5000; i++)
		send_at(&f, 1, 1, TCP_ACK, "0123456789");
	assert_int_equal(counter_read(&f.counters, COUNT_held_limit), 0);
	for (uint32_t i = 1; i < 5000; i++)
		send_at(&f, 1, 1 + i * 10, TCP_ACK, "0123456789");
	assert_int_equal(f.seen.gaps, 1);
	assert_int_equal(counter_read(&f.counters, COUNT_held_limit), 1);
	/* a hole behind each: a limit of segments as well */
	for (uint32_t i = 0; i < 5000; i++)
		send_at(&f, 1, 50002 + i * 2, TCP_ACK, "x");
	assert_true(f.seen.gaps > 3000);
	flow_table_free(f.table);
	assert_int_equal(f.seen.gaps, 5001);
}

static void
without_memory_nothing_is_followed_and_that_is_counted(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 16;
	limits.memory = 1;
	flood_open(&f, &limits);
	for (uint32_t n = 0; n < 10; n++)
		send(&f, n, TCP_SYN, "");
	assert_int_equal(flow_table_count(f.table), 0);
	assert_int_equal(counter_read(&f.counters, COUNT_memory_refused), 10);
	flow_table_free(f.table);
	assert_int_equal(f.seen.opened, 0);
}

/* Who goes, and in which order, has nothing to do with the hash. */
static void
the_same_are_let_go_whatever_the_hash(void **state)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct flood f;

	(void)state;
	limits.connections = 100;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		memset(&f, 0, sizeof(f));
		f.ports[25 / 8] |= 1 << 25 % 8;
		f.table = flow_table_new(&limits, f.ports, seed, &ops,
		    &f.seen, &f.counters);
		assert_non_null(f.table);
		for (uint32_t n = 0; n < 1000; n++) {
			send(&f, n % 300, TCP_SYN, "");
			if (n % 3 == 0)
				answer(&f, n % 300, TCP_SYN, 0, "220\r\n");
		}
		flow_table_free(f.table);
		assert_int_equal(f.seen.opened, 334);
		assert_int_equal(f.seen.evicted, 234);
		assert_int_equal(f.seen.closed, 334);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_million_syns_stay_within_the_limit_of_connections),
		cmocka_unit_test(idle_talkers_stay_within_the_limit_of_memory),
		cmocka_unit_test(one_wrong_stamp_ends_no_connection),
		cmocka_unit_test(
		    a_half_open_connection_costs_at_most_400_octets),
		cmocka_unit_test(the_readers_memory_is_within_the_limit),
		cmocka_unit_test(
		    one_session_larger_than_the_limit_is_let_go_itself),
		cmocka_unit_test(many_finished_ones_make_room_for_one),
		cmocka_unit_test(the_one_being_worked_on_is_not_let_go),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(
		    without_memory_nothing_is_followed_and_that_is_counted),
		cmocka_unit_test(the_same_are_let_go_whatever_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
