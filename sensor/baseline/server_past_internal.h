/* SPDX-License-Identifier: ISC */
/*
 * baseline/server_past_internal.h -- the memory of a server laid open, for
 * the files that learn, recall and pack.
 */
#ifndef BASELINE_SERVER_PAST_INTERNAL_H
#define BASELINE_SERVER_PAST_INTERNAL_H

#include <stdlib.h>

#include "baseline/days.h"
#include "baseline/server_past.h"

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
	uint64_t	missing_days;	/* before last_missing, see days_add() */
};

/* A name, a reply or a key: when it was first and last seen, how often. */
struct trait {
	uint64_t	hash, more;	/* more: of a key, its issuer; of a
					 * reply, how many keywords */
	uint32_t	offered, missing;
	/* Of a suite, offered: agreed on; missing: as a downgrade; hash: see
	 * suite_key(); more: a bit for each client network, see net_bit(). */
	int64_t		first, last;
	uint64_t	days;		/* before last, see days_add() */
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
	struct traits	 names, replies, keys, suites;
	int64_t		 first_at;	/* the first session learnt */
	int64_t		 broke_at;	/* struct past: kept for good, as what
					 * was before it is forgotten */
};

static inline uint64_t
suite_key(uint8_t grade, uint32_t suite)
{
	return (uint64_t)grade << 32 | suite;
}

static inline unsigned
suite_key_grade(uint64_t key)
{
	return (unsigned)(key >> 32);
}

/* Networks by one bit of 64: those that share it count as one. */
static inline uint64_t
net_bit(uint64_t net)
{
	return UINT64_C(1) << (net * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

/* Room for one more element of `size` octets: lists grow by doubling. */
static inline void *
server_past_grow(void *list, unsigned count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return list;
	return realloc(list, (count == 0 ? 1 : count * 2) * size);
}

/* server_past.c: NULL: it is not among them. */
struct trait	*server_past_trait(const struct traits *t, uint64_t hash);
/* When a habit first broke before this time, as the buckets tell; 0: it did
 * not.  And is nothing of its record forgotten yet? */
int64_t	server_past_first_break(const struct server_past *p, int64_t at);
bool	server_past_is_whole(const struct server_past *p);
/* server_past_recall.c: what the buckets tell of the time before. */
void	server_past_recall_buckets(const struct server_past *p, int64_t at,
	    struct past *past);

#endif
