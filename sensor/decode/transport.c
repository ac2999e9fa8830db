/* SPDX-License-Identifier: ISC */
/*
 * decode/transport.c -- TCP (RFC 9293) and UDP (RFC 768): whether it is for
 * us, told from the first octets, and only then all there is to know.
 */
#include "decode/fill.h"
#include "decode/walk.h"

enum {
	PORT_DNS		= 53,
	PORT_VXLAN		= 4789,
	PORT_VXLAN_GPE		= 4790,
	PORT_GENEVE		= 6081,
	PORT_VXLAN_LINUX	= 8472,	/* before there was a number */
};

/* What the ports of a UDP datagram promise. */
static enum next
udp_promise(const struct decoder *d, uint16_t source, uint16_t destination)
{
	if (d->want_dns && (source == PORT_DNS || destination == PORT_DNS))
		return END_DNS;
	switch (destination) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return NEXT_VXLAN;
	case PORT_VXLAN_GPE:
		return NEXT_VXLAN_GPE;
	case PORT_GENEVE:
		return NEXT_GENEVE;
	default:
		return END_OTHER;
	}
}

bool
decode_transport_is_other(const struct decoder *d, uint8_t protocol,
    const uint8_t ports[static 4])
{
	uint16_t source = be16(ports), destination = be16(ports + 2);

	if (protocol == PROTOCOL_TCP)
		return !walk_wanted(d, source) &&
		    !walk_wanted(d, destination);
	if (protocol == PROTOCOL_UDP)
		return udp_promise(d, source, destination) == END_OTHER;
	return false;
}

/* What stands around the segment or datagram. */
static void
note_around(const struct walk *w, struct packet *p)
{
	const uint8_t *ip = w->ip;

	fill_frame(p, w->frame, w->vlan, w->wraps);
	if (w->v6) {
		fill_v6(p, ip);
		p->destination = addr_v6(w->destination);
		return;
	}
	fill_v4(p, ip);
	p->ip_checksum_bad = !decode_checksum_right(span_of(ip,
	    (ip[0] & 0x0fU) * 4));
	if (p->ip_checksum_bad)
		count(w->decoder->counters, COUNT_ip_checksum_bad);
}

/*
 * RFC 9293 section 3.1, RFC 7323.  An option whose length cannot be ends
 * the list; what came before it stands.
 */
void
decode_transport_options(struct packet *p, const uint8_t *at, uint32_t len)
{
	uint32_t size;

	for (; len > 0 && at[0] != 0; at += size, len -= size) {
		size = 1;
		if (at[0] == 1)		/* padding */
			continue;
		if (len < 2 || at[1] < 2 || at[1] > len)
			return;
		size = at[1];
		if (at[0] == 2 && size == 4) {
			p->has_mss = true;
			p->mss = be16(at + 2);
		} else if (at[0] == 3 && size == 3) {
			p->has_window_scale = true;
			/* RFC 7323 section 2.3: more means 14 */
			p->window_scale = at[2] < 14 ? at[2] : 14;
		} else if (at[0] == 8 && size == 10) {
			fill_timestamp(p, at + 2);
		}
	}
}

enum next
decode_transport_tcp(struct walk *w)
{
	const uint8_t *at = w->rest.at;
	uint32_t header;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	if (decode_transport_is_other(w->decoder, PROTOCOL_TCP, at))
		return END_OTHER;

	if (w->rest.len < 20)
		return walk_missing(w, 20);
	header = (at[12] >> 4) * 4U;
	if (header < 20)
		return END_BAD;
	if (w->rest.len < header)
		return walk_missing(w, header);

	note_around(w, w->packet);
	fill_tcp(w->packet, w->rest, header, w->wire);
	return END_TCP;
}

enum next
decode_transport_udp(struct walk *w)
{
	const uint8_t *at = w->rest.at;
	struct packet *p = w->packet;
	uint32_t length;
	enum next next;

	if (w->rest.len < 4)
		return walk_missing(w, 4);
	next = udp_promise(w->decoder, be16(at), be16(at + 2));
	if (next == END_OTHER)
		return END_OTHER;

	if (w->rest.len < 8)
		return walk_missing(w, 8);
	length = be16(at + 4);
	if (length == 0)	/* RFC 2675 section 4, or offload */
		length = w->wire;
	if (length < 8 || !walk_resize(w, length))
		return END_BAD;
	if (next != END_DNS) {
		walk_pass(w, 8);
		return next;
	}

	note_around(w, p);
	fill_no_options(p);
	p->source_port = be16(at);
	p->destination_port = be16(at + 2);
	p->seq = p->ack = 0;
	p->flags = 0;
	p->window = p->urgent = 0;
	p->segment = w->rest;
	p->payload = span_of(at + 8, w->rest.len - 8);
	p->payload_wire = w->wire - 8;
	return END_DNS;
}
