/* SPDX-License-Identifier: ISC */
/*
 * base/fetch.h -- into the caches ahead of time.
 *
 * Changes nothing but time; a wrong address does no harm.
 */
#ifndef BASE_FETCH_H
#define BASE_FETCH_H

#include <stddef.h>

#define CACHE_LINE	64	/* octets, where it matters most */

static inline void
fetch_ahead(const void *at, size_t octets)
{
	for (size_t i = 0; i < octets; i += CACHE_LINE)
		__builtin_prefetch((const char *)at + i);
}

#endif
