/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/cache.h"

#define SECOND	INT64_C(1000000)
#define NOW	(1000 * SECOND)

static struct dns_question
asking(const char *name, enum dns_type type)
{
	struct dns_question q = { .type = type };

	snprintf(q.name, sizeof(q.name), "%s", name);
	return q;
}

static struct policy_cache *
open_cache(unsigned limit)
{
	struct cache_options o = CACHE_OPTIONS_DEFAULT;
	struct policy_cache *c;

	o.limit = limit;
	c = policy_cache_new(&o);
	assert_non_null(c);
	return c;
}

static void
keep(struct policy_cache *c, const struct dns_question *q,
    enum dns_status status, enum dns_found found, uint32_t ttl)
{
	struct dns_answer *a = dns_answer_new(q);

	a->status = status;
	a->found = found;
	a->ttl = ttl;
	a->at = NOW;
	policy_cache_keep(c, q, a);
	dns_answer_give(a);
}

static void
time_to_live_is_bounded_on_both_sides(void **state)
{
	static const struct {
		const char	*name;
		enum dns_status	 status;
		enum dns_found	 found;
		uint32_t	 ttl, want;
	} cases[] = {
		{ "as told", DNS_SECURE, DNS_DATA, 600, 600 },
		{ "at least half a minute", DNS_SECURE, DNS_DATA, 0, 30 },
		{ "at most an hour", DNS_INSECURE, DNS_DATA, 86400, 3600 },
		{ "a denial at most five minutes", DNS_SECURE, DNS_NXDOMAIN,
		    86400, 300 },
		{ "a denial at least half a minute", DNS_SECURE, DNS_NODATA,
		    1, 30 },
		{ "bogus half a minute", DNS_BOGUS, DNS_DATA, 600, 30 },
		{ "a failure half a minute", DNS_FAILED, DNS_NODATA, 600, 30 },
		{ "nothing half a minute", DNS_UNKNOWN, DNS_NODATA, 0, 30 },
	};
	struct dns_question q = asking("mx.example", DNS_A);
	struct policy_cache *c = open_cache(16);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t end = NOW + cases[i].want * SECOND;

		keep(c, &q, cases[i].status, cases[i].found, cases[i].ttl);
		if (policy_cache_find(c, &q, end - 1) == NULL ||
		    policy_cache_find(c, &q, end) != NULL)
			fail_msg("%s", cases[i].name);
	}
	policy_cache_free(c);
}

static void
types_are_apart(void **state)
{
	struct dns_question a = asking("mx.example", DNS_A);
	struct dns_question aaaa = asking("mx.example", DNS_AAAA);
	struct policy_cache *c = open_cache(16);

	(void)state;
	keep(c, &a, DNS_SECURE, DNS_DATA, 60);
	assert_non_null(policy_cache_find(c, &a, NOW));
	assert_null(policy_cache_find(c, &aaaa, NOW));
	keep(c, &aaaa, DNS_INSECURE, DNS_DATA, 60);
	assert_int_equal(policy_cache_find(c, &a, NOW)->status, DNS_SECURE);
	assert_int_equal(policy_cache_find(c, &aaaa, NOW)->status,
	    DNS_INSECURE);
	policy_cache_free(c);
}

static void
when_it_is_full_what_was_not_used_goes(void **state)
{
	struct dns_question first = asking("n0.example", DNS_A), q;
	struct policy_cache *c = open_cache(100);
	char name[32];
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		q = asking(name, DNS_A);
		keep(c, &q, DNS_SECURE, DNS_DATA, 600);
		assert_non_null(policy_cache_find(c, &first, NOW));
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		q = asking(name, DNS_A);
		left += policy_cache_find(c, &q, NOW) != NULL;
	}
	assert_int_equal(left, 100);
	assert_int_equal(policy_cache_counted(c)->evicted, 900);
	policy_cache_free(c);
}

/* Who holds an answer keeps it, whatever the cache does. */
static void
an_answer_outlives_its_place(void **state)
{
	struct dns_question q = asking("mx.example", DNS_A);
	struct policy_cache *c = open_cache(16);
	struct dns_answer *a;

	(void)state;
	keep(c, &q, DNS_SECURE, DNS_DATA, 60);
	a = dns_answer_take(policy_cache_find(c, &q, NOW));
	policy_cache_free(c);
	assert_int_equal(a->status, DNS_SECURE);
	dns_answer_give(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_to_live_is_bounded_on_both_sides),
		cmocka_unit_test(types_are_apart),
		cmocka_unit_test(when_it_is_full_what_was_not_used_goes),
		cmocka_unit_test(an_answer_outlives_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
