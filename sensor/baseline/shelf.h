/* SPDX-License-Identifier: ISC */
/*
 * baseline/shelf.h -- a bounded table of memories, the least recently asked
 * for leaving first.
 *
 * Keys come from the wire: their hash is keyed by a random seed.
 */
#ifndef BASELINE_SHELF_H
#define BASELINE_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHELF_KEY_MAX	20

struct shelf_item {
	struct shelf_item	*chain;
	struct shelf_item	*newer, *older;
	uint8_t			 key[SHELF_KEY_MAX];
	uint8_t			 key_len;
	bool			 dirty;		/* the owner's */
	int64_t			 last;		/* the owner's */
	void			*memory;	/* the owner's */
};

struct shelf;			/* opaque */

/* Called for an item that has to leave. */
typedef void	 shelf_leave(void *context, struct shelf_item *item);

/* NULL: memory is short. */
struct shelf	*shelf_new(unsigned most, uint64_t seed, shelf_leave *leave,
		    void *context);
/* All leave.  NULL is fine. */
void		 shelf_free(struct shelf *s);

/* The item with this key, or NULL; it is the most recent one then. */
struct shelf_item	*shelf_find(struct shelf *s, const uint8_t *key,
			    size_t len);
/* A new item; `key` is not there yet.  NULL: memory is short. */
struct shelf_item	*shelf_add(struct shelf *s, const uint8_t *key,
			    size_t len);
/* It leaves, if it is there. */
void		 shelf_remove(struct shelf *s, const uint8_t *key, size_t len);
/* All leave. */
void		 shelf_clear(struct shelf *s);

/* Into the caches what finding this key will touch: where it begins to look,
 * and, once that is there, what stands there. */
void		 shelf_foresee(const struct shelf *s, const uint8_t *key,
		    size_t len);
void		 shelf_foresee_first(const struct shelf *s,
		    const uint8_t *key, size_t len);
/* The item with this key, or NULL, and it stays as recent as it was: its
 * neighbours, which finding it moves together, are fetched as well. */
struct shelf_item	*shelf_peek(const struct shelf *s,
			    const uint8_t *key, size_t len);

/* From the most recent on; NULL: the end. */
struct shelf_item	*shelf_first(const struct shelf *s);
struct shelf_item	*shelf_next(const struct shelf_item *item);

#endif
