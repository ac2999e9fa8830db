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

enum decode_result
decode_walk(struct decoder *d, const struct frame *f, struct packet *p)
{
	struct walk w = {
		.decoder = d,
		.frame = f,
		.packet = p,
		.rest = f->octets,
		.wire = f->wire_len > f->octets.len ? f->wire_len :
		    (uint32_t)f->octets.len,
	};
	enum next next = decode_link_type(f->link_type);

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

enum decode_result
decode(struct decoder *d, const struct frame *f, struct packet *p)
{
	switch (decode_plain(d, f, p)) {
	case PLAIN_OTHER:
		count(d->counters, COUNT_decode_other);
		return DECODE_OTHER;
	case PLAIN_TCP:
		count(d->counters, COUNT_decode_tcp);
		return DECODE_TCP;
	case PLAIN_UNSURE:
		break;
	}
	return decode_walk(d, f, p);
}
