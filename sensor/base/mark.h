/* SPDX-License-Identifier: ISC */
/*
 * base/mark.h -- where on the wire something was seen.
 *
 * Parsers carry marks through without understanding packets, so that every
 * fact can be shown in the capture it came from.
 */
#ifndef BASE_MARK_H
#define BASE_MARK_H

#include <stdint.h>

struct mark {
	int64_t		time;		/* microseconds since 1970, UTC */
	uint64_t	packet;		/* from 1 in its capture; 0: nowhere */
};

/* Who said it.  Settled by the SYN; without one, by port or by content. */
enum side {
	SIDE_CLIENT,
	SIDE_SERVER,
};

#define SIDES	2

static inline enum side
side_other(enum side s)
{
	return s == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

#endif
