/* SPDX-License-Identifier: ISC */
/*
 * baseline/server_past_internal.h -- the memory of a server laid open, for
 * the file that learns and the file that packs.
 */
#ifndef BASELINE_SERVER_PAST_INTERNAL_H
#define BASELINE_SERVER_PAST_INTERNAL_H

#include <stdlib.h>

#include "baseline/server_past.h"

#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)

struct bucket {
	int64_t		start, length;
	uint32_t	offered, absent, masked, refused;
	uint32_t	plainly, established, broken, starttls_refused;
	uint32_t	banners, banners_masked;
	int64_t		first_offered, last_offered;	/* 0: none */
	int64_t		first_missing, last_missing;
};

struct net {
	uint64_t	net;
	uint32_t	offered, missing;
	int64_t		first_offered, last_offered;
	int64_t		first_missing, last_missing;
	unsigned	missing_days;
};

/* A name, a reply or a key: when it was first and last seen, how often. */
struct trait {
	uint64_t	hash, more;	/* more: of a key, its issuer */
	uint32_t	offered, missing;
	int64_t		first, last;
	unsigned	days;
};

struct traits {
	struct trait	*list;
	unsigned	 count, most;
};

struct server_past {
	struct bucket	*buckets;	/* by start, oldest first */
	unsigned	 nbuckets;
	struct net	*nets;
	unsigned	 nnets;
	struct traits	 names, replies, keys;
	int64_t		 first_at;	/* the first session learnt */
	int64_t		 broke_at;	/* struct past: kept for good, as what
					 * was before it is forgotten */
};

/* Room for one more element of `size` octets: lists grow by doubling. */
static inline void *
server_past_grow(void *list, unsigned count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return list;
	return realloc(list, (count == 0 ? 1 : count * 2) * size);
}

#endif
