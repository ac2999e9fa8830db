/* SPDX-License-Identifier: ISC */
/*
 * decode/tunnel.c -- packets inside packets, and labels before them.
 *
 * None of these is trusted to be what its port or label suggests: from here
 * on nonsense means "no tunnel", not "a damaged one" (w->guess).
 */
#include "decode/walk.h"

enum {
	GRE_CHECKSUM	= 0x8000,
	GRE_ROUTING	= 0x4000,	/* RFC 1701, deprecated */
	GRE_KEY		= 0x2000,
	GRE_SEQUENCE	= 0x1000,
	GRE_VERSION	= 0x0007,
};

enum {
	GRE_ETHERNET	= 0x6558,	/* RFC 1701; also Geneve's */
	GRE_ERSPAN	= 0x88be,	/* types I and II */
	GRE_ERSPAN3	= 0x22eb,
};

#define ERSPAN_TRUNCATED	0x04	/* the mirror cut the frame */

/* Does an Ethernet header with something we read behind stand there? */
static bool
like_ethernet(const struct walk *w, size_t skip)
{
	const uint8_t *at;

	if (w->rest.len < skip + 15)
		return false;
	at = w->rest.at + skip + 12;
	switch (be16(at)) {
	case 0x0800:
		return at[2] >> 4 == 4;
	case 0x86dd:
		return at[2] >> 4 == 6;
	case 0x8100:
	case 0x88a8:
	case 0x9100:
	case 0x8847:
	case 0x8848:
	case 0x8864:
		return true;
	default:
		return false;
	}
}

/*
 * An IPv4 header?  Where it could be Ethernet as well (`doubt`), the header's
 * checksum decides.
 */
static bool
like_ipv4(const struct walk *w, bool doubt)
{
	const uint8_t *at = w->rest.at;
	uint32_t header, total;

	if (w->rest.len < 20 || at[0] >> 4 != 4)
		return false;
	header = (at[0] & 0x0fU) * 4;
	total = be16(at + 2);
	if (header < 20 || (total != 0 && (total < header || total > w->wire)))
		return false;
	return !doubt || (header <= w->rest.len &&
	    decode_checksum_right(span_of(at, header)));
}

/* An IPv6 header?  In doubt, a length that fits to the octet says so. */
static bool
like_ipv6(const struct walk *w, bool doubt)
{
	uint32_t length;

	if (w->rest.len < 40 || w->rest.at[0] >> 4 != 6)
		return false;
	length = be16(w->rest.at + 4) + 40U;
	return length == w->wire || (length < w->wire && !doubt);
}

/*
 * Below the last label nothing says what follows (RFC 3032).  The first
 * nibble tells IPv4 and IPv6 apart, but a pseudowire without control word
 * (RFC 4448) begins with any MAC address, so each must look right.
 */
static enum next
unlabelled(struct walk *w)
{
	bool doubt = like_ethernet(w, 0);

	w->guess = true;
	if (like_ipv4(w, doubt))
		return NEXT_IPV4;
	if (like_ipv6(w, doubt))
		return NEXT_IPV6;
	if (w->rest.len > 0 && w->rest.at[0] >> 4 == 0 &&
	    like_ethernet(w, 4)) {
		walk_pass(w, 4);	/* the control word */
		return NEXT_ETHERNET;
	}
	if (doubt)
		return NEXT_ETHERNET;
	if (w->rest.len < 40 && w->rest.len < w->wire)
		return END_CUT;
	return END_OTHER;
}

enum next
decode_tunnel_mpls(struct walk *w)
{
	bool bottom;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	bottom = w->rest.at[2] & 1;
	walk_pass(w, 4);
	w->wraps |= WRAP_MPLS;
	return bottom ? unlabelled(w) : NEXT_MPLS;
}

/*
 * ERSPAN has no RFC but for draft-foschiano-erspan.  Type I is bare GRE
 * with the frame behind it; type II adds eight octets and is told from it
 * by the GRE sequence number.
 */
static enum next
erspan(struct walk *w, bool sequence)
{
	w->wraps |= WRAP_ERSPAN;
	if (!sequence)
		return NEXT_ETHERNET;
	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (w->rest.at[0] >> 4 != 1)
		return END_BAD;
	w->truncated |= w->rest.at[2] & ERSPAN_TRUNCATED;
	walk_pass(w, 8);
	return NEXT_ETHERNET;
}

/* Type III: twelve octets, whose last says what the frame is and whether a
 * platform's eight follow. */
static enum next
erspan3(struct walk *w)
{
	uint16_t last;
	uint32_t size;

	if (w->rest.len < 12)
		return walk_missing(w, 12);
	if (w->rest.at[0] >> 4 != 2)
		return END_BAD;
	last = be16(w->rest.at + 10);
	size = last & 0x0001 ? 20 : 12;
	if (w->rest.len < size)
		return walk_missing(w, size);
	w->truncated |= w->rest.at[2] & ERSPAN_TRUNCATED;
	walk_pass(w, size);
	w->wraps |= WRAP_ERSPAN;
	switch (last >> 10 & 0x1f) {
	case 0:
		return NEXT_ETHERNET;
	case 2:
		return NEXT_IP;
	default:
		return END_OTHER;
	}
}

static enum next
gre_protocol(struct walk *w, uint16_t protocol, bool sequence)
{
	switch (protocol) {
	case GRE_ERSPAN:
		return erspan(w, sequence);
	case GRE_ERSPAN3:
		return erspan3(w);
	case GRE_ETHERNET:
		w->wraps |= WRAP_GRE;
		return NEXT_ETHERNET;
	default:
		/* An ethertype; but a length it is not. */
		if (protocol < 0x0600)
			return END_OTHER;
		w->wraps |= WRAP_GRE;
		return decode_link_ethertype(protocol);
	}
}

/* RFC 2784 and 2890.  Version 1 is PPTP's (RFC 2637): mostly encrypted. */
enum next
decode_tunnel_gre(struct walk *w)
{
	uint16_t flags, protocol;
	uint32_t size = 4;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	flags = be16(w->rest.at);
	protocol = be16(w->rest.at + 2);
	if ((flags & GRE_VERSION) != 0 || flags & GRE_ROUTING)
		return END_OTHER;
	if (flags & GRE_CHECKSUM)
		size += 4;
	if (flags & GRE_KEY)
		size += 4;
	if (flags & GRE_SEQUENCE)
		size += 4;
	w->guess = true;
	if (w->rest.len < size)
		return walk_missing(w, size);
	walk_pass(w, size);
	return gre_protocol(w, protocol, flags & GRE_SEQUENCE);
}

/* RFC 3378: version 3, and nothing else in sixteen bits. */
enum next
decode_tunnel_etherip(struct walk *w)
{
	if (w->rest.len < 2)
		return walk_missing(w, 2);
	if (be16(w->rest.at) != 0x3000)
		return END_OTHER;
	walk_pass(w, 2);
	w->wraps |= WRAP_IP;
	w->guess = true;
	return NEXT_ETHERNET;
}

/* RFC 7348: the I flag, and a network number we do not need. */
enum next
decode_tunnel_vxlan(struct walk *w)
{
	w->guess = true;
	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (!(w->rest.at[0] & 0x08))
		return END_OTHER;
	walk_pass(w, 8);
	w->wraps |= WRAP_VXLAN;
	return NEXT_ETHERNET;
}

/* draft-ietf-nvo3-vxlan-gpe: with the P flag the protocol is named. */
enum next
decode_tunnel_vxlan_gpe(struct walk *w)
{
	enum next next;

	w->guess = true;
	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (!(w->rest.at[0] & 0x08))
		return END_OTHER;
	switch (w->rest.at[0] & 0x04 ? w->rest.at[3] : 3) {
	case 1:
		next = NEXT_IPV4;
		break;
	case 2:
		next = NEXT_IPV6;
		break;
	case 3:
		next = NEXT_ETHERNET;
		break;
	default:
		return END_OTHER;
	}
	walk_pass(w, 8);
	w->wraps |= WRAP_VXLAN;
	return next;
}

/* RFC 8926 section 3.4. */
enum next
decode_tunnel_geneve(struct walk *w)
{
	uint16_t protocol;
	uint32_t size;

	w->guess = true;
	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (w->rest.at[0] >> 6 != 0)
		return END_OTHER;
	size = 8 + (w->rest.at[0] & 0x3fU) * 4;
	protocol = be16(w->rest.at + 2);
	if (w->rest.len < size)
		return walk_missing(w, size);
	walk_pass(w, size);
	w->wraps |= WRAP_GENEVE;
	if (protocol == GRE_ETHERNET)
		return NEXT_ETHERNET;
	if (protocol < 0x0600)
		return END_OTHER;
	return decode_link_ethertype(protocol);
}
