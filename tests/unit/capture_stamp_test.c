/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/stamp.h"

static void
test_times(void **state)
{
	static const struct {
		const char	*what;
		uint8_t		 resolution;
		int64_t		 offset;
		uint64_t	 stamp;
		int64_t		 want;
	} cases[] = {
		{ "microseconds", 6, 0, 1700000000123456, 1700000000123456 },
		{ "nanoseconds, cut", 9, 0, 1700000000123456999,
		  1700000000123456 },
		{ "picoseconds", 12, 0, UINT64_C(17000000123456789012),
		  17000000123456 },
		{ "milliseconds", 3, 0, 1700000000123, 1700000000123000 },
		{ "seconds", 0, 0, 1700000000, 1700000000000000 },
		{ "10^-127 s", 127, 0, UINT64_MAX, 0 },
		{ "2^-10 s", 0x8a, 0, 1024 + 512, 1500000 },
		{ "2^-32 s, as NTP", 0xa0, 0, (UINT64_C(7) << 32) + 0x80000000,
		  7500000 },
		{ "2^0 s", 0x80, 0, 9, 9000000 },
		{ "2^-127 s", 0xff, 0, UINT64_MAX, 0 },
		{ "an offset of years", 6, 1700000000, 5, 1700000000000005 },
		{ "an offset backwards", 0, -10, 15, 5000000 },
		{ "before 1970", 0, -10, 5, 0 },
		{ "after 9999, in seconds", 0, 0, UINT64_MAX,
		  CAPTURE_TIME_MAX },
		{ "after 9999, in 2^0 s", 0x80, 0, UINT64_MAX,
		  CAPTURE_TIME_MAX },
		{ "after 9999, by its offset", 6, INT64_MAX, UINT64_MAX,
		  CAPTURE_TIME_MAX },
		{ "before 1970, by its offset", 6, INT64_MIN, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture_clock c = { cases[i].resolution,
		    cases[i].offset };
		int64_t got = capture_stamp_time(&c, cases[i].stamp);

		if (got != cases[i].want)
			fail_msg("%s: got %lld, want %lld", cases[i].what,
			    (long long)got, (long long)cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
