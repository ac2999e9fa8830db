/* SPDX-License-Identifier: ISC */
/*
 * base/cursor.h -- a bounded reader for bytes nobody vouches for.
 *
 * The first read that does not fit sets `why`; from then on every read
 * yields 0 and moves nothing, so a parser reads straight through and asks
 * once, at the end.  Numbers are big-endian, as in all internet protocols.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/span.h"

struct cursor {
	struct span	 rest;
	const char	*why;		/* NULL while all reads fitted */
};

static inline struct cursor
cursor_over(struct span s)
{
	return (struct cursor){ .rest = s, .why = NULL };
}

static inline bool
cursor_ok(const struct cursor *c)
{
	return c->why == NULL;
}

/* The next n bytes, or an empty span and a sticky error. */
static inline struct span
cursor_take(struct cursor *c, size_t n)
{
	struct span got;

	if (c->why != NULL)
		return span_of(NULL, 0);
	if (n > c->rest.len) {
		c->why = "cut short";
		c->rest = span_of(NULL, 0);
		return span_of(NULL, 0);
	}
	got = span_of(c->rest.at, n);
	c->rest.at += n;
	c->rest.len -= n;
	return got;
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	struct span s = cursor_take(c, 1);

	return s.len == 1 ? s.at[0] : 0;
}

static inline uint16_t
cursor_u16(struct cursor *c)
{
	struct span s = cursor_take(c, 2);

	return s.len == 2 ? (uint16_t)(s.at[0] << 8 | s.at[1]) : 0;
}

static inline uint32_t
cursor_u24(struct cursor *c)
{
	struct span s = cursor_take(c, 3);

	return s.len == 3 ? (uint32_t)s.at[0] << 16 |
	    (uint32_t)s.at[1] << 8 | s.at[2] : 0;
}

static inline uint32_t
cursor_u32(struct cursor *c)
{
	struct span s = cursor_take(c, 4);

	return s.len == 4 ? (uint32_t)s.at[0] << 24 |
	    (uint32_t)s.at[1] << 16 | (uint32_t)s.at[2] << 8 | s.at[3] : 0;
}

/* The bytes of a vector with a length of one or two octets before it. */
static inline struct span
cursor_vector8(struct cursor *c)
{
	return cursor_take(c, cursor_u8(c));
}

static inline struct span
cursor_vector16(struct cursor *c)
{
	return cursor_take(c, cursor_u16(c));
}

static inline struct span
cursor_vector24(struct cursor *c)
{
	return cursor_take(c, cursor_u24(c));
}

#endif
