/* SPDX-License-Identifier: ISC */
/*
 * wire.h -- frames as a mirror port shows them: Ethernet with one router
 * on each side, IPv4 or IPv6, TCP with timestamps or UDP, right checksums.
 *
 * A frame is laid out in two steps, so that the payload is copied once:
 * wire_begin writes the headers and says where the payload goes, wire_end
 * sums it all up.
 */
#ifndef GENERATOR_WIRE_H
#define GENERATOR_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"

enum side {
	CLIENT,
	SERVER,
};

static inline enum side
other(enum side s)
{
	return s == CLIENT ? SERVER : CLIENT;
}

/* What all frames of a connection have in common. */
struct ends {
	uint32_t	 host[2];	/* by enum side; see wire_address */
	uint32_t	 stamp[2];	/* the last TCP timestamp of each */
	uint16_t	 port[2];
	uint16_t	 mss;
	bool		 ipv6, udp;
};

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
};

struct packet {
	enum side	 from;
	unsigned	 flags;		/* TCP_ */
	uint32_t	 seq, ack;
	uint32_t	 length;	/* of the payload */
};

struct wire {
	struct output	*output;
	uint64_t	 time;		/* nanoseconds since 1970 */
	uint16_t	 ip_id;
	/* the frame begun: */
	uint8_t		*transport;
	uint32_t	 transport_length;
	uint64_t	 pseudo;	/* sum of the pseudo header */
	bool		 udp;
};

/* Where the payload of the frame is to be copied. */
uint8_t	*wire_begin(struct wire *w, struct ends *e, const struct packet *p);
void	 wire_end(struct wire *w);

/* The address of the n-th host of that side: 4 or 16 octets at `to`. */
void	 wire_address(uint8_t *to, bool ipv6, enum side s, uint32_t n);

#endif
