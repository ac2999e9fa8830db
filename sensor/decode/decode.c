/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "decode/decode.h"
#include "decode/walk.h"

/* Of the wraps, those that put a packet inside another one. */
#define WRAP_TUNNELS	(WRAP_GRE | WRAP_ERSPAN | WRAP_VXLAN | WRAP_GENEVE | \
			    WRAP_IP)

struct decoder *
decoder_new(const struct decode_limits *limits, const uint8_t *ports,
    bool want_dns, struct counters *counters)
{
	struct decoder *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->ports = ports;
	d->counters = counters;
	d->depth = limits->depth;
	d->want_dns = want_dns;
	if ((d->fragments = fragment_table_new(limits, counters)) == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	fragment_table_free(d->fragments);
	free(d);
}

bool
decode_knows(int link_type)
{
	return decode_link_type(link_type) != END_OTHER;
}

/* The end is named: count it and translate it. */
static enum decode_result
arrive(const struct walk *w, enum decode_result result)
{
	struct counters *c = w->decoder->counters;

	/*
	 * A tunnel without a protocol number of its own is recognised by a
	 * port or a nibble.  If nonsense stands inside it was no tunnel.
	 */
	if (result == DECODE_BAD && w->guess)
		result = DECODE_OTHER;

	switch (result) {
	case DECODE_TCP:
		count(c, COUNT_decode_tcp);
		if (w->wraps & WRAP_TUNNELS)
			count(c, COUNT_decode_tunnels);
		break;
	case DECODE_DNS:
		count(c, COUNT_decode_dns);
		if (w->wraps & WRAP_TUNNELS)
			count(c, COUNT_decode_tunnels);
		break;
	case DECODE_OTHER:
		count(c, COUNT_decode_other);
		break;
	case DECODE_HELD:
		count(c, COUNT_decode_held);
		break;
	case DECODE_CUT:
		count(c, COUNT_decode_cut);
		break;
	case DECODE_BAD:
		count(c, COUNT_decode_bad);
		break;
	}
	return result;
}

/* One header of many: the walk's crossroads. */
static enum next
step(struct walk *w, enum next next)
{
	switch (next) {
	case NEXT_ETHERNET:	return decode_link_ethernet(w);
	case NEXT_VLAN:		return decode_link_vlan(w);
	case NEXT_LLC:		return decode_link_llc(w);
	case NEXT_COOKED:	return decode_link_cooked(w);
	case NEXT_COOKED2:	return decode_link_cooked2(w);
	case NEXT_FAMILY:	return decode_link_family(w);
	case NEXT_PPP:		return decode_link_ppp(w);
	case NEXT_PPP_SERIAL:	return decode_link_ppp_serial(w);
	case NEXT_PPPOE:	return decode_link_pppoe(w);
	case NEXT_CISCO_HDLC:	return decode_link_cisco_hdlc(w);
	case NEXT_MPLS:		return decode_tunnel_mpls(w);
	case NEXT_GRE:		return decode_tunnel_gre(w);
	case NEXT_ETHERIP:	return decode_tunnel_etherip(w);
	case NEXT_VXLAN:	return decode_tunnel_vxlan(w);
	case NEXT_VXLAN_GPE:	return decode_tunnel_vxlan_gpe(w);
	case NEXT_GENEVE:	return decode_tunnel_geneve(w);
	case NEXT_IP:		return decode_ip(w);
	case NEXT_IPV4:		return decode_ip_v4(w);
	case NEXT_IPV6:		return decode_ip_v6(w);
	case NEXT_EXTENSION:	return decode_ip_extension(w);
	case NEXT_TCP:		return decode_transport_tcp(w);
	case NEXT_UDP:		return decode_transport_udp(w);
	case END_TCP:
	case END_DNS:
	case END_OTHER:
	case END_HELD:
	case END_CUT:
	case END_BAD:
		break;
	}
	return next;
}

/* What a frame is at a glance. */
enum glance {
	GLANCE_UNSURE,		/* it takes a walk to tell */
	GLANCE_OTHER,
	GLANCE_TCP,		/* for us; the walk stands at its header */
};

#define PLAIN_HEADERS	4	/* Ethernet, tag, IP, TCP */

/* The walk goes to what is behind `head` octets, as long as stated. */
static void
walk_to(struct walk *w, const uint8_t *ip, uint32_t head, uint32_t length)
{
	const uint8_t *tag = w->rest.at + 14;

	w->ip = ip;
	w->source = ip + (w->v6 ? 8 : 12);
	w->destination = ip + (w->v6 ? 24 : 16);
	if (ip != tag) {
		w->wraps = WRAP_VLAN;
		w->vlan = be16(tag) & 0x0fff;
	}
	walk_pass(w, head);
	(void)walk_resize(w, length);	/* they are no more than there are */
}

/*
 * Most of what a mirror port shows is plain: Ethernet, perhaps one tag, IP
 * without options, TCP or UDP, not fragmented; and most of that is of no
 * use to us.  Tell so without a walk, and where it is TCP for us, pass all
 * headers up to it at once.  In doubt let the walk tell: it comes to the
 * same end.
 */
static enum glance
glance(struct walk *w)
{
	const uint8_t *at = w->rest.at, *ports;
	uint32_t wire = w->wire - 14, length, head;
	uint8_t protocol;
	uint16_t type;
	bool v6;

	/* 14 octets, 4 of a tag, 20 of IPv4 (40 of IPv6), 4 of ports */
	if (w->frame->link_type != LINKTYPE_ETHERNET || w->rest.len < 42 ||
	    w->decoder->depth < PLAIN_HEADERS)
		return GLANCE_UNSURE;
	type = be16(at + 12);
	at += 14;
	if (type == ETHERTYPE_VLAN) {
		type = be16(at + 2);
		at += 4;
		wire -= 4;
	}
	v6 = type == ETHERTYPE_IPV6 && w->rest.len >= 62 && at[0] >> 4 == 6;
	if (v6) {
		head = 40;
		length = be16(at + 4) + head;
		protocol = at[6];
	} else if (type == ETHERTYPE_IPV4 && at[0] == 0x45 &&
	    (be16(at + 6) & 0x3fff) == 0) {
		head = 20;
		length = be16(at + 2);
		protocol = at[9];
	} else
		return GLANCE_UNSURE;
	ports = at + head;
	if (length < head + 4 || length > wire)
		return GLANCE_UNSURE;
	if (decode_transport_is_other(w->decoder, protocol, ports))
		return GLANCE_OTHER;
	if (protocol != PROTOCOL_TCP)
		return GLANCE_UNSURE;
	w->v6 = v6;
	walk_to(w, at, (uint32_t)(ports - w->rest.at), length - head);
	return GLANCE_TCP;
}

enum decode_result
decode(struct decoder *d, const struct frame *f, struct packet *p)
{
	struct walk w = {
		.decoder = d,
		.frame = f,
		.packet = p,
		.rest = f->octets,
		.wire = f->wire_len > f->octets.len ? f->wire_len :
		    (uint32_t)f->octets.len,
	};
	enum next next = END_OTHER;

	switch (glance(&w)) {
	case GLANCE_OTHER:
		count(d->counters, COUNT_decode_other);
		return DECODE_OTHER;
	case GLANCE_TCP:
		next = decode_transport_tcp(&w);
		return arrive(&w, (enum decode_result)(next - END_TCP));
	case GLANCE_UNSURE:
		next = decode_link_type(f->link_type);
		break;
	}
	if (next == END_OTHER)
		count(d->counters, COUNT_decode_link_unknown);
	for (uint32_t depth = d->depth; next < END_TCP; depth--) {
		if (depth == 0) {
			count(d->counters, COUNT_decode_too_deep);
			w.guess = false;
			next = END_BAD;
			break;
		}
		next = step(&w, next);
	}
	return arrive(&w, (enum decode_result)(next - END_TCP));
}
