/* SPDX-License-Identifier: ISC */
/*
 * What cannot be delivered yet, by sequence number: copies ahead of octets
 * that are missing, copies that acknowledge what was not heard yet, and
 * copies of which a better one may come.
 */
#include "flow/flow_internal.h"

uint32_t
waiting_end(const struct copy *c)
{
	return c->seq + c->wire_len + c->fin;
}

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
waiting_forget(struct flow *f, enum side who)
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

void
waiting_hold(struct flow *f, enum side who, const struct copy *c)
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

/* What acknowledges far more than was ever said waits for nothing. */
bool
waiting_caught_up(const struct flow *f, enum side who, const struct copy *c)
{
	enum side peer = side_other(who);
	const struct stream *other = &f->side[peer];

	if (!c->has_ack || other->want == FLOW_COUNT || other->ended ||
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

	if (h->copy.final || !seq_before(s->next, waiting_end(&h->copy)))
		return true;
	if (h->copy.damaged)
		return s->has_acked && !seq_before(s->acked,
		    waiting_end(&h->copy));
	return !h->copy.tail || h->next != NULL ||
	    (peer != NULL && peer->copy.has_ack &&
	    seq_before(s->next, peer->copy.ack));
}

static bool
is_turn_of(const struct flow *f, enum side who, const struct held *h)
{
	return waiting_caught_up(f, who, &h->copy) && is_final(f, who, h);
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
 * another copy begins. */
static uint32_t
own_part(const struct held *h)
{
	const struct held *next;

	for (next = h->next; next != NULL && seq_before(next->copy.seq,
	    h->copy.seq + h->copy.wire_len); next = next->next) {
		if (!seq_before(h->copy.seq, next->copy.seq) ||
		    next->copy.tail || next->copy.damaged)
			continue;
		if (h->copy.tail ||
		    next->copy.mark.packet < h->copy.mark.packet)
			return next->copy.seq - h->copy.seq;
	}
	return h->copy.wire_len;
}

struct held *
waiting_next(struct flow *f, enum side who, struct copy *c)
{
	struct line *l = &f->waiting->side[who];
	struct held *h, *before;

	/* Sides that are only counted, or have ended, wait for nothing. */
	if (f->side[who].want == FLOW_COUNT || f->side[who].ended) {
		if (l->first == NULL)
			return NULL;
		h = line_take(l, NULL);
		*c = h->copy;
		return h;
	}
	while (drop_implausible(f, who))
		continue;
	if ((h = find_turn(f, who, &before)) == NULL)
		return NULL;
	*c = h->copy;
	c->wire_len = own_part(h);
	if (c->wire_len < h->copy.wire_len) {
		c->octets = span_first(c->octets, c->wire_len);
		c->fin = false;
	}
	return line_take(l, before);
}

/* The rest stands in line again, behind the copy that came before it. */
void
waiting_done(struct flow *f, enum side who, struct held *h, uint32_t taken)
{
	if (taken == h->copy.wire_len) {
		held_free(f, h);
		return;
	}
	h->copy.octets = span_skip(h->copy.octets, taken);
	h->copy.seq += taken;
	h->copy.wire_len -= taken;
	line_add(&f->waiting->side[who], h);
}
