/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "session/path.h"

#define WAYS_MAX	4	/* ways told apart, a side */

struct way {
	struct mark	first;
	unsigned	count;
	uint8_t		ttl;
	bool		timestamp, reset;
};

struct path {
	struct way	ways[SIDES][WAYS_MAX];	/* beside the first one */
	unsigned	count[SIDES];
};

static bool
apart(uint8_t a, uint8_t b)
{
	return abs((int)a - (int)b) > PATH_HOPS;
}

/* RSTs carry no timestamps. */
static bool
agrees(uint8_t ttl, bool timestamp, const struct packet *p, bool reset)
{
	return !apart(ttl, p->ttl) &&
	    (reset || timestamp == p->has_timestamp);
}

static void
see_other(struct path *p, enum side who, const struct packet *packet,
    bool reset)
{
	struct way *w;

	for (unsigned i = 0; i < p->count[who]; i++) {
		w = &p->ways[who][i];
		if (w->reset == reset && agrees(w->ttl, w->timestamp, packet,
		    reset)) {
			w->count++;
			return;
		}
	}
	if (p->count[who] == WAYS_MAX)
		return;
	w = &p->ways[who][p->count[who]++];
	*w = (struct way){ .first = packet->mark, .count = 1,
	    .ttl = packet->ttl, .timestamp = packet->has_timestamp,
	    .reset = reset };
}

void
path_see(struct path **p, struct path_side sides[SIDES], enum side who,
    const struct packet *packet)
{
	bool reset = (packet->flags & TCP_RST) != 0;
	struct path_side *s = &sides[who];

	if (packet->payload_wire == 0 && !reset)
		return;
	if (s->count == 0 && !reset)
		*s = (struct path_side){ .ttl = packet->ttl,
		    .timestamp = packet->has_timestamp };
	if (s->count == 0 && reset)
		return;		/* nothing to compare it with */
	if (agrees(s->ttl, s->timestamp, packet, reset)) {
		s->count += s->count < UINT16_MAX;
		return;
	}
	if (*p == NULL && (*p = calloc(1, sizeof(**p))) == NULL)
		return;
	see_other(*p, who, packet, reset);
}

struct path_oddity
path_oddity(const struct path *p, const struct path_side sides[SIDES],
    enum side who)
{
	struct path_oddity odd = { 0 };
	const struct way *rarest = NULL;
	unsigned others = 0;

	if (p == NULL)
		return odd;
	for (unsigned i = 0; i < p->count[who]; i++) {
		const struct way *w = &p->ways[who][i];

		others += w->count;
		if (rarest == NULL || w->count < rarest->count)
			rarest = w;
	}
	/* half and half tells nothing about either */
	if (rarest == NULL || others >= sides[who].count)
		return odd;
	odd.at = rarest->first;
	odd.count = rarest->count;
	odd.ttl = rarest->ttl;
	odd.usual_ttl = sides[who].ttl;
	odd.no_timestamp = sides[who].timestamp && !rarest->timestamp &&
	    !rarest->reset;
	odd.reset = rarest->reset;
	return odd;
}

void
path_free(struct path *p)
{
	free(p);
}
