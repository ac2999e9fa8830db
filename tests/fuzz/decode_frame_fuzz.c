/* SPDX-License-Identifier: ISC */
/*
 * Any frames at all, several in a row, so that fragments can meet.  What
 * decode() says at a glance of some is what it says of them header by header.
 *
 * The input is a list of frames: an octet that chooses the link type, one
 * for the time that passes (tenths of a second), two for the captured
 * length and two for what the wire had more (big-endian), then the octets.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "decode/decode.h"
#include "decode/walk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static const int link_types[] = {
	1, 113, 276, 101, 228, 229, 0, 108, 12, 14, 9, 50, 51, 104, 105, -1,
};

/* Reading each octet lets the sanitizer see whether it is ours to read. */
static uint32_t
touch(struct span s)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += s.at[i];
	return sum;
}

static void
check(const uint8_t *ports, enum decode_result result, const struct packet *p)
{
	if (result != DECODE_TCP && result != DECODE_DNS)
		return;
	if (p->payload_wire < p->payload.len ||
	    p->segment.len < p->payload.len || p->window_scale > 14)
		abort();
	if (touch(p->segment) == 1 && touch(p->payload) == 2)
		abort();
	if (result == DECODE_DNS) {
		if (p->source_port != 53 && p->destination_port != 53)
			abort();
		return;
	}
	if (!(ports[p->source_port / 8] >> p->source_port % 8 & 1) &&
	    !(ports[p->destination_port / 8] >> p->destination_port % 8 & 1))
		abort();
	if (packet_checksum(p) == CHECKSUM_GOOD &&
	    p->payload.len != p->payload_wire)
		abort();
}

/* Spans into the frame are the same; a datagram put together from fragments
 * is in the memory of each decoder. */
static void
compare(struct packet a, struct packet b)
{
	if ((a.wraps & WRAP_FRAGMENTS) != 0) {
		if (!span_equal(a.segment, b.segment) ||
		    !span_equal(a.payload, b.payload))
			abort();
		a.segment = b.segment;
		a.payload = b.payload;
	}
	if (memcmp(&a, &b, sizeof(a)) != 0)
		abort();
}

static enum decode_result
both_ways(struct decoder *d, struct decoder *walker, const struct frame *f,
    struct packet *p)
{
	enum decode_result result;
	struct packet q;

	memset(p, 0, sizeof(*p));
	memset(&q, 0, sizeof(q));
	result = decode(d, f, p);
	if (decode_walk(walker, f, &q) != result)
		abort();
	if (result == DECODE_TCP || result == DECODE_DNS)
		compare(*p, q);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static const uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8,
	    [587 / 8] = 1 << 587 % 8 };
	struct decode_limits limits = { .fragment_datagrams = 8,
	    .fragment_memory = 32 * 1024, .fragment_timeout = 30,
	    .depth = 16 };
	struct counters counters = { 0 }, walked = { 0 };
	struct cursor c = cursor_over(span_of(at, len));
	struct decoder *d = decoder_new(&limits, ports, len % 2, &counters);
	struct decoder *walker = decoder_new(&limits, ports, len % 2, &walked);
	struct frame f = { 0 };
	uint64_t ends = 0;

	if (d == NULL || walker == NULL)
		abort();
	while (c.rest.len > 6) {
		uint8_t *copy;
		size_t size;
		struct packet p;

		f.link_type = link_types[cursor_u8(&c) % 16];
		f.time += cursor_u8(&c) * INT64_C(100000);
		size = cursor_u16(&c);
		f.wire_len = cursor_u16(&c);
		f.octets = cursor_take(&c, size < c.rest.len ? size :
		    c.rest.len);
		f.wire_len += (uint32_t)f.octets.len;
		f.number++;
		/* its own piece of memory, with nothing behind it */
		if ((copy = malloc(f.octets.len + 1)) == NULL)
			break;
		if (f.octets.len > 0)
			memcpy(copy + 1, f.octets.at, f.octets.len);
		f.octets.at = copy + 1;
		check(ports, both_ways(d, walker, &f, &p), &p);
		free(copy);
	}
	decoder_free(d);
	decoder_free(walker);
	if (memcmp(&counters, &walked, sizeof(counters)) != 0)
		abort();

	/* each frame has come to exactly one end */
	for (int i = COUNT_decode_tcp; i <= COUNT_decode_bad; i++)
		ends += counters.n[i];
	if (ends != f.number)
		abort();
	return 0;
}
