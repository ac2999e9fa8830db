/* SPDX-License-Identifier: ISC */
/*
 * Most of what a mirror port shows is plain: Ethernet, perhaps a tag or two,
 * IP without options, TCP or UDP, not fragmented; and most of that is of no
 * use to us.  It is told here at a glance, and where it is TCP for us all of
 * it is read at once.  Nothing is decided but what the walk would come to
 * (tests/fuzz/decode_frame_fuzz.c compares them).
 */
#include "decode/fill.h"
#include "decode/walk.h"

#define PLAIN_HEADERS	5	/* Ethernet, two tags, IP, TCP */
#define PLAIN_TAGS	2

/* RFC 1071, of a header without options: what fold() makes 0xffff of. */
static bool
checksum_right(const uint8_t ip[static 20])
{
	uint64_t first, second, sum;
	uint32_t third;

	memcpy(&first, ip, 8);
	memcpy(&second, ip + 8, 8);
	memcpy(&third, ip + 16, 4);
	sum = (first >> 32) + (uint32_t)first + (second >> 32) +
	    (uint32_t)second + third;
	return sum != 0 && sum % 0xffff == 0;
}

/* TCP or UDP behind a plain header: `length` is what that states of them. */
static inline enum plain
plain_transport(const struct decoder *d, uint8_t protocol, struct span captured,
    uint32_t length, struct packet *p)
{
	const uint8_t *at = captured.at;
	uint32_t header;

	if (protocol != PROTOCOL_TCP)
		return decode_transport_is_other(d, protocol, at) ?
		    PLAIN_OTHER : PLAIN_UNSURE;
	if (!walk_wanted(d, be16(at)) && !walk_wanted(d, be16(at + 2)))
		return PLAIN_OTHER;
	captured = span_first(captured, length);	/* the rest is padding */
	if (captured.len < 20)
		return PLAIN_UNSURE;
	header = (at[12] >> 4) * 4U;
	if (header < 20 || captured.len < header)
		return PLAIN_UNSURE;
	fill_tcp(p, captured, header, length);
	return PLAIN_TCP;
}

/* `captured` begins with the header and the ports behind it. */
static enum plain
plain_v4(const struct decoder *d, struct span captured, uint32_t wire,
    struct packet *p)
{
	const uint8_t *ip = captured.at;
	uint32_t length = be16(ip + 2);
	enum plain what;

	if (ip[0] != 0x45 || (be16(ip + 6) & 0x3fff) != 0 || length < 24 ||
	    length > wire)
		return PLAIN_UNSURE;
	what = plain_transport(d, ip[9], span_of(ip + 20, captured.len - 20),
	    length - 20, p);
	if (what != PLAIN_TCP)
		return what;
	fill_v4(p, ip);
	p->ip_checksum_bad = !checksum_right(ip);
	if (p->ip_checksum_bad)
		count(d->counters, COUNT_ip_checksum_bad);
	return PLAIN_TCP;
}

static enum plain
plain_v6(const struct decoder *d, struct span captured, uint32_t wire,
    struct packet *p)
{
	const uint8_t *ip = captured.at;
	uint32_t length = be16(ip + 4);
	enum plain what;

	if (captured.len < 44 || ip[0] >> 4 != 6 || length < 4 ||
	    length > wire - 40)
		return PLAIN_UNSURE;
	what = plain_transport(d, ip[6], span_of(ip + 40, captured.len - 40),
	    length, p);
	if (what == PLAIN_TCP)
		fill_v6(p, ip);
	return what;
}

enum plain
decode_plain(const struct decoder *d, const struct frame *f, struct packet *p)
{
	struct span captured = f->octets;
	uint32_t wire = f->wire_len;
	enum plain what;
	uint16_t type;

	/* 14 octets, 8 of tags, 20 of IPv4, 4 of ports */
	if (f->link_type != LINKTYPE_ETHERNET || captured.len < 46 ||
	    d->depth < PLAIN_HEADERS || wire < captured.len)
		return PLAIN_UNSURE;
	p->vlan = 0;
	type = be16(captured.at + 12);
	captured = span_of(captured.at + 14, captured.len - 14);
	wire -= 14;
	for (int i = 0; i < PLAIN_TAGS && walk_is_tag(type); i++) {
		if ((be16(captured.at) & 0x0fff) != 0)
			p->vlan = be16(captured.at) & 0x0fff;
		type = be16(captured.at + 2);
		captured = span_of(captured.at + 4, captured.len - 4);
		wire -= 4;
	}
	if (type == ETHERTYPE_IPV4)
		what = plain_v4(d, captured, wire, p);
	else if (type == ETHERTYPE_IPV6)
		what = plain_v6(d, captured, wire, p);
	else
		return PLAIN_UNSURE;
	if (what == PLAIN_TCP)
		fill_frame(p, f, p->vlan, captured.at > f->octets.at + 14 ?
		    WRAP_VLAN : 0);
	return what;
}
