/* SPDX-License-Identifier: ISC */
/*
 * unit/baseline_sights.h -- sessions as a server's memory sees them.  Behind
 * <cmocka.h>.
 */
#ifndef BASELINE_SIGHTS_H
#define BASELINE_SIGHTS_H

#include <string.h>

#include "baseline/server_past.h"

#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)
/* 2026-11-20T12:00:00Z */
#define NOON		INT64_C(1795176000000000)

enum { A = 1, B, C, D };		/* networks of clients */

static inline struct server_sight
sight(double hours, uint64_t net, enum server_offer offer)
{
	return (struct server_sight){
		.at = NOON + (int64_t)(hours * (double)HOUR),
		.net = net, .offer = offer,
		.plainly = offer == SERVER_OFFERED,
	};
}

static inline struct past
recalled(const struct server_past *p, const struct server_sight *s)
{
	struct past past;

	memset(&past, 0, sizeof(past));
	server_past_recall(p, s, &past);
	return past;
}

/* Two memories are the same if they are packed alike. */
static inline void
same(const struct server_past *a, const struct server_past *b)
{
	uint8_t x[SERVER_OCTETS_MAX], y[SERVER_OCTETS_MAX];
	size_t n = server_past_pack(a, x);

	assert_int_not_equal(n, 0);
	assert_int_equal(n, server_past_pack(b, y));
	assert_memory_equal(x, y, n);
}

#endif
