/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "schema/moment.h"

#define DAY	86400
#define ERA	146097		/* days in 400 years */

/*
 * The civil date of a day number, in the proleptic Gregorian calendar:
 * years are counted from March, so that the leap day is the last of its
 * year and the months before it have a simple period.  Own arithmetic
 * because gmtime_r() costs more than all the rest of a row of JSON.
 */
static void
civil(int64_t day, long long *year, unsigned *month, unsigned *dom)
{
	int64_t era, of_era, year_of_era, of_year, march_month;

	day += 719468;		/* from 1970-01-01 back to 0000-03-01 */
	era = (day >= 0 ? day : day - (ERA - 1)) / ERA;
	of_era = day - era * ERA;
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	of_year = of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	march_month = (5 * of_year + 2) / 153;
	*dom = (unsigned)(of_year - (153 * march_month + 2) / 5 + 1);
	*month = (unsigned)(march_month < 10 ? march_month + 3 :
	    march_month - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

static void
digits(char *out, unsigned number, unsigned width)
{
	while (width > 0) {
		out[--width] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* A year that no four digits hold is no time of a packet: its number. */
const char *
moment_format(int64_t time, char out[MOMENT_TEXT])
{
	int64_t seconds = time / 1000000, micro = time % 1000000;
	int64_t day, second;
	unsigned month, dom;
	long long year;

	if (micro < 0) {
		micro += 1000000;
		seconds--;
	}
	day = seconds / DAY;
	second = seconds % DAY;
	if (second < 0) {
		second += DAY;
		day--;
	}
	civil(day, &year, &month, &dom);
	if (year < 0 || year > 9999) {
		snprintf(out, MOMENT_TEXT, "%lld", (long long)time);
		return out;
	}
	digits(out, (unsigned)year, 4);
	out[4] = '-';
	digits(out + 5, month, 2);
	out[7] = '-';
	digits(out + 8, dom, 2);
	out[10] = 'T';
	digits(out + 11, (unsigned)(second / 3600), 2);
	out[13] = ':';
	digits(out + 14, (unsigned)(second / 60 % 60), 2);
	out[16] = ':';
	digits(out + 17, (unsigned)(second % 60), 2);
	out[19] = '.';
	digits(out + 20, (unsigned)micro, 6);
	out[26] = 'Z';
	out[27] = '\0';
	return out;
}

const char *
moment_format_second(int64_t time, char out[MOMENT_TEXT])
{
	char *fraction;

	moment_format(time, out);
	if ((fraction = strchr(out, '.')) != NULL)
		strcpy(fraction, "Z");
	return out;
}

const char *
moment_format_day(int64_t time, char out[MOMENT_TEXT])
{
	moment_format(time, out);
	out[strcspn(out, "T")] = '\0';
	return out;
}
