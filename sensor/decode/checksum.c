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

/* 64 bits hold the carries of four billion words. */
static uint64_t
sum(uint64_t so_far, struct span s)
{
	const uint8_t *at = s.at;
	size_t len = s.len;
	uint32_t word;
	uint8_t last[2] = { 0, 0 };
	uint16_t half;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		so_far += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		so_far += half;
		at += sizeof(half);
		len -= sizeof(half);
	}
	if (len > 0) {
		last[0] = at[0];
		memcpy(&half, last, sizeof(half));
		so_far += half;
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
