/* SPDX-License-Identifier: ISC */
#include "capture/stamp.h"

#define SECOND	1000000		/* microseconds */

/* Wide enough that nothing below can overflow. */
__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 swide;

static wide
decimal(uint64_t stamp, unsigned n)
{
	wide us = stamp;

	for (; n < 6; n++)
		us *= 10;
	for (; n > 6 && us != 0; n--)
		us /= 10;
	return us;
}

/* stamp * 10^6 has at most 84 bits. */
static wide
binary(uint64_t stamp, unsigned n)
{
	return (wide)stamp * SECOND >> n;
}

int64_t
capture_stamp_time(const struct capture_clock *c, uint64_t stamp)
{
	unsigned n = c->resolution & 0x7f;
	swide us;

	us = (swide)(c->resolution & 0x80 ? binary(stamp, n) :
	    decimal(stamp, n));
	us += (swide)c->offset * SECOND;
	if (us < 0)
		return 0;
	if (us > CAPTURE_TIME_MAX)
		return CAPTURE_TIME_MAX;
	return (int64_t)us;
}
