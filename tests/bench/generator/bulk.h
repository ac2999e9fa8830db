/* SPDX-License-Identifier: ISC */
/*
 * bulk.h -- what large turns are cut from: lines of base64, and octets
 * that look encrypted.
 */
#ifndef GENERATOR_BULK_H
#define GENERATOR_BULK_H

#include <stdint.h>

#define BULK_LINE	78		/* 76 characters and CRLF */
#define BULK_LINES	16384
#define BULK_TEXT	(BULK_LINES * BULK_LINE)
#define BULK_NOISE	(1U << 21)
/* Whoever reads may start anywhere and read this much. */
#define BULK_READ_MAX	65536

/* A full TLS record: its header and what goes behind it. */
#define BULK_RECORD_HEADER	5U
#define BULK_RECORD	16401U

struct bulk {
	uint8_t	*text, *noise;
};

/* Draws from `random`.  -1 after saying why. */
int	bulk_make(struct bulk *b, uint64_t *random);
void	bulk_free(struct bulk *b);

/*
 * `n` octets from `offset` of a sequence of TLS records of `length` octets
 * altogether, whose contents begin at `seed`.  A rest of less than a
 * header's length at the end is a stub.
 */
struct bulk_records {
	uint64_t	 seed, length;
};
void	bulk_copy_records(const struct bulk *b, const struct bulk_records *r,
	    uint64_t offset, uint32_t n, uint8_t *to);

#endif
