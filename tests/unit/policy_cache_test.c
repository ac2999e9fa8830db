/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/cache.h"

#define SECOND	INT64_C(1000000)
#define NOW	(1000 * SECOND)

static struct lookup_question
asking(const char *name, enum lookup_type type)
{
	struct lookup_question q = { .type = type };

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
keep(struct policy_cache *c, const struct lookup_question *q,
    enum lookup_status status, enum lookup_found found, uint32_t ttl)
{
	struct lookup_answer *a = lookup_answer_new(q);

	a->status = status;
	a->found = found;
	a->ttl = ttl;
	a->at = NOW;
	policy_cache_keep(c, q, a);
	lookup_answer_give(a);
}

static void
time_to_live_is_bounded_on_both_sides(void **state)
{
	static const struct {
		const char	*name;
		enum lookup_status	 status;
		enum lookup_found	 found;
		uint32_t	 ttl, want;
	} cases[] = {
		{ "as told", LOOKUP_SECURE, LOOKUP_DATA, 600, 600 },
		{ "at least half a minute", LOOKUP_SECURE, LOOKUP_DATA, 0, 30 },
		{ "at most an hour", LOOKUP_INSECURE, LOOKUP_DATA, 86400,
		    3600 },
		{ "a denial at most five minutes", LOOKUP_SECURE,
		    LOOKUP_NXDOMAIN,
		    86400, 300 },
		{ "a denial at least half a minute", LOOKUP_SECURE,
		    LOOKUP_NODATA,
		    1, 30 },
		{ "bogus half a minute", LOOKUP_BOGUS, LOOKUP_DATA, 600, 30 },
		{ "a failure half a minute", LOOKUP_FAILED, LOOKUP_NODATA, 600,
		    30 },
		{ "nothing half a minute", LOOKUP_UNKNOWN, LOOKUP_NODATA, 0,
		    30 },
	};
	struct lookup_question q = asking("mx.example", LOOKUP_A);
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
	struct lookup_question a = asking("mx.example", LOOKUP_A);
	struct lookup_question aaaa = asking("mx.example", LOOKUP_AAAA);
	struct policy_cache *c = open_cache(16);

	(void)state;
	keep(c, &a, LOOKUP_SECURE, LOOKUP_DATA, 60);
	assert_non_null(policy_cache_find(c, &a, NOW));
	assert_null(policy_cache_find(c, &aaaa, NOW));
	keep(c, &aaaa, LOOKUP_INSECURE, LOOKUP_DATA, 60);
	assert_int_equal(policy_cache_find(c, &a, NOW)->status, LOOKUP_SECURE);
	assert_int_equal(policy_cache_find(c, &aaaa, NOW)->status,
	    LOOKUP_INSECURE);
	policy_cache_free(c);
}

static void
when_it_is_full_what_was_not_used_goes(void **state)
{
	struct lookup_question first = asking("n0.example", LOOKUP_A), q;
	struct policy_cache *c = open_cache(100);
	char name[32];
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		q = asking(name, LOOKUP_A);
		keep(c, &q, LOOKUP_SECURE, LOOKUP_DATA, 600);
		assert_non_null(policy_cache_find(c, &first, NOW));
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		q = asking(name, LOOKUP_A);
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
	struct lookup_question q = asking("mx.example", LOOKUP_A);
	struct policy_cache *c = open_cache(16);
	struct lookup_answer *a;

	(void)state;
	keep(c, &q, LOOKUP_SECURE, LOOKUP_DATA, 60);
	a = lookup_answer_take(policy_cache_find(c, &q, NOW));
	policy_cache_free(c);
	assert_int_equal(a->status, LOOKUP_SECURE);
	lookup_answer_give(a);
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
