/* SPDX-License-Identifier: ISC */
/*
 * schema/moment.h -- points in time, as people and JSON readers see them.
 *
 * Inside they are microseconds since 1970, UTC; outside RFC 3339 with
 * microseconds: 2026-11-20T06:51:55.066175Z.
 */
#ifndef SCHEMA_MOMENT_H
#define SCHEMA_MOMENT_H

#include <stdint.h>

#define MOMENT_TEXT	32	/* with the NUL */

const char	*moment_format(int64_t time, char out[MOMENT_TEXT]);
/* To the second, which is all that a sentence can carry; and the day. */
const char	*moment_format_second(int64_t time, char out[MOMENT_TEXT]);
const char	*moment_format_day(int64_t time, char out[MOMENT_TEXT]);

#endif
