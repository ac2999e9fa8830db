/* SPDX-License-Identifier: ISC */
/*
 * base/span.h -- borrowed bytes: where they are, and how many.
 *
 * A span is good for the call it is given to.  To keep the bytes, copy them
 * into something with a written maximum.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t	*at;	/* may be NULL when len is 0 */
	size_t		 len;
};

static inline struct span
span_of(const void *at, size_t len)
{
	return (struct span){ .at = at, .len = len };
}

static inline struct span
span_text(const char *text)
{
	return span_of(text, strlen(text));
}

/* The first n bytes, or all when there are fewer. */
static inline struct span
span_first(struct span s, size_t n)
{
	return span_of(s.at, n < s.len ? n : s.len);
}

/* What is left behind the first n bytes; empty when there are fewer. */
static inline struct span
span_skip(struct span s, size_t n)
{
	if (n >= s.len)
		return span_of(NULL, 0);
	return span_of(s.at + n, s.len - n);
}

static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 ||
	    memcmp(a.at, b.at, a.len) == 0);
}

static inline uint8_t
span_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* ASCII letters compare without case, in every locale. */
static inline bool
span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (span_lower(a.at[i]) != span_lower(b.at[i]))
			return false;
	return true;
}

#endif
