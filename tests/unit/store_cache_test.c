/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/cache.h"

#define SEED	12345

static struct cache_key
key_of(const struct cache *c, uint64_t n)
{
	return cache_key(c, span_of(&n, sizeof(n)));
}

static void
what_was_put_is_found(void **state)
{
	struct cache *c = cache_new(1024, SEED);

	(void)state;
	assert_non_null(c);
	assert_int_equal(cache_find(c, key_of(c, 1)), 0);
	for (uint64_t i = 1; i <= 100; i++)
		cache_put(c, key_of(c, i), (int64_t)(i * 1000000007));
	for (uint64_t i = 1; i <= 100; i++)
		assert_int_equal(cache_find(c, key_of(c, i)), i * 1000000007);
	assert_int_equal(cache_find(c, key_of(c, 101)), 0);
	cache_free(c);
}

static void
a_full_cache_never_gives_another_value(void **state)
{
	struct cache *c = cache_new(64, SEED);
	uint64_t kept = 0;
	int64_t id;

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		cache_put(c, key_of(c, i), (int64_t)i);
	for (uint64_t i = 1; i <= 10000; i++) {
		id = cache_find(c, key_of(c, i));
		if (id == 0)
			continue;
		assert_int_equal(id, i);
		kept++;
	}
	assert_int_equal(kept, 64);
	cache_free(c);
}

static void
what_is_met_again_outlives_what_is_met_once(void **state)
{
	struct cache *c = cache_new(4096, SEED);
	unsigned missed = 0;

	(void)state;
	for (uint64_t round = 0; round < 100; round++) {
		for (uint64_t i = 1; i <= 500; i++) {
			if (cache_find(c, key_of(c, i)) != 0)
				continue;
			missed++;
			cache_put(c, key_of(c, i), (int64_t)i);
		}
		for (uint64_t i = 0; i < 2000; i++)
			cache_put(c, key_of(c, 1000 + round * 2000 + i), 1);
	}
	/* of 50000 looks; the oldest going first, it would be 20000 */
	if (missed > 6000)
		fail_msg("got %u misses, want at most 6000", missed);
	cache_free(c);
}

static void
a_number_of_any_size_comes_back_whole(void **state)
{
	static const int64_t numbers[] = { 1, -1, INT64_MAX, INT64_MIN };
	struct cache *c = cache_new(64, SEED);

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		cache_put(c, key_of(c, i), numbers[i]);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(cache_find(c, key_of(c, i)), numbers[i]);
	cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(a_full_cache_never_gives_another_value),
		cmocka_unit_test(what_is_met_again_outlives_what_is_met_once),
		cmocka_unit_test(a_number_of_any_size_comes_back_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
