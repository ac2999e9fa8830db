/* SPDX-License-Identifier: ISC */
/*
 * flow/flow.h -- TCP connections, as a bystander can follow them.
 *
 * Give it segments in capture order; it gives each side's octets back in
 * the order their sender meant, through the calls in `struct flow_ops`.
 *
 * Three promises:
 *
 * - Octets are delivered once, in sequence, the first copy seen winning.
 *   What never came is reported as a gap, never papered over.
 * - Delivery is causal: octets that acknowledge others are delivered after
 *   those, even if the capture has them the other way round (a capture from
 *   several queues does).  A missing side does not block the other for long.
 * - A later copy of remembered octets that says something else is reported,
 *   also after the acknowledgement, be it shorter or longer.
 *
 * Time is the packets'; nothing here reads a clock.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/counters.h"
#include "base/mark.h"
#include "decode/packet.h"

struct flow_limits {
	uint32_t	connections;		/* tracked at once */
	uint64_t	memory;			/* octets, see below */
	uint32_t	held_per_side;		/* out-of-order octets before a gap is declared */
	uint32_t	remembered_per_side;	/* octets kept for comparing copies */
	uint32_t	remember_seconds;	/* after which they are forgotten */
	uint32_t	gap_seconds;		/* a hole older than this is a gap */
	uint32_t	idle_seconds;		/* silence that ends an established connection */
	uint32_t	opening_seconds;	/* ... one that has carried no octet */
	uint32_t	linger_seconds;		/* how long a finished one is known, so that late copies found no new one */
};

/*
 * `memory` is that of the table itself, of its entries, of what waits, of
 * what is remembered, and what the reader says it takes up (flow_charge(),
 * segment()), with malloc's own share.
 */

#define FLOW_LIMITS_DEFAULT	{			\
	.connections = 1000000,				\
	.memory = 1024ULL * 1024 * 1024,		\
	.held_per_side = 1024 * 1024,			\
	.remembered_per_side = 16 * 1024,		\
	.remember_seconds = 10,				\
	.gap_seconds = 2,				\
	.idle_seconds = 900,				\
	.opening_seconds = 60,				\
	.linger_seconds = 10,				\
}

/* What the reader wants of a side from here on. */
enum flow_want {
	FLOW_REMEMBER,	/* deliver, and keep for comparing later copies */
	FLOW_DELIVER,	/* deliver only: mail bodies */
	FLOW_COUNT,	/* neither: sequence numbers only, never a copy */
};

enum flow_roles {
	ROLES_SYN,	/* a SYN or SYN-ACK was seen: certain */
	ROLES_PORT,	/* only one end is on an SMTP port */
	ROLES_GUESS,	/* first speaker taken for the client: let content decide */
};

enum flow_end {
	FLOW_OPEN,		/* still going on */
	FLOW_FINISHED,		/* FIN in both directions */
	FLOW_RESET,		/* a RST that fits */
	FLOW_IDLE,		/* silent for too long */
	FLOW_REPLACED,		/* the same 4-tuple began anew */
	FLOW_EVICTED,		/* a limit was reached */
	FLOW_CUT,		/* the capture ended first */
};

/* Packet traits of one side; TTL and VLAN over its SYN and segments with
 * payload. */
struct flow_traits {
	uint64_t	 packets;	/* all of this side */
	uint64_t	 octets;	/* payload delivered or skipped; in FLOW_COUNT by sequence numbers */
	uint64_t	 missing;	/* octets of gaps */
	uint32_t	 conflicting;	/* sequence positions with two contents */
	uint32_t	 retransmitted;	/* segments bringing nothing new */
	uint32_t	 reordered;	/* segments that had to wait */
	uint32_t	 bad_checksums;
	uint32_t	 isn;		/* valid if syn */
	uint16_t	 vlan;
	uint16_t	 mss;		/* of the SYN, 0: none */
	uint16_t	 mss_again;	/* if syn_differs */
	uint8_t		 ttl_first, ttl_min, ttl_max;
	uint8_t		 window_scale;	/* of the SYN, 0xff: none */
	uint8_t		 window_scale_again;	/* if syn_differs */
	bool		 syn_differs : 1; /* another SYN-ACK came, with other options */
	bool		 syn : 1;	/* its SYN (or SYN-ACK) was seen */
	bool		 fin : 1, rst : 1;
	bool		 snap_cut : 1;	/* payload octets lost to the snap length */
	bool		 timestamps : 1; /* option seen */
	bool		 urgent : 1;	/* urgent data seen; it is heard in line, RFC 6093 */
};

/* What each packet touches comes first, what only those of one side do last. */
struct flow_facts {
	struct addr	 ip[SIDES];
	uint16_t	 port[SIDES];
	uint16_t	 wraps;		/* all seen, enum packet_wrap */
	bool		 reset_by[SIDES];
	enum flow_roles	 roles;
	enum flow_end	 end;
	struct mark	 first, last;	/* packets of the connection */
	uint32_t	 handshake;	/* us from SYN to SYN-ACK; 0: unknown */
	uint32_t	 resets_ignored;	/* RST that did not fit */
	struct flow_traits	 side[SIDES];
};

/* Two contents for one range of sequence numbers. */
struct flow_conflict {
	enum side	 side;
	struct span	 before, after;	/* the differing stretch, same length */
	struct mark	 seen_before, seen_after;
	uint64_t	 offset;	/* in that side's octets; 0: the first */
	uint8_t		 ttl_before, ttl_after;
};

struct flow;			/* opaque */

/*
 * What the reader is told.  `session` is what open() returned.  None of
 * them may call back into the table except by the calls at the end of this
 * file.
 */
struct flow_ops {
	/* The first payload octet is about to be delivered, or a gap before
	 * it.  NULL (memory): the connection is counted but not read. */
	void	*(*open)(void *context, struct flow *f);
	void	 (*octets)(void *session, enum side who, struct span octets,
		    struct mark at);
	void	 (*gap)(void *session, enum side who, uint64_t octets,
		    struct mark at);
	void	 (*conflict)(void *session, const struct flow_conflict *c);
	/* This side will say no more (FIN reached in sequence, or RST). */
	void	 (*end)(void *session, enum side who, struct mark at);
	/* The connection is over; `session` is never mentioned again. */
	void	 (*close)(void *session, const struct flow_facts *facts);

	/*
	 * Each segment of a connection, with octets or without, after all
	 * else it led to.  `session` may be NULL still; *kept is the
	 * reader's own from the first segment on, NULL at first, and is
	 * given to forget() when the connection goes.  Returns the octets
	 * that *kept takes up now.  Both calls may be NULL.
	 */
	size_t	 (*segment)(void *context, void *session, void **kept,
		    const struct packet *p);
	void	 (*forget)(void *kept);

	/* Octets for this session come soon, these likely (or none, where it
	 * ends): prefetch what hearing them will touch; first, at depth 0, the
	 * session's own, then what that points to, then what that does (2).
	 * May be NULL. */
	void	 (*foresee)(const void *session, struct span octets,
		    unsigned depth);
};

struct flow_table;		/* opaque; one per road thread */

/* `ports` as for decoder_new().  `seed` keys the hash: random, or fixed in
 * tests.  All pointers must outlive the table.  NULL if memory is short. */
struct flow_table	*flow_table_new(const struct flow_limits *limits,
			    const uint8_t *ports, uint64_t seed,
			    const struct flow_ops *ops, void *context,
			    struct counters *counters);

/* Ends every connection as FLOW_CUT first.  NULL is fine. */
void	 flow_table_free(struct flow_table *t);

/* Take one segment.  The packet is read during the call and not kept. */
void	 flow_take(struct flow_table *t, const struct packet *p);

/*
 * A segment that flow_take() will be given soon: fetch what it will need into
 * the caches.  Each step, from 0 on, asks for what the step before brought to
 * light, and should come some segments later.  Leaving them out changes
 * nothing but time.
 */
#define FLOW_FORESEE_STEPS	6
void	 flow_foresee(const struct flow_table *t, struct packet *p,
	    unsigned step);

/* End every connection as FLOW_CUT, delivering what was held: the source
 * ends here. */
void	 flow_table_flush(struct flow_table *t);

/* Let time pass without a packet (live, when quiet). */
void	 flow_table_tick(struct flow_table *t, int64_t now);

size_t	 flow_table_count(const struct flow_table *t);

/*
 * For use inside the calls of flow_ops, for either side.  What is asked for
 * holds from behind the octets (or the gap) that the running call was given.
 */
void	 flow_want(struct flow *f, enum side who, enum flow_want want);
/* The next `octets` of this side are of no interest: they (and gaps in
 * them) are counted and not delivered.  Adds to nothing: replaces. */
void	 flow_skip(struct flow *f, enum side who, uint64_t octets);
/*
 * The octets of memory that the reader takes up for this connection now.
 * They count against the limit until the connection is closed; going past it
 * lets go of connections, once the running call is over.
 */
void	 flow_charge(struct flow *f, size_t octets);
const struct flow_facts	*flow_facts(const struct flow *f);
/* What segment() kept; from here on the caller's. */
void	*flow_take_kept(struct flow *f);

#endif
