/* SPDX-License-Identifier: ISC */
/*
 * decode/decode.h -- from a frame to a TCP segment or a DNS datagram.
 *
 * Goes through link types, tags, labels and tunnels to the innermost IP
 * packet, and puts IP fragments together on the way (RFC 791, RFC 8200
 * section 4.5; overlapping fragments are refused as RFC 5722 asks, for both
 * families).  TCP quoted inside ICMP is not traffic and is not shown.
 *
 * What the snap length took is told from what never was: a packet whose
 * lengths point beyond its frame on the wire is BAD, for a host would drop
 * it too.
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "base/counters.h"
#include "capture/capture.h"
#include "decode/packet.h"

struct decode_limits {
	uint32_t	fragment_datagrams;	/* being put together at once */
	uint32_t	fragment_memory;	/* octets held for them */
	uint32_t	fragment_timeout;	/* seconds of packet time */
	uint32_t	depth;			/* headers in one frame */
	uint64_t	seed;			/* keys the hash: random */
};

#define DECODE_LIMITS_DEFAULT	{			\
	.fragment_datagrams = 4096,			\
	.fragment_memory = 16 * 1024 * 1024,		\
	.fragment_timeout = 30,				\
	.depth = 16,					\
}

enum decode_result {
	DECODE_TCP,		/* a segment on a wanted port */
	DECODE_DNS,		/* UDP to or from port 53 (payload) */
	DECODE_OTHER,		/* not for us, or the echo of a datagram */
	DECODE_HELD,		/* a fragment; its datagram is not yet whole */
	DECODE_CUT,		/* ends before the headers do */
	DECODE_BAD,		/* contradicts itself, or nested too deep */
};

struct decoder;			/* opaque; one per road thread */

/*
 * `ports` has a bit per TCP port (bit n of octet n/8, 8192 octets) and must
 * outlive the decoder, as must `counters`.  NULL if memory is short.
 */
struct decoder	*decoder_new(const struct decode_limits *limits,
		    const uint8_t *ports, bool want_dns,
		    struct counters *counters);
void		 decoder_free(struct decoder *d);	/* NULL is fine */

/* On DECODE_TCP and DECODE_DNS `p` is filled; its spans live until the next
 * call or the end of the frame.  Any bytes at all are acceptable. */
enum decode_result	 decode(struct decoder *d, const struct frame *f,
			    struct packet *p);

/*
 * Does decode() know this LINKTYPE_ number?  Ethernet, Linux cooked 1 and 2,
 * raw IP, NULL and LOOP, PPP in its forms, Cisco HDLC.
 */
bool		 decode_knows(int link_type);

#endif
