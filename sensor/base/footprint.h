/* SPDX-License-Identifier: ISC */
/*
 * base/footprint.h -- what a block of memory costs.
 *
 * Limits are in octets of memory, and with a million connections of a few
 * small blocks each, what malloc adds to a block is a good part of it: in
 * glibc a word before it, and the rounding.
 */
#ifndef BASE_FOOTPRINT_H
#define BASE_FOOTPRINT_H

#include <stddef.h>
#include <string.h>

#define FOOTPRINT_LEAST	32

static inline size_t
footprint(size_t size)
{
	size_t all = (size + sizeof(size_t) + 15) & ~(size_t)15;

	return all < FOOTPRINT_LEAST ? FOOTPRINT_LEAST : all;
}

/* Of a block that there may not be. */
static inline size_t
footprint_of(const void *block, size_t size)
{
	return block == NULL ? 0 : footprint(size);
}

/* Of a string; NULL is fine. */
static inline size_t
footprint_text(const char *text)
{
	return text == NULL ? 0 : footprint(strlen(text) + 1);
}

#endif
