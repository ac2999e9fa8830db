/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "baseline/shelf.h"

#define SEED	12345

struct gone {
	unsigned	count;
	uint32_t	last;		/* key of the one that left last */
};

static void
leave(void *context, struct shelf_item *item)
{
	struct gone *g = context;

	g->count++;
	memcpy(&g->last, item->key, sizeof(g->last));
}

static struct shelf_item *
add(struct shelf *s, uint32_t n)
{
	return shelf_add(s, (const uint8_t *)&n, sizeof(n));
}

static struct shelf_item *
find(struct shelf *s, uint32_t n)
{
	return shelf_find(s, (const uint8_t *)&n, sizeof(n));
}

static void
the_one_not_asked_for_longest_leaves(void **state)
{
	struct gone g = { 0 };
	struct shelf *s = shelf_new(3, SEED, leave, &g);

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 1; i <= 3; i++)
		assert_non_null(add(s, i));
	assert_int_equal(g.count, 0);
	assert_non_null(find(s, 1));
	assert_null(find(s, 9));
	/* looking ahead asks for nothing */
	for (uint32_t i = 1; i <= 4; i++) {
		const uint8_t *key = (const uint8_t *)&i;

		shelf_foresee(s, key, sizeof(i));
		shelf_foresee_first(s, key, sizeof(i));
		assert_true((shelf_peek(s, key, sizeof(i)) != NULL) ==
		    (i < 4));
	}
	add(s, 4);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.last, 2);
	assert_null(find(s, 2));
	assert_non_null(find(s, 1));
	shelf_free(s);
	assert_int_equal(g.count, 4);
}

static void
a_flood_keeps_the_bound_and_the_latest(void **state)
{
	struct gone g = { 0 };
	struct shelf *s = shelf_new(100, SEED, leave, &g);
	unsigned n = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		add(s, i);
	assert_int_equal(g.count, 100000 - 100);
	for (struct shelf_item *item = shelf_first(s); item != NULL;
	    item = shelf_next(item)) {
		uint32_t key;

		memcpy(&key, item->key, sizeof(key));
		assert_int_equal(key, 99999 - n);
		n++;
	}
	assert_int_equal(n, 100);
	for (uint32_t i = 99900; i < 100000; i++)
		assert_non_null(find(s, i));
	shelf_free(s);
}

static void
a_key_is_all_its_octets(void **state)
{
	static const uint8_t key[SHELF_KEY_MAX];
	struct gone g = { 0 };
	struct shelf *s = shelf_new(100, SEED, leave, &g);

	(void)state;
	for (size_t len = 1; len <= SHELF_KEY_MAX; len++) {
		assert_null(shelf_find(s, key, len));
		assert_non_null(shelf_add(s, key, len));
	}
	for (size_t len = 1; len <= SHELF_KEY_MAX; len++)
		assert_int_equal(shelf_find(s, key, len)->key_len, len);
	shelf_free(s);
	shelf_free(NULL);
}

static void
what_is_taken_off_leaves_the_others(void **state)
{
	struct gone g = { 0 };
	struct shelf *s = shelf_new(1000, SEED, leave, &g);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		add(s, i);
	for (uint32_t i = 0; i < 1000; i += 2)
		shelf_remove(s, (const uint8_t *)&i, sizeof(i));
	shelf_remove(s, (const uint8_t *)"none", 4);
	assert_int_equal(g.count, 500);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(find(s, i) != NULL, i % 2);
	shelf_clear(s);
	assert_int_equal(g.count, 1000);
	assert_null(shelf_first(s));
	assert_non_null(add(s, 7));
	assert_non_null(find(s, 7));
	shelf_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_not_asked_for_longest_leaves),
		cmocka_unit_test(a_flood_keeps_the_bound_and_the_latest),
		cmocka_unit_test(a_key_is_all_its_octets),
		cmocka_unit_test(what_is_taken_off_leaves_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
