/* SPDX-License-Identifier: ISC */
/*
 * decode/link.c -- what lies between the wire and IP.
 *
 * Link types are the LINKTYPE_ numbers of capture files
 * (https://www.tcpdump.org/linktypes.html), which for a few types are not
 * the DLT_ numbers of libpcap's interface.
 */
#include "decode/walk.h"

enum {
	LINKTYPE_NULL		= 0,
	LINKTYPE_PPP		= 9,
	LINKTYPE_RAW_BSD	= 12,	/* DLT_RAW of most systems */
	LINKTYPE_RAW_OPENBSD	= 14,	/* ... and of OpenBSD */
	LINKTYPE_PPP_HDLC	= 50,
	LINKTYPE_PPP_ETHER	= 51,
	LINKTYPE_RAW		= 101,
	LINKTYPE_C_HDLC		= 104,
	LINKTYPE_LOOP		= 108,
	LINKTYPE_LINUX_SLL	= 113,
	LINKTYPE_IPV4		= 228,
	LINKTYPE_IPV6		= 229,
	LINKTYPE_LINUX_SLL2	= 276,
};

enum {
	ETHERTYPE_LLC		= 0x0004,	/* as Linux cooked has it */
	ETHERTYPE_LENGTH_MAX	= 0x05dc,	/* up to here: 802.3 length */
	ETHERTYPE_MPLS		= 0x8847,
	ETHERTYPE_MPLS_UPSTREAM	= 0x8848,
	ETHERTYPE_PPPOE		= 0x8864,
};

enum {
	PPP_IPV4	= 0x0021,
	PPP_IPV6	= 0x0057,
	PPP_MPLS	= 0x0281,
};

enum next
decode_link_type(int link_type)
{
	switch (link_type) {
	case LINKTYPE_ETHERNET:
		return NEXT_ETHERNET;
	case LINKTYPE_LINUX_SLL:
		return NEXT_COOKED;
	case LINKTYPE_LINUX_SLL2:
		return NEXT_COOKED2;
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
		return NEXT_IP;
	case LINKTYPE_IPV4:
		return NEXT_IPV4;
	case LINKTYPE_IPV6:
		return NEXT_IPV6;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return NEXT_FAMILY;
	case LINKTYPE_PPP:
		return NEXT_PPP;
	case LINKTYPE_PPP_HDLC:
		return NEXT_PPP_SERIAL;
	case LINKTYPE_PPP_ETHER:
		return NEXT_PPPOE;
	case LINKTYPE_C_HDLC:
		return NEXT_CISCO_HDLC;
	default:
		return END_OTHER;
	}
}

enum next
decode_link_ethertype(uint16_t type)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		return NEXT_IPV4;
	case ETHERTYPE_IPV6:
		return NEXT_IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return NEXT_VLAN;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		return NEXT_MPLS;
	case ETHERTYPE_PPPOE:
		return NEXT_PPPOE;
	default:
		return type <= ETHERTYPE_LENGTH_MAX ? NEXT_LLC : END_OTHER;
	}
}

enum next
decode_link_ethernet(struct walk *w)
{
	uint16_t type;

	if (w->rest.len < 14)
		return walk_missing(w, 14);
	type = be16(w->rest.at + 12);
	walk_pass(w, 14);
	return decode_link_ethertype(type);
}

/* IEEE 802.1Q: what follows the ethertype that announced the tag. */
enum next
decode_link_vlan(struct walk *w)
{
	uint16_t id, type;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	id = be16(w->rest.at) & 0x0fff;
	type = be16(w->rest.at + 2);
	walk_pass(w, 4);
	w->wraps |= WRAP_VLAN;
	if (id != 0)		/* 0: a priority, and no VLAN */
		w->vlan = id;
	return decode_link_ethertype(type);
}

/* IEEE 802.2 behind a length, with the SNAP of RFC 1042 or plain IP. */
enum next
decode_link_llc(struct walk *w)
{
	static const uint8_t snap[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	static const uint8_t bridged[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0xf8 };
	static const uint8_t ip[3] = { 0x06, 0x06, 0x03 };
	const uint8_t *at = w->rest.at;
	uint16_t type;

	if (w->rest.len < 3)
		return walk_missing(w, 3);
	if (memcmp(at, ip, sizeof(ip)) == 0) {
		walk_pass(w, sizeof(ip));
		return NEXT_IPV4;
	}
	if (memcmp(at, snap, 3) != 0)
		return END_OTHER;
	if (w->rest.len < 8)
		return walk_missing(w, 8);
	if (memcmp(at, snap, sizeof(snap)) != 0 &&
	    memcmp(at, bridged, sizeof(bridged)) != 0)
		return END_OTHER;
	type = be16(at + 6);
	walk_pass(w, 8);
	/* A length has no meaning here, and would lead back. */
	if (type <= ETHERTYPE_LENGTH_MAX)
		return END_OTHER;
	return decode_link_ethertype(type);
}

/* The protocol of a Linux cooked header, mostly an ethertype. */
static enum next
cooked_protocol(uint16_t hardware, uint16_t protocol)
{
	enum { NETLINK = 824 };	/* ARPHRD_NETLINK: protocol is a family */

	if (hardware == NETLINK)
		return END_OTHER;
	if (protocol == ETHERTYPE_LLC)
		return NEXT_LLC;
	if (protocol <= ETHERTYPE_LENGTH_MAX)
		return END_OTHER;
	return decode_link_ethertype(protocol);
}

enum next
decode_link_cooked(struct walk *w)
{
	uint16_t hardware, protocol;

	if (w->rest.len < 16)
		return walk_missing(w, 16);
	hardware = be16(w->rest.at + 2);
	protocol = be16(w->rest.at + 14);
	walk_pass(w, 16);
	return cooked_protocol(hardware, protocol);
}

enum next
decode_link_cooked2(struct walk *w)
{
	uint16_t hardware, protocol;

	if (w->rest.len < 20)
		return walk_missing(w, 20);
	protocol = be16(w->rest.at);
	hardware = be16(w->rest.at + 8);
	walk_pass(w, 20);
	return cooked_protocol(hardware, protocol);
}

/*
 * BSD loopback: an AF_ number, for LINKTYPE_NULL in the byte order of the
 * machine that captured, for LINKTYPE_LOOP in network order.  AF_INET is 2
 * everywhere, AF_INET6 is not.  All are small, so the order shows.
 */
enum next
decode_link_family(struct walk *w)
{
	uint32_t family;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	family = be32(w->rest.at);
	if (family > 0xffff)
		family = family >> 24 | (family >> 8 & 0xff00);
	walk_pass(w, 4);
	switch (family) {
	case 2:
		return NEXT_IPV4;
	case 10:		/* Linux */
	case 24:		/* NetBSD, OpenBSD, BSD/OS */
	case 28:		/* FreeBSD */
	case 30:		/* Darwin */
		return NEXT_IPV6;
	default:
		return END_OTHER;
	}
}

/* RFC 1661, with the address and control of RFC 1662 there or left out, and
 * the protocol in one octet or two: an odd octet is its last. */
enum next
decode_link_ppp(struct walk *w)
{
	uint16_t protocol;

	if (w->rest.len >= 2 && be16(w->rest.at) == 0xff03)
		walk_pass(w, 2);
	if (w->rest.len < 2)
		return walk_missing(w, 2);
	if (w->rest.at[0] & 1) {
		protocol = w->rest.at[0];
		walk_pass(w, 1);
	} else {
		protocol = be16(w->rest.at);
		walk_pass(w, 2);
	}
	switch (protocol) {
	case PPP_IPV4:
		return NEXT_IPV4;
	case PPP_IPV6:
		return NEXT_IPV6;
	case PPP_MPLS:
		return NEXT_MPLS;
	default:
		return END_OTHER;
	}
}

/* A serial line: PPP, or the Cisco HDLC it may speak instead. */
enum next
decode_link_ppp_serial(struct walk *w)
{
	if (w->rest.len < 2)
		return walk_missing(w, 2);
	switch (be16(w->rest.at)) {
	case 0x0f00:		/* unicast */
	case 0x8f00:		/* multicast */
		return NEXT_CISCO_HDLC;
	default:
		return NEXT_PPP;
	}
}

enum next
decode_link_cisco_hdlc(struct walk *w)
{
	uint16_t type;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	type = be16(w->rest.at + 2);
	walk_pass(w, 4);
	if (type <= ETHERTYPE_LENGTH_MAX)
		return END_OTHER;
	return decode_link_ethertype(type);
}

/* RFC 2516 section 4: version and type, code, session, length.  The length
 * is not looked at: IP has its own, and some concentrators get this wrong. */
enum next
decode_link_pppoe(struct walk *w)
{
	if (w->rest.len < 6)
		return walk_missing(w, 6);
	if (w->rest.at[0] != 0x11)
		return END_BAD;
	if (w->rest.at[1] != 0)		/* not session data */
		return END_OTHER;
	walk_pass(w, 6);
	w->wraps |= WRAP_PPPOE;
	return NEXT_PPP;
}
