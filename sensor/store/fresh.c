/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "store/fresh.h"

#define BITS_LOG	24		/* 2 MB */
#define GIVEN_MAX	(1u << 21)	/* one in nine taken for given */

struct fresh {
	int64_t		 floor;		/* nothing up to here is fresh */
	int64_t		 greatest;	/* ever given */
	unsigned	 given;		/* bits set, or fewer */
	uint64_t	 bits[(UINT64_C(1) << BITS_LOG) / 64];
};

struct fresh *
fresh_new(void)
{
	struct fresh *f;

	if ((f = calloc(1, sizeof(*f))) != NULL)
		f->floor = f->greatest = INT64_MAX;
	return f;
}

void
fresh_free(struct fresh *f)
{
	free(f);
}

void
fresh_restart(struct fresh *f, int64_t greatest)
{
	if (f->given > 0)
		memset(f->bits, 0, sizeof(f->bits));
	f->floor = f->greatest = greatest;
	f->given = 0;
}

/* The low bits of an id are of a hash, and those above are seconds. */
static uint64_t
bit_of(int64_t id)
{
	return (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BITS_LOG);
}

void
fresh_foresee(const struct fresh *f, int64_t id)
{
	__builtin_prefetch(&f->bits[bit_of(id) / 64]);
}

bool
fresh_is(const struct fresh *f, int64_t id)
{
	uint64_t bit = bit_of(id);

	return id > f->floor && (f->bits[bit / 64] >> bit % 64 & 1) == 0;
}

void
fresh_give(struct fresh *f, int64_t id)
{
	uint64_t bit = bit_of(id);

	if (id <= f->floor)
		return;
	if (id > f->greatest)
		f->greatest = id;
	f->bits[bit / 64] |= UINT64_C(1) << bit % 64;
	if (++f->given == GIVEN_MAX)
		fresh_restart(f, f->greatest);
}
