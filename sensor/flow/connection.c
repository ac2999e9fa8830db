/* SPDX-License-Identifier: ISC */
/*
 * One connection: who is who, how it begins, and how it ends.
 */
#include "flow/flow_internal.h"

static enum side
side_of(const struct flow *f, bool source_is_low)
{
	return source_is_low == f->client_is_low ? SIDE_CLIENT : SIDE_SERVER;
}

static bool
is_smtp_port(const struct flow_table *t, uint16_t port)
{
	return (t->ports[port / 8] >> (port % 8) & 1) != 0;
}

static void
set_ends(struct flow *f)
{
	int client = f->client_is_low ? 0 : 1;

	f->facts.ip[SIDE_CLIENT] = f->entry.key.ip[client];
	f->facts.ip[SIDE_SERVER] = f->entry.key.ip[!client];
	f->facts.port[SIDE_CLIENT] = f->entry.key.port[client];
	f->facts.port[SIDE_SERVER] = f->entry.key.port[!client];
}

/* Nothing was delivered yet, so the two sides can still change places. */
static void
swap_sides(struct flow *f)
{
	struct stream s = f->side[SIDE_CLIENT];
	struct flow_traits t = f->facts.side[SIDE_CLIENT];
	bool seen = f->seen[SIDE_CLIENT];

	f->side[SIDE_CLIENT] = f->side[SIDE_SERVER];
	f->side[SIDE_SERVER] = s;
	f->facts.side[SIDE_CLIENT] = f->facts.side[SIDE_SERVER];
	f->facts.side[SIDE_SERVER] = t;
	f->seen[SIDE_CLIENT] = f->seen[SIDE_SERVER];
	f->seen[SIDE_SERVER] = seen;
	f->client_is_low = !f->client_is_low;
	set_ends(f);
}

void
connection_begin(struct flow *f, const struct packet *p, bool source_is_low)
{
	bool from = is_smtp_port(f->table, p->source_port);
	bool to = is_smtp_port(f->table, p->destination_port);

	for (int i = 0; i < SIDES; i++) {
		f->facts.side[i].window_scale = 0xff;
		f->facts.side[i].ttl_min = 0xff;
	}
	f->facts.first = p->mark;
	f->facts.roles = from != to ? ROLES_PORT : ROLES_GUESS;
	f->client_is_low = to || from == to ? source_is_low : !source_is_low;
	set_ends(f);
	count(f->table->counters, COUNT_connections);
	if ((p->flags & TCP_SYN) == 0)
		count(f->table->counters, COUNT_connections_midstream);
}

/* The SYN tells who called (RFC 9293 section 3.5). */
static void
roles_by_syn(struct flow *f, const struct packet *p, bool source_is_low)
{
	bool from_client = (p->flags & TCP_ACK) == 0;

	if (f->facts.roles == ROLES_SYN || f->session != NULL)
		return;
	if ((side_of(f, source_is_low) == SIDE_CLIENT) != from_client)
		swap_sides(f);
	f->facts.roles = ROLES_SYN;
}

static void
note_traits(struct flow *f, enum side who, const struct packet *p)
{
	struct flow_traits *t = &f->facts.side[who];

	t->packets++;
	f->facts.wraps |= p->wraps;
	f->facts.last = p->mark;
	if (p->mark.time < f->facts.first.time)
		f->facts.first = p->mark;
	if (p->payload_wire == 0 && (p->flags & TCP_SYN) == 0)
		return;
	if (t->ttl_max == 0)
		t->ttl_first = p->ttl;
	if (p->ttl < t->ttl_min)
		t->ttl_min = p->ttl;
	if (p->ttl > t->ttl_max)
		t->ttl_max = p->ttl;
	t->vlan = p->vlan;
	t->timestamps |= p->has_timestamp;
}

static void
start(struct stream *s, uint32_t next)
{
	if (s->started)
		return;
	s->started = true;
	s->first = s->next = next;
}

static void
take_syn(struct flow *f, enum side who, const struct packet *p)
{
	struct flow_traits *t = &f->facts.side[who];
	struct stream *s = &f->side[who];

	if (t->syn)
		return;		/* again, or one that was not believed */
	/* Octets were delivered without it, and it is not theirs. */
	if (s->started && f->session != NULL && s->first != p->seq + 1)
		return;
	t->syn = true;
	t->isn = p->seq;
	t->mss = p->has_mss ? p->mss : 0;
	t->window_scale = p->has_window_scale ? p->window_scale : 0xff;
	if (f->session == NULL) {
		s->started = false;
		start(s, p->seq + 1);
	}
	if ((p->flags & TCP_ACK) != 0)
		start(&f->side[side_other(who)], p->ack);
}

/* Data behind a RST was acknowledged: the ends never saw that RST. */
static void
revive(struct flow *f, enum side who)
{
	struct stream *s = &f->side[who];

	if (!s->rst_waits || !seq_before(s->rst_seq, s->acked) ||
	    !seq_before(s->rst_seq, s->next))
		return;
	s->rst_waits = false;
	f->facts.side[who].rst = false;
	f->facts.resets_ignored++;
	count(f->table->counters, COUNT_resets_ignored);
	if (f->entry.list == LIST_CLOSING)
		table_move(f->table, &f->entry, LIST_OPEN, f->table->now);
}

static void
take_ack(struct flow *f, enum side who, const struct packet *p)
{
	struct stream *other = &f->side[side_other(who)];

	if (!other->has_acked || seq_before(other->acked, p->ack)) {
		other->acked = p->ack;
		other->has_acked = true;
	}
	revive(f, side_other(who));
}

static void
take_fin(struct flow *f, enum side who, const struct packet *p)
{
	struct stream *s = &f->side[who];
	uint32_t seq = p->seq + p->payload_wire + ((p->flags & TCP_SYN) != 0);

	if (s->ended || s->fin_waits)
		return;
	if (s->started && (seq_before(seq, s->next) ||
	    seq_before(s->next + PLAUSIBLE_AHEAD, seq)))
		return;		/* not where this side is */
	f->facts.side[who].fin = true;
	s->fin_waits = true;
	s->fin_seq = seq;
	s->fin_ack = p->ack;
	s->fin_has_ack = (p->flags & TCP_ACK) != 0;
	s->fin_at = p->mark;
	if (s->want == FLOW_COUNT) {
		start(s, seq);
		s->next = seq;
	}
	table_block(f, p->mark.time);
}

/*
 * RFC 5961 section 3.2: the receiver believes a RST only at exactly the
 * next octet it expects.  We know that octet as the one we expect, or as
 * the highest that the receiver acknowledged.  A RST ahead of data that the
 * capture has out of order is looked at again when its time comes.
 */
static void
take_rst(struct flow *f, enum side who, const struct packet *p)
{
	struct stream *s = &f->side[who];
	bool ahead, fits;

	fits = !s->started || p->seq == s->next ||
	    (s->has_acked && p->seq == s->acked) ||
	    (s->ended && p->seq == s->next - 1);
	ahead = s->started && s->held != NULL && seq_before(s->next, p->seq) &&
	    !seq_before(s->next + PLAUSIBLE_AHEAD, p->seq);
	/* The answer to a SYN has no sequence of its own (RFC 9293 3.5.2). */
	if (!s->started && (p->flags & TCP_ACK) != 0 &&
	    f->side[side_other(who)].started &&
	    p->ack != f->side[side_other(who)].next)
		fits = false;
	if (!fits && !ahead) {
		f->facts.resets_ignored++;
		count(f->table->counters, COUNT_resets_ignored);
		return;
	}
	f->facts.side[who].rst = true;
	if (s->rst_waits)
		return;
	s->rst_waits = true;
	s->rst_seq = p->seq;
	s->rst_at = p->mark;
}

static bool
is_over(const struct flow *f)
{
	return (f->side[SIDE_CLIENT].ended && f->side[SIDE_SERVER].ended) ||
	    f->side[SIDE_CLIENT].rst_waits || f->side[SIDE_SERVER].rst_waits;
}

void
connection_take(struct flow *f, const struct packet *p, bool source_is_low)
{
	struct flow_table *t = f->table;
	enum side who;

	if ((p->flags & TCP_SYN) != 0)
		roles_by_syn(f, p, source_is_low);
	who = side_of(f, source_is_low);
	f->seen[who] = true;
	note_traits(f, who, p);
	if ((p->flags & TCP_SYN) != 0)
		take_syn(f, who, p);
	if ((p->flags & TCP_ACK) != 0)
		take_ack(f, who, p);
	if (p->payload_wire > 0)
		stream_take(f, who, p);
	if ((p->flags & TCP_FIN) != 0)
		take_fin(f, who, p);
	if (f->blocked)
		stream_pump(f);
	if ((p->flags & TCP_RST) != 0)
		take_rst(f, who, p);
	else if (f->side[who].rst_waits)
		revive(f, who);
	if (is_over(f)) {
		if (f->entry.list != LIST_CLOSING)
			table_move(t, &f->entry, LIST_CLOSING, t->now);
	} else if (t->now - f->entry.touched > 1000000)
		table_move(t, &f->entry, f->entry.list, t->now);
}

/*
 * A SYN with another number than this connection's begins a new one only if
 * this one is over, or never carried anything, or the other end is out of
 * sight -- else it may be forged, and has to be answered first.
 */
bool
connection_replaced(struct flow *f, const struct packet *p,
    bool source_is_low)
{
	enum side who = side_of(f, source_is_low);
	const struct flow_traits *t = &f->facts.side[who];
	bool syn = (p->flags & TCP_SYN) != 0;
	bool ack = (p->flags & TCP_ACK) != 0;

	if (f->syn_waits && ((syn && ack && who != f->syn_by &&
	    p->ack == f->syn_isn + 1) ||
	    (!syn && who == f->syn_by && p->payload_wire > 0 &&
	    p->seq == f->syn_isn + 1)))
		return true;
	if (!syn || (t->syn && t->isn == p->seq))
		return false;
	if (!t->syn && (f->session == NULL ||
	    f->side[who].first == p->seq + 1))
		return false;		/* its own, behind its data */
	if (ack)
		return is_over(f) && t->syn;
	if (is_over(f) || f->session == NULL || !f->seen[side_other(who)])
		return true;
	f->syn_waits = true;
	f->syn_isn = p->seq;
	f->syn_by = (uint8_t)who;
	return false;
}

/* RSTs that were believed; the readers hear it as the end of that side. */
static bool
believe_resets(struct flow *f)
{
	bool reset = false;

	for (int i = 0; i < SIDES; i++) {
		struct stream *s = &f->side[i];

		if (!s->rst_waits)
			continue;
		/* one that was ahead of missing octets must fit by now */
		if (s->started && seq_before(s->next, s->rst_seq) &&
		    !(s->has_acked && s->acked == s->rst_seq)) {
			f->facts.resets_ignored++;
			f->facts.side[i].rst = false;
			continue;
		}
		f->facts.reset_by[i] = true;
		reset = true;
		if (!s->ended && f->session != NULL) {
			s->ended = true;
			f->table->ops->end(f->session, i, s->rst_at);
		}
	}
	return reset;
}

void
connection_end(struct flow *f, enum flow_end how)
{
	struct flow_table *t = f->table;
	const struct flow *was_busy = t->busy;
	bool finished, reset;

	t->busy = f;
	if (how != FLOW_EVICTED) {
		stream_pump(f);
		while (stream_force(f, true))
			continue;
	}
	finished = f->side[SIDE_CLIENT].ended && f->side[SIDE_SERVER].ended;
	reset = believe_resets(f);
	f->facts.end = finished ? FLOW_FINISHED : reset ? FLOW_RESET : how;
	if (f->session != NULL)
		t->ops->close(f->session, &f->facts);
	f->session = NULL;
	t->busy = was_busy == f ? NULL : was_busy;
	table_remove(f, finished || reset || how == FLOW_IDLE);
}

/* ------------------------------------------------------------------ */
/* for the reader                                                     */

void
flow_want(struct flow *f, enum side who, enum flow_want want)
{
	f->side[who].want = (uint8_t)want;
	if (want != FLOW_REMEMBER && want != FLOW_DELIVER)
		memory_forget(f, who);
}

void
flow_skip(struct flow *f, enum side who, uint64_t octets)
{
	f->side[who].skip = octets;
}

void *
flow_take_kept(struct flow *f)
{
	void *kept = f->kept;

	f->kept = NULL;
	return kept;
}

const struct flow_facts *
flow_facts(const struct flow *f)
{
	return &f->facts;
}
