/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "capture/ahead.h"
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

#define LEAD	(sizeof(struct record_header) + LENGTH_PLAIN)

struct capture_records {
	struct capture_stream	*stream;
	struct capture_ahead	*ahead;		/* NULL: none reads ahead */
	size_t			 size, at, end;	/* of the octets */
	uint32_t		 second;	/* SECOND_US or SECOND_NS */
	uint8_t			*octets;	/* `own`, or of `ahead` */
	uint8_t			 own[];
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

	if (size < LEAD)
		size = LEAD;
	if ((r = malloc(sizeof(*r) + size)) == NULL)
		return NULL;
	*r = (struct capture_records){ .stream = s, .size = size,
	    .second = native32(head.at) == MAGIC_NS ? SECOND_NS : SECOND_US };
	r->octets = r->own;
	return r;
}

void
capture_records_free(struct capture_records *r)
{
	if (r == NULL)
		return;
	capture_ahead_free(r->ahead);
	free(r);
}

/* Is it of the plain kind?  Told by its header alone. */
static bool
plain(const struct record_header *h, uint32_t second)
{
	return h->length <= LENGTH_PLAIN && h->wire_len >= h->length &&
	    h->fraction < second;
}

size_t
capture_records_give(struct capture_records *r, struct frame *f, size_t n)
{
	const uint8_t *at = r->octets + r->at, *end = r->octets + r->end;
	uint32_t second = r->second;
	struct record_header h;
	size_t given = 0;

	for (; given < n && (size_t)(end - at) >= sizeof(h); given++, f++) {
		memcpy(&h, at, sizeof(h));
		if (!plain(&h, second) ||
		    (size_t)(end - at) < sizeof(h) + h.length)
			break;
		f->octets = span_of(at + sizeof(h), h.length);
		f->wire_len = h.wire_len;
		f->time = (int64_t)h.seconds * SECOND_US +
		    (second == SECOND_NS ? h.fraction / 1000 : h.fraction);
		at += sizeof(h) + h.length;
	}
	r->at = (size_t)(at - r->octets);
	return given;
}

/* Most files are over after a read or two, and a pipe is not read before it
 * has something. */
static bool
is_worth_a_thread(const struct capture_records *r)
{
	return r->end == r->size && !capture_stream_waits(r->stream);
}

/* Behind the octets of the record that is not whole, shorter than LEAD. */
static bool
read_more(struct capture_records *r)
{
	size_t left = r->end - r->at;
	uint8_t *piece;
	size_t len;
	ssize_t got;

	if (r->ahead == NULL && is_worth_a_thread(r))
		r->ahead = capture_ahead_start(r->stream, LEAD, r->size);
	if (r->ahead != NULL) {
		if ((piece = capture_ahead_take(r->ahead, &len)) == NULL)
			return false;
		r->octets = memcpy(piece - left, r->octets + r->at, left);
		r->at = 0;
		r->end = left + len;
		return true;
	}
	memmove(r->octets, r->octets + r->at, left);
	r->at = 0;
	r->end = left;
	got = capture_stream_read(r->stream, r->octets + left,
	    r->size - left);
	if (got <= 0)
		return false;
	r->end += (size_t)got;
	return true;
}

bool
capture_records_read(struct capture_records *r)
{
	struct record_header h;
	bool plainly = true;

	if (r->end - r->at >= sizeof(h)) {
		memcpy(&h, r->octets + r->at, sizeof(h));
		plainly = plain(&h, r->second);
	}
	if (plainly && read_more(r))
		return true;
	if (r->ahead != NULL)
		capture_ahead_stop(r->ahead);	/* the stream is libpcap's */
	return false;
}

size_t
capture_records_rest(struct capture_records *r, void *to, size_t n)
{
	if (r->at == r->end && r->ahead != NULL) {
		r->octets = capture_ahead_take(r->ahead, &r->end);
		r->at = 0;
	}
	if (n > r->end - r->at)
		n = r->end - r->at;
	if (n > 0)
		memcpy(to, r->octets + r->at, n);
	r->at += n;
	return n;
}
