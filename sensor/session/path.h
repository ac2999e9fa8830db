/* SPDX-License-Identifier: ISC */
/*
 * session/path.h -- which packets of a side came another way than the rest.
 *
 * Hop limit and the timestamps option (RFC 7323 section 3.2: in every
 * segment but RST once negotiated) belong to the host that sends and the way
 * the packet took.  Most packets of a side agree; of those that do not, the
 * first is remembered, so that a rule can ask whether it was the decisive
 * one.
 */
#ifndef SESSION_PATH_H
#define SESSION_PATH_H

#include "decode/packet.h"

#define PATH_HOPS	2	/* more than this is no ordinary change of
				 * route */

/* Of one side.  `at.packet` 0: nothing was odd. */
struct path_oddity {
	struct mark	at;		/* the first odd packet */
	unsigned	count;		/* packets like it */
	uint8_t		ttl, usual_ttl;
	bool		no_timestamp;	/* the others have it */
	bool		reset;		/* it is a RST */
};

struct path;			/* opaque; NULL is one that saw nothing odd */

/* What most connections need of a side. */
struct path_side {
	uint16_t	count;		/* saturating; 0: none yet */
	uint8_t		ttl;
	bool		timestamp;
};

/* See one packet of this side that carries payload, or a RST.  *p is made
 * when the first odd one comes; short of memory it stays NULL. */
void	path_see(struct path **p, struct path_side sides[SIDES],
	    enum side who, const struct packet *packet);
/* How far the rarer packets of a side are from the others. */
struct path_oddity	path_oddity(const struct path *p,
			    const struct path_side sides[SIDES],
			    enum side who);
void	path_free(struct path *p);		/* NULL is fine */

#endif
