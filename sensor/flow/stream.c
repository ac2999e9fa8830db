/* SPDX-License-Identifier: ISC */
/*
 * One side of a connection: octets in order, in causal order with the other
 * side's, each once; and what is missing said to be missing.
 */
#include "flow/flow_internal.h"

static uint32_t
least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

static size_t
held_size(uint32_t len)
{
	return sizeof(struct held) + len;
}

static void
held_free(struct flow *f, enum side who, struct held *h)
{
	struct stream *s = &f->side[who];

	s->held_octets -= h->len;
	s->held_count--;
	table_release(f->table, h, held_size(h->len));
}

void
stream_forget(struct flow *f, enum side who)
{
	struct stream *s = &f->side[who];
	struct held *h;

	while ((h = s->held) != NULL) {
		s->held = h->next;
		held_free(f, who, h);
	}
}

/* ------------------------------------------------------------------ */
/* giving to the reader                                               */

static bool
has_reader(struct flow *f)
{
	if (f->session == NULL && !f->unread) {
		f->session = f->table->ops->open(f->table->context, f);
		if (f->session == NULL) {
			f->unread = true;
			count(f->table->counters, COUNT_flows_unread);
		}
		table_move(f->table, &f->entry, LIST_OPEN, f->table->now);
	}
	return f->session != NULL;
}

/* Octets that nobody saw, before what comes next. */
void
stream_missing(struct flow *f, enum side who, uint32_t octets,
    struct mark at)
{
	struct stream *s = &f->side[who];
	uint32_t skipped = least(s->skip, octets);

	s->next += octets;
	s->skip -= skipped;
	f->facts.side[who].missing += octets;
	count(f->table->counters, COUNT_gaps);
	count_many(f->table->counters, COUNT_gap_octets, octets);
	if (octets > skipped && s->want != FLOW_COUNT && has_reader(f))
		f->table->ops->gap(f->session, who, octets - skipped, at);
}

/* The copy begins at `next`: all of it is new. */
static void
deliver(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	struct span octets = c->octets;
	uint32_t skipped = least(s->skip, (uint32_t)octets.len);

	if (!has_reader(f))
		s->want = FLOW_COUNT;
	if (s->want == FLOW_REMEMBER)
		memory_keep(f, who, c);
	s->next += (uint32_t)octets.len;
	s->skip -= skipped;
	f->facts.side[who].octets += octets.len;
	octets = span_skip(octets, skipped);
	if (octets.len > 0 && s->want != FLOW_COUNT)
		f->table->ops->octets(f->session, who, octets, c->mark);
}

/* A segment whose turn it is: what is old is compared, the rest delivered,
 * and what the snap length cut off is missing. */
static void
accept(struct flow *f, enum side who, const struct copy *c,
    uint32_t wire_len)
{
	struct stream *s = &f->side[who];
	uint32_t old = s->next - c->seq;
	struct copy fresh = *c;

	if (old > 0) {
		struct copy repeated = *c;

		repeated.octets = span_first(c->octets, old);
		memory_compare(f, who, &repeated);
	}
	fresh.octets = span_skip(c->octets, old);
	fresh.seq = s->next;
	if (fresh.octets.len > 0)
		deliver(f, who, &fresh);
	if (wire_len > c->octets.len &&
	    seq_before(s->next, c->seq + wire_len)) {
		f->facts.side[who].snap_cut = true;
		stream_missing(f, who, c->seq + wire_len - s->next, c->mark);
	}
}

/* ------------------------------------------------------------------ */
/* waiting                                                            */

/* A side of which no packet came for so long will not come. */
static bool
out_of_sight(const struct flow *f, enum side who)
{
	return !f->seen[who] && f->table->now - f->facts.first.time >
	    (int64_t)f->table->limits.gap_seconds * 1000000;
}

/* Has the other side been delivered as far as this side acknowledges? */
bool
stream_caught_up(const struct flow *f, enum side who, uint32_t ack)
{
	const struct stream *other = &f->side[side_other(who)];

	if (other->want == FLOW_COUNT || out_of_sight(f, side_other(who)))
		return true;
	return other->started && !seq_before(other->next, ack);
}

bool
stream_waits(const struct flow *f)
{
	for (int i = 0; i < SIDES; i++)
		if (f->side[i].held != NULL || f->side[i].fin_waits)
			return true;
	return false;
}

static bool
same_as(const struct held *h, const struct packet *p, uint32_t seq)
{
	return h->seq == seq && h->len == p->payload.len && h->len > 0 &&
	    memcmp(h->octets, p->payload.at, h->len) == 0;
}

/* Keep a segment for later, in order of sequence; first copies first. */
static void
hold(struct flow *f, enum side who, const struct packet *p, uint32_t seq,
    bool bad_checksum)
{
	struct flow_table *t = f->table;
	struct stream *s = &f->side[who];
	struct held **at = &s->held, *h;

	while (*at != NULL && !seq_before(seq, (*at)->seq)) {
		if (same_as(*at, p, seq)) {
			f->facts.side[who].retransmitted++;
			return;
		}
		at = &(*at)->next;
	}
	h = table_alloc(t, held_size((uint32_t)p->payload.len));
	if (h == NULL)
		return;		/* counted; it will show as a gap */
	*h = (struct held){ .next = *at, .mark = p->mark, .seq = seq,
	    .len = (uint32_t)p->payload.len, .wire_len = p->payload_wire,
	    .ack = p->ack, .ttl = p->ttl,
	    .has_ack = (p->flags & TCP_ACK) != 0,
	    .bad_checksum = bad_checksum };
	if (h->len > 0)
		memcpy(h->octets, p->payload.at, h->len);
	*at = h;
	s->held_octets += h->len;
	s->held_count++;
	f->facts.side[who].reordered++;
	count(t->counters, COUNT_segments_held);
	table_block(f, p->mark.time);
}

static bool
turn_of(const struct flow *f, enum side who, const struct held *h)
{
	const struct stream *s = &f->side[who];

	return s->started && !seq_before(s->next, h->seq) &&
	    (!h->has_ack || stream_caught_up(f, who, h->ack));
}

static bool
deliver_held(struct flow *f, enum side who)
{
	struct stream *s = &f->side[who];
	bool any = false;
	struct held *h;

	while ((h = s->held) != NULL && turn_of(f, who, h)) {
		struct copy c = { .octets = span_of(h->octets, h->len),
		    .seq = h->seq, .mark = h->mark, .ttl = h->ttl,
		    .bad_checksum = h->bad_checksum };

		s->held = h->next;
		accept(f, who, &c, h->wire_len);
		held_free(f, who, h);
		any = true;
	}
	return any;
}

static bool
reach_fin(struct flow *f, enum side who)
{
	struct stream *s = &f->side[who];

	if (!s->fin_waits || s->ended || !s->started ||
	    seq_before(s->next, s->fin_seq) ||
	    (s->fin_has_ack && !stream_caught_up(f, who, s->fin_ack)))
		return false;
	s->fin_waits = false;
	s->ended = true;
	s->next = s->fin_seq + 1;	/* a FIN counts as one octet */
	if (f->session != NULL)
		f->table->ops->end(f->session, who, s->fin_at);
	return true;
}

void
stream_pump(struct flow *f)
{
	bool any;

	do {
		any = false;
		for (int who = 0; who < SIDES; who++) {
			if (f->side[who].want == FLOW_COUNT)
				stream_forget(f, who);
			any |= deliver_held(f, who);
			any |= reach_fin(f, who);
		}
	} while (any);
	if (!stream_waits(f))
		table_unblock(f);
}

/* ------------------------------------------------------------------ */
/* giving up waiting                                                  */

/* No SYN came: the lowest segment that did is the beginning. */
void
stream_settle(struct flow *f)
{
	for (int who = 0; who < SIDES; who++) {
		struct stream *s = &f->side[who];

		if (s->started)
			continue;
		if (s->held != NULL)
			s->next = s->held->seq;
		else if (s->fin_waits)
			s->next = s->fin_seq;
		else if (s->has_acked)
			s->next = s->acked;
		else
			continue;
		s->first = s->next;
		s->started = true;
	}
}

/*
 * Did the receiver get this side's octets up to `seq`?  Only then is a hole
 * before it the capture's: else the network lost them, and they will come
 * again.  Nobody can tell when the receiver is out of sight.
 */
static bool
received(const struct flow *f, enum side who, uint32_t seq, bool final)
{
	const struct stream *s = &f->side[who];

	return final || !f->seen[side_other(who)] ||
	    (s->has_acked && !seq_before(s->acked, seq));
}

/* How far must this side be carried over its hole?  To its own next held
 * segment or FIN, or to what the other side has acknowledged of it. */
static bool
hole(const struct flow *f, enum side who, bool final, uint32_t *to,
    struct mark *at)
{
	const struct stream *s = &f->side[who];
	const struct stream *other = &f->side[side_other(who)];
	bool found = false;

	if (!s->started ||
	    (s->held != NULL && !seq_before(s->next, s->held->seq)))
		return false;	/* its next octets are here, and wait */
	if (other->held != NULL && other->held->has_ack &&
	    seq_before(s->next, other->held->ack)) {
		*to = other->held->ack;
		*at = other->held->mark;
		found = true;
	} else if (other->fin_waits && other->fin_has_ack &&
	    other->held == NULL &&
	    seq_before(s->next, other->fin_ack)) {
		*to = other->fin_ack;
		*at = other->fin_at;
		found = true;
	}
	if (s->held != NULL && seq_before(s->next, s->held->seq) &&
	    received(f, who, s->held->seq, final) &&
	    (!found || seq_before(s->held->seq, *to))) {
		*to = s->held->seq;
		*at = s->held->mark;
		found = true;
	} else if (s->fin_waits && s->held == NULL &&
	    seq_before(s->next, s->fin_seq) &&
	    received(f, who, s->fin_seq, final) &&
	    (!found || seq_before(s->fin_seq, *to))) {
		*to = s->fin_seq;
		*at = s->fin_at;
		found = true;
	}
	return found;
}

/*
 * One octet acknowledged beyond all that was seen, and nothing after it:
 * that is a FIN which the capture missed, not a hole.
 */
static bool
is_lost_fin(const struct stream *s, uint32_t to)
{
	return to - s->next == 1 && s->held == NULL && !s->fin_waits;
}

/*
 * No octets are missing, and yet both wait: for a side that never began, or
 * for each other, which no honest pair of ends can bring about.  The first
 * that can go, goes.
 */
static bool
break_deadlock(struct flow *f)
{
	bool any = false;

	for (int i = 0; i < SIDES && !any; i++) {
		struct stream *s = &f->side[i];

		if (s->held != NULL && s->started &&
		    !seq_before(s->next, s->held->seq)) {
			s->held->has_ack = false;
			any = true;
		} else if (s->fin_waits && s->held == NULL && s->started &&
		    !seq_before(s->next, s->fin_seq)) {
			s->fin_has_ack = false;
			any = true;
		}
	}
	stream_pump(f);
	return any;
}

bool
stream_force(struct flow *f, bool final)
{
	struct mark at[SIDES];
	uint32_t to[SIDES];
	bool has[SIDES];
	enum side who;

	if (!stream_waits(f))
		return false;
	stream_settle(f);
	stream_pump(f);
	if (!stream_waits(f))
		return false;
	for (int i = 0; i < SIDES; i++)
		has[i] = hole(f, i, final, &to[i], &at[i]);
	if (!has[SIDE_CLIENT] && !has[SIDE_SERVER])
		return final && break_deadlock(f);
	who = has[SIDE_CLIENT] ? SIDE_CLIENT : SIDE_SERVER;
	if (has[SIDE_CLIENT] && has[SIDE_SERVER] &&
	    at[SIDE_SERVER].packet < at[SIDE_CLIENT].packet)
		who = SIDE_SERVER;
	/* A side out of sight as a whole has no holes. */
	if (!f->seen[who] || is_lost_fin(&f->side[who], to[who]))
		f->side[who].next = to[who];
	else
		stream_missing(f, who, to[who] - f->side[who].next, at[who]);
	stream_pump(f);
	return true;
}

/* ------------------------------------------------------------------ */
/* a segment with payload                                             */

/* RFC 9293 3.8.4: a probe repeats the last octet, maybe with garbage. */
static bool
is_keepalive(const struct stream *s, uint32_t seq, const struct packet *p)
{
	return p->payload.len == 1 && seq == s->next - 1 && s->has_acked &&
	    s->acked == s->next &&
	    !(s->last_piece != NULL && s->last_piece->len == 1);
}

/* -1: the receiver will have thrown it away. */
static int
checksum(struct flow *f, enum side who, const struct packet *p, bool *bad)
{
	struct stream *s = &f->side[who];

	*bad = false;
	if (s->want != FLOW_REMEMBER)
		return 0;
	switch (packet_checksum(p)) {
	case CHECKSUM_UNKNOWN:
		return 0;
	case CHECKSUM_GOOD:
		s->good_checksum = true;
		return 0;
	case CHECKSUM_BAD:
		break;
	}
	*bad = true;
	f->facts.side[who].bad_checksums++;
	count(f->table->counters, COUNT_checksums_bad);
	/* A card that computes checksums leaves them bad on all its sender's
	 * segments: where some are good, a bad one is damage. */
	return s->good_checksum ? -1 : 0;
}

static void
count_only(struct flow *f, enum side who, uint32_t seq, uint32_t len)
{
	struct stream *s = &f->side[who];
	uint32_t end = seq + len;

	if (!s->started) {
		s->started = true;
		s->first = s->next = seq;
	}
	if (seq_before(s->next, end)) {
		f->facts.side[who].octets += least(len, end - s->next);
		s->next = end;
	} else
		f->facts.side[who].retransmitted++;
}

void
stream_take(struct flow *f, enum side who, const struct packet *p)
{
	struct flow_table *t = f->table;
	struct stream *s = &f->side[who];
	/* A SYN takes a sequence number before its data (RFC 7413). */
	uint32_t seq = p->seq + ((p->flags & TCP_SYN) != 0);
	struct copy c = { .octets = p->payload, .seq = seq, .mark = p->mark,
	    .ttl = p->ttl };
	bool bad;

	if (s->want == FLOW_COUNT) {
		count_only(f, who, seq, p->payload_wire);
		return;
	}
	if ((s->fin_waits || (s->ended && f->facts.side[who].fin)) &&
	    !seq_before(seq, s->fin_seq)) {
		count(t->counters, COUNT_segments_after_end);
		return;
	}
	if (checksum(f, who, p, &bad) == -1)
		return;
	c.bad_checksum = bad;
	if (s->started && seq_before(s->next + PLAUSIBLE_AHEAD, seq)) {
		count(t->counters, COUNT_segments_implausible);
		return;
	}
	if (s->started && !seq_before(s->next, seq + p->payload_wire)) {
		/* nothing new */
		f->facts.side[who].retransmitted++;
		if (is_keepalive(s, seq, p)) {
			count(t->counters, COUNT_keepalives);
			return;
		}
		count(t->counters, COUNT_segments_repeated);
		memory_compare(f, who, &c);
		return;
	}
	if (s->started && !seq_before(s->next, seq) && s->held == NULL &&
	    ((p->flags & TCP_ACK) == 0 || stream_caught_up(f, who, p->ack)))
		accept(f, who, &c, p->payload_wire);
	else
		hold(f, who, p, seq, bad);
	while (s->held_octets > t->limits.held_per_side ||
	    s->held_count >= HELD_SEGMENTS_MAX) {
		count(t->counters, COUNT_held_limit);
		if (!stream_force(f, true))
			stream_forget(f, who);
	}
}
