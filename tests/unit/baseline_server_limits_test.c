/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "baseline_sights.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------------------------ */
/* floods                                                             */

static void
flood(struct server_past *p, unsigned days, unsigned each)
{
	struct server_sight s;
	uint64_t n = 1000;

	for (unsigned day = 0; day < days; day++)
		for (unsigned i = 0; i < each; i++) {
			s = sight(day * 24 + (double)i / each, ++n,
			    SERVER_ABSENT);
			s.name = s.reply = s.key = s.issuer = n;
			server_past_learn(p, &s);
			s.offer = SERVER_OFFERED;
			server_past_learn(p, &s);
		}
}

static void
a_flood_makes_nothing_grow(void **state)
{
	struct server_past *p = server_past_new(), *q;
	uint8_t octets[SERVER_OCTETS_MAX];
	size_t len;

	(void)state;
	flood(p, 300, 100);
	len = server_past_pack(p, octets);
	assert_in_range(len, 1000, SERVER_OCTETS_MAX);
	q = server_past_unpack(octets, len);
	assert_non_null(q);
	same(p, q);
	server_past_free(q);
	server_past_free(p);
}

static void
of_networks_the_least_recent_leaves(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;

	(void)state;
	for (unsigned i = 0; i < SERVER_NETS_MAX + 1; i++) {
		s = sight(-10 + (double)i / 100, 100 + i, SERVER_OFFERED);
		server_past_learn(p, &s);
	}
	s = sight(0, 100, SERVER_ABSENT);
	assert_int_equal(recalled(p, &s).here_offered, 0);
	s.net = 101;
	assert_int_equal(recalled(p, &s).here_offered, 1);
	s.net = 100 + SERVER_NETS_MAX;
	assert_int_equal(recalled(p, &s).here_offered, 1);
	assert_int_equal(recalled(p, &s).nets_offered, SERVER_NETS_MAX);
	server_past_free(p);
}

static void
a_flood_of_one_day_pushes_out_no_known_key_or_name(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;
	struct past past;

	(void)state;
	for (int day = -3; day < 0; day++) {
		s = sight(day * 24, A, SERVER_OFFERED);
		s.name = s.key = s.issuer = s.reply = 7;
		server_past_learn(p, &s);
	}
	flood(p, 1, 1000);
	s.at = NOON + DAY;
	past = recalled(p, &s);
	assert_true(past.key_known);
	assert_true(past.issuer_known);
	assert_true(past.reply_same);
	assert_int_equal(past.name_offered, 3);
	assert_int_equal(past.name_days, 3);
	/* none of the flood counts: of one day, and not the first */
	assert_int_equal(past.keys, 1);
	server_past_free(p);
}

/* ------------------------------------------------------------------ */
/* keys                                                               */

static const struct {
	const char	*name;
	struct { double hours; uint64_t key, issuer; } shown[4];
	uint64_t	 key, issuer;
	unsigned	 keys;
	bool		 known, issuer_known;
} key_cases[] = {
	{ "the first key is the server's", { { -1, 1, 9 } }, 1, 9, 1, true,
	  true },
	{ "another, of another issuer", { { -1, 1, 9 } }, 2, 8, 1, false,
	  false },
	{ "renewed by the same issuer", { { -1, 1, 9 } }, 2, 9, 1, false,
	  true },
	{ "a second key on one day is not its own yet",
	  { { -30, 1, 9 }, { -1, 2, 8 }, { -0.5, 2, 8 } }, 2, 8, 1, false,
	  false },
	{ "... on two days it is",
	  { { -60, 1, 9 }, { -30, 2, 8 }, { -1, 2, 8 } }, 2, 8, 2, true,
	  true },
	{ "... in whatever order those are read, each counted once",
	  { { -60, 1, 9 }, { -1, 2, 8 }, { -1.5, 2, 8 }, { -0.5, 2, 8 } },
	  2, 8, 1, false, false },
	{ "a day to come makes it no more known now",
	  { { -30, 1, 9 }, { -1, 2, 8 }, { 30, 2, 8 } }, 2, 8, 1, false,
	  false },
	{ "a key shown later only", { { 5, 1, 9 } }, 1, 9, 0, false, false },
	{ "two unreadable issuers are not the same one",
	  { { -1, 1, 0 } }, 2, 0, 1, false, false },
};

static void
a_key_is_known_when_it_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(key_cases); i++) {
		struct server_past *p = server_past_new();
		struct server_sight s;
		struct past past;

		for (unsigned n = 0; n < 4 && key_cases[i].shown[n].key != 0;
		    n++) {
			s = sight(key_cases[i].shown[n].hours, A,
			    SERVER_OFFERED);
			s.key = key_cases[i].shown[n].key;
			s.issuer = key_cases[i].shown[n].issuer;
			server_past_learn(p, &s);
		}
		s = sight(0, A, SERVER_OFFERED);
		s.key = key_cases[i].key;
		s.issuer = key_cases[i].issuer;
		past = recalled(p, &s);
		if (past.keys != key_cases[i].keys ||
		    past.key_known != key_cases[i].known ||
		    past.issuer_known != key_cases[i].issuer_known)
			fail_msg("%s: got %u keys, %d, %d, want %u, %d, %d",
			    key_cases[i].name, past.keys, past.key_known,
			    past.issuer_known, key_cases[i].keys,
			    key_cases[i].known, key_cases[i].issuer_known);
		server_past_free(p);
	}
}

/* ------------------------------------------------------------------ */
/* octets                                                             */

static void
what_is_packed_comes_back(void **state)
{
	struct server_past *p = server_past_new(), *q;
	uint8_t octets[SERVER_OCTETS_MAX];
	struct server_sight s = sight(0, UINT64_MAX, SERVER_ABSENT);
	size_t len;

	(void)state;
	q = server_past_unpack(octets, server_past_pack(p, octets));
	assert_non_null(q);
	same(p, q);
	server_past_free(q);
	s.name = s.reply = s.key = s.issuer = UINT64_MAX;
	s.banner = s.banner_masked = true;
	server_past_learn(p, &s);
	s.offer = SERVER_OFFERED;
	s.tls = SERVER_TLS_REFUSED;
	s.at = -NOON;		/* captures claim any time */
	server_past_learn(p, &s);
	len = server_past_pack(p, octets);
	assert_non_null(q = server_past_unpack(octets, len));
	same(p, q);
	server_past_free(q);
	server_past_free(p);
}

static void
damaged_octets_are_no_memory(void **state)
{
	struct server_past *p = server_past_new(), *q;
	uint8_t octets[SERVER_OCTETS_MAX], *cut;
	size_t len, taken = 0;

	(void)state;
	flood(p, 60, 3);
	len = server_past_pack(p, octets);
	for (size_t n = 0; n < len; n++) {
		cut = test_malloc(n + 1);	/* a sanitizer sees its end */
		memcpy(cut, octets, n);
		q = server_past_unpack(cut, n);
		if (q != NULL)
			fail_msg("cut to %zu of %zu: got a memory", n, len);
		test_free(cut);
	}
	/* an octet changed: none, or one that can be used */
	for (size_t n = 0; n < len; n++) {
		struct server_sight s = sight(1, A, SERVER_OFFERED);
		uint8_t was = octets[n], again[SERVER_OCTETS_MAX];

		octets[n] ^= (uint8_t)(1 + n % 255);
		if ((q = server_past_unpack(octets, len)) != NULL) {
			taken++;
			recalled(q, &s);
			server_past_learn(q, &s);
			server_past_expire(q, NOON);
			assert_int_not_equal(server_past_pack(q, again), 0);
		}
		server_past_free(q);
		octets[n] = was;
	}
	assert_in_range(taken, 1, len - 1);
	server_past_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_makes_nothing_grow),
		cmocka_unit_test(of_networks_the_least_recent_leaves),
		cmocka_unit_test(
		    a_flood_of_one_day_pushes_out_no_known_key_or_name),
		cmocka_unit_test(a_key_is_known_when_it_comes_back),
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(damaged_octets_are_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
