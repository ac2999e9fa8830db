/* SPDX-License-Identifier: ISC */
/*
 * turns.h -- the octets of one turn: a prefix that is spelled out, a bulk
 * that is only described, an end.
 *
 * A turn is built anew for each flight of it rather than kept with the
 * session: that is what lets a hundred thousand of them be open.
 */
#ifndef GENERATOR_TURNS_H
#define GENERATOR_TURNS_H

#include <stdint.h>

#include "bulk.h"
#include "plan.h"

/* Enough for a handshake flight with the largest chain. */
#define TURN_PREFIX_MAX	24576

enum bulk_kind {
	BULK_NONE,
	BULK_IS_TEXT,
	BULK_IS_RECORDS,
};

struct turn {
	enum side	 from;
	uint64_t	 length;
	uint32_t	 prefix_length;
	uint32_t	 end_length;
	const char	*end;
	enum bulk_kind	 bulk;
	uint64_t	 bulk_length, bulk_seed;
	uint8_t		 prefix[TURN_PREFIX_MAX];
};

/* What the session says in its present step. */
void	turn_build(struct turn *t, const struct session *s,
	    const struct servers *servers, const struct bulk *b);

/* Make it `length` octets long, by shifting what is spelled out; that is to
 * be more than the difference, and its beginning is no longer of use. */
void	turn_resize(struct turn *t, uint64_t length);

/* `n` octets from `offset`; both within the turn, n at most
 * BULK_READ_MAX. */
void	turn_copy(const struct turn *t, const struct bulk *b,
	    uint64_t offset, uint32_t n, uint8_t *to);

#endif
