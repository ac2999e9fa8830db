/* SPDX-License-Identifier: ISC */
/*
 * session/path.h -- which packets of a side another host may have sent.
 *
 * Hop limit, IPv4 identification, window and timestamps (RFC 7323) belong to
 * the host that sends and the way its packets take; and no answer comes
 * sooner than that way is long.  Most packets of a side agree.  Of those that
 * do not, what they have and what the others have is remembered, burst by
 * burst, so that a rule can ask about the decisive one.  What it weighs is
 * the rule's affair: detect/path_anomaly.c.
 *
 * An honest connection costs its two `path_side` and nothing else.
 */
#ifndef SESSION_PATH_H
#define SESSION_PATH_H

#include "decode/packet.h"

#define PATH_HOPS	2	/* more than this is no ordinary change of
				 * route */
#define PATH_BURSTS	6	/* remembered, a side */

/* In what a packet is unlike the others of its side. */
enum path_sign {
	PATH_HOP_LIMIT,		/* by more than PATH_HOPS; of a RST not if
				 * another start value explains it */
	PATH_NO_STAMP,		/* timestamps, which all the others have
				 * (RFC 7323 section 3.2) or none; never a
				 * RST */
	PATH_CLOCK,		/* a timestamp that no clock comes to */
	PATH_ID,		/* out of the others' count, or not 0 as they
				 * are; of a RST not if it is 0 */
	PATH_WINDOW,		/* of another size; of a RST not if it is 0 */
	PATH_SOON,		/* sooner than the round trip allows */
	PATH_SIGNS
};

/* Packets of one side, one after the other, unlike the rest. */
struct path_oddity {
	struct mark	first;
	uint64_t	last;		/* packet number of the last one, or of
					 * its first turn if it stays */
	unsigned	count;		/* such packets */
	unsigned	others;		/* packets of the side that agree */
	unsigned	signs;		/* bit per enum path_sign */
	bool		reset;		/* RSTs */
	bool		stays;		/* the side never went back to what it
					 * was before */
	bool		stamped;	/* has timestamps */
	bool		usual_zero;	/* the others' identification is 0 */
	uint8_t		ttl, usual_ttl;
	uint16_t	id, usual_id;	/* the last of the others before it */
	uint16_t	window, usual_least, usual_most;	/* unscaled */
	int32_t		ticks;		/* ahead of the side's clock ... */
	int64_t		elapsed;	/* ... in so many microseconds */
	uint32_t	delay, round_trip;	/* microseconds */
};

struct path_oddities {
	struct path_oddity	side[SIDES][PATH_BURSTS];
	unsigned		count[SIDES];
};

/* What most connections need of a side. */
struct path_side {
	int64_t		first_time;
	uint64_t	first_packet : 48;
	uint64_t	count : 16;	/* packets, saturating; 0: none yet */
	int64_t		said_at;	/* when `end` was first reached */
	int64_t		clock_at;	/* when `clock` was seen */
	uint32_t	end;		/* the sequence number behind all */
	uint32_t	ack;		/* of its latest turn */
	uint32_t	clock;		/* its latest timestamp */
	uint32_t	round_trip;	/* us, the least seen; 0: none */
	uint16_t	turns;		/* ... that answered something new */
	uint16_t	id, stride;	/* the largest of its steps */
	uint16_t	least, most;	/* windows */
	uint8_t		ttl;
	uint8_t		trips;		/* measured, saturating */
	uint8_t		steps, zeros, leaps;	/* of `id`, saturating */
	bool		timestamp : 1;
	bool		clock_known : 1, clock_fast : 1;
	bool		disorder : 1;	/* not captured in order: time tells
					 * nothing */
};

struct path;			/* opaque; NULL is one that saw nothing odd */

/* See one packet of this side.  *p is made when the first odd one comes;
 * short of memory it stays NULL. */
void	path_see(struct path **p, struct path_side sides[SIDES],
	    enum side who, const struct packet *packet);
/* The handshake showed that the server is no nearer than `us`. */
void	path_handshake(struct path_side *server, uint32_t us);
/* What was odd, if most of the side was not.  NULL: nothing, or memory; the
 * caller's to free(). */
struct path_oddities	*path_oddities(const struct path *p,
			    const struct path_side sides[SIDES]);
/* The octets *p takes up. */
size_t	path_size(const struct path *p);
void	path_free(struct path *p);		/* NULL is fine */

#endif
