/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "schema/json_text.h"

static void
strings_are_quoted_and_escaped(void **state)
{
	static const struct {
		const char	*name, *in, *want;
	} cases[] = {
		{ "plain", "220 mx", "\"220 mx\"" },
		{ "nothing", "", "\"\"" },
		{ "no string at all", NULL, "null" },
		{ "quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "line ends and controls", "a\nb\tc\001",
		    "\"a\\nb\\u0009c\\u0001\"" },
		{ "UTF-8 stays", "\xc3\xa9", "\"\xc3\xa9\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_text j = { .at = NULL };

		json_text_string(&j, cases[i].in);
		if (strcmp(j.at, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, j.at,
			    cases[i].want);
		json_text_free(&j);
	}
}

static void
numbers_of_every_size(void **state)
{
	static const struct {
		int64_t		 in;
		const char	*want;
	} cases[] = {
		{ 0, "0" }, { 7, "7" }, { -1, "-1" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_text j = { .at = NULL };

		json_text_number(&j, cases[i].in);
		assert_string_equal(j.at, cases[i].want);
		json_text_free(&j);
	}
}

/* Another's reader takes it, whatever octets went in. */
static void
what_is_written_can_be_read(void **state)
{
	struct json_text j = { .at = NULL };
	char every[128];
	json_t *read;

	(void)state;
	for (int i = 1; i < 128; i++)
		every[i - 1] = (char)i;
	every[127] = '\0';
	json_text_raw(&j, "[");
	for (int i = 0; i < 100; i++) {
		json_text_string(&j, every);
		json_text_raw(&j, ",");
	}
	json_text_number(&j, 4711);
	json_text_raw(&j, "]");
	read = json_loads(j.at, 0, NULL);
	assert_non_null(read);
	assert_int_equal(json_array_size(read), 101);
	assert_string_equal(json_string_value(json_array_get(read, 99)),
	    every);
	json_decref(read);
	json_text_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_quoted_and_escaped),
		cmocka_unit_test(numbers_of_every_size),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
