/* SPDX-License-Identifier: ISC */
#include <math.h>
#include <string.h>

#include "random.h"

/* Box and Muller's, the cosine half. */
static double
normal(uint64_t *state)
{
	double u = random_share(state) + 1e-18;
	double v = random_share(state);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

double
random_lognormal(uint64_t *state, double mean, double sigma)
{
	double mu = log(mean) - sigma * sigma / 2;

	return exp(mu + sigma * normal(state));
}

uint32_t
random_skewed(uint64_t *state, uint32_t n)
{
	double u = random_share(state);

	return (uint32_t)(u * u * n);
}

void
random_fill(uint64_t *state, void *to, size_t n)
{
	uint8_t *p = to;
	uint64_t x;

	for (; n >= sizeof(x); n -= sizeof(x), p += sizeof(x)) {
		x = random_next(state);
		memcpy(p, &x, sizeof(x));
	}
	if (n > 0) {
		x = random_next(state);
		memcpy(p, &x, n);
	}
}
