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

/* Where a copy ends; a FIN counts as one octet (RFC 9293 section 3.4). */
static uint32_t
end_of(const struct copy *c)
{
	return c->seq + c->wire_len + c->fin;
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
	uint32_t skipped = least(s->skip, octets);

	s->next += octets;
	s->skip -= skipped;
	f->facts.side[who].missing += octets;
	count(f->table->counters, COUNT_gaps);
	count_many(f->table->counters, COUNT_gap_octets, octets);
	if (read && octets > skipped && s->want != FLOW_COUNT)
		f->table->ops->gap(f->session, who, octets - skipped, at);
}

/* The copy begins at `next`: all of it is new. */
static void
deliver(struct flow *f, enum side who, struct copy c)
{
	struct stream *s = &f->side[who];
	uint32_t skipped;

	if (!has_reader(f))
		s->want = FLOW_COUNT;
	skipped = least(s->skip, (uint32_t)c.octets.len);
	s->next += (uint32_t)c.octets.len;
	s->skip -= skipped;
	f->facts.side[who].octets += c.octets.len;
	c.octets = span_skip(c.octets, skipped);
	c.seq += skipped;
	if (c.octets.len == 0 || s->want == FLOW_COUNT)
		return;
	if (s->want == FLOW_REMEMBER)
		memory_keep(f, who, &c);
	f->table->ops->octets(f->session, who, c.octets, c.mark);
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
/* waiting                                                            */

static size_t
held_size(const struct held *h)
{
	return sizeof(*h) + h->room;
}

static void
held_free(struct flow *f, struct held *h)
{
	limits_free(f->table, h, held_size(h));
}

/* In order of sequence, first come first.  Mostly that is the end. */
static void
line_add(struct line *l, struct held *h)
{
	struct held **at = &l->first;

	if (l->last != NULL && !seq_before(h->copy.seq, l->last->copy.seq))
		at = &l->last->next;
	while (*at != NULL && !seq_before(h->copy.seq, (*at)->copy.seq))
		at = &(*at)->next;
	h->next = *at;
	*at = h;
	if (h->next == NULL)
		l->last = h;
	l->octets += h->room;
	l->count++;
}

/* The one behind `before` leaves; NULL: the first. */
static struct held *
line_take(struct line *l, struct held *before)
{
	struct held **at = before == NULL ? &l->first : &before->next;
	struct held *h = *at;

	*at = h->next;
	if (l->last == h)
		l->last = before;
	l->octets -= h->room;
	l->count--;
	return h;
}

void
stream_forget(struct flow *f, enum side who)
{
	if (f->waiting == NULL)
		return;
	while (f->waiting->side[who].first != NULL)
		held_free(f, line_take(&f->waiting->side[who], NULL));
}

static bool
is_same(const struct copy *a, const struct copy *b)
{
	return a->seq == b->seq && a->wire_len == b->wire_len &&
	    a->fin == b->fin && a->tail == b->tail &&
	    a->damaged == b->damaged && span_equal(a->octets, b->octets);
}

static bool
is_held(const struct line *l, const struct copy *c)
{
	const struct held *h = l->first;

	if (l->last != NULL && seq_before(l->last->copy.seq, c->seq))
		return false;
	for (; h != NULL && !seq_before(c->seq, h->copy.seq); h = h->next)
		if (is_same(&h->copy, c))
			return true;
	return false;
}

/* Keep a copy for later. */
static void
hold(struct flow *f, enum side who, const struct copy *c)
{
	struct held *h;

	if (f->waiting == NULL && !timing_wait(f))
		return;		/* counted; it will show as a gap */
	if (is_held(&f->waiting->side[who], c)) {
		f->facts.side[who].retransmitted++;
		return;
	}
	h = limits_alloc(f->table, sizeof(*h) + c->octets.len);
	if (h == NULL)
		return;
	h->room = (uint32_t)c->octets.len;
	h->copy = *c;
	h->copy.octets.at = h->octets;
	if (h->room > 0)
		memcpy(h->octets, c->octets.at, h->room);
	line_add(&f->waiting->side[who], h);
}

/* Has the other side been delivered as far as this one acknowledges?  What
 * acknowledges far more than was ever said waits for nothing. */
static bool
caught_up(const struct flow *f, enum side who, const struct copy *c)
{
	enum side peer = side_other(who);
	const struct stream *other = &f->side[peer];

	if (!c->has_ack || other->want == FLOW_COUNT ||
	    (f->one_sided && !f->seen[peer]))
		return true;
	return other->started && (!seq_before(other->next, c->ack) ||
	    c->ack - other->next > PLAUSIBLE);
}

/*
 * Will no better copy come?  What the snap length cut may be there once
 * more, until something else comes behind it or the other side goes on.
 * What is damaged is sent again, unless the receiver acknowledges it.
 */
static bool
is_final(const struct flow *f, enum side who, const struct held *h)
{
	const struct stream *s = &f->side[who];
	const struct held *peer = f->waiting->side[side_other(who)].first;

	if (h->copy.final || !seq_before(s->next, end_of(&h->copy)))
		return true;
	if (h->copy.damaged)
		return s->has_acked && !seq_before(s->acked,
		    h->copy.seq + h->copy.wire_len);
	return !h->copy.tail || h->next != NULL ||
	    (peer != NULL && peer->copy.has_ack &&
	    seq_before(s->next, peer->copy.ack));
}

static bool
is_turn_of(const struct flow *f, enum side who, const struct held *h)
{
	return caught_up(f, who, &h->copy) && is_final(f, who, h);
}

/* Whose turn it is, behind *before; a damaged copy may be passed by. */
static struct held *
find_turn(const struct flow *f, enum side who, struct held **before)
{
	const struct stream *s = &f->side[who];
	struct held *h = f->waiting->side[who].first;

	*before = NULL;
	while (h != NULL && s->started && !seq_before(s->next, h->copy.seq)) {
		if (is_turn_of(f, who, h))
			return h;
		if (!h->copy.damaged)
			break;
		*before = h;
		h = h->next;
	}
	return NULL;
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
		hold(f, who, &tail);
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
	uint32_t old = s->next - c->seq, end = c->seq + c->wire_len;
	struct copy part = *c;

	if (old > 0 && c->octets.len > 0) {
		part.octets = span_first(c->octets, old);
		memory_compare(f, who, &part);
	}
	part.octets = span_skip(c->octets, old);
	part.seq = s->next;
	if (part.octets.len > 0)
		deliver(f, who, part);
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

/* It came before anybody knew where this side is. */
static bool
drop_implausible(struct flow *f, enum side who)
{
	struct line *l = &f->waiting->side[who];

	if (l->first == NULL ||
	    stream_plausible(&f->side[who], l->first->copy.seq))
		return false;
	count(f->table->counters, COUNT_segments_implausible);
	held_free(f, line_take(l, NULL));
	return true;
}

/* Up to where is this the copy that was seen first?  And a tail ends where
 * something else begins. */
static uint32_t
own_part(const struct held *h)
{
	const struct held *next;

	for (next = h->next; next != NULL && seq_before(next->copy.seq,
	    h->copy.seq + h->copy.wire_len); next = next->next)
		if (seq_before(h->copy.seq, next->copy.seq) &&
		    !next->copy.damaged && (h->copy.tail ||
		    next->copy.mark.packet < h->copy.mark.packet))
			return next->copy.seq - h->copy.seq;
	return h->copy.wire_len;
}

/* The rest stands in line again, behind the copy that came before it. */
static void
put_back(struct line *l, struct held *h, uint32_t taken)
{
	h->copy.octets = span_skip(h->copy.octets, taken);
	h->copy.seq += taken;
	h->copy.wire_len -= taken;
	line_add(l, h);
}

static void
take_turn(struct flow *f, enum side who, struct held *h)
{
	struct stream *s = &f->side[who];
	uint32_t part = own_part(h);
	struct copy c = h->copy;

	if (part < c.wire_len) {
		c.octets = span_first(c.octets, part);
		c.wire_len = part;
		c.fin = false;
	}
	if (s->want == FLOW_COUNT)
		count_only(f, who, &c);
	else if (s->ended && seq_before(s->next, end_of(&c)))
		after_end(f, who, &c);
	else
		accept(f, who, &c);
	if (part < h->copy.wire_len)
		put_back(&f->waiting->side[who], h, part);
	else
		held_free(f, h);
}

static bool
deliver_held(struct flow *f, enum side who)
{
	struct held *h, *before;
	bool any = false;

	while (drop_implausible(f, who))
		any = true;
	while ((h = find_turn(f, who, &before)) != NULL) {
		take_turn(f, who, line_take(&f->waiting->side[who], before));
		any = true;
		while (drop_implausible(f, who))
			continue;
	}
	return any;
}

/* Sides that are only counted wait for nothing. */
static bool
count_held(struct flow *f, enum side who)
{
	struct line *l = &f->waiting->side[who];
	bool any = l->first != NULL;
	struct held *h;

	while (l->first != NULL) {
		h = line_take(l, NULL);
		count_only(f, who, &h->copy);
		held_free(f, h);
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
			any |= f->side[who].want == FLOW_COUNT ?
			    count_held(f, who) : deliver_held(f, who);
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
	if (c->wire_len == 0)
		return;		/* a FIN again */
	f->facts.side[who].retransmitted++;
	if (is_keepalive(&f->side[who], c)) {
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
	hold(f, who, c);
	while (f->waiting != NULL &&
	    (f->waiting->side[who].octets > t->limits.held_per_side ||
	    f->waiting->side[who].count >= HELD_SEGMENTS_MAX)) {
		count(t->counters, COUNT_held_limit);
		if (!gaps_force(f, true))
			stream_forget(f, who);
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
	else if (s->started && !seq_before(s->next, end_of(c)))
		take_repeated(f, who, c);
	else if (s->ended)
		after_end(f, who, c);
	else if (s->started && !seq_before(s->next, c->seq) &&
	    (f->waiting == NULL || f->waiting->side[who].first == NULL) &&
	    !c->damaged && caught_up(f, who, c))
		accept(f, who, c);
	else
		take_waiting(f, who, c);
}
