/* SPDX-License-Identifier: ISC */
/* Sentences come out as printf writes them, whole and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "detect/phrase.h"

#define SENTENCE_MAX	64

static void same(const char *, ...) __attribute__((format(printf, 1, 2)));

/* At each length that may be cut off. */
static void
same(const char *fmt, ...)
{
	char got[SENTENCE_MAX + 1], want[SENTENCE_MAX + 1];
	va_list ap, again;

	va_start(ap, fmt);
	for (size_t size = 0; size <= SENTENCE_MAX; size++) {
		memset(got, 'x', sizeof(got));
		memset(want, 'x', sizeof(want));
		va_copy(again, ap);
		phrase_put(got, size, fmt, again);
		va_end(again);
		va_copy(again, ap);
		vsnprintf(want, size, fmt, again);
		va_end(again);
		assert_int_equal(got[size], 'x');
		if (size > 0)
			assert_string_equal(got, want);
	}
	va_end(ap);
}

static void
sentences_are_those_of_printf(void **state)
{
	const char *name = "mx.example", *none = "";

	(void)state;
	same("%s", none);
	same("no value");
	same("%s did not offer STARTTLS%s: %s", name, none, "nothing known");
	same("%u session%s on %u days", 1u, none, 4294967295u);
	same("%u%u%s", 0u, 10u, name);
	same("last on %.10s, %.0s%.99s", "2026-11-23T12:14:34", name, name);
	same("100 %% of %s", name);
	same("%.*s is %d of %lld", 4, name, -7, 1LL << 40);
	same("%.1f hours, %02x, %5s", 2.5, 7u, name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_are_those_of_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
