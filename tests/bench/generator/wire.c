/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "wire.h"
#include "writer.h"

#define ETHERNET	14U
#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17
#define WINDOW		501
/* The two ends' clocks do not agree. */
#define SERVER_CLOCK	7777777U

void
wire_address(uint8_t *to, bool ipv6, enum side s, uint32_t n)
{
	/* 10.0.0.0/8 and 198.18.0.0/15; 2001:db8:c1::/64 and ...:25::/64 */
	static const uint32_t v4[] = { 0x0a000000, 0xc6120000 };
	static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0 };

	if (!ipv6) {
		store32(to, v4[s] + 10 + n);
		return;
	}
	memset(to, 0, 16);
	memcpy(to, v6, sizeof(v6));
	to[5] = s == SERVER ? 0x25 : 0xc1;
	store32(to + 12, 10 + n);
}

/*
 * The Internet checksum's sum (RFC 1071), in the machine's byte order and
 * unfolded.  Two accumulators and 32 bits at a time: this is most of what
 * a frame costs.
 */
static uint64_t
sum(const uint8_t *p, size_t n, uint64_t start)
{
	uint64_t a = start, b = 0;
	uint32_t four[4];
	uint16_t half;

	for (; n >= sizeof(four); n -= sizeof(four), p += sizeof(four)) {
		memcpy(four, p, sizeof(four));
		a += (uint64_t)four[0] + four[2];
		b += (uint64_t)four[1] + four[3];
	}
	for (; n >= sizeof(half); n -= sizeof(half), p += sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		a += half;
	}
	if (n > 0) {
		half = 0;
		memcpy(&half, p, 1);
		a += half;
	}
	return a + b;
}

static uint16_t
fold(uint64_t s)
{
	s = (s & 0xffffffffU) + (s >> 32);
	s = (s & 0xffffffffU) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void
put_ethernet(uint8_t *to, enum side from, bool ipv6)
{
	static const uint8_t router[2][6] = {
		{ 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 },
	};

	memcpy(to, router[other(from)], 6);
	memcpy(to + 6, router[from], 6);
	store16(to + 12, ipv6 ? 0x86dd : 0x0800);
}

/* Returns the sum of the addresses, for the pseudo header. */
static uint64_t
put_ipv6(uint8_t *ip, const struct ends *e, enum side from, uint32_t length)
{
	store32(ip, 0x60000000);
	store16(ip + 4, length);
	ip[6] = e->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
	ip[7] = from == SERVER ? 57 : 64;
	wire_address(ip + 8, true, from, e->host[from]);
	wire_address(ip + 24, true, other(from), e->host[other(from)]);
	return sum(ip + 8, 32, 0);
}

static uint64_t
put_ipv4(struct wire *w, uint8_t *ip, const struct ends *e, enum side from)
{
	uint16_t check;

	store16(ip, 0x4500);
	store16(ip + 2, 20 + w->transport_length);
	store16(ip + 4, w->ip_id++);
	store16(ip + 6, 0x4000);
	ip[8] = from == SERVER ? 57 : 64;
	ip[9] = e->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
	store16(ip + 10, 0);
	wire_address(ip + 12, false, from, e->host[from]);
	wire_address(ip + 16, false, other(from), e->host[other(from)]);
	check = fold(sum(ip, 20, 0));
	memcpy(ip + 10, &check, sizeof(check));
	return sum(ip + 12, 8, 0);
}

/* 20 octets on a SYN, 12 otherwise. */
static void
put_tcp_options(struct wire *w, uint8_t *at, struct ends *e,
    const struct packet *p)
{
	static const uint8_t scale[] = { 1, 3, 3, 7 };
	uint32_t now = (uint32_t)(w->time / 1000000U) +
	    (p->from == SERVER ? SERVER_CLOCK : 0);

	if (p->flags & TCP_SYN) {
		store16(at, 0x0204);
		store16(at + 2, e->mss);
		store16(at + 4, 0x0402);	/* SACK permitted */
		at += 6;
	} else {
		store16(at, 0x0101);
		at += 2;
	}
	store16(at, 0x080a);
	store32(at + 2, now);
	store32(at + 6, e->stamp[other(p->from)]);
	e->stamp[p->from] = now;
	if (p->flags & TCP_SYN)
		memcpy(at + 10, scale, sizeof(scale));
}

static void
put_tcp(struct wire *w, uint8_t *t, struct ends *e, const struct packet *p,
    uint32_t header)
{
	store32(t + 4, p->seq);
	store32(t + 8, p->flags & TCP_ACK ? p->ack : 0);
	t[12] = (uint8_t)(header / 4 << 4);
	t[13] = (uint8_t)p->flags;
	store16(t + 14, p->flags & TCP_RST ? 0 : WINDOW);
	store32(t + 16, 0);
	put_tcp_options(w, t + 20, e, p);
}

uint8_t *
wire_begin(struct wire *w, struct ends *e, const struct packet *p)
{
	uint32_t header = e->udp ? 8 : p->flags & TCP_SYN ? 40 : 32;
	uint32_t ip_header = e->ipv6 ? 40 : 20;
	uint8_t pseudo[4], *frame;

	w->udp = e->udp;
	w->transport_length = header + p->length;
	frame = output_frame(w->output, w->time,
	    ETHERNET + ip_header + w->transport_length);
	put_ethernet(frame, p->from, e->ipv6);
	w->pseudo = e->ipv6 ? put_ipv6(frame + ETHERNET, e, p->from,
	    w->transport_length) : put_ipv4(w, frame + ETHERNET, e, p->from);
	store16(pseudo, e->udp ? PROTOCOL_UDP : PROTOCOL_TCP);
	store16(pseudo + 2, w->transport_length);
	w->pseudo = sum(pseudo, sizeof(pseudo), w->pseudo);

	w->transport = frame + ETHERNET + ip_header;
	store16(w->transport, e->port[p->from]);
	store16(w->transport + 2, e->port[other(p->from)]);
	if (e->udp) {
		store16(w->transport + 4, w->transport_length);
		store16(w->transport + 6, 0);
	} else {
		put_tcp(w, w->transport, e, p, header);
	}
	return w->transport + header;
}

void
wire_end(struct wire *w)
{
	uint16_t check = fold(sum(w->transport, w->transport_length,
	    w->pseudo));

	if (w->udp && check == 0)
		check = 0xffff;		/* RFC 768: 0 would mean "none" */
	memcpy(w->transport + (w->udp ? 6 : 16), &check, sizeof(check));
}
