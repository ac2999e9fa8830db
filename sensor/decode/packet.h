/* SPDX-License-Identifier: ISC */
/*
 * decode/packet.h -- one TCP segment or DNS datagram, laid open.
 *
 * Plain facts from the innermost IP packet of a frame.  Spans point into
 * the frame (or into the reassembled datagram) and live as long as it does.
 */
#ifndef DECODE_PACKET_H
#define DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mark.h"
#include "base/span.h"

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

/* What was wrapped around the IP packet: a set of these. */
enum packet_wrap {
	WRAP_VLAN	= 1 << 0,	/* 802.1Q or QinQ */
	WRAP_MPLS	= 1 << 1,
	WRAP_PPPOE	= 1 << 2,
	WRAP_GRE	= 1 << 3,
	WRAP_ERSPAN	= 1 << 4,	/* and then not WRAP_GRE */
	WRAP_VXLAN	= 1 << 5,
	WRAP_GENEVE	= 1 << 6,
	WRAP_IP		= 1 << 7,	/* IP in IP, 6in4 and kin */
	WRAP_FRAGMENTS	= 1 << 8,	/* put together from IP fragments */
};

enum packet_checksum {
	CHECKSUM_UNKNOWN,	/* octets are missing */
	CHECKSUM_GOOD,
	CHECKSUM_BAD,		/* damaged, or left to the sender's card */
};

struct packet {
	struct mark	 mark;
	struct addr	 source, destination;
	uint16_t	 source_port, destination_port;

	/* TCP, RFC 9293 section 3.1; host byte order */
	uint32_t	 seq, ack;
	uint16_t	 window;	/* as on the wire, unscaled */
	uint16_t	 urgent;
	uint8_t		 flags;		/* enum tcp_flag */
	bool		 has_mss, has_window_scale, has_timestamp;
	uint16_t	 mss;
	uint8_t		 window_scale;
	uint32_t	 timestamp, timestamp_echo;

	struct span	 payload;	/* captured */
	uint32_t	 payload_wire;	/* on the wire: more if cut */
	struct span	 segment;	/* TCP header and payload as captured */

	/* traits of the IP packet */
	uint8_t		 ttl;		/* or hop limit */
	uint16_t	 ip_id;		/* 0 for IPv6 */
	bool		 ip_checksum_bad;
	uint16_t	 vlan;		/* innermost 802.1Q ID, 0 if none */
	uint16_t	 wraps;		/* enum packet_wrap */

	/* the frame it came in, for evidence (the last one of fragments) */
	struct span	 frame;
	uint32_t	 frame_wire;
	int		 link_type;

	/* flow/'s own, see flow_foresee() */
	bool		 foreseen, source_is_low;
	uint32_t	 flow_hash;
	const void	*likely;
	uint64_t	 likely_until;
};

/*
 * Verify the TCP checksum (RFC 9293 section 3.1).  Reads the whole segment,
 * so ask only where it matters.
 */
enum packet_checksum	packet_checksum(const struct packet *p);

#endif
