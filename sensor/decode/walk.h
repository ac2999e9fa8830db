/* SPDX-License-Identifier: ISC */
/*
 * decode/walk.h -- the inside of decode(): one frame, header by header.
 *
 * Each kind of header has a function that reads the octets at the front of
 * `rest`, passes them, and says what stands next; decode() calls one after
 * the other until an end is named.
 *
 * `wire` is how many octets the packet has from here on by the last length
 * anybody stated, and is never less than rest.len.  What the snap length
 * took away is the difference: a header that is on the wire and not in the
 * capture makes the frame CUT, one for which the packet has no room makes
 * it BAD.
 */
#ifndef DECODE_WALK_H
#define DECODE_WALK_H

#include "decode/decode.h"
#include "decode/fragment.h"

enum next {
	/* link layer (link.c) */
	NEXT_ETHERNET,
	NEXT_VLAN,
	NEXT_LLC,
	NEXT_COOKED,		/* Linux "any", first form */
	NEXT_COOKED2,
	NEXT_FAMILY,		/* BSD loopback: an AF_ number */
	NEXT_PPP,
	NEXT_PPP_SERIAL,
	NEXT_PPPOE,
	NEXT_CISCO_HDLC,

	/* tunnels and labels (tunnel.c) */
	NEXT_MPLS,
	NEXT_GRE,
	NEXT_ETHERIP,
	NEXT_VXLAN,
	NEXT_VXLAN_GPE,
	NEXT_GENEVE,

	/* IP (ip.c) */
	NEXT_IP,		/* whichever version the first octet says */
	NEXT_IPV4,
	NEXT_IPV6,
	NEXT_EXTENSION,		/* of IPv6, and AH in both; w->protocol */

	/* transport (transport.c) */
	NEXT_TCP,
	NEXT_UDP,

	/* the ends: enum decode_result */
	END_TCP,
	END_DNS,
	END_OTHER,
	END_HELD,
	END_CUT,
	END_BAD,
};

/* The numbers that more than one file needs. */
enum {
	LINKTYPE_ETHERNET	= 1,
	ETHERTYPE_IPV4		= 0x0800,
	ETHERTYPE_VLAN		= 0x8100,
	ETHERTYPE_QINQ		= 0x88a8,	/* 802.1ad */
	ETHERTYPE_QINQ_OLD	= 0x9100,	/* before there was 802.1ad */
	ETHERTYPE_IPV6		= 0x86dd,
	PROTOCOL_TCP		= 6,
	PROTOCOL_UDP		= 17,
};

struct decoder {
	const uint8_t		*ports;
	struct counters		*counters;
	struct fragment_table	*fragments;
	uint32_t		 depth;
	bool			 want_dns;
};

struct walk {
	struct decoder		*decoder;
	const struct frame	*frame;
	struct packet		*packet;	/* filled at END_TCP, END_DNS */
	struct span		 rest;
	uint32_t		 wire;
	uint16_t		 vlan;
	uint16_t		 wraps;
	uint8_t			 protocol;	/* at NEXT_EXTENSION */
	uint8_t			 wholes;	/* datagrams put together */
	bool			 guess;		/* it may be no tunnel at all */
	bool			 truncated;	/* by an ERSPAN mirror */
	bool			 unsized;	/* IPv6 without a length */
	bool			 v6;
	const uint8_t		*ip;		/* innermost IP header */
	const uint8_t		*source, *destination;
};

static inline uint16_t
be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t
be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static inline bool
walk_is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ ||
	    ethertype == ETHERTYPE_QINQ_OLD;
}

/* Is it a port of SMTP? */
static inline bool
walk_wanted(const struct decoder *d, uint16_t port)
{
	return d->ports[port / 8] >> (port % 8) & 1;
}

/* The end for a header of n octets that is not all in `rest`. */
static inline enum next
walk_missing(const struct walk *w, uint32_t n)
{
	return w->wire >= n ? END_CUT : END_BAD;
}

/* Pass n octets; they must be there. */
static inline void
walk_pass(struct walk *w, uint32_t n)
{
	w->rest.at += n;
	w->rest.len -= n;
	w->wire -= n;
}

/*
 * A header states that n octets follow it.  Fewer than there are: the others
 * are padding.  More: false, for a host would drop that packet, and to take
 * it would let it blind us to octets that nobody ever saw -- unless the
 * mirror says that it cut the frame.
 */
static inline bool
walk_resize(struct walk *w, uint32_t n)
{
	if (n > w->wire && !w->truncated)
		return false;
	w->wire = n;
	if (w->rest.len > n)
		w->rest.len = n;
	return true;
}

/* decode() of any frame, header by header. */
enum decode_result	decode_walk(struct decoder *d, const struct frame *f,
			    struct packet *p);

/* decode() at a glance, of frames that are plain. */
enum plain {
	PLAIN_UNSURE,		/* it takes a walk to tell */
	PLAIN_OTHER,		/* DECODE_OTHER, and not counted yet */
	PLAIN_TCP,		/* DECODE_TCP, and not counted yet */
};
enum plain	decode_plain(const struct decoder *d, const struct frame *f,
		    struct packet *p);

/* What a number means; END_OTHER for all that we do not read. */
enum next	decode_link_type(int link_type);
enum next	decode_link_ethertype(uint16_t type);
enum next	decode_ip_protocol(struct walk *w, uint8_t protocol);

enum next	decode_link_ethernet(struct walk *w);
enum next	decode_link_vlan(struct walk *w);
enum next	decode_link_llc(struct walk *w);
enum next	decode_link_cooked(struct walk *w);
enum next	decode_link_cooked2(struct walk *w);
enum next	decode_link_family(struct walk *w);
enum next	decode_link_ppp(struct walk *w);
enum next	decode_link_ppp_serial(struct walk *w);
enum next	decode_link_pppoe(struct walk *w);
enum next	decode_link_cisco_hdlc(struct walk *w);

enum next	decode_tunnel_mpls(struct walk *w);
enum next	decode_tunnel_gre(struct walk *w);
enum next	decode_tunnel_etherip(struct walk *w);
enum next	decode_tunnel_vxlan(struct walk *w);
enum next	decode_tunnel_vxlan_gpe(struct walk *w);
enum next	decode_tunnel_geneve(struct walk *w);

enum next	decode_ip(struct walk *w);
enum next	decode_ip_v4(struct walk *w);
enum next	decode_ip_v6(struct walk *w);
enum next	decode_ip_extension(struct walk *w);

enum next	decode_transport_tcp(struct walk *w);
enum next	decode_transport_udp(struct walk *w);

/* Of the options of a segment those that we read. */
void		decode_transport_options(struct packet *p, const uint8_t *at,
		    uint32_t len);

/* Are these ports (source, destination as on the wire) of no use to us? */
bool		decode_transport_is_other(const struct decoder *d,
		    uint8_t protocol, const uint8_t ports[static 4]);

/* The one's complement sum of RFC 1071 is right over these octets. */
bool		decode_checksum_right(struct span octets);

#endif
