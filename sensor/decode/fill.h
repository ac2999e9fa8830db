/* SPDX-License-Identifier: ISC */
/*
 * decode/fill.h -- what is written into a packet, whichever way it was come
 * to (decode/plain.c, decode/transport.c).
 *
 * All together set every member, one by one: clearing the struct first would
 * take as long as all the rest.
 */
#ifndef DECODE_FILL_H
#define DECODE_FILL_H

#include "decode/walk.h"

/* What stands around the IP packet. */
static inline void
fill_frame(struct packet *p, const struct frame *f, uint16_t vlan,
    uint16_t wraps)
{
	p->mark.time = f->time;
	p->mark.packet = f->number;
	p->frame = f->octets;
	p->frame_wire = f->wire_len;
	p->link_type = f->link_type;
	p->vlan = vlan;
	p->wraps = wraps;
	p->foreseen = false;
}

/* The addresses as the header has them, if no other header knew better. */
static inline void
fill_v4(struct packet *p, const uint8_t *ip)
{
	p->source = addr_v4(ip + 12);
	p->destination = addr_v4(ip + 16);
	p->ttl = ip[8];
	p->ip_id = be16(ip + 4);
}

static inline void
fill_v6(struct packet *p, const uint8_t *ip)
{
	p->source = addr_v6(ip + 8);
	p->destination = addr_v6(ip + 24);
	p->ttl = ip[7];
	p->ip_id = 0;
	p->ip_checksum_bad = false;
}

/* Of the options those that we read: the segment has none so far. */
static inline void
fill_no_options(struct packet *p)
{
	p->has_mss = p->has_window_scale = p->has_timestamp = false;
	p->window_scale = 0;
	p->mss = 0;
	p->timestamp = p->timestamp_echo = 0;
}

static inline void
fill_timestamp(struct packet *p, const uint8_t *at)
{
	p->has_timestamp = true;
	p->timestamp = be32(at);
	p->timestamp_echo = be32(at + 4);
}

/* A segment whose header, of `header` octets, was captured. */
static inline void
fill_tcp(struct packet *p, struct span segment, uint32_t header, uint32_t wire)
{
	const uint8_t *at = segment.at;

	p->source_port = be16(at);
	p->destination_port = be16(at + 2);
	p->seq = be32(at + 4);
	p->ack = be32(at + 8);
	p->flags = at[13];
	p->window = be16(at + 14);
	p->urgent = be16(at + 18);
	p->segment = segment;
	p->payload = span_of(at + header, segment.len - header);
	p->payload_wire = wire - header;
	fill_no_options(p);
	/* As nearly all segments have them: RFC 7323 appendix A. */
	if (header == 32 && be32(at + 20) == 0x0101080a)
		fill_timestamp(p, at + 24);
	else if (header > 20)
		decode_transport_options(p, at + 20, header - 20);
}

#endif
