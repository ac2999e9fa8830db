/* SPDX-License-Identifier: ISC */
/*
 * One side of a connection: octets in order, in causal order with the other
 * side's, each once.
 */
#include "flow/flow_internal.h"

static uint32_t
least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

void
stream_start(struct stream *s, uint32_t next)
{
	if (s->started)
		return;
	s->started = true;
	s->first = s->next = next;
}

/*
 * No window is that large.  Should the capture have lost more than that,
 * the receiver's acknowledgement is the bridge.
 */
bool
stream_plausible(const struct stream *s, uint32_t seq)
{
	return !s->started || seq - s->next + PLAUSIBLE <= 2 * PLAUSIBLE ||
	    (s->has_acked && seq - s->acked + PLAUSIBLE <= 2 * PLAUSIBLE);
}

/* ------------------------------------------------------------------ */
/* giving to the reader                                               */

static bool
has_reader(struct flow *f)
{
	const struct flow_ops *ops = f->table->ops;

	if (flow_heard(f))
		return f->session != NULL;
	if ((f->session = ops->open(f->table->context, f)) == NULL) {
		f->unread = true;
		count(f->table->counters, COUNT_flows_unread);
		return false;
	}
	/* a side that closed without a word */
	for (int i = 0; i < SIDES; i++)
		if (f->side[i].ended)
			ops->end(f->session, i, f->facts.last);
	return true;
}

void
stream_missing(struct flow *f, enum side who, uint32_t octets,
    struct mark at)
{
	struct stream *s = &f->side[who];
	bool read = has_reader(f);
	uint32_t skipped;

	if (s->fin_missed) {
		s->fin_missed = false;	/* it was an octet */
		s->next--;
		octets++;
	}
	skipped = least(s->skip, octets);
	s->next += octets;
	s->skip -= skipped;
	f->facts.side[who].missing += octets;
	count(f->table->counters, COUNT_gaps);
	count_many(f->table->counters, COUNT_gap_octets, octets);
	if (read && octets > skipped && s->want != FLOW_COUNT)
		f->table->ops->gap(f->session, who, octets - skipped, at);
}

/* All of the copy behind its first `old` octets is new. */
static void
deliver(struct flow *f, enum side who, const struct copy *c, uint32_t old)
{
	struct stream *s = &f->side[who];
	struct span octets = span_skip(c->octets, old);
	uint32_t skipped;

	if (!has_reader(f))
		s->want = FLOW_COUNT;
	skipped = least(s->skip, (uint32_t)octets.len);
	s->next += (uint32_t)octets.len;
	s->skip -= skipped;
	f->facts.side[who].octets += octets.len;
	octets = span_skip(octets, skipped);
	if (octets.len == 0 || s->want == FLOW_COUNT)
		return;
	if (s->want == FLOW_REMEMBER)
		memory_keep(f, who, c, old + skipped);
	f->table->ops->octets(f->session, who, octets, c->mark);
}

static void
reach_fin(struct flow *f, enum side who, struct mark at)
{
	struct stream *s = &f->side[who];

	s->ended = true;
	s->next++;
	if (f->session != NULL)
		f->table->ops->end(f->session, who, at);
}

/* Numbers only: whatever order they come in, the same is counted. */
static void
count_only(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	uint32_t end = c->seq + c->wire_len, more;

	if (!stream_plausible(s, c->seq) || s->ended)
		return;
	stream_start(s, c->seq);
	if (seq_before(s->next, end)) {
		more = end - s->next;
		f->facts.side[who].octets += more;
		s->skip -= least(s->skip, more);
		s->next = end;
	} else if (c->wire_len > 0)
		f->facts.side[who].retransmitted++;
	if (c->fin && s->next == end)
		reach_fin(f, who, c->mark);
}

/* ------------------------------------------------------------------ */
/* taking a copy's turn                                               */

/* What the snap length cut off a copy: another copy of the dialogue may
 * have it whole (a mirror that adds headers to one of two). */
static void
take_tail(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	struct copy tail = *c;
	uint32_t len = c->seq + c->wire_len - s->next;

	if (!c->tail && s->want == FLOW_REMEMBER && s->skip == 0 &&
	    f->facts.end == FLOW_OPEN) {
		tail.tail = true;
		tail.octets = span_of(NULL, 0);
		tail.seq = s->next;
		tail.wire_len = len;
		waiting_hold(f, who, &tail);
		if (f->waiting != NULL)
			return;
	}
	f->facts.side[who].snap_cut = true;
	stream_missing(f, who, len, c->mark);
}

/* What is old is compared, the rest delivered. */
static void
accept(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	uint32_t end = c->seq + c->wire_len, old;
	struct copy repeated;

	if (s->fin_missed && seq_before(s->next, waiting_end(c)))
		stream_missing(f, who, 0, c->mark);
	old = s->next - c->seq;
	if (old > 0 && c->octets.len > 0) {
		repeated = *c;
		repeated.octets = span_first(c->octets, old);
		memory_compare(f, who, &repeated);
	}
	if (old < c->octets.len)
		deliver(f, who, c, old);
	if (seq_before(s->next, end)) {
		take_tail(f, who, c);
		if (seq_before(s->next, end))
			return;		/* the tail has the FIN */
	}
	if (c->fin && s->next == end)
		reach_fin(f, who, c->mark);
}

static void
after_end(struct flow *f, enum side who, const struct copy *c)
{
	count(f->table->counters, COUNT_segments_after_end);
	memory_compare(f, who, c);
}

static void
take_turn(struct flow *f, enum side who, const struct copy *c)
{
	const struct stream *s = &f->side[who];

	if (s->want == FLOW_COUNT)
		count_only(f, who, c);
	else if (s->ended && seq_before(s->next, waiting_end(c)))
		after_end(f, who, c);
	else
		accept(f, who, c);
}

static bool
deliver_held(struct flow *f, enum side who)
{
	struct held *h;
	struct copy c;
	bool any = false;

	while ((h = waiting_next(f, who, &c)) != NULL) {
		take_turn(f, who, &c);
		waiting_done(f, who, h, c.wire_len);
		any = true;
	}
	return any;
}

void
stream_pump(struct flow *f)
{
	bool any, progress = false;

	if (f->waiting == NULL)
		return;
	do {
		any = false;
		for (int who = 0; who < SIDES; who++)
			any |= deliver_held(f, who);
		progress |= any;
	} while (any);
	if (f->waiting->side[SIDE_CLIENT].first == NULL &&
	    f->waiting->side[SIDE_SERVER].first == NULL)
		timing_wait_no_more(f);
	else if (progress)
		timing_wait(f);
}

/* ------------------------------------------------------------------ */
/* a segment with payload, or a FIN                                   */

/*
 * A card that computes checksums leaves them wrong on all its sender's
 * segments: where most are right, a wrong one is damage, or meant for us
 * and not for the receiver.  One right by chance (1 in 65536 is) among many
 * wrong changes nothing.
 */
void
stream_check(struct flow *f, enum side who, const struct packet *p,
    struct copy *c)
{
	struct stream *s = &f->side[who];

	if (s->want != FLOW_REMEMBER || (p->payload_wire == 0 &&
	    (p->flags & (TCP_FIN | TCP_RST)) == 0))
		return;
	switch (packet_checksum(p)) {
	case CHECKSUM_UNKNOWN:
		break;
	case CHECKSUM_GOOD:
		if (p->payload_wire > 0 && s->good_checksums < UINT8_MAX)
			s->good_checksums++;
		break;
	case CHECKSUM_BAD:
		f->facts.side[who].bad_checksums++;
		count(f->table->counters, COUNT_checksums_bad);
		c->bad_checksum = true;
		c->damaged = s->good_checksums > s->bad_checksums;
		if (!c->damaged && p->payload_wire > 0 &&
		    s->bad_checksums < UINT8_MAX)
			s->bad_checksums++;
		break;
	}
}

/* RFC 9293 3.8.4: a probe repeats the last octet, maybe with garbage. */
static bool
is_keepalive(const struct stream *s, const struct copy *c)
{
	return c->octets.len == 1 && c->seq == s->next - 1 && !s->ended &&
	    s->has_acked && s->acked == s->next && !memory_last_is_single(s);
}

static void
take_repeated(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];

	if (s->fin_missed && c->fin && waiting_end(c) == s->next) {
		s->fin_missed = false;
		s->next--;
		reach_fin(f, who, c->mark);
	}
	if (c->wire_len == 0)
		return;		/* a FIN again */
	f->facts.side[who].retransmitted++;
	if (is_keepalive(s, c)) {
		count(f->table->counters, COUNT_keepalives);
		return;
	}
	count(f->table->counters, COUNT_segments_repeated);
	memory_compare(f, who, c);
}

static void
take_waiting(struct flow *f, enum side who, const struct copy *c)
{
	struct flow_table *t = f->table;

	f->facts.side[who].reordered++;
	count(t->counters, COUNT_segments_held);
	waiting_hold(f, who, c);
	while (f->waiting != NULL &&
	    (f->waiting->side[who].octets > t->limits.held_per_side ||
	    f->waiting->side[who].count >= HELD_SEGMENTS_MAX)) {
		count(t->counters, COUNT_held_limit);
		if (!gaps_force(f, true))
			waiting_forget(f, who);
	}
}

void
stream_take(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];

	if (!stream_plausible(s, c->seq)) {
		count(f->table->counters, COUNT_segments_implausible);
		if (s->astray < ASTRAY_MAX && c->wire_len > 0)
			s->astray++;
		return;
	}
	s->astray = 0;
	if (c->fin)
		f->facts.side[who].fin = true;
	if (s->want == FLOW_COUNT)
		count_only(f, who, c);
	else if (s->started && !seq_before(s->next, waiting_end(c)))
		take_repeated(f, who, c);
	else if (s->ended)
		after_end(f, who, c);
	else if (s->started && !seq_before(s->next, c->seq) &&
	    (f->waiting == NULL || f->waiting->side[who].first == NULL) &&
	    !c->damaged && waiting_caught_up(f, who, c))
		accept(f, who, c);
	else
		take_waiting(f, who, c);
}
