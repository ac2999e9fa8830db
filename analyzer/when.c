/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyzer/when.h"

#define SECOND	INT64_C(1000000)

/* A decimal of `min` to `max` digits at **at, which moves behind it. */
static bool
take_number(const char **at, int min, int max, int64_t *number)
{
	int digits = 0;

	*number = 0;
	while (digits < max && **at >= '0' && **at <= '9') {
		*number = *number * 10 + (**at - '0');
		(*at)++;
		digits++;
	}
	return digits >= min;
}

static bool
take_char(const char **at, const char *set)
{
	if (**at == '\0' || strchr(set, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* ".5" is 500000; digits behind the sixth say nothing to us. */
static bool
take_fraction(const char **at, int64_t *microseconds)
{
	int digits = 0;

	*microseconds = 0;
	for (; **at >= '0' && **at <= '9'; (*at)++, digits++)
		if (digits < 6)
			*microseconds = *microseconds * 10 + (**at - '0');
	for (int i = digits; i < 6; i++)
		*microseconds *= 10;
	return digits > 0;
}

/* "Z", "+01:00", "-0330" or nothing: seconds east of UTC. */
static bool
take_offset(const char **at, int64_t *seconds)
{
	int64_t hours, minutes;
	bool west;

	*seconds = 0;
	if (**at == '\0' || take_char(at, "Zz"))
		return true;
	west = **at == '-';
	if (!take_char(at, "+-") || !take_number(at, 2, 2, &hours))
		return false;
	(void)take_char(at, ":");
	if (!take_number(at, 2, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

/* "T12:00:00.5+01:00": microseconds since that day began at Greenwich. */
static bool
take_clock(const char **at, int64_t *since_midnight)
{
	int64_t hour, minute, second = 0, fraction = 0, offset;

	if (!take_char(at, "Tt ") || !take_number(at, 2, 2, &hour) ||
	    !take_char(at, ":") || !take_number(at, 2, 2, &minute))
		return false;
	if (take_char(at, ":")) {
		if (!take_number(at, 2, 2, &second))
			return false;
		if (take_char(at, ".,") && !take_fraction(at, &fraction))
			return false;
	}
	/* second 60 is a leap second, RFC 3339 section 5.6 */
	if (hour > 23 || minute > 59 || second > 60 ||
	    !take_offset(at, &offset))
		return false;
	*since_midnight = (hour * 3600 + minute * 60 + second - offset) *
	    SECOND + fraction;
	return true;
}

static bool
read_date(const char *word, int64_t *when)
{
	const char *at = word;
	int64_t year, month, day, clock = 0;
	struct tm tm = { 0 };
	time_t midnight;

	if (!take_number(&at, 4, 4, &year) || !take_char(&at, "-") ||
	    !take_number(&at, 2, 2, &month) || !take_char(&at, "-") ||
	    !take_number(&at, 2, 2, &day))
		return false;
	if (*at != '\0' && (!take_clock(&at, &clock) || *at != '\0'))
		return false;
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	midnight = timegm(&tm);
	/* the 30th of February is the 2nd of March to timegm(3) */
	if (tm.tm_mday != day || tm.tm_mon != month - 1)
		return false;
	*when = (int64_t)midnight * SECOND + clock;
	return true;
}

static bool
read_age(const char *word, int64_t now, int64_t *when)
{
	static const struct {
		const char	*unit;
		int64_t		 seconds;
	} units[] = {
		{ "s", 1 }, { "m", 60 }, { "min", 60 }, { "h", 3600 },
		{ "d", 86400 }, { "w", 7 * 86400 },
	};
	const char *at = word;
	int64_t number;

	/* seven digits of weeks still fit 63 bits of microseconds */
	if (!take_number(&at, 1, 7, &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(at, units[i].unit) == 0) {
			*when = now - number * units[i].seconds * SECOND;
			return true;
		}
	}
	return false;
}

bool
when_read(const char *word, int64_t now, int64_t *when)
{
	if (strcmp(word, "now") == 0) {
		*when = now;
		return true;
	}
	return read_date(word, when) || read_age(word, now, when);
}

int64_t
when_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

void
when_write(char out[WHEN_TEXT_MAX], int64_t when, bool fraction)
{
	int64_t below = when % SECOND;
	time_t seconds;
	struct tm tm;
	size_t len;

	if (below < 0)
		below += SECOND;
	seconds = (time_t)((when - below) / SECOND);
	len = gmtime_r(&seconds, &tm) == NULL ? 0 :
	    strftime(out, WHEN_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	if (len == 0)
		snprintf(out, WHEN_TEXT_MAX, "%" PRId64 " us", when);
	else if (fraction)
		snprintf(out + len, WHEN_TEXT_MAX - len, ".%06" PRId64, below);
}

void
when_write_span(char out[WHEN_TEXT_MAX], int64_t us)
{
	int64_t seconds = us / SECOND;

	if (us < SECOND)
		snprintf(out, WHEN_TEXT_MAX, "%" PRId64 " ms", us / 1000);
	else if (seconds < 60)
		snprintf(out, WHEN_TEXT_MAX, "%" PRId64 ".%" PRId64 " s",
		    seconds, us % SECOND / (SECOND / 10));
	else if (seconds < 3600)
		snprintf(out, WHEN_TEXT_MAX, "%" PRId64 " min %" PRId64 " s",
		    seconds / 60, seconds % 60);
	else
		snprintf(out, WHEN_TEXT_MAX, "%" PRId64 " h %" PRId64 " min",
		    seconds / 3600, seconds % 3600 / 60);
}
