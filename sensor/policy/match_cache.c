/* SPDX-License-Identifier: ISC */
/*
 * Answers by their key.  Keys are digests, spread evenly: each has a place
 * in one row of a few, and the least recently used of a row gives way.
 */
#include <stdlib.h>

#include "policy/match_internal.h"

#define ROW	4

struct entry {
	uint64_t		 used;		/* 0: empty */
	uint8_t			 key[MATCH_KEY];
	struct match_result	 result;
};

struct match_cache {
	struct entry	*entries;
	unsigned	 rows;
	uint64_t	 clock;
};

struct match_cache *
match_cache_new(unsigned entries)
{
	struct match_cache *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->rows = entries < ROW ? 1 : entries / ROW;
	if ((c->entries = calloc((size_t)c->rows * ROW,
	    sizeof(*c->entries))) == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
match_cache_free(struct match_cache *c)
{
	if (c == NULL)
		return;
	free(c->entries);
	free(c);
}

static struct entry *
row_of(const struct match_cache *c, const uint8_t key[MATCH_KEY])
{
	uint32_t n;

	memcpy(&n, key, sizeof(n));
	return c->entries + (size_t)(n % c->rows) * ROW;
}

const struct match_result *
match_cache_find(struct match_cache *c, const uint8_t key[MATCH_KEY],
    int64_t at)
{
	struct entry *e = row_of(c, key);

	for (unsigned i = 0; i < ROW; i++, e++) {
		if (e->used == 0 || memcmp(e->key, key, MATCH_KEY) != 0)
			continue;
		if (at < e->result.from || at >= e->result.until)
			return NULL;
		e->used = ++c->clock;
		return &e->result;
	}
	return NULL;
}

bool
match_cache_keep(struct match_cache *c, const uint8_t key[MATCH_KEY],
    const struct match_result *r)
{
	struct entry *e = row_of(c, key), *place = e;
	bool forgot;

	for (unsigned i = 0; i < ROW; i++, e++) {
		if (e->used != 0 && memcmp(e->key, key, MATCH_KEY) == 0) {
			place = e;	/* of another time */
			break;
		}
		if (e->used < place->used)
			place = e;
	}
	forgot = place->used != 0;
	place->used = ++c->clock;
	memcpy(place->key, key, MATCH_KEY);
	place->result = *r;
	return forgot;
}
