/* SPDX-License-Identifier: ISC */
/*
 * random.h -- numbers that follow from a seed (splitmix64).
 *
 * The state is one integer of the caller's, never zero-initialised by
 * accident into a worse sequence: any value is as good as any other.
 * Nothing here is a secret; the point is that every run gives the same.
 */
#ifndef GENERATOR_RANDOM_H
#define GENERATOR_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One integer made into another that looks unrelated. */
static inline uint64_t
random_scramble(uint64_t x)
{
	x += 0x9e3779b97f4a7c15U;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

static inline uint64_t
random_next(uint64_t *state)
{
	uint64_t x = *state;

	*state += 0x9e3779b97f4a7c15U;
	return random_scramble(x);
}

/* From 0 up to, but never, 1. */
static inline double
random_share(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1p-53;
}

/* From 0 to n - 1. */
static inline uint32_t
random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((random_next(state) >> 32) * (uint64_t)n) >> 32);
}

/* True in so many percent of the calls.  The state moves only if that is
 * more than none. */
static inline bool
random_chance(uint64_t *state, double percent)
{
	return percent > 0 && random_share(state) * 100.0 < percent;
}

/* Log-normal with this mean; sigma is of the logarithm. */
double	random_lognormal(uint64_t *state, double mean, double sigma);

/* Popular things come first: below n, the small ones more often. */
uint32_t	random_skewed(uint64_t *state, uint32_t n);

void	random_fill(uint64_t *state, void *to, size_t n);

#endif
