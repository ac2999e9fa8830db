/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "baseline/client_past.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define SECOND		INT64_C(1000000)
#define HOUR		(3600 * SECOND)
#define NOON		INT64_C(1795176000000000)

enum { HERE = 1, SISTER, ELSEWHERE };	/* servers; two of one domain */
enum told { END, TLS, UNUSED, REFUSED, BROKEN };

static struct client_sight
sight(double hours, uint64_t server, enum told what)
{
	return (struct client_sight){
		.at = NOON + (int64_t)(hours * (double)HOUR),
		.server = server,
		.domain = server == ELSEWHERE ? 8 : 7,
		.used_tls = what == TLS,
		.unused = what == UNUSED,
		.failed = what == REFUSED ? PAST_FAILED_REFUSED :
		    what == BROKEN ? PAST_FAILED_BROKEN : PAST_FAILED_NOT,
	};
}

static struct past
recalled(const struct client_past *p, const struct client_sight *s)
{
	struct past past;

	memset(&past, 0, sizeof(past));
	client_past_recall(p, s, &past);
	return past;
}

static void
same(const struct client_past *a, const struct client_past *b)
{
	uint8_t x[CLIENT_OCTETS_MAX], y[CLIENT_OCTETS_MAX];
	size_t n = client_past_pack(a, x);

	assert_int_not_equal(n, 0);
	assert_int_equal(n, client_past_pack(b, y));
	assert_memory_equal(x, y, n);
}

/* What is asked: by this client, at noon, of server HERE. */
static const struct {
	const char	*name;
	struct { double hours; uint64_t server; enum told what; } told[5];
	enum past_failure failed;
	double		 failed_hours;
	bool		 there;
	unsigned	 tls, tls_here, unused, unused_here;
} cases[] = {
	{ "a client nobody knows", { { 0, 0, END } }, PAST_FAILED_NOT, 0, false,
	  0, 0, 0, 0 },
	{ "TLS here and elsewhere",
	  { { -9, HERE, TLS }, { -8, ELSEWHERE, TLS } },
	  PAST_FAILED_NOT, 0, false, 2, 1, 0, 0 },
	{ "TLS that comes later is none yet",
	  { { 9, HERE, TLS }, { 8, ELSEWHERE, TLS } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 0, 0 },
	{ "an offer not taken, here and elsewhere",
	  { { -9, HERE, UNUSED }, { -9, ELSEWHERE, UNUSED } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 2, 1 },
	{ "a handshake broke an hour ago", { { -1, HERE, BROKEN } },
	  PAST_FAILED_BROKEN, -1, false, 0, 0, 0, 0 },
	{ "STARTTLS was refused four hours ago", { { -4, HERE, REFUSED } },
	  PAST_FAILED_REFUSED, -4, false, 0, 0, 0, 0 },
	{ "... longer ago: it explains nothing now",
	  { { -4.01, HERE, REFUSED } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 0, 0 },
	{ "it breaks later", { { 1, HERE, BROKEN } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 0, 0 },
	{ "it broke in this very session, which a note told before",
	  { { 0, HERE, BROKEN } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 0, 0 },
	{ "it broke with another server of the domain",
	  { { -1, SISTER, BROKEN } },
	  PAST_FAILED_BROKEN, -1, true, 0, 0, 0, 0 },
	{ "it broke with a server of another domain",
	  { { -1, ELSEWHERE, BROKEN } },
	  PAST_FAILED_NOT, 0, false, 0, 0, 0, 0 },
	{ "with both: the later counts",
	  { { -2, HERE, REFUSED }, { -1, SISTER, BROKEN } },
	  PAST_FAILED_BROKEN, -1, true, 0, 0, 0, 0 },
	{ "with both, read the other way round",
	  { { -1, SISTER, BROKEN }, { -2, HERE, REFUSED } },
	  PAST_FAILED_BROKEN, -1, true, 0, 0, 0, 0 },
	{ "it broke and then worked",
	  { { -2, HERE, BROKEN }, { -1, HERE, TLS } },
	  PAST_FAILED_NOT, 0, false, 1, 1, 0, 0 },
	{ "... read the other way round",
	  { { -1, HERE, TLS }, { -2, HERE, BROKEN } },
	  PAST_FAILED_NOT, 0, false, 1, 1, 0, 0 },
	{ "it worked and then broke",
	  { { -2, HERE, TLS }, { -1, HERE, BROKEN } },
	  PAST_FAILED_BROKEN, -1, false, 1, 1, 0, 0 },
	{ "it broke twice, before and behind",
	  { { -1, HERE, BROKEN }, { 1, HERE, BROKEN } },
	  PAST_FAILED_BROKEN, -1, false, 0, 0, 0, 0 },
	{ "... and behind was read first",
	  { { 1, HERE, BROKEN }, { -1, HERE, BROKEN } },
	  PAST_FAILED_BROKEN, -1, false, 0, 0, 0, 0 },
};

static void
a_failure_explains_mail_in_clear_that_follows(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct client_past *p = client_past_new();
		struct client_sight s;
		struct past past;

		for (unsigned n = 0; n < 5 && cases[i].told[n].what != END;
		    n++) {
			s = sight(cases[i].told[n].hours,
			    cases[i].told[n].server, cases[i].told[n].what);
			client_past_learn(p, &s);
		}
		s = sight(0, HERE, END);
		past = recalled(p, &s);
#define IS(got, wanted)							\
		if ((int64_t)(got) != (int64_t)(wanted))		\
			fail_msg("%s: %s: got %lld, want %lld",		\
			    cases[i].name, #got, (long long)(got),	\
			    (long long)(wanted))
		IS(past.failed, cases[i].failed);
		IS(past.failed_at, cases[i].failed == PAST_FAILED_NOT ? 0 :
		    NOON + (int64_t)(cases[i].failed_hours * (double)HOUR));
		IS(past.failed_there, cases[i].there);
		IS(past.client_tls, cases[i].tls);
		IS(past.client_tls_here, cases[i].tls_here);
		IS(past.client_unused, cases[i].unused);
		IS(past.client_unused_here, cases[i].unused_here);
#undef IS
		client_past_free(p);
	}
}

static void
a_server_without_a_domain_has_no_sister(void **state)
{
	struct client_past *p = client_past_new();
	struct client_sight s = sight(-1, SISTER, BROKEN);

	(void)state;
	s.domain = 0;
	client_past_learn(p, &s);
	s = sight(0, HERE, END);
	s.domain = 0;
	assert_int_equal(recalled(p, &s).failed, PAST_FAILED_NOT);
	client_past_free(p);
}

static void
the_same_failure_told_twice_is_one(void **state)
{
	struct client_past *p = client_past_new(), *q = client_past_new();
	struct client_sight s = sight(-1, HERE, BROKEN);

	(void)state;
	client_past_learn(p, &s);
	client_past_learn(q, &s);
	client_past_learn(q, &s);
	same(p, q);
	client_past_free(p);
	client_past_free(q);
}

static void
the_best_version_is_remembered(void **state)
{
	struct client_past *p = client_past_new();
	struct client_sight s = sight(-2, HERE, TLS);
	struct past past;

	(void)state;
	s.best = 0x0304;
	s.chosen = 0x0303;
	client_past_learn(p, &s);
	s.at += HOUR;
	s.best = s.chosen = 0x0301;
	client_past_learn(p, &s);
	s.at = NOON;
	past = recalled(p, &s);
	assert_int_equal(past.client_best_here, 0x0304);
	assert_int_equal(past.chosen_best_here, 0x0303);
	assert_int_equal(past.client_best_at, NOON - 2 * HOUR);
	s.at = NOON - 3 * HOUR;		/* before all that */
	assert_int_equal(recalled(p, &s).client_best_here, 0);
	s.at = NOON;
	s.server = ELSEWHERE;
	assert_int_equal(recalled(p, &s).client_best_here, 0);
	client_past_free(p);
}

/* Octets are few and every table is full. */
static struct client_past *
crowded(void)
{
	struct client_past *p = client_past_new();
	struct client_sight s;

	for (unsigned i = 0; i < 10000; i++) {
		s = sight(i / 100.0, UINT64_MAX - i, i % 2 ? TLS : BROKEN);
		s.domain = UINT64_MAX;
		s.best = s.chosen = UINT16_MAX;
		client_past_learn(p, &s);
	}
	return p;
}

static void
of_servers_the_least_recent_leaves(void **state)
{
	struct client_past *p = client_past_new();
	struct client_sight s;

	(void)state;
	for (unsigned i = 0; i <= CLIENT_SERVERS_MAX; i++) {
		s = sight(-10 + i / 10.0, 100 + i, TLS);
		client_past_learn(p, &s);
	}
	s = sight(0, 100, END);
	assert_int_equal(recalled(p, &s).client_tls_here, 0);
	s.server = 101;
	assert_int_equal(recalled(p, &s).client_tls_here, 1);
	s.server = 100 + CLIENT_SERVERS_MAX;
	assert_int_equal(recalled(p, &s).client_tls_here, 1);
	/* what it did with all of them stays counted */
	assert_int_equal(recalled(p, &s).client_tls, CLIENT_SERVERS_MAX + 1);
	client_past_free(p);
}

/* The last of them alone failed, and all are alike in half of their hash. */
static void
a_failure_is_that_of_its_server(void **state)
{
	struct client_past *p = client_past_new(), *q;
	uint8_t octets[CLIENT_OCTETS_MAX];
	struct client_sight s;
	uint64_t server;
	struct past past;

	(void)state;
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++) {
		server = (uint64_t)(i + 1) << 32 | ELSEWHERE;
		s = sight(-2, server, i + 1 < CLIENT_SERVERS_MAX ? TLS :
		    BROKEN);
		client_past_foresee(p, server);
		client_past_learn(p, &s);
	}
	assert_non_null(q = client_past_unpack(octets,
	    client_past_pack(p, octets)));
	for (unsigned i = 0; i < 2 * CLIENT_SERVERS_MAX; i++) {
		server = (uint64_t)(i / 2 + 1) << 32 | ELSEWHERE;
		s = sight(0, server, END);
		s.domain = 0;
		past = recalled(i % 2 == 0 ? p : q, &s);
		assert_int_equal(past.failed, i / 2 + 1 <
		    CLIENT_SERVERS_MAX ? PAST_FAILED_NOT : PAST_FAILED_BROKEN);
		assert_int_equal(past.client_tls_here, i / 2 + 1 <
		    CLIENT_SERVERS_MAX);
	}
	/* whoever takes its place did not fail */
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++) {
		s = sight(-1, i + 1, TLS);
		client_past_learn(p, &s);
	}
	s = sight(0, CLIENT_SERVERS_MAX, END);
	assert_int_equal(recalled(p, &s).failed, PAST_FAILED_NOT);
	client_past_free(q);
	client_past_free(p);
}

static void
what_is_packed_comes_back(void **state)
{
	struct client_past *p = crowded(), *q;
	uint8_t octets[CLIENT_OCTETS_MAX];
	size_t len = client_past_pack(p, octets);

	(void)state;
	assert_in_range(len, CLIENT_SERVERS_MAX * 30, CLIENT_OCTETS_MAX);
	assert_non_null(q = client_past_unpack(octets, len));
	same(p, q);
	client_past_free(q);
	client_past_free(p);
	p = client_past_new();
	assert_non_null(q = client_past_unpack(octets,
	    client_past_pack(p, octets)));
	same(p, q);
	client_past_free(q);
	client_past_free(p);
}

static void
damaged_octets_are_no_memory(void **state)
{
	struct client_past *p = crowded(), *q;
	uint8_t octets[CLIENT_OCTETS_MAX], again[CLIENT_OCTETS_MAX], *cut;
	size_t len = client_past_pack(p, octets), taken = 0;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		cut = test_malloc(n + 1);
		memcpy(cut, octets, n);
		if ((q = client_past_unpack(cut, n)) != NULL)
			fail_msg("cut to %zu of %zu: got a memory", n, len);
		test_free(cut);
	}
	for (size_t n = 0; n < len; n++) {
		struct client_sight s = sight(1, HERE, BROKEN);
		uint8_t was = octets[n];

		octets[n] ^= (uint8_t)(1 + n % 255);
		if ((q = client_past_unpack(octets, len)) != NULL) {
			taken++;
			recalled(q, &s);
			client_past_learn(q, &s);
			assert_int_not_equal(client_past_pack(q, again), 0);
		}
		client_past_free(q);
		octets[n] = was;
	}
	assert_in_range(taken, 1, len - 1);
	client_past_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_failure_explains_mail_in_clear_that_follows),
		cmocka_unit_test(a_server_without_a_domain_has_no_sister),
		cmocka_unit_test(the_same_failure_told_twice_is_one),
		cmocka_unit_test(the_best_version_is_remembered),
		cmocka_unit_test(of_servers_the_least_recent_leaves),
		cmocka_unit_test(a_failure_is_that_of_its_server),
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(damaged_octets_are_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
