/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "capture/records.h"

#define FILE_HEADER	24
#define MAGIC_US	0xa1b2c3d4
#define MAGIC_NS	0xa1b23c4d
#define VERSION		(2 | 4 << 16)	/* two numbers of 16 bits */
#define LENGTH_PLAIN	65536		/* more is a jumbogram, or nonsense */

#define SECOND_US	1000000U
#define SECOND_NS	1000000000U

struct record_header {		/* in this machine's byte order */
	uint32_t	seconds, fraction;
	uint32_t	length, wire_len;
};

struct capture_records {
	struct capture_stream	*stream;
	size_t			 size, at, end;	/* of the octets */
	size_t			 next;		/* octets of the record at `at`,
						 * 0: not looked at, or not
						 * whole and plain */
	bool			 nanoseconds;
	uint8_t			 octets[];
};

static uint32_t
native32(const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

bool
capture_records_plain(struct span head)
{
	const union {
		uint16_t	number[2];
		uint32_t	both;
	} version = { .number = { VERSION & 0xffff, VERSION >> 16 } };
	uint32_t magic;

	if (head.len < FILE_HEADER)
		return false;
	magic = native32(head.at);
	return (magic == MAGIC_US || magic == MAGIC_NS) &&
	    native32(head.at + 4) == version.both;
}

struct capture_records *
capture_records_new(struct capture_stream *s, struct span head, size_t size)
{
	struct capture_records *r;

	if (size < LENGTH_PLAIN + sizeof(struct record_header))
		size = LENGTH_PLAIN + sizeof(struct record_header);
	if ((r = malloc(sizeof(*r) + size)) == NULL)
		return NULL;
	*r = (struct capture_records){ .stream = s, .size = size,
	    .nanoseconds = native32(head.at) == MAGIC_NS };
	return r;
}

void
capture_records_free(struct capture_records *r)
{
	free(r);
}

/* Octets of the record at hand; 0: it is not whole, or not plain. */
static size_t
whole(const struct capture_records *r, bool *odd)
{
	struct record_header h;
	size_t have = r->end - r->at;

	*odd = false;
	if (have < sizeof(h))
		return 0;
	memcpy(&h, r->octets + r->at, sizeof(h));
	*odd = h.length > LENGTH_PLAIN || h.wire_len < h.length ||
	    h.fraction >= (r->nanoseconds ? SECOND_NS : SECOND_US);
	if (*odd || have < sizeof(h) + h.length)
		return 0;
	return sizeof(h) + h.length;
}

/* More octets behind those of the record that is not whole. */
static bool
fill(struct capture_records *r)
{
	ssize_t got;

	memmove(r->octets, r->octets + r->at, r->end - r->at);
	r->end -= r->at;
	r->at = 0;
	got = capture_stream_read(r->stream, r->octets + r->end,
	    r->size - r->end);
	if (got <= 0)
		return false;
	r->end += (size_t)got;
	return true;
}

bool
capture_records_next(struct capture_records *r, struct capture_record *record)
{
	struct record_header h;
	bool odd;

	while (r->next == 0 && (r->next = whole(r, &odd)) == 0)
		if (odd || !fill(r))
			return false;
	memcpy(&h, r->octets + r->at, sizeof(h));
	record->octets = span_of(r->octets + r->at + sizeof(h), h.length);
	record->wire_len = h.wire_len;
	record->time = (int64_t)h.seconds * SECOND_US +
	    (r->nanoseconds ? h.fraction / 1000 : h.fraction);
	r->at += r->next;
	r->next = whole(r, &odd);
	record->followed = r->next > 0;
	return true;
}

size_t
capture_records_rest(struct capture_records *r, void *to, size_t n)
{
	if (n > r->end - r->at)
		n = r->end - r->at;
	memcpy(to, r->octets + r->at, n);
	r->at += n;
	return n;
}
