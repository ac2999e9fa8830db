/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/fresh.h"

#define MANY	(INT64_C(5) << 20)	/* more than are remembered at once */

static void
nothing_is_fresh_before_the_database_was_asked(void **state)
{
	struct fresh *f = fresh_new();

	(void)state;
	assert_non_null(f);
	assert_false(fresh_is(f, 1));
	assert_false(fresh_is(f, INT64_MAX));
	fresh_free(f);
}

static void
what_was_there_and_what_was_given_is_not_fresh(void **state)
{
	struct fresh *f = fresh_new();

	(void)state;
	fresh_restart(f, 1000);
	assert_false(fresh_is(f, 999));
	assert_false(fresh_is(f, 1000));
	assert_true(fresh_is(f, 1001));
	fresh_give(f, 1001);
	assert_false(fresh_is(f, 1001));
	assert_true(fresh_is(f, 1002));
	fresh_free(f);
}

static void
what_another_wrote_is_not_fresh_after_a_restart(void **state)
{
	struct fresh *f = fresh_new();

	(void)state;
	fresh_restart(f, 10);
	fresh_give(f, 20);
	fresh_restart(f, 30);
	assert_false(fresh_is(f, 20));
	assert_false(fresh_is(f, 30));
	assert_true(fresh_is(f, 31));
	fresh_free(f);
}

static void
however_many_are_given_none_is_fresh_again(void **state)
{
	struct fresh *f = fresh_new();
	unsigned fresh = 0;

	(void)state;
	fresh_restart(f, 0);
	for (int64_t id = MANY; id > 0; id--)
		fresh_give(f, id);
	for (int64_t id = MANY; id > 0; id--)
		if (fresh_is(f, id))
			fail_msg("id %lld: got fresh, want not",
			    (long long)id);
	for (int64_t id = MANY + 1; id <= MANY + 1000; id++)
		fresh += fresh_is(f, id);
	if (fresh < 800)
		fail_msg("new ids: got %u fresh of 1000, want 800", fresh);
	fresh_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name)	cmocka_unit_test(name)
		TEST(nothing_is_fresh_before_the_database_was_asked),
		TEST(what_was_there_and_what_was_given_is_not_fresh),
		TEST(what_another_wrote_is_not_fresh_after_a_restart),
		TEST(however_many_are_given_none_is_fresh_again),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
