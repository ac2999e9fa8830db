/* SPDX-License-Identifier: ISC */
/*
 * SYNs and RSTs that are not believed yet.
 *
 * Both can be forged by anyone who sees the connection, or guesses well.
 * What the two ends make of them shows in what they send next, so that is
 * waited for.
 */
#include "flow/flow_internal.h"

#define REORDERING	(SECOND / 10)	/* no capture is out of order for longer */

static struct doubts *
doubts_of(struct flow *f)
{
	if (f->doubts == NULL &&
	    (f->doubts = limits_alloc(f->table, sizeof(*f->doubts))) != NULL)
		memset(f->doubts, 0, sizeof(*f->doubts));
	return f->doubts;
}

void
doubts_free(struct flow *f)
{
	limits_free(f->table, f->doubts, sizeof(*f->doubts));
	f->doubts = NULL;
}

void
doubts_swap(struct flow *f)
{
	struct doubts *d = f->doubts;
	struct doubted_rst r;

	if (d == NULL)
		return;
	r = d->rst[SIDE_CLIENT];
	d->rst[SIDE_CLIENT] = d->rst[SIDE_SERVER];
	d->rst[SIDE_SERVER] = r;
	d->syn_by = side_other(d->syn_by);
}

/* ------------------------------------------------------------------ */
/* SYN                                                                */

/*
 * The other end answers the SYN that is doubted, and does not go on with
 * this connection at the same time: an attacker can choose numbers by which
 * an honest segment looks like an answer.
 */
static bool
is_answer(const struct flow *f, enum side who, const struct packet *p)
{
	const struct packet *syn = &f->doubts->syn;
	bool syn_ack = (syn->flags & TCP_ACK) != 0;
	uint32_t heard = p->ack - syn->seq - 1;

	if (who == f->doubts->syn_by)
		return false;
	if ((p->flags & TCP_ACK) == 0)	/* the SYN that it answers, late */
		return (p->flags & TCP_SYN) != 0 && syn_ack &&
		    syn->ack == p->seq + 1;
	if ((p->flags & TCP_SYN) != 0)
		return heard == 0;
	if (syn_ack ? p->seq != syn->ack || heard > PLAUSIBLE : heard != 0)
		return false;
	return !flow_heard(f) || !stream_plausible(&f->side[who], p->seq);
}

/* Where the other end cannot be seen to answer, or nothing is at stake: the
 * one that sent the SYN goes on from there, and not where this connection
 * is. */
static bool
is_continuation(const struct flow *f, enum side who, const struct packet *p)
{
	const struct doubts *d = f->doubts;

	return who == d->syn_by &&
	    (!f->seen[side_other(who)] || !flow_heard(f)) &&
	    (p->flags & (TCP_SYN | TCP_RST)) == 0 &&
	    p->seq == d->syn.seq + 1 && p->seq != f->side[who].next;
}

static enum belonging
doubt_syn(struct flow *f, enum side who, const struct packet *p)
{
	struct doubts *d = doubts_of(f);

	if (d == NULL)
		return DOUBTFUL;
	d->syn_waits = true;
	d->syn_by = who;
	d->syn = *p;
	/* its octets do not live as long */
	d->syn.payload = d->syn.segment = d->syn.frame = span_of(NULL, 0);
	d->syn.payload_wire = 0;
	return DOUBTFUL;
}

/*
 * A SYN with another number than this connection's begins a new one at once
 * only if this one is over, or has not got beyond a SYN of its own.
 */
static enum belonging
judge_syn(struct flow *f, enum side who, const struct packet *p)
{
	bool answer = (p->flags & TCP_ACK) != 0;

	if (connection_owns_syn(f, who, p))
		return BELONGS;
	if (connection_is_over(f) ||
	    (!answer && !flow_heard(f) && !f->seen[side_other(who)]))
		return BEGINS_ANEW;
	return doubt_syn(f, who, p);
}

/* Nothing but segments from nowhere: another connection, whose SYN was
 * missed. */
static bool
is_elsewhere(const struct flow *f, enum side who, const struct packet *p)
{
	const struct stream *s = &f->side[who];

	return s->astray >= ASTRAY_MAX && p->payload_wire > 0 &&
	    !stream_plausible(s, p->seq);
}

enum belonging
doubts_judge(struct flow *f, const struct packet *p, bool source_is_low)
{
	enum side who = connection_side(f, source_is_low);
	struct doubts *d = f->doubts;
	enum belonging judged = BELONGS;

	if (d != NULL && d->syn_waits &&
	    (is_answer(f, who, p) || is_continuation(f, who, p)))
		return BEGINS_ANEW;
	if ((p->flags & TCP_SYN) != 0)
		judged = judge_syn(f, who, p);
	else if (is_elsewhere(f, who, p))
		judged = BEGINS_ANEW;
	/* a SYN doubted before has nothing to do with that */
	if (judged == BEGINS_ANEW && d != NULL)
		d->syn_waits = false;
	return judged;
}

/* ------------------------------------------------------------------ */
/* RST                                                                */

static void
ignore(struct flow *f)
{
	f->facts.resets_ignored++;
	count(f->table->counters, COUNT_resets_ignored);
}

/*
 * RFC 5961 section 3.2: the receiver believes a RST only at exactly the
 * next octet it expects.  We know that octet as the one we expect, or as
 * the highest that the receiver acknowledged.
 */
static bool
fits(const struct flow *f, enum side who, const struct packet *p)
{
	const struct stream *s = &f->side[who];
	const struct stream *other = &f->side[side_other(who)];

	if (s->started)
		return p->seq == s->next ||
		    (s->has_acked && p->seq == s->acked) ||
		    (s->ended && p->seq == s->next - 1);
	/* The answer to a SYN has no number of its own, but acknowledges
	 * that one (RFC 9293 section 3.5.2). */
	return !other->started || (p->flags & TCP_ACK) == 0 ||
	    (!seq_before(p->ack, other->first) &&
	    !seq_before(other->next, p->ack));
}

/* It may be ahead of octets that the capture has behind it. */
static bool
is_ahead(const struct stream *s, uint32_t seq)
{
	return s->started && seq_before(s->next, seq) &&
	    !seq_before(s->next + PLAUSIBLE, seq);
}

void
doubts_take_rst(struct flow *f, enum side who, const struct packet *p)
{
	bool finished = f->side[SIDE_CLIENT].ended &&
	    f->side[SIDE_SERVER].ended;
	bool now = fits(f, who, p);
	struct doubted_rst *r;

	if (!now && !is_ahead(&f->side[who], p->seq)) {
		ignore(f);
		return;
	}
	if (doubts_of(f) == NULL)
		return;
	r = &f->doubts->rst[who];
	if (r->waits && (!now || finished))
		return;		/* again */
	if (r->waits && !r->fits)
		ignore(f);	/* the one before */
	f->facts.side[who].rst = true;
	*r = (struct doubted_rst){ .waits = true, .fits = now,
	    .late = finished, .seq = p->seq,
	    .has_peer = f->side[side_other(who)].started,
	    .peer = f->side[side_other(who)].next, .at = p->mark };
}

/* Octets behind the RST were acknowledged: its receiver did not believe it.
 * Octets that the receiver sent later were: the other end never sent it. */
static bool
is_refuted(const struct flow *f, enum side who, const struct packet *p)
{
	const struct doubted_rst *r = &f->doubts->rst[who];
	const struct stream *s = &f->side[who];
	const struct stream *other = &f->side[side_other(who)];

	if (s->started && seq_before(r->seq, s->next) && s->has_acked &&
	    seq_before(r->seq, s->acked))
		return !s->ended || seq_before(r->seq, s->next - 1);
	return r->has_peer && seq_before(r->peer, other->next) &&
	    other->has_acked && seq_before(r->peer, other->acked) &&
	    !other->ended &&
	    time_between(r->at.time, p->mark.time) > REORDERING;
}

void
doubts_review(struct flow *f, const struct packet *p)
{
	struct doubts *d = f->doubts;

	for (int i = 0; i < SIDES; i++) {
		struct doubted_rst *r = &d->rst[i];

		if (!r->waits)
			continue;
		if (is_refuted(f, i, p)) {
			r->waits = false;
			f->facts.side[i].rst = false;
			ignore(f);
		} else if (!r->fits)
			r->fits = f->side[i].next == r->seq ||
			    (f->side[i].has_acked &&
			    f->side[i].acked == r->seq);
	}
}

bool
doubts_rst_fits(const struct flow *f)
{
	const struct doubts *d = f->doubts;

	return d != NULL &&
	    ((d->rst[SIDE_CLIENT].waits && d->rst[SIDE_CLIENT].fits) ||
	    (d->rst[SIDE_SERVER].waits && d->rst[SIDE_SERVER].fits));
}

/* At the end: the readers hear it as the end of that side. */
bool
doubts_believe_rst(struct flow *f)
{
	bool reset = false;

	for (int i = 0; f->doubts != NULL && i < SIDES; i++) {
		const struct doubted_rst *r = &f->doubts->rst[i];
		struct stream *s = &f->side[i];

		if (!r->waits || r->late)
			continue;
		if (!r->fits && s->next != r->seq) {
			f->facts.side[i].rst = false;
			ignore(f);
			continue;
		}
		f->facts.reset_by[i] = true;
		reset = true;
		if (!s->ended && f->session != NULL) {
			s->ended = true;
			f->table->ops->end(f->session, i, r->at);
		}
	}
	return reset;
}
