/* SPDX-License-Identifier: ISC */
/*
 * Giving up waiting for what does not come: holes in what a side said.
 */
#include "flow/flow_internal.h"

/* No SYN came: the lowest that did come is the beginning. */
static void
settle_beginning(struct flow *f)
{
	for (int who = 0; who < SIDES; who++) {
		struct stream *s = &f->side[who];
		const struct held *h = f->waiting->side[who].first;

		if (h != NULL)
			stream_start(s, h->copy.seq);
		else if (s->has_acked)
			stream_start(s, s->acked);
	}
}

/* Only then is a hole before it the capture's: else the network lost the
 * octets, and they will come again. */
bool
gaps_received(const struct flow *f, enum side who, uint32_t seq)
{
	const struct stream *s = &f->side[who];

	return !f->seen[side_other(who)] ||
	    (s->has_acked && !seq_before(s->acked, seq));
}

struct hole {
	bool		 is;
	uint32_t	 to;
	struct mark	 at;		/* of what shows it */
};

/* How far must this side be carried over its hole?  To what it said next,
 * or to what the other side has acknowledged of it. */
static struct hole
find_hole(const struct flow *f, enum side who, bool final)
{
	const struct stream *s = &f->side[who];
	const struct held *h = f->waiting->side[who].first;
	const struct held *peer = f->waiting->side[side_other(who)].first;
	struct hole hole = { .is = false };

	/* A side out of sight as a whole has no holes. */
	if (!s->started || s->ended || !f->seen[who] ||
	    (h != NULL && !seq_before(s->next, h->copy.seq)))
		return hole;
	if (peer != NULL && peer->copy.has_ack &&
	    seq_before(s->next, peer->copy.ack) &&
	    peer->copy.ack - s->next <= PLAUSIBLE)
		hole = (struct hole){ .is = true, .to = peer->copy.ack,
		    .at = peer->copy.mark };
	if (h != NULL && (final || gaps_received(f, who, h->copy.seq)) &&
	    (!hole.is || seq_before(h->copy.seq, hole.to)))
		hole = (struct hole){ .is = true, .to = h->copy.seq,
		    .at = h->copy.mark };
	return hole;
}

/*
 * One octet acknowledged beyond all that was seen, and nothing after it:
 * that is a FIN which the capture missed, unless more comes later.
 */
static bool
seems_fin(const struct stream *s, uint32_t to, const struct held *h)
{
	return to - s->next == 1 && h == NULL && !s->fin_missed;
}

/*
 * No octets are missing, and yet something waits whose turn it is: for a
 * better copy, or both sides for each other, which no honest pair of ends
 * can bring about.  The first that can go, goes.
 */
static bool
let_go(struct flow *f, bool final)
{
	for (int who = 0; who < SIDES; who++) {
		struct held *h = f->waiting->side[who].first;

		if (h == NULL || !f->side[who].started ||
		    seq_before(f->side[who].next, h->copy.seq))
			continue;
		if (!h->copy.final && (h->copy.tail || (h->copy.damaged &&
		    (final || !f->seen[side_other(who)])))) {
			h->copy.final = true;
			stream_pump(f);
			return true;
		}
		if (final && h->copy.has_ack) {
			h->copy.has_ack = false;
			stream_pump(f);
			return true;
		}
	}
	return false;
}

bool
gaps_force(struct flow *f, bool final)
{
	struct hole holes[SIDES];
	struct stream *s;
	enum side who;

	if (f->waiting == NULL)
		return false;
	settle_beginning(f);
	stream_pump(f);
	if (f->waiting == NULL)
		return false;
	for (int i = 0; i < SIDES; i++)
		holes[i] = find_hole(f, i, final);
	if (!holes[SIDE_CLIENT].is && !holes[SIDE_SERVER].is)
		return let_go(f, final);
	who = holes[SIDE_CLIENT].is ? SIDE_CLIENT : SIDE_SERVER;
	if (holes[SIDE_CLIENT].is && holes[SIDE_SERVER].is &&
	    holes[SIDE_SERVER].at.packet < holes[SIDE_CLIENT].at.packet)
		who = SIDE_SERVER;
	s = &f->side[who];
	if (seems_fin(s, holes[who].to, f->waiting->side[who].first)) {
		s->fin_missed = true;
		s->next++;
	} else
		stream_missing(f, who, holes[who].to - s->next,
		    holes[who].at);
	stream_pump(f);
	return true;
}

void
gaps_at_end(struct flow *f)
{
	for (int who = 0; who < SIDES; who++) {
		struct stream *s = &f->side[who];

		if (!s->started || s->ended || !f->seen[who] ||
		    s->want == FLOW_COUNT || !s->has_acked ||
		    !seq_before(s->next, s->acked) ||
		    s->acked - s->next > PLAUSIBLE ||
		    seems_fin(s, s->acked, NULL))
			continue;
		stream_missing(f, who, s->acked - s->next, f->facts.last);
	}
}
