/* SPDX-License-Identifier: ISC */
/*
 * base/release.h -- free what the size of is known.
 *
 * jemalloc looks the size of a block up in memory far from all caches, unless
 * it is told.
 */
#ifndef BASE_RELEASE_H
#define BASE_RELEASE_H

#include <stdlib.h>

/* jemalloc's; not there under a sanitizer, which has its own malloc. */
void	sdallocx(void *, size_t, int) __attribute__((weak));

/* `size` as it was asked for.  NULL is fine. */
static inline void
release(void *block, size_t size)
{
	if (sdallocx == NULL)
		free(block);
	else if (block != NULL)
		sdallocx(block, size, 0);
}

#endif
