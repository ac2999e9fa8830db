/* SPDX-License-Identifier: ISC */
/*
 * analyzer/when.h -- points in time, as people write and read them.
 *
 * A time is microseconds since 1970, UTC, as in the database.
 */
#ifndef ANALYZER_WHEN_H
#define ANALYZER_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEN_TEXT_MAX	40

/*
 * Read a point in time: RFC 3339 (`2026-03-01T12:00:00.5Z`, with an offset,
 * or with none, then UTC; seconds may be left out; a blank instead of the T),
 * a date (its first instant), `now`, or how long before `now`: 90s, 30m, 2h,
 * 7d, 4w.  False if the word is none of these.
 */
bool	when_read(const char *word, int64_t now, int64_t *time);

int64_t	when_now(void);

/* "2026-03-01 12:00:00", and with `fraction` ".000123" behind it. */
void	when_write(char out[WHEN_TEXT_MAX], int64_t time, bool fraction);

/* "12.3 s", "4 min 10 s": how long something took. */
void	when_write_span(char out[WHEN_TEXT_MAX], int64_t microseconds);

#endif
