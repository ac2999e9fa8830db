/* SPDX-License-Identifier: ISC */
/*
 * base/counters.h -- how often each thing happened.
 *
 * One struct per road thread: only that thread writes it; anyone may read a
 * number while it grows (a torn read is impossible on the machines we run
 * on, and a late one harmless).  What packets do wrong ends here, not in
 * the log.
 */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stdint.h>

enum counter {
#define COUNTER(name, text)	COUNT_##name,
#include "base/counters.def"
#undef COUNTER
	COUNTERS
};

struct counters {
	uint64_t	n[COUNTERS];
};

static inline void
count(struct counters *c, enum counter which)
{
	__atomic_store_n(&c->n[which], c->n[which] + 1, __ATOMIC_RELAXED);
}

static inline void
count_many(struct counters *c, enum counter which, uint64_t more)
{
	__atomic_store_n(&c->n[which], c->n[which] + more, __ATOMIC_RELAXED);
}

static inline uint64_t
counter_read(const struct counters *c, enum counter which)
{
	return __atomic_load_n(&c->n[which], __ATOMIC_RELAXED);
}

/* The name as stored, and the sentence for people. */
const char	*counter_name(enum counter which);
const char	*counter_text(enum counter which);

#endif
