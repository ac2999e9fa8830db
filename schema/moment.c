/* SPDX-License-Identifier: ISC */
#include <stdio.h>

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
	snprintf(out, MOMENT_TEXT, "%04lld-%02u-%02uT%02d:%02d:%02d.%06dZ",
	    year, month, dom, (int)(second / 3600), (int)(second / 60 % 60),
	    (int)(second % 60), (int)micro);
	return out;
}
