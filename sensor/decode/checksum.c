/* SPDX-License-Identifier: ISC */
/*
 * decode/checksum.c -- the internet checksum, RFC 1071.
 *
 * Summed in the machine's own byte order, in which a right sum is as right
 * as in any other (RFC 1071 section 2 B).
 */
#include <arpa/inet.h>

#include "decode/packet.h"
#include "decode/walk.h"

/* What 64 bits do not hold comes in again at their other end. */
static uint64_t
plus(uint64_t a, uint64_t b)
{
	uint64_t s;

	return __builtin_add_overflow(a, b, &s) ? s + 1 : s;
}

static uint64_t
sum(uint64_t so_far, struct span s)
{
	const uint8_t *at = s.at;
	size_t len = s.len;
	uint64_t four[4], word;
	uint8_t last[2] = { 0, 0 };
	uint16_t half;

	for (; len >= sizeof(four); at += sizeof(four), len -= sizeof(four)) {
		memcpy(four, at, sizeof(four));
		for (int i = 0; i < 4; i++)
			so_far = plus(so_far, four[i]);
	}
	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		so_far = plus(so_far, word);
	}
	for (; len >= sizeof(half); at += sizeof(half), len -= sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		so_far = plus(so_far, half);
	}
	if (len > 0) {
		last[0] = at[0];
		memcpy(&half, last, sizeof(half));
		so_far = plus(so_far, half);
	}
	return so_far;
}

static uint16_t
fold(uint64_t so_far)
{
	while (so_far > 0xffff)
		so_far = (so_far >> 16) + (so_far & 0xffff);
	return (uint16_t)so_far;
}

bool
decode_checksum_right(struct span octets)
{
	return fold(sum(0, octets)) == 0xffff;
}

/*
 * One pseudo header serves both families: an IPv4 address in its mapped
 * form sums up as the bare one does, for the 0xffff before it is one's
 * complement for nothing.
 */
enum packet_checksum
packet_checksum(const struct packet *p)
{
	uint64_t s = 0;
	uint32_t pseudo[2];

	if (p->payload.len != p->payload_wire || p->segment.len == 0)
		return CHECKSUM_UNKNOWN;
	pseudo[0] = htonl((uint32_t)p->segment.len);
	pseudo[1] = htonl(PROTOCOL_TCP);
	s = sum(s, span_of(p->source.octets, sizeof(p->source.octets)));
	s = sum(s, span_of(p->destination.octets,
	    sizeof(p->destination.octets)));
	s = sum(s, span_of(pseudo, sizeof(pseudo)));
	s = sum(s, p->segment);
	return fold(s) == 0xffff ? CHECKSUM_GOOD : CHECKSUM_BAD;
}
