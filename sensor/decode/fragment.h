/* SPDX-License-Identifier: ISC */
/*
 * decode/fragment.h -- IP fragments on their way to becoming a datagram.
 *
 * Fragments of both families, in any order.  A datagram whose fragments
 * overlap is refused as a whole, with all that still comes of it (RFC 5722,
 * and for IPv4 too: hosts differ in what they make of it, and nobody sends
 * it by accident).  The same fragment once more is no overlap: a mirror
 * port often shows packets twice.  For the same reason a finished datagram
 * is remembered for a moment, so that its echo does not begin a new one.
 *
 * Bounded in datagrams, octets and packet time; the oldest goes first.  Not
 * in that account: one room of 64 KB per level for the finished datagram.
 */
#ifndef DECODE_FRAGMENT_H
#define DECODE_FRAGMENT_H

#include "base/addr.h"
#include "base/counters.h"
#include "base/span.h"

struct decode_limits;

/* A frame with fragments in fragments in ...: how often we go along. */
#define FRAGMENT_LEVELS	4

struct fragment {
	struct addr	 source, destination;
	uint32_t	 id;
	bool		 v6;
	uint8_t		 protocol;	/* of what the datagram carries */
	bool		 more;
	uint32_t	 offset;	/* octets */
	struct span	 octets;	/* captured */
	uint32_t	 wire;		/* on the wire */
	int64_t		 time;		/* microseconds, as frames have it */
};

struct datagram {
	struct span	 octets;	/* up to the first not captured */
	uint32_t	 wire;
	uint8_t		 protocol;	/* by its first fragment */
};

enum fragment_fate {
	FRAGMENT_WHOLE,		/* it was the last one missing */
	FRAGMENT_HELD,		/* others are missing */
	FRAGMENT_ECHO,		/* its datagram has been given out already */
	FRAGMENT_REFUSED,	/* impossible, overlapping, or no memory */
};

struct fragment_table;		/* opaque; one per decoder */

/* `counters` must outlive it.  NULL if memory is short. */
struct fragment_table	*fragment_table_new(const struct decode_limits *limits,
			    struct counters *counters);
void			 fragment_table_free(struct fragment_table *t);

/*
 * Take a fragment; its octets are copied.  On FRAGMENT_WHOLE `out` is
 * filled; its octets live until the next call with the same `level`
 * (0 to FRAGMENT_LEVELS - 1: how many datagrams this frame has finished).
 */
enum fragment_fate	 fragment_take(struct fragment_table *t,
			    const struct fragment *f, unsigned level,
			    struct datagram *out);

#endif
