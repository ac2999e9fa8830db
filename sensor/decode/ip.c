/* SPDX-License-Identifier: ISC */
/*
 * decode/ip.c -- IPv4 (RFC 791) and IPv6 (RFC 8200), with what hangs on them.
 *
 * A total length of zero is what a capture on the sending machine shows when
 * its network card will cut the segment to size (TSO, BIG TCP): the frame's
 * own length has to do.
 */
#include "decode/walk.h"

enum {
	PROTOCOL_HOP_BY_HOP	= 0,
	PROTOCOL_IPV4		= 4,
	PROTOCOL_IPV6		= 41,
	PROTOCOL_ROUTING	= 43,
	PROTOCOL_FRAGMENT	= 44,
	PROTOCOL_GRE		= 47,
	PROTOCOL_AH		= 51,
	PROTOCOL_DESTINATION	= 60,
	PROTOCOL_ETHERIP	= 97,
	PROTOCOL_MOBILITY	= 135,
	PROTOCOL_MPLS		= 137,
	PROTOCOL_HIP		= 139,
	PROTOCOL_SHIM6		= 140,
	PROTOCOL_ETHERNET	= 143,	/* RFC 8986 */
};

#define DATAGRAM_MAX	65535

enum next
decode_ip_protocol(struct walk *w, uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		return NEXT_TCP;
	case PROTOCOL_UDP:
		return NEXT_UDP;
	case PROTOCOL_IPV4:
		w->wraps |= WRAP_IP;
		return NEXT_IPV4;
	case PROTOCOL_IPV6:
		w->wraps |= WRAP_IP;
		return NEXT_IPV6;
	case PROTOCOL_GRE:
		return NEXT_GRE;
	case PROTOCOL_AH:
		w->protocol = protocol;
		return NEXT_EXTENSION;
	case PROTOCOL_ETHERIP:
		return NEXT_ETHERIP;
	case PROTOCOL_MPLS:
		w->wraps |= WRAP_IP;
		return NEXT_MPLS;
	case PROTOCOL_ETHERNET:
		w->wraps |= WRAP_IP;
		return NEXT_ETHERNET;
	default:
		return END_OTHER;	/* ICMP too: what it quotes is past */
	}
}

static enum next
ipv6_protocol(struct walk *w, uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_FRAGMENT:
	case PROTOCOL_DESTINATION:
	case PROTOCOL_MOBILITY:
	case PROTOCOL_HIP:
	case PROTOCOL_SHIM6:
		w->protocol = protocol;
		return NEXT_EXTENSION;
	default:
		return decode_ip_protocol(w, protocol);
	}
}

static enum next
any_protocol(struct walk *w, uint8_t protocol)
{
	return w->v6 ? ipv6_protocol(w, protocol) :
	    decode_ip_protocol(w, protocol);
}

/*
 * Give a fragment to the table, which is what `rest` is, and go on with the
 * datagram if it is whole now.
 */
static enum next
put_together(struct walk *w, struct fragment *f)
{
	struct fragment_table *t = w->decoder->fragments;
	struct datagram whole;

	count(w->decoder->counters, COUNT_fragments);
	if (w->wire == 0 || f->offset + w->wire > DATAGRAM_MAX ||
	    (f->more && w->wire % 8 != 0))
		return END_BAD;
	if (w->wholes == FRAGMENT_LEVELS) {
		count(w->decoder->counters, COUNT_decode_too_deep);
		return END_BAD;
	}
	f->v6 = w->v6;
	f->source = w->v6 ? addr_v6(w->source) : addr_v4(w->source);
	f->destination = w->v6 ? addr_v6(w->destination) :
	    addr_v4(w->destination);
	f->octets = w->rest;
	f->wire = w->wire;
	f->time = w->frame->time;

	switch (fragment_take(t, f, w->wholes, &whole)) {
	case FRAGMENT_WHOLE:
		break;
	case FRAGMENT_HELD:
		return END_HELD;
	case FRAGMENT_ECHO:
		return END_OTHER;
	case FRAGMENT_REFUSED:
		return END_BAD;
	}
	w->wholes++;
	w->wraps |= WRAP_FRAGMENTS;
	w->rest = whole.octets;
	w->wire = whole.wire;
	return any_protocol(w, whole.protocol);
}

static enum next
ipv4_fragment(struct walk *w, const uint8_t *header)
{
	struct fragment f = {
		.id = be16(header + 4),
		.protocol = header[9],
		.more = header[6] & 0x20,
		.offset = (uint32_t)(be16(header + 6) & 0x1fff) * 8,
	};
	struct walk peek = *w;

	/* All fragments name the protocol: do not gather what none reads. */
	if (decode_ip_protocol(&peek, f.protocol) == END_OTHER) {
		count(w->decoder->counters, COUNT_fragments);
		return END_OTHER;
	}
	return put_together(w, &f);
}

/* RFC 791 section 3.1: a host that cannot read the options drops it all. */
static bool
options_right(const uint8_t *at, uint32_t len)
{
	uint32_t size;

	for (; len > 0 && at[0] != 0; at += size, len -= size) {
		size = 1;
		if (at[0] == 1)		/* padding */
			continue;
		if (len < 2 || at[1] < 2 || at[1] > len)
			return false;
		size = at[1];
	}
	return true;
}

enum next
decode_ip_v4(struct walk *w)
{
	const uint8_t *at = w->rest.at;
	uint32_t header, total;

	if (w->rest.len < 20)
		return walk_missing(w, 20);
	header = (at[0] & 0x0fU) * 4;
	total = be16(at + 2);
	if (at[0] >> 4 != 4 || header < 20)
		return END_BAD;
	if (total != 0) {
		if (total < header || !walk_resize(w, total))
			return END_BAD;
	}
	if (w->rest.len < header)
		return walk_missing(w, header);
	if (header > 20 && !options_right(at + 20, header - 20))
		return END_BAD;
	walk_pass(w, header);
	w->v6 = false;
	w->unsized = false;
	w->ip = at;
	w->source = at + 12;
	w->destination = at + 16;
	if ((be16(at + 6) & 0x3fff) != 0)	/* more fragments, or offset */
		return ipv4_fragment(w, at);
	return decode_ip_protocol(w, at[9]);
}

enum next
decode_ip_v6(struct walk *w)
{
	const uint8_t *at = w->rest.at;
	uint32_t length;

	if (w->rest.len < 40)
		return walk_missing(w, 40);
	if (at[0] >> 4 != 6)
		return END_BAD;
	length = be16(at + 4);
	walk_pass(w, 40);
	if (length != 0 && !walk_resize(w, length))
		return END_BAD;
	w->v6 = true;
	w->unsized = length == 0;
	w->ip = at;
	w->source = at + 8;
	w->destination = at + 24;
	return ipv6_protocol(w, at[6]);
}

enum next
decode_ip(struct walk *w)
{
	if (w->rest.len < 1)
		return walk_missing(w, 1);
	switch (w->rest.at[0] >> 4) {
	case 4:
		return NEXT_IPV4;
	case 6:
		return NEXT_IPV6;
	default:
		return END_BAD;
	}
}

/*
 * The jumbo payload option (RFC 2675) gives the length that did not fit.
 * It counts from behind the fixed header, where `rest` still begins.
 */
static enum next
jumbo(struct walk *w, uint32_t size)
{
	const uint8_t *at = w->rest.at;
	uint32_t length;

	for (uint32_t i = 2; i < size; ) {
		if (at[i] == 0) {	/* Pad1 */
			i++;
			continue;
		}
		if (size - i < 2 || at[i + 1] > size - i - 2)
			return END_BAD;
		if (at[i] == 0xc2 && at[i + 1] == 4) {
			length = be32(at + i + 2);
			if (length <= DATAGRAM_MAX || !walk_resize(w, length))
				return END_BAD;
			w->unsized = false;
			break;
		}
		i += 2U + at[i + 1];
	}
	return NEXT_EXTENSION;
}

static enum next
ipv6_fragment(struct walk *w)
{
	struct fragment f = {
		.protocol = w->rest.at[0],
		.offset = be16(w->rest.at + 2) & 0xfff8,
		.more = w->rest.at[3] & 1,
		.id = be32(w->rest.at + 4),
	};

	walk_pass(w, 8);
	if (f.offset == 0 && !f.more)	/* atomic, RFC 6946: whole by itself */
		return ipv6_protocol(w, f.protocol);
	if (w->unsized)
		return END_BAD;
	return put_together(w, &f);
}

/*
 * Where a routing header says the packet goes in the end.  Mobile IPv6
 * (type 2) and segment routing (type 4) have that address first; nobody
 * obeys type 0 any more (RFC 5095).
 */
static void
take_route(struct walk *w, uint32_t size)
{
	uint8_t type = w->rest.at[2], segments_left = w->rest.at[3];

	if (w->v6 && segments_left > 0 && size >= 24 &&
	    (type == 2 || type == 4))
		w->destination = w->rest.at + 8;
}

enum next
decode_ip_extension(struct walk *w)
{
	uint8_t next;
	uint32_t size;

	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (w->protocol == PROTOCOL_FRAGMENT)
		return ipv6_fragment(w);
	next = w->rest.at[0];
	if (w->protocol == PROTOCOL_AH)		/* RFC 4302 section 2.2 */
		size = (w->rest.at[1] + 2U) * 4;
	else
		size = (w->rest.at[1] + 1U) * 8;
	if (w->rest.len < size)
		return walk_missing(w, size);
	if (w->protocol == PROTOCOL_HOP_BY_HOP && w->unsized &&
	    jumbo(w, size) == END_BAD)
		return END_BAD;
	if (w->protocol == PROTOCOL_ROUTING)
		take_route(w, size);
	walk_pass(w, size);
	return any_protocol(w, next);
}
