/* SPDX-License-Identifier: ISC */
/*
 * decode/transport.c -- TCP (RFC 9293) and UDP (RFC 768): whether it is for
 * us, told from the first octets, and only then all there is to know.
 */
#include "decode/walk.h"

enum {
	PORT_DNS		= 53,
	PORT_VXLAN		= 4789,
	PORT_VXLAN_GPE		= 4790,
	PORT_GENEVE		= 6081,
	PORT_VXLAN_LINUX	= 8472,	/* before there was a number */
};

static bool
wanted(const struct decoder *d, uint16_t port)
{
	return d->ports[port / 8] >> (port % 8) & 1;
}

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
		return !wanted(d, source) && !wanted(d, destination);
	if (protocol == PROTOCOL_UDP)
		return udp_promise(d, source, destination) == END_OTHER;
	return false;
}

/*
 * What stands around the segment or datagram.  Here and in the callers every
 * member is set one by one: clearing the struct first would take as long as
 * all the rest.
 */
static void
note_packet(const struct walk *w, struct packet *p)
{
	const uint8_t *ip = w->ip;

	p->mark.time = w->frame->time;
	p->mark.packet = w->frame->number;
	p->vlan = w->vlan;
	p->wraps = w->wraps;
	p->source_port = be16(w->rest.at);
	p->destination_port = be16(w->rest.at + 2);
	p->has_mss = p->has_window_scale = p->has_timestamp = false;
	p->mss = 0;
	p->window_scale = 0;
	p->timestamp = p->timestamp_echo = 0;
	p->ip_id = 0;
	p->ip_checksum_bad = p->foreseen = false;
	if (w->v6) {
		p->source = addr_v6(w->source);
		p->destination = addr_v6(w->destination);
		p->ttl = ip[7];
		return;
	}
	p->source = addr_v4(w->source);
	p->destination = addr_v4(w->destination);
	p->ttl = ip[8];
	p->ip_id = be16(ip + 4);
	if (!decode_checksum_right(span_of(ip, (ip[0] & 0x0fU) * 4))) {
		p->ip_checksum_bad = true;
		count(w->decoder->counters, COUNT_ip_checksum_bad);
	}
}

static void
note_timestamp(struct packet *p, const uint8_t *at)
{
	p->has_timestamp = true;
	p->timestamp = be32(at);
	p->timestamp_echo = be32(at + 4);
}

/*
 * RFC 9293 section 3.1, RFC 7323.  An option whose length cannot be ends
 * the list; what came before it stands.
 */
static void
note_options(struct packet *p, const uint8_t *at, uint32_t len)
{
	uint32_t size;

	/* As nearly all segments have them: RFC 7323 appendix A. */
	if (len == 12 && be32(at) == 0x0101080a) {
		note_timestamp(p, at + 4);
		return;
	}
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
			note_timestamp(p, at + 2);
		}
	}
}

enum next
decode_transport_tcp(struct walk *w)
{
	const uint8_t *at = w->rest.at;
	struct packet *p = w->packet;
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

	note_packet(w, p);
	p->seq = be32(at + 4);
	p->ack = be32(at + 8);
	p->flags = at[13];
	p->window = be16(at + 14);
	p->urgent = be16(at + 18);
	p->segment = w->rest;
	if (header > 20)
		note_options(p, at + 20, header - 20);
	p->payload = span_of(at + header, w->rest.len - header);
	p->payload_wire = w->wire - header;
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

	note_packet(w, p);
	p->seq = p->ack = 0;
	p->flags = 0;
	p->window = p->urgent = 0;
	p->segment = w->rest;
	p->payload = span_of(at + 8, w->rest.len - 8);
	p->payload_wire = w->wire - 8;
	return END_DNS;
}
