/* SPDX-License-Identifier: ISC */
/*
 * baseline/days.h -- the days (UTC) on which something was seen, as bits:
 * bit n is the n-th day before that of the latest time.  So days count once,
 * in whatever order they are learnt.  And of two times the earlier and the
 * later, 0 being never.
 */
#ifndef BASELINE_DAYS_H
#define BASELINE_DAYS_H

#include <stdint.h>

#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)

static inline int64_t
time_earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return a < b ? a : b;
}

static inline int64_t
time_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t
days_add(uint64_t days, int64_t latest, int64_t at)
{
	int64_t later = at / DAY - latest / DAY;

	if (days == 0 || later >= 64)
		return 1;
	if (later >= 0)
		return days << later | 1;
	return later > -64 ? days | UINT64_C(1) << -later : days;
}

/* How many there are up to the day of `at`. */
static inline unsigned
days_until(uint64_t days, int64_t latest, int64_t at)
{
	int64_t after = latest / DAY - at / DAY;

	if (after >= 64)
		return 0;
	return (unsigned)__builtin_popcountll(after > 0 ? days >> after :
	    days);
}

/* The end of the last of them that was over by `at`; 0: there is none. */
static inline int64_t
days_last_over(uint64_t days, int64_t latest, int64_t at)
{
	int64_t day = latest / DAY, after = day - at / DAY + 1;

	if (after >= 64)
		return 0;
	if (after > 0) {
		days >>= after;
		day -= after;
	}
	return days == 0 ? 0 :
	    (day - __builtin_ctzll(days) + 1) * DAY - 1;
}

#endif
