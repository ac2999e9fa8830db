/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "baseline/net_past.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		INT64_C(3600000000)
#define NOON		INT64_C(1795176000000000)

static int64_t
hours(double n)
{
	return NOON + (int64_t)(n * (double)HOUR);
}

static const struct {
	const char	*name;
	struct { double hours; uint64_t server; bool offered; } told[5];
	unsigned	 offering, missing;	/* at noon */
} cases[] = {
	{ "nobody", { { 0, 0, false } }, 0, 0 },
	{ "one offers", { { -1, 1, true } }, 1, 0 },
	{ "one lost it", { { -1, 1, false } }, 0, 1 },
	{ "two lost it and a third offers",
	  { { -1, 1, false }, { -2, 2, false }, { -3, 3, true } }, 1, 2 },
	{ "one offered and then lost it",
	  { { -2, 1, true }, { -1, 1, false } }, 0, 1 },
	{ "one lost it and offers again: both, in these hours",
	  { { -2, 1, false }, { -1, 1, true } }, 1, 1 },
	{ "that was four hours ago",
	  { { -4, 1, false }, { -4, 2, true } }, 0, 0 },
	{ "it comes within three hours",
	  { { 2, 1, false }, { 2, 2, true } }, 1, 1 },
	{ "an older capture read later changes nothing of now",
	  { { -1, 1, true }, { -100, 1, false } }, 1, 0 },
};

/* As a walk over all of them counts, wherever the times lie. */
static void
counts_are_those_of_a_walk(void **state)
{
	enum { SERVERS = 20 };
	int64_t offered[SERVERS] = { 0 }, missing[SERVERS] = { 0 };
	struct net_past *p = net_past_new();
	uint32_t random = 1;

	(void)state;
	for (unsigned n = 0; n < 4000; n++) {
		struct past past = { 0 };
		unsigned offering = 0, lost = 0, server;
		int64_t at, *when;
		bool offers;

		random = random * 1103515245 + 12345;
		server = random >> 8 & 0xff;
		offers = (random >> 16 & 1) != 0;
		/* close together, then hours apart, and on from there */
		at = hours(n / 100.0) - (random >> 17) % (n / 1000 + 1) * HOUR;
		when = offers ? &offered[server % SERVERS] :
		    &missing[server % SERVERS];
		net_past_learn(p, at, server % SERVERS, offers);
		*when = at > *when ? at : *when;
		for (unsigned i = 0; i < SERVERS; i++) {
			lost += missing[i] != 0 && missing[i] >= at - 3 *
			    HOUR && missing[i] <= at + 3 * HOUR;
			offering += offered[i] != 0 && offered[i] >= at - 3 *
			    HOUR && offered[i] <= at + 3 * HOUR &&
			    offered[i] > missing[i];
		}
		net_past_recall(p, at, &past);
		assert_int_equal(past.net_servers_missing, lost);
		assert_int_equal(past.net_servers_offering, offering);
	}
	net_past_free(p);
}

/* Those that made room for others are counted no more. */
static void
counts_survive_the_way_to_the_disk_and_back(void **state)
{
	struct net_past *p = net_past_new(), *back;
	struct past now = { 0 }, then = { 0 };
	uint8_t octets[NET_OCTETS_MAX];

	(void)state;
	for (unsigned n = 0; n < 3 * NET_SERVERS_MAX; n++)
		net_past_learn(p, hours(n / 100.0), n, n % 3 != 0);
	back = net_past_unpack(octets, net_past_pack(p, octets));
	assert_non_null(back);
	net_past_recall(p, hours(2), &now);
	net_past_recall(back, hours(2), &then);
	assert_true(now.net_servers_missing > 0);
	assert_int_equal(now.net_servers_missing, then.net_servers_missing);
	assert_int_equal(now.net_servers_offering, then.net_servers_offering);
	assert_true(now.net_servers_missing + now.net_servers_offering <=
	    NET_SERVERS_MAX);
	net_past_free(back);
	net_past_free(p);
}

static void
servers_of_these_hours_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct net_past *p = net_past_new();
		struct past past = { 0 };

		for (unsigned n = 0; n < 5 && cases[i].told[n].server != 0;
		    n++)
			net_past_learn(p, hours(cases[i].told[n].hours),
			    cases[i].told[n].server,
			    cases[i].told[n].offered);
		net_past_recall(p, NOON, &past);
		if (past.net_servers_offering != cases[i].offering ||
		    past.net_servers_missing != cases[i].missing)
			fail_msg("%s: got %u and %u, want %u and %u",
			    cases[i].name, past.net_servers_offering,
			    past.net_servers_missing, cases[i].offering,
			    cases[i].missing);
		net_past_free(p);
	}
}

static void
of_servers_the_least_recent_leaves(void **state)
{
	struct net_past *p = net_past_new();
	struct past past = { 0 };

	(void)state;
	/* one lost it, and is pushed out; the flood itself is bounded */
	net_past_learn(p, hours(-1), 1, false);
	for (unsigned i = 0; i < 10000; i++)
		net_past_learn(p, hours(-0.9) + i, 100 + i, true);
	net_past_recall(p, NOON, &past);
	assert_int_equal(past.net_servers_missing, 0);
	assert_int_equal(past.net_servers_offering, NET_SERVERS_MAX);
	net_past_free(p);
}

static void
what_is_packed_comes_back_and_damage_does_not(void **state)
{
	struct net_past *p = net_past_new(), *q;
	uint8_t octets[NET_OCTETS_MAX], again[NET_OCTETS_MAX], *cut;
	struct past past = { 0 }, other = { 0 };
	size_t len, taken = 0;

	(void)state;
	assert_non_null(q = net_past_unpack(octets, net_past_pack(p, octets)));
	net_past_free(q);
	for (unsigned i = 0; i < 200; i++)
		net_past_learn(p, hours(-2) + i, UINT64_MAX - i, i % 3 != 0);
	len = net_past_pack(p, octets);
	assert_in_range(len, NET_SERVERS_MAX * 15, NET_OCTETS_MAX);
	assert_non_null(q = net_past_unpack(octets, len));
	assert_int_equal(net_past_pack(q, again), len);
	assert_memory_equal(octets, again, len);
	net_past_recall(p, NOON, &past);
	net_past_recall(q, NOON, &other);
	assert_memory_equal(&past, &other, sizeof(past));
	net_past_free(q);
	for (size_t n = 0; n < len; n++) {
		cut = test_malloc(n + 1);
		memcpy(cut, octets, n);
		if ((q = net_past_unpack(cut, n)) != NULL)
			fail_msg("cut to %zu of %zu: got a memory", n, len);
		test_free(cut);
	}
	for (size_t n = 0; n < len; n++) {
		uint8_t was = octets[n];

		octets[n] ^= (uint8_t)(1 + n % 255);
		if ((q = net_past_unpack(octets, len)) != NULL) {
			taken++;
			net_past_recall(q, NOON, &other);
			net_past_learn(q, NOON, 5, false);
			assert_int_not_equal(net_past_pack(q, again), 0);
		}
		net_past_free(q);
		octets[n] = was;
	}
	assert_in_range(taken, 1, len - 1);
	net_past_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_a_walk),
		cmocka_unit_test(
		    counts_survive_the_way_to_the_disk_and_back),
		cmocka_unit_test(servers_of_these_hours_are_counted),
		cmocka_unit_test(of_servers_the_least_recent_leaves),
		cmocka_unit_test(
		    what_is_packed_comes_back_and_damage_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
