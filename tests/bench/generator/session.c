/* SPDX-License-Identifier: ISC */
#include "random.h"
#include "session.h"

/* Between two packets written at one time. */
#define PACKET_GAP	700		/* nanoseconds */
/* Turns shorter than this come in small pieces if the session is split,
 * and more of them make a flight. */
#define SPLIT_BELOW	4096
#define SPLIT_MOST	23
#define SPLIT_BURST	4
#define TIMESTAMPS	12U		/* octets of a segment */
/* More than any two builds of a turn differ in length, and more than the
 * end of a mail has. */
#define TAIL		16
/* --burst 16, split, each of them sent twice */
#define FLIGHT_MAX	128

struct segment {
	uint64_t	 offset;	/* in the turn */
	uint32_t	 length;
};

/* The segments sent at one time, in the order in which they are sent. */
struct flight {
	uint64_t	 random;
	uint64_t	 end;		/* in the turn */
	uint32_t	 count;
	bool		 tiny;
	struct segment	 segments[FLIGHT_MAX];
};

/* Capture loss: the ends saw the packet, the file does not have it. */
static bool
lost(const struct session *s, const struct stage *st, uint64_t *random)
{
	return random_chance(random, st->options->loss) &&
	    s->kind == SESSION_SMTP;
}

static void
send_packet(struct session *s, struct stage *st, const struct packet *p,
    uint64_t offset, bool drop)
{
	uint8_t *payload;

	st->wire.time += PACKET_GAP;
	if (drop) {
		s->dropped++;
		return;
	}
	payload = wire_begin(&st->wire, &s->ends, p);
	if (p->length > 0)
		turn_copy(&st->turn, &st->bulk, offset, p->length, payload);
	wire_end(&st->wire);
	if (s->kind == SESSION_SMTP)
		st->packets_mail++;
	else
		st->packets_other++;
	s->packets++;
	s->last = st->wire.time;
	if (s->first == 0)
		s->first = st->wire.time;
}

/* One without payload. */
static void
send_flags(struct session *s, struct stage *st, enum side from,
    unsigned flags)
{
	const struct packet p = { .from = from, .flags = flags,
		.seq = s->seq[from], .ack = s->seq[other(from)] };

	send_packet(s, st, &p, 0, !(flags & TCP_RST) &&
	    lost(s, st, &s->random));
	if (flags & (TCP_SYN | TCP_FIN))
		s->seq[from]++;
}

static void
cut(struct flight *f, const struct session *s, const struct stage *st)
{
	const struct turn *t = &st->turn;
	uint32_t most = st->options->burst * (f->tiny ? SPLIT_BURST : 1);
	uint64_t offset = s->sent;
	uint32_t n;

	while (offset < t->length && f->count < most) {
		n = f->tiny ? 1 + random_below(&f->random, SPLIT_MOST) :
		    s->ends.mss - TIMESTAMPS;
		if (n > t->length - offset)
			n = (uint32_t)(t->length - offset);
		f->segments[f->count++] = (struct segment){ offset, n };
		offset += n;
	}
	f->end = offset;
}

static void
swap_some(struct flight *f, struct session *s, double percent)
{
	struct segment *at = f->segments, first;
	uint32_t i;

	for (i = 0; i + 1 < f->count; i++) {
		if (!random_chance(&f->random, percent))
			continue;
		first = at[i];
		at[i] = at[i + 1];
		at[i + 1] = first;
		s->swapped++;
		i++;
	}
}

/* Sent again behind the rest, at times with the next one glued on. */
static void
repeat_some(struct flight *f, struct session *s, double percent)
{
	struct segment *at = f->segments, again;
	uint32_t i, n = f->count;

	for (i = 0; i < n; i++) {
		if (!random_chance(&f->random, percent))
			continue;
		again = at[i];
		if (!f->tiny && i + 1 < n &&
		    at[i + 1].offset == again.offset + again.length &&
		    random_below(&f->random, 4) == 0 &&
		    again.length + at[i + 1].length <=
		    s->ends.mss - TIMESTAMPS)
			again.length += at[i + 1].length;
		at[f->count++] = again;
		s->repeated++;
	}
}

/* The other side acknowledges every second segment. */
static void
send_flight(struct flight *f, struct session *s, struct stage *st)
{
	enum side from = st->turn.from, to = other(from);
	uint64_t length = st->turn.length;
	uint32_t i, unacknowledged = 0, end;
	const struct segment *at;
	struct packet p;

	for (i = 0; i < f->count; i++) {
		at = &f->segments[i];
		end = s->seq[from] + (uint32_t)(at->offset + at->length);
		p = (struct packet){ .from = from, .flags = TCP_ACK,
			.seq = end - at->length, .ack = s->seq[to],
			.length = at->length };
		if (at->offset + at->length == length)
			p.flags |= TCP_PSH;
		send_packet(s, st, &p, at->offset, lost(s, st, &f->random));
		if (++unacknowledged < 2 ||
		    (i + 1 == f->count && f->end == length))
			continue;
		p = (struct packet){ .from = to, .flags = TCP_ACK,
			.seq = s->seq[to], .ack = end };
		send_packet(s, st, &p, 0, lost(s, st, &f->random));
		unacknowledged = 0;
	}
}

static void
end_turn(struct session *s, struct stage *st)
{
	enum side from = st->turn.from;

	s->seq[from] += (uint32_t)st->turn.length;
	/* Half of the turns get an ACK of their own before the answer. */
	if (random_scramble(s->random ^ s->at) & 1)
		send_flags(s, st, other(from), TCP_ACK);
	if (session_step(s) == STEP_OFFER)
		servers_show_offer(st->servers, s->ends.host[SERVER]);
	s->sent = 0;
	s->at++;
	if (session_step(s) == STEP_END)
		s->phase = PHASE_FIN;
}

/* What is sent and how must not depend on how often we come here: the
 * flight has random numbers of its own, which follow from where it is. */
static bool
advance_turn(struct session *s, struct stage *st)
{
	struct flight f;

	turn_build(&st->turn, s, st->servers, &st->bulk);
	if (s->kind == SESSION_DNS) {
		const struct packet p = { .from = st->turn.from,
			.length = (uint32_t)st->turn.length };

		send_packet(s, st, &p, 0, false);
		s->at++;
		return session_step(s) != STEP_END;
	}
	/* The number in a Message-ID is another one in each flight, maybe
	 * with another count of digits.  That does no harm, but the dot at
	 * the end must not be cut in two at different places. */
	if (s->sent + TAIL > s->length && s->sent > 0 &&
	    st->turn.length != s->length)
		turn_resize(&st->turn, s->length);
	f.random = random_scramble(s->random ^ s->sent * 0x1001 ^
	    (uint64_t)s->at << 50);
	f.count = 0;
	f.tiny = s->split && st->turn.length < SPLIT_BELOW;
	cut(&f, s, st);
	swap_some(&f, s, st->options->reorder);
	repeat_some(&f, s, st->options->retrans);
	send_flight(&f, s, st);
	if (f.end < st->turn.length) {
		s->sent = f.end;
		s->length = st->turn.length;
	} else {
		end_turn(s, st);
	}
	return true;
}

bool
session_advance(struct session *s, struct stage *st)
{
	switch (s->phase) {
	case PHASE_SYN:
		send_flags(s, st, CLIENT, TCP_SYN);
		s->phase = PHASE_SYNACK;
		return true;
	case PHASE_SYNACK:
		send_flags(s, st, SERVER, TCP_SYN | TCP_ACK);
		s->phase = PHASE_ACK;
		return true;
	case PHASE_ACK:
		send_flags(s, st, CLIENT, TCP_ACK);
		s->phase = PHASE_TURNS;
		return true;
	case PHASE_TURNS:
		return advance_turn(s, st);
	case PHASE_FIN:
		send_flags(s, st, CLIENT, TCP_ACK |
		    (s->reset ? TCP_RST : TCP_FIN));
		s->phase = PHASE_FIN_BACK;
		return !s->reset;
	case PHASE_FIN_BACK:
		send_flags(s, st, SERVER, TCP_FIN | TCP_ACK);
		s->phase = PHASE_LAST_ACK;
		return true;
	case PHASE_LAST_ACK:
		send_flags(s, st, CLIENT, TCP_ACK);
		return false;
	}
	return false;
}
