/* SPDX-License-Identifier: ISC */
/*
 * dns/shelf.h -- a bounded memory of things of one kind, by key and by age.
 *
 * A hash table whose items also stand in a row by when they were last
 * touched.  It grows as needed up to its limit; then the item at the end of
 * the row makes room, and if that was not yet too old to matter, it counts.
 *
 * Keys are 64-bit hashes made with a secret seed: strangers choose what is
 * hashed and must not foresee where it goes.  Two things with one key would
 * be taken for one; with a million of them that happens once in a million
 * such memories.
 */
#ifndef DNS_SHELF_H
#define DNS_SHELF_H

#include <stddef.h>
#include <stdint.h>

#include "base/counters.h"

/* What each kind of item begins with.  The numbers are the shelf's own. */
struct dns_shelf_item {
	uint64_t	 key;
	int64_t		 first, last;	/* packets that told it; microseconds */
	uint32_t	 same_slot, older, newer;	/* 0: none */
};

struct dns_shelf {
	uint8_t		*items;		/* item n at (n - 1) * size */
	uint32_t	*slots;
	uint32_t	 mask;		/* slots - 1 */
	uint32_t	 count, room, limit;
	uint32_t	 oldest, newest;
	size_t		 size;		/* of an item */
	int64_t		 keep;		/* microseconds */
	struct counters	*counters;
	enum counter	 forgotten;	/* counts items that made room */
};

/* Nothing is allocated yet.  `size` includes struct dns_shelf_item. */
void	 dns_shelf_init(struct dns_shelf *s, size_t size, uint32_t limit,
	    int64_t keep, struct counters *counters, enum counter forgotten);
void	 dns_shelf_clear(struct dns_shelf *s);		/* frees all */

/*
 * The first item with this key, and the next one behind `item`; NULL: none.
 * Pointers live until the next dns_shelf_add().
 */
void	*dns_shelf_find(const struct dns_shelf *s, uint64_t key);
void	*dns_shelf_next(const struct dns_shelf *s, const void *item);

/* A new item, zeroed but for its head.  NULL if there is no memory at all. */
void	*dns_shelf_add(struct dns_shelf *s, uint64_t key, int64_t time);

/* As dns_shelf_add(), but at most `most` items share a key: then the one last
 * touched first is made anew. */
void	*dns_shelf_add_few(struct dns_shelf *s, uint64_t key, int64_t time,
	    unsigned most);

/* What it held is too old to matter: as new. */
void	 dns_shelf_renew(struct dns_shelf *s, void *item, int64_t time);

/* It was told again. */
void	 dns_shelf_touch(struct dns_shelf *s, void *item, int64_t time);

/* In the order they were last touched: the first, and the next. */
void	*dns_shelf_oldest(const struct dns_shelf *s);
void	*dns_shelf_newer(const struct dns_shelf *s, const void *item);

#endif
