/* SPDX-License-Identifier: ISC */
/*
 * flow/flow_internal.h -- what the files of flow/ share.
 *
 *	table.c		the table: finding, limits, timeouts
 *	connection.c	one connection: roles, SYN, FIN, RST, its end
 *	stream.c	one side: order, causality, gaps, skipping
 *	memory.c	octets remembered, and copies compared with them
 */
#ifndef FLOW_INTERNAL_H
#define FLOW_INTERNAL_H

#include "flow/flow.h"

#define HELD_SEGMENTS_MAX	1024	/* a side: bounds the search too */
#define PIECES_MAX		1024	/* remembered segments a side */
#define CLOSING		2000000	/* µs a finished connection is still read */
#define PLAUSIBLE_AHEAD	(1U << 24)	/* octets beyond the next expected */

/* Sequence numbers wrap (RFC 9293 section 3.4). */
static inline bool
seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* A segment that has to wait: for octets before it, or for those it
 * acknowledges. */
struct held {
	struct held	*next;
	struct mark	 mark;
	uint32_t	 seq, len, wire_len, ack;
	uint8_t		 ttl;
	bool		 has_ack, bad_checksum;
	uint8_t		 octets[];
};

/* A delivered segment, kept for comparing later copies. */
struct piece {
	struct piece	*next;		/* in order of delivery = sequence */
	struct mark	 mark;
	uint32_t	 seq, len;
	uint32_t	 reported;	/* hash of the last conflict told */
	uint8_t		 ttl;
	bool		 bad_checksum;
	uint8_t		 octets[];
};

struct stream {
	struct held	*held;		/* by sequence number */
	struct piece	*pieces, *last_piece;
	uint64_t	 skip;
	uint32_t	 next;		/* expected; valid once started */
	uint32_t	 first;		/* where it started */
	uint32_t	 acked;		/* highest the other side has acknowledged */
	uint32_t	 held_octets, held_count;
	uint32_t	 piece_octets, piece_count;
	uint32_t	 fin_seq, fin_ack;
	uint32_t	 rst_seq;
	struct mark	 fin_at, rst_at;
	uint8_t		 want;		/* enum flow_want */
	bool		 started;	/* `next` is known */
	bool		 has_acked;
	bool		 fin_waits;	/* FIN seen, not reached */
	bool		 fin_has_ack;
	bool		 rst_waits;	/* RST seen, not yet decided */
	bool		 ended;		/* FIN reached, or RST believed */
	bool		 good_checksum;	/* seen on a segment with payload */
};

enum list_id {
	LIST_OPENING,		/* no octet yet */
	LIST_OPEN,
	LIST_CLOSING,		/* finished or reset, still read for a while */
	LIST_TOMBS,		/* over; known for late copies */
	LISTS
};

struct flow_key {
	struct addr	ip[2];		/* the lower address and port first */
	uint16_t	port[2];
};

/* What both a connection and its tombstone have. */
struct entry {
	struct entry	*chain;		/* next in the bucket */
	struct entry	*newer, *older;	/* in its list */
	int64_t		 touched;	/* place in time of its list */
	uint32_t	 hash;
	uint8_t		 list;		/* enum list_id */
	struct flow_key	 key;
};

struct tomb {
	struct entry	 entry;
	uint32_t	 next[2];	/* by key order */
	uint32_t	 isn[2];
	bool		 has_isn[2];
};

struct flow {
	struct entry	 entry;
	struct flow_table	*table;
	void		*session;	/* NULL before the first octet */
	void		*kept;		/* the reader's, see flow_ops.segment */
	struct flow	*blocked_newer, *blocked_older;
	int64_t		 blocked_since;	/* valid while blocked */
	bool		 blocked;
	bool		 unread;	/* no session could be had */
	bool		 client_is_low;	/* key[0] is the client */
	bool		 seen[SIDES];	/* packets of this side came */
	bool		 syn_waits;	/* a SYN of another connection came */
	uint32_t	 syn_isn;
	uint8_t		 syn_by;	/* enum side */
	struct stream	 side[SIDES];
	struct flow_facts facts;
};

struct flow_table {
	struct flow_limits	 limits;
	const uint8_t		*ports;
	const struct flow_ops	*ops;
	void			*context;
	struct counters		*counters;
	struct entry		**buckets;
	uint32_t		 mask;
	uint64_t		 seed;
	uint64_t		 memory;	/* octets, held against the limit */
	size_t			 connections, tombs;
	int64_t			 now;		/* packet time, never a lone leap */
	int64_t			 leap;		/* a time that waits to be confirmed */
	int64_t			 checked;	/* timeouts last looked at */
	struct entry		*oldest[LISTS], *newest[LISTS];
	struct flow		*blocked_oldest, *blocked_newest;
	const struct flow	*busy;		/* being worked on: not to be evicted */
};

/* table.c */
void	*table_alloc(struct flow_table *t, size_t size);	/* NULL: limit or memory */
void	 table_release(struct flow_table *t, void *p, size_t size);
void	 table_move(struct flow_table *t, struct entry *e, enum list_id to,
	    int64_t at);
void	 table_block(struct flow *f, int64_t at);	/* it waits for something */
void	 table_unblock(struct flow *f);
void	 table_remove(struct flow *f, bool leave_tomb);	/* and free */

/* connection.c */
/* Settle who is who by what this segment tells. */
void	 connection_begin(struct flow *f, const struct packet *p,
	    bool source_is_low);
void	 connection_take(struct flow *f, const struct packet *p,
	    bool source_is_low);
/* Deliver what there is, tell the reader, and forget. */
void	 connection_end(struct flow *f, enum flow_end how);
/* Does this segment begin a new connection in this one's place? */
bool	 connection_replaced(struct flow *f, const struct packet *p,
	    bool source_is_low);

/* stream.c */
void	 stream_take(struct flow *f, enum side who, const struct packet *p);
void	 stream_pump(struct flow *f);	/* deliver all that may be */
/* Declare one gap; false: there is none to declare.  `final`: no evidence
 * that the receiver got what we did not is asked for. */
bool	 stream_force(struct flow *f, bool final);
void	 stream_forget(struct flow *f, enum side who);	/* held segments */
bool	 stream_waits(const struct flow *f);
bool	 stream_caught_up(const struct flow *f, enum side who, uint32_t ack);
void	 stream_settle(struct flow *f);	/* no SYN came: begin at what is there */
void	 stream_missing(struct flow *f, enum side who, uint32_t octets,
	    struct mark at);

/* memory.c */
struct copy {			/* a stretch of a side, from one packet */
	struct span	 octets;
	uint32_t	 seq;
	struct mark	 mark;
	uint8_t		 ttl;
	bool		 bad_checksum;
};
void	 memory_keep(struct flow *f, enum side who, const struct copy *c);
void	 memory_compare(struct flow *f, enum side who, const struct copy *c);
void	 memory_forget(struct flow *f, enum side who);	/* all of a side */

#endif
