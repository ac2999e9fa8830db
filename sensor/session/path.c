/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/footprint.h"
#include "session/path.h"

#define ID_AHEAD	1000	/* the first step of a counter: it serves
				 * other connections, or merged segments (GRO)
				 * are counted */
#define ID_CALM		64	/* no later step is odd up to this ... */
#define ID_STRIDES	16	/* ... and so many times the largest so far */
#define ID_BEHIND	16	/* captured out of order */
#define WINDOW_FACTOR	8
#define SOON_PART	4	/* of the round trip: others vary */
#define CLOCK_SLACK	100000	/* ticks: of a clock of 1 us, a tenth second */
#define CLOCK_SLOW	10000	/* ... of 1 ms or more, ten seconds at most */
#define CLOCK_RATE	200	/* us a tick: between the two kinds */
#define CLOCK_LEARN	5000	/* us apart, to tell them */
#define SOON_LEAST	2000	/* us that lack */
#define TRIPS_LEAST	2
#define STEPS_LEAST	2
#define TURNS_LEAST	3	/* a side of so many outvotes its first */

#define SIGN(s)		(1U << PATH_##s)

struct burst {
	struct mark	first;
	uint64_t	last, turn_last;	/* packets; of its first turn */
	int64_t		elapsed;
	int32_t		ticks;
	uint32_t	seq, ack;	/* of its first; its latest turn's */
	uint32_t	delay;
	uint16_t	count, turns;
	uint16_t	id, usual_id, next_id, window;
	uint8_t		ttl, signs, steps;
	bool		reset, timestamp, closed;
};

struct path {
	struct burst	*bursts[SIDES];	/* with room for those kept */
	unsigned	kept[SIDES];
	unsigned	turns[SIDES];	/* of all but RSTs, kept or not */
};

/* ------------------------------------------------------------------ */
/* one trait                                                          */

static bool
apart(uint8_t a, uint8_t b)
{
	return abs((int)a - (int)b) > PATH_HOPS;
}

/* Hops travelled, if it started from the next of the usual values. */
static uint8_t
travelled(uint8_t ttl)
{
	return (uint8_t)((ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ?
	    128 : 255) - ttl);
}

/* The host's kernel sends RSTs, its programs the rest: they may start from
 * other values. */
static bool
same_distance(uint8_t a, uint8_t b)
{
	return !apart(travelled(a), travelled(b));
}

/* Merged and lost segments let a counter step, other captures reorder it. */
static bool
counts_on(uint16_t from, uint16_t to, unsigned most)
{
	uint16_t ahead = (uint16_t)(to - from);

	return ahead <= most || ahead >= UINT16_MAX - ID_BEHIND;
}

/* A counter of its own steps a little each time, that of a busy host leaps. */
static unsigned
most_of(const struct path_side *s)
{
	return s->steps == 0 ? ID_AHEAD : ID_CALM +
	    (unsigned)s->stride * ID_STRIDES;
}

static bool
id_breaks(const struct path_side *s, uint16_t id, bool reset)
{
	if (reset && id == 0)	/* a kernel's: RFC 6864 section 4.1 */
		return false;
	if (s->leaps > 0)
		return false;
	if (s->steps > 0)
		return s->zeros == 0 && !counts_on(s->id, id, most_of(s));
	return s->zeros >= STEPS_LEAST && id != 0;
}

static bool
window_breaks(const struct path_side *s, uint16_t window, bool reset)
{
	if ((uint32_t)window > (uint32_t)s->most * WINDOW_FACTOR)
		return true;
	/* who resets has given up its buffer, or has none */
	return !reset && (uint32_t)window * WINDOW_FACTOR < s->least;
}

/* Clocks tick once in 1 ms to 1 s (RFC 7323 section 5.4), or 1 us (Linux). */
static bool
clock_breaks(const struct path_side *s, int32_t ticks, int64_t elapsed)
{
	bool slow = s->clock_known && !s->clock_fast;
	int64_t slack = slow ? CLOCK_SLOW : CLOCK_SLACK;

	if (ticks < 0)
		return ticks < -slack;
	if (elapsed > INT32_MAX)
		elapsed = INT32_MAX;
	return ticks > slack + (slow ? elapsed / CLOCK_RATE : 2 * elapsed);
}

/* Stamps are hostile: no overflow, and no time that goes back. */
static int64_t
between(int64_t earlier, int64_t later)
{
	int64_t us = (int64_t)((uint64_t)later - (uint64_t)earlier);

	return us > 0 ? us : 0;
}

static bool
soon(const struct path_side *s, uint32_t delay)
{
	return delay > 0 && delay < s->round_trip / SOON_PART &&
	    s->round_trip - delay >= SOON_LEAST;
}

/* ------------------------------------------------------------------ */
/* when it came                                                       */

/*
 * Microseconds since the other side said the last of what this packet
 * acknowledges: what it answers can have reached nobody sooner than half a
 * round trip ago.  0: unknown.
 */
static uint32_t
delay_of(struct path_side *s, const struct path_side *other,
    const struct packet *p)
{
	int64_t us;

	if ((p->flags & TCP_ACK) == 0 || other->count == 0 || s->disorder)
		return 0;
	if (p->ack != other->end) {
		/* what was not captured is acknowledged, but for a FIN */
		s->disorder = (int32_t)(p->ack - other->end) > 1;
		return 0;
	}
	us = between(other->said_at, p->mark.time);
	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void
learn_trip(struct path_side *s, uint32_t delay)
{
	if (delay == 0)
		return;
	s->trips += s->trips < UINT8_MAX;
	if (s->round_trip == 0 || delay < s->round_trip)
		s->round_trip = delay;
}

void
path_handshake(struct path_side *server, uint32_t us)
{
	learn_trip(server, us);
}

/* Octets, by whomever: the other side will acknowledge them. */
static void
said(struct path_side *s, const struct packet *p)
{
	uint32_t end = p->seq + p->payload_wire;

	if (s->said_at != 0 && s->end != p->seq) {
		if ((int32_t)(end - s->end) <= 0)
			return;		/* again: the first time counts */
		s->disorder |= (int32_t)(p->seq - s->end) > 0;
	}
	s->end = end;
	s->said_at = p->mark.time;
}

/* ------------------------------------------------------------------ */
/* the packets that agree                                             */

static void
step(struct path_side *s, uint16_t id)
{
	uint16_t ahead = (uint16_t)(id - s->id);

	s->steps += s->steps < UINT8_MAX;
	if (ahead < UINT16_MAX - ID_BEHIND && ahead > s->stride)
		s->stride = ahead;
	s->id = id;
}

static void
learn_id(struct path_side *s, uint16_t id)
{
	if (id == s->id)
		return;
	if (s->id != 0 && counts_on(s->id, id, most_of(s)))
		step(s, id);
	else {
		s->leaps += s->leaps < UINT8_MAX;
		s->id = id;
	}
}

static void
begin(struct path_side *s, const struct packet *p)
{
	s->first_time = p->mark.time;
	s->first_packet = p->mark.packet;
	s->count = s->turns = 1;
	s->ttl = p->ttl;
	s->timestamp = p->has_timestamp;
	s->clock = p->timestamp;
	s->clock_at = p->mark.time;
	s->ack = p->ack;
	s->id = p->ip_id;
	s->zeros = p->ip_id == 0;
	s->least = s->most = p->window;
}

static void
learn_clock(struct path_side *s, const struct packet *p)
{
	int64_t elapsed = between(s->clock_at, p->mark.time);
	int32_t ticks = (int32_t)(p->timestamp - s->clock);

	if (!s->clock_known && elapsed >= CLOCK_LEARN) {
		s->clock_known = true;
		s->clock_fast = ticks > elapsed / CLOCK_RATE;
	}
	s->clock = p->timestamp;
	s->clock_at = p->mark.time;
}

static void
join(struct path_side *s, const struct packet *p, bool reset)
{
	s->count += s->count < UINT16_MAX;
	if (reset)
		return;		/* its traits are a kernel's */
	if (p->ack != s->ack) {
		s->ack = p->ack;
		s->turns += s->turns < UINT16_MAX;
		s->zeros += p->ip_id == 0 && s->zeros < UINT8_MAX;
	}
	learn_id(s, p->ip_id);
	learn_clock(s, p);
	if (p->window < s->least)
		s->least = p->window;
	if (p->window > s->most)
		s->most = p->window;
}

/* A bare acknowledgement only confirms: kernels send some by themselves. */
static void
see_bare(struct path_side sides[SIDES], enum side who,
    const struct packet *packet)
{
	struct path_side *s = &sides[who];

	if (s->count == 0 || (packet->flags & (TCP_SYN | TCP_FIN)) != 0)
		return;
	learn_trip(s, delay_of(s, &sides[side_other(who)], packet));
	if (packet->ip_id != s->id && s->id != 0 && s->zeros == 0 &&
	    counts_on(s->id, packet->ip_id, most_of(s)))
		step(s, packet->ip_id);
}

/* ------------------------------------------------------------------ */
/* the packets that do not                                            */

static unsigned
compare(const struct path_side *s, const struct packet *p, bool reset,
    uint32_t delay)
{
	unsigned signs = 0;

	if (apart(s->ttl, p->ttl) &&
	    !(reset && same_distance(s->ttl, p->ttl)))
		signs |= SIGN(HOP_LIMIT);
	if (s->timestamp != p->has_timestamp) {
		if (!reset)
			signs |= SIGN(NO_STAMP);
	} else if (p->has_timestamp && clock_breaks(s,
	    (int32_t)(p->timestamp - s->clock),
	    between(s->clock_at, p->mark.time)))
		signs |= SIGN(CLOCK);
	if (id_breaks(s, p->ip_id, reset))
		signs |= SIGN(ID);
	if (window_breaks(s, p->window, reset))
		signs |= SIGN(WINDOW);
	if (soon(s, delay))
		signs |= SIGN(SOON);
	return signs;
}

static bool
goes_on(const struct burst *b, const struct packet *p, unsigned signs,
    bool reset)
{
	return !b->closed && b->reset == reset &&
	    ((b->signs ^ signs) & ~SIGN(SOON)) == 0 &&
	    b->timestamp == p->has_timestamp && !apart(b->ttl, p->ttl);
}

static void
extend(struct path *p, enum side who, struct burst *b,
    const struct packet *packet)
{
	b->last = packet->mark.packet;
	b->count += b->count < UINT16_MAX;
	if (packet->ip_id != b->next_id && counts_on(b->next_id,
	    packet->ip_id, ID_AHEAD))
		b->steps += b->steps < UINT8_MAX;
	b->next_id = packet->ip_id;
	if (packet->ack == b->ack) {
		if (b->turns == 1)
			b->turn_last = b->last;
		return;
	}
	b->ack = packet->ack;
	b->turns += b->turns < UINT16_MAX;
	p->turns[who] += !b->reset;
}

/* NULL: there are enough, or memory is short. */
static struct burst *
burst_new(struct path *p, enum side who)
{
	unsigned n = p->kept[who];
	struct burst *room;

	if (n == PATH_BURSTS || (room = realloc(p->bursts[who],
	    (n + 1) * sizeof(*room))) == NULL)
		return NULL;
	p->bursts[who] = room;
	return &room[p->kept[who]++];
}

static void
see_odd(struct path *p, const struct path_side *s, enum side who,
    const struct packet *packet, unsigned signs, uint32_t delay)
{
	bool reset = (packet->flags & TCP_RST) != 0;
	struct burst *b;

	for (unsigned i = 0; i < p->kept[who]; i++) {
		b = &p->bursts[who][i];
		if (goes_on(b, packet, signs, reset)) {
			extend(p, who, b, packet);
			return;
		}
	}
	p->turns[who] += !reset;
	if ((b = burst_new(p, who)) == NULL)
		return;
	*b = (struct burst){
		.first = packet->mark, .last = packet->mark.packet,
		.turn_last = packet->mark.packet,
		.elapsed = between(s->clock_at, packet->mark.time),
		.ticks = (int32_t)(packet->timestamp - s->clock),
		.seq = packet->seq, .ack = packet->ack, .delay = delay,
		.count = 1, .turns = 1, .id = packet->ip_id,
		.usual_id = s->id, .next_id = packet->ip_id,
		.window = packet->window, .ttl = packet->ttl,
		.signs = (uint8_t)signs, .reset = reset,
		.timestamp = packet->has_timestamp };
}

/* The side goes on as it was: what was odd was a burst.  Not shown by an old
 * packet that comes late. */
static void
close_bursts(struct path *p, enum side who, const struct packet *packet)
{
	for (unsigned i = 0; i < p->kept[who]; i++)
		if ((int32_t)(packet->seq - p->bursts[who][i].seq) >= 0)
			p->bursts[who][i].closed = true;
}

void
path_see(struct path **p, struct path_side sides[SIDES], enum side who,
    const struct packet *packet)
{
	bool reset = (packet->flags & TCP_RST) != 0;
	struct path_side *s = &sides[who];
	uint32_t delay;
	unsigned signs;

	if (packet->payload_wire == 0 && !reset) {
		see_bare(sides, who, packet);
		return;
	}
	delay = delay_of(s, &sides[side_other(who)], packet);
	if (s->count == 0) {
		if (reset)
			return;		/* nothing to compare it with */
		begin(s, packet);
		learn_trip(s, delay);
	} else if ((signs = compare(s, packet, reset, delay)) == 0) {
		join(s, packet, reset);
		learn_trip(s, delay);
		if (*p != NULL)
			close_bursts(*p, who, packet);
	} else if (*p != NULL ||
	    (*p = calloc(1, sizeof(**p))) != NULL)
		see_odd(*p, s, who, packet, signs, delay);
	if (packet->payload_wire > 0)
		said(s, packet);
}

/* ------------------------------------------------------------------ */
/* all told                                                           */

/* The side went on like this. */
static bool
stays(const struct burst *b)
{
	return !b->closed && !b->reset && b->turns > 1;
}

/*
 * Once all are known: do the others count by habit, not by chance, and does
 * this one break the count as it stood, as the only one?
 */
static bool
id_stands(const struct path *p, enum side who, const struct burst *b,
    const struct path_side *s)
{
	if (s->leaps > 0 || (b->reset && b->id == 0))
		return false;
	if (s->steps > 0 ? s->steps < STEPS_LEAST || s->zeros > 0 ||
	    counts_on(b->usual_id, b->id, most_of(s)) :
	    s->zeros < STEPS_LEAST || b->id == 0)
		return false;
	for (unsigned i = 0; i < p->kept[who]; i++)
		if (&p->bursts[who][i] != b && !p->bursts[who][i].reset &&
		    (p->bursts[who][i].signs & SIGN(ID)) != 0 &&
		    p->bursts[who][i].seq != b->seq)
			return false;
	return true;
}

static struct path_oddity
told(const struct path *p, enum side who, const struct burst *b,
    const struct path_side *s)
{
	struct path_oddity o = {
		.first = b->first, .count = b->count,
		.last = stays(b) ? b->turn_last : b->last, .others = s->count,
		.signs = b->signs, .reset = b->reset,
		.stays = stays(b), .stamped = b->timestamp,
		.usual_zero = s->steps == 0,
		.ttl = b->ttl, .usual_ttl = s->ttl, .id = b->id,
		.usual_id = b->usual_id, .window = b->window,
		.usual_least = s->least, .usual_most = s->most,
		.ticks = b->ticks, .elapsed = b->elapsed,
		.delay = b->delay, .round_trip = s->round_trip,
	};

	o.signs &= ~SIGN(ID);
	if (id_stands(p, who, b, s))
		o.signs |= SIGN(ID);
	if (!window_breaks(s, b->window, b->reset))
		o.signs &= ~SIGN(WINDOW);
	/* measured by others meanwhile */
	if (!soon(s, b->delay) || s->trips < TRIPS_LEAST)
		o.signs &= ~SIGN(SOON);
	return o;
}

/*
 * All that came behind the first turn agree with each other, and not with it:
 * into *common the first of them, with what they have in common.
 */
static bool
all_but_first(const struct path *p, enum side who, const struct path_side *s,
    struct burst *common)
{
	if (s->turns != 1 || p->turns[who] < TURNS_LEAST)
		return false;
	common->count = 0;
	for (unsigned i = 0; i < p->kept[who]; i++) {
		const struct burst *b = &p->bursts[who][i];

		if (b->reset)
			continue;
		if (common->count == 0) {
			*common = *b;
			continue;
		}
		if (common->timestamp != b->timestamp ||
		    apart(common->ttl, b->ttl))
			return false;
		common->signs &= b->signs;
		common->count += b->count;
		if (b->steps > common->steps)
			common->steps = b->steps;
	}
	return common->count > 0;
}

/* The first packet of the side, of which all others differ. */
static struct path_oddity
told_of_first(const struct burst *others, const struct path_side *s)
{
	struct path_oddity o = {
		.first = { s->first_time, s->first_packet },
		.last = others->first.packet - 1, .count = s->count,
		.others = others->count, .stamped = s->timestamp,
		.signs = others->signs & ~(SIGN(ID) | SIGN(SOON)),
		.ttl = s->ttl, .usual_ttl = others->ttl, .id = s->id,
		.usual_id = others->id, .window = s->most,
		.usual_least = others->window, .usual_most = others->window,
		.ticks = -others->ticks, .elapsed = others->elapsed,
	};

	if (others->steps >= STEPS_LEAST && !counts_on(others->id, s->id, ID_AHEAD))
		o.signs |= SIGN(ID);
	return o;
}

static void
add(struct path_oddities *all, enum side who, struct path_oddity o)
{
	if (o.signs != 0)
		all->side[who][all->count[who]++] = o;
}

static void
tell(struct path_oddities *all, const struct path *p, enum side who,
    const struct path_side *s)
{
	struct burst others;

	if (all_but_first(p, who, s, &others)) {
		add(all, who, told_of_first(&others, s));
		return;
	}
	/* Half and half tells nothing about either, unless the one half came
	 * behind the other. */
	for (unsigned i = 0; i < p->kept[who]; i++) {
		const struct burst *b = &p->bursts[who][i];

		if (s->turns > 1 && (b->reset || p->turns[who] < s->turns ||
		    (stays(b) && p->kept[who] == 1)))
			add(all, who, told(p, who, b, s));
	}
}

struct path_oddities *
path_oddities(const struct path *p, const struct path_side sides[SIDES])
{
	struct path_oddities *all;

	if (p == NULL || (all = calloc(1, sizeof(*all))) == NULL)
		return NULL;
	for (int i = 0; i < SIDES; i++)
		tell(all, p, (enum side)i, &sides[i]);
	if (all->count[SIDE_CLIENT] + all->count[SIDE_SERVER] > 0)
		return all;
	free(all);
	return NULL;
}

size_t
path_size(const struct path *p)
{
	size_t size = footprint_of(p, sizeof(*p));

	for (int i = 0; p != NULL && i < SIDES; i++)
		size += footprint_of(p->bursts[i],
		    p->kept[i] * sizeof(struct burst));
	return size;
}

void
path_free(struct path *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < SIDES; i++)
		free(p->bursts[i]);
	free(p);
}
