/* SPDX-License-Identifier: ISC */
/*
 * base/clock.h -- what time it is.
 *
 * Not for what is left of the queue: there time is the packet's.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Since 1970, UTC, in microseconds; it may be set meanwhile. */
int64_t	clock_wall_us(void);

/* Of the clock that only goes on. */
int64_t	clock_steady_us(void);
int64_t	clock_steady_ms(void);

#endif
