/* SPDX-License-Identifier: ISC */
/*
 * What a server and a client remember of TLS that came up: versions and
 * suites, when, how often, with whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "baseline/client_past.h"
#include "baseline_sights.h"
#include "tls/suite.h"

#define GCM	(0x0303U << 16 | 0xc030)	/* TLS 1.2, ECDHE, GCM */
#define RSA	(0x0303U << 16 | 0x009d)	/* ... RSA, GCM */
#define ANON	(0x0303U << 16 | 0xc019)

static struct server_sight
agreed(double hours, uint64_t net, uint32_t suite)
{
	struct server_sight s = sight(hours, net, SERVER_OFFERED);

	s.tls = SERVER_TLS_ESTABLISHED;
	s.suite = suite;
	s.grade = (uint8_t)suite_grade((uint16_t)suite);
	return s;
}

static struct past
asked(const struct server_past *p, double hours, uint64_t net, uint32_t suite)
{
	struct server_sight s = agreed(hours, net, suite);

	return recalled(p, &s);
}

static void
learn(struct server_past *p, double hours, uint64_t net, uint32_t suite)
{
	struct server_sight s = agreed(hours, net, suite);

	server_past_learn(p, &s);
}

static void
a_server_remembers_what_it_chose(void **state)
{
	struct server_past *p = server_past_new();
	struct past past;

	(void)state;
	learn(p, -50, A, GCM);
	learn(p, -40, A, RSA);
	learn(p, -30, B, RSA);
	learn(p, -20, B, GCM);
	past = asked(p, 0, A, RSA);
	assert_int_equal(past.suites_low, 2);
	assert_int_equal(past.suites_low_nets, 1);	/* but for A */
	assert_int_equal(past.suites_low_days, 2);
	assert_int_equal(past.suites_low_first, NOON - 40 * HOUR);
	assert_int_equal(past.suites_better_last, NOON - 20 * HOUR);
	/* a lesser one was never chosen */
	past = asked(p, 0, A, ANON);
	assert_int_equal(past.suites_low, 0);
	assert_int_equal(past.suites_low_first, 0);
	assert_int_equal(past.suites_better_last, NOON - 20 * HOUR);
	/* nor that one, before it was for the first time */
	past = asked(p, -45, A, RSA);
	assert_int_equal(past.suites_low, 0);
	assert_int_equal(past.suites_better_last, NOON - 50 * HOUR);
	/* what went on behind it is told to the day */
	learn(p, -100, B, GCM);
	learn(p, -80, B, GCM);
	past = asked(p, -55, A, RSA);
	assert_int_equal(past.suites_better_last, NOON - 60 * HOUR - 1);
	server_past_free(p);
}

static void
a_downgrade_is_no_day_of_it(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;
	struct past past;

	(void)state;
	learn(p, -100, A, GCM);
	for (unsigned i = 0; i < 4; i++) {
		s = agreed(24.0 * i - 96, B, ANON);
		s.pressed = true;
		server_past_learn(p, &s);
	}
	past = asked(p, 0, A, ANON);
	assert_int_equal(past.suites_low, 4);
	assert_int_equal(past.suites_low_days, 0);
	assert_int_equal(past.suites_low_first, NOON - 96 * HOUR);
	/* not seen whole: nothing is learnt */
	s = agreed(-1, C, ANON);
	s.suite = 0;
	server_past_learn(p, &s);
	assert_int_equal(asked(p, 0, A, ANON).suites_low, 4);
	server_past_free(p);
}

/* A flood of downgrades pushes out itself. */
static void
suites_are_bounded(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;
	uint8_t octets[SERVER_OCTETS_MAX];
	size_t before = 0;

	(void)state;
	learn(p, -100, A, GCM);
	learn(p, -50, A, GCM);
	for (unsigned i = 0; i < 1000; i++) {
		if (i == SERVER_SUITES_MAX)
			before = server_past_pack(p, octets);
		s = agreed(-1, B, 0x03030000U | i);
		s.grade = SUITE_BROKEN;
		s.pressed = i % 2;
		server_past_learn(p, &s);
	}
	assert_int_equal(asked(p, 0, C, ANON).suites_better_last,
	    NOON - 50 * HOUR);
	assert_in_range(server_past_pack(p, octets), 1, before + 40);
	server_past_expire(p, NOON + DAY);
	assert_int_equal(asked(p, 0, C, ANON).suites_better_last, 0);
	server_past_free(p);
}

static void
the_order_of_reading_changes_nothing(void **state)
{
	struct server_past *p = server_past_new(), *q = server_past_new();
	struct server_past *r;
	uint8_t octets[SERVER_OCTETS_MAX];

	(void)state;
	learn(p, -50, A, GCM);
	learn(p, -40, B, RSA);
	learn(p, -1, A, GCM);
	learn(q, -40, B, RSA);
	learn(q, -1, A, GCM);
	learn(q, -50, A, GCM);
	for (int i = -60; i < 1; i++) {
		struct past a = asked(p, i, A, RSA), b = asked(q, i, A, RSA);

		assert_memory_equal(&a, &b, sizeof(a));
	}
	r = server_past_unpack(octets, server_past_pack(p, octets));
	assert_non_null(r);
	same(p, r);
	server_past_free(p);
	server_past_free(q);
	server_past_free(r);
}

/* Format 2 was the same but for the suites behind all else. */
static void
memories_of_an_older_program_are_read(void **state)
{
	struct server_past *p = server_past_new(), *q;
	struct client_past *c = client_past_new(), *d;
	struct server_sight s = sight(-5, A, SERVER_OFFERED);
	struct client_sight k = { .at = NOON, .server = 7, .used_tls = true };
	uint8_t octets[SERVER_OCTETS_MAX], again[CLIENT_OCTETS_MAX];
	struct past past = { 0 };
	size_t n;

	(void)state;
	server_past_learn(p, &s);
	n = server_past_pack(p, octets);
	octets[0] = 2;
	assert_int_equal(octets[n - 1], 0);		/* no suites */
	assert_non_null(q = server_past_unpack(octets, n - 1));
	same(p, q);
	learn(q, -1, A, GCM);
	assert_int_equal(asked(q, 0, A, ANON).suites_better_last,
	    NOON - HOUR);
	client_past_learn(c, &k);
	n = client_past_pack(c, again);
	again[0] = 2;
	assert_non_null(d = client_past_unpack(again, n - 3));
	k.at++;
	client_past_recall(d, &k, &past);
	assert_int_equal(past.client_tls_here, 1);
	assert_int_equal(past.suites_here, 0);
	again[0] = 3;
	assert_null(client_past_unpack(again, n - 3));	/* cut short */
	again[0] = 4;
	assert_null(client_past_unpack(again, n));
	server_past_free(p);
	server_past_free(q);
	client_past_free(c);
	client_past_free(d);
}

static struct client_sight
had(double hours, uint64_t server, enum suite_grade grade, uint64_t offer,
    uint64_t hello)
{
	return (struct client_sight){
		.at = NOON + (int64_t)(hours * (double)HOUR),
		.server = server, .used_tls = true, .best = 0x0303,
		.chosen = 0x0303, .grade = (uint8_t)grade, .offer = offer,
		.hello = hello,
	};
}

static struct past
wanted(const struct client_past *p, double hours, uint64_t server,
    uint64_t offer, uint64_t hello)
{
	struct client_sight s = had(hours, server, SUITE_BROKEN, offer, hello);
	struct past past = { 0 };

	client_past_recall(p, &s, &past);
	return past;
}

static void
two_remember_what_they_agreed_on(void **state)
{
	struct client_past *p = client_past_new(), *q;
	uint8_t octets[CLIENT_OCTETS_MAX];
	struct client_sight s;
	struct past past;

	(void)state;
	s = had(-1, 1, SUITE_STATIC, 5, 6);	/* the newer one first */
	client_past_learn(p, &s);
	s = had(-30, 1, SUITE_AEAD, 5, 6);
	client_past_learn(p, &s);
	q = client_past_unpack(octets, client_past_pack(p, octets));
	assert_non_null(q);
	past = wanted(q, 0, 1, 5, 6);
	assert_int_equal(past.suites_here, 2);
	assert_int_equal(past.suites_here_days, 2);
	assert_int_equal(past.suite_lowest_here, SUITE_STATIC);
	assert_int_equal(past.suite_best_here, SUITE_AEAD);
	assert_int_equal(past.offer_here, PAST_OFFER_SAME);
	assert_int_equal(past.offer_elsewhere, 0);
	/* what came later is not known yet */
	past = wanted(q, -20, 1, 5, 6);
	assert_int_equal(past.suites_here_days, 1);
	assert_int_equal(past.suite_lowest_here, SUITE_AEAD);
	assert_int_equal(wanted(q, -40, 1, 5, 6).suites_here, 0);
	assert_int_equal(wanted(q, 0, 1, 9, 6).offer_here, PAST_OFFER_CUT);
	assert_int_equal(wanted(q, 0, 1, 9, 9).offer_here, PAST_OFFER_OTHER);
	assert_int_equal(wanted(q, 0, 1, 0, 6).offer_here,
	    PAST_OFFER_UNKNOWN);
	/* another server: nothing of it, but it had that offer, too */
	past = wanted(q, 0, 2, 5, 6);
	assert_int_equal(past.suites_here, 0);
	client_past_free(p);
	client_past_free(q);
}

static void
a_downgrade_teaches_two_nothing(void **state)
{
	struct client_past *p = client_past_new();
	struct client_sight s = had(-30, 1, SUITE_AEAD, 5, 6);

	(void)state;
	client_past_learn(p, &s);
	s = had(-20, 2, SUITE_AEAD, 5, 6);
	client_past_learn(p, &s);
	s = had(-10, 1, SUITE_BROKEN, 8, 6);
	s.pressed = true;
	client_past_learn(p, &s);
	assert_int_equal(wanted(p, 0, 1, 8, 6).suites_here, 1);
	assert_int_equal(wanted(p, 0, 1, 8, 6).suite_lowest_here, SUITE_AEAD);
	assert_int_equal(wanted(p, 0, 1, 8, 6).offer_here, PAST_OFFER_CUT);
	/* nor does the hello tell of the client, at another server */
	assert_int_equal(wanted(p, 0, 2, 8, 6).offer_elsewhere, 0);
	/* with a suite that cannot be broken meanwhile it does */
	s = had(-10, 1, SUITE_STATIC, 8, 6);
	s.pressed = true;
	client_past_learn(p, &s);
	assert_int_equal(wanted(p, 0, 2, 8, 6).offer_elsewhere, 1);
	assert_int_equal(wanted(p, -11, 2, 8, 6).offer_elsewhere, 0);
	assert_int_equal(wanted(p, 0, 1, 8, 6).suite_lowest_here, SUITE_AEAD);
	client_past_free(p);
}

/* The greatest numbers in all places still fit. */
static void
the_largest_memory_is_packed(void **state)
{
	struct client_past *p = client_past_new();
	uint8_t octets[CLIENT_OCTETS_MAX];
	struct client_sight s;

	(void)state;
	for (uint64_t i = 0; i < CLIENT_SERVERS_MAX; i++)
		for (int grade = SUITE_BROKEN; grade < SUITE_GRADES; grade++) {
			s = had(-grade, UINT64_MAX - i,
			    (enum suite_grade)grade, UINT64_MAX, UINT64_MAX);
			s.at += INT64_C(1) << 57;
			s.domain = UINT64_MAX;
			s.pressed = grade == SUITE_WEAK;
			s.failed = grade == SUITE_CBC ? PAST_FAILED_BROKEN :
			    PAST_FAILED_NOT;
			client_past_learn(p, &s);
		}
	assert_int_not_equal(client_past_pack(p, octets), 0);
	client_past_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_remembers_what_it_chose),
		cmocka_unit_test(a_downgrade_is_no_day_of_it),
		cmocka_unit_test(suites_are_bounded),
		cmocka_unit_test(the_order_of_reading_changes_nothing),
		cmocka_unit_test(memories_of_an_older_program_are_read),
		cmocka_unit_test(two_remember_what_they_agreed_on),
		cmocka_unit_test(a_downgrade_teaches_two_nothing),
		cmocka_unit_test(the_largest_memory_is_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
