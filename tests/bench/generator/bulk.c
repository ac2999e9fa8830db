/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "random.h"

static const char	base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789+/";

int
bulk_make(struct bulk *b, uint64_t *random)
{
	size_t i, column;

	/* Each is followed by a copy of its beginning: no read wraps. */
	b->text = malloc(BULK_TEXT + BULK_READ_MAX);
	b->noise = malloc(BULK_NOISE + BULK_READ_MAX);
	if (b->text == NULL || b->noise == NULL) {
		warn("bulk");
		bulk_free(b);
		return -1;
	}
	for (i = 0; i < BULK_TEXT; i++) {
		column = i % BULK_LINE;
		if (column < BULK_LINE - 2)
			b->text[i] = (uint8_t)base64[random_next(random) >> 58];
		else
			b->text[i] = column == BULK_LINE - 2 ? '\r' : '\n';
	}
	random_fill(random, b->noise, BULK_NOISE);
	memcpy(b->text + BULK_TEXT, b->text, BULK_READ_MAX);
	memcpy(b->noise + BULK_NOISE, b->noise, BULK_READ_MAX);
	return 0;
}

void
bulk_free(struct bulk *b)
{
	free(b->text);
	free(b->noise);
	*b = (struct bulk){ 0 };
}

/* Lay that part of a record's header over the octets which falls there. */
static void
overlay(uint8_t *to, uint64_t from, uint32_t n, uint64_t record,
    uint64_t length)
{
	uint64_t left = length - record, i;
	uint32_t body = (uint32_t)(left > BULK_RECORD ? BULK_RECORD : left) -
	    BULK_RECORD_HEADER;
	uint8_t header[BULK_RECORD_HEADER] = { 23, 3, 3,
		(uint8_t)(body >> 8), (uint8_t)body };

	for (i = 0; i < BULK_RECORD_HEADER; i++) {
		if (record + i >= from && record + i < from + n)
			to[record + i - from] = header[i];
	}
}

void
bulk_copy_records(const struct bulk *b, const struct bulk_records *r,
    uint64_t offset, uint32_t n, uint8_t *to)
{
	uint64_t record = offset / BULK_RECORD * BULK_RECORD;

	memcpy(to, b->noise + (r->seed + offset) % BULK_NOISE, n);
	for (; record < offset + n; record += BULK_RECORD)
		overlay(to, offset, n, record, r->length);
}
