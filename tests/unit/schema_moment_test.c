/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "schema/moment.h"
#include "schema/names.h"

static void
moments_are_written_as_rfc_3339(void **state)
{
	static const struct {
		int64_t		 time;
		const char	*want;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ 951782400000000, "2000-02-29T00:00:00.000000Z" },
		{ 1795176715066175, "2026-11-20T12:11:55.066175Z" },
		{ 4107542400000000, "2100-03-01T00:00:00.000000Z" },
	};
	char out[MOMENT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		moment_format(cases[i].time, out);
		if (strcmp(out, cases[i].want) != 0)
			fail_msg("%lld: got %s, want %s",
			    (long long)cases[i].time, out, cases[i].want);
	}
}

static void
moments_agree_with_the_c_library(void **state)
{
	char out[MOMENT_TEXT], want[MOMENT_TEXT];
	struct tm tm;
	time_t t;

	(void)state;
	for (t = -5000000000; t < 20000000000; t += 7654321) {
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000Z",
		    &tm);
		assert_string_equal(moment_format((int64_t)t * 1000000, out),
		    want);
	}
}

static void
to_the_second_and_to_the_day(void **state)
{
	char out[MOMENT_TEXT];

	(void)state;
	assert_string_equal(moment_format_second(INT64_C(1795176715066175),
	    out), "2026-11-20T12:11:55Z");
	assert_string_equal(moment_format_day(INT64_C(1795176715066175),
	    out), "2026-11-20");
	/* beyond the year 9999 it is a number */
	assert_string_equal(moment_format_second(INT64_MAX, out),
	    "9223372036854775807");
	assert_string_equal(moment_format_day(INT64_MAX, out),
	    "9223372036854775807");
}

static void
words_and_numbers_belong_together(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++)
		assert_int_equal(kind_of(kind_word(k)), k);
	for (int s = 0; s < SEVERITIES; s++)
		assert_int_equal(severity_of(severity_word(s)), s);
	for (int v = 0; v < VERDICTS; v++)
		assert_int_equal(verdict_of(verdict_word(v)), v);
	assert_int_equal(kind_of("no-such-kind"), -1);
	assert_string_equal(kind_word((enum kind)4711), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_written_as_rfc_3339),
		cmocka_unit_test(moments_agree_with_the_c_library),
		cmocka_unit_test(to_the_second_and_to_the_day),
		cmocka_unit_test(words_and_numbers_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
