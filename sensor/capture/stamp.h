/* SPDX-License-Identifier: ISC */
/*
 * capture/stamp.h -- the clocks of pcapng interfaces.
 */
#ifndef CAPTURE_STAMP_H
#define CAPTURE_STAMP_H

#include <stdint.h>

/* The last microsecond of the year 9999: what RFC 3339 can still write. */
#define CAPTURE_TIME_MAX	INT64_C(253402300799999999)

struct capture_clock {
	uint8_t	resolution;	/* if_tsresol as in the file: 10^-n s, or
				 * 2^-n s with the high bit set */
	int64_t	offset;		/* if_tsoffset: seconds to add */
};

#define CAPTURE_CLOCK_DEFAULT	{ .resolution = 6, .offset = 0 }

/*
 * Microseconds since 1970, cut (not rounded), for any clock and any stamp.
 * What lies before 1970 or behind the year 9999 becomes the nearer end.
 */
int64_t	capture_stamp_time(const struct capture_clock *c, uint64_t stamp);

#endif
