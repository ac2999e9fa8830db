/* SPDX-License-Identifier: ISC */
/*
 * One connection: who is who, how it begins, and how it ends.
 */
#include <stdlib.h>

#include "flow/flow_internal.h"

#define ROUTERS		2	/* captured before and behind, at most */
#define SYN_AGAIN	(SECOND / 10)	/* no host repeats one sooner */

enum side
connection_side(const struct flow *f, bool source_is_low)
{
	return source_is_low == f->client_is_low ? SIDE_CLIENT : SIDE_SERVER;
}

static bool
is_smtp_port(const struct flow_table *t, uint16_t port)
{
	return (t->ports[port / 8] >> (port % 8) & 1) != 0;
}

/* ------------------------------------------------------------------ */
/* roles                                                              */

/* Nothing was delivered yet, so the two sides can still change places. */
static void
swap_sides(struct flow *f)
{
	struct flow_facts *facts = &f->facts;
	struct stream s = f->side[SIDE_CLIENT];
	struct flow_traits t = facts->side[SIDE_CLIENT];
	struct addr ip = facts->ip[SIDE_CLIENT];
	uint16_t port = facts->port[SIDE_CLIENT];
	bool seen = f->seen[SIDE_CLIENT];
	struct line l;

	f->side[SIDE_CLIENT] = f->side[SIDE_SERVER];
	f->side[SIDE_SERVER] = s;
	facts->side[SIDE_CLIENT] = facts->side[SIDE_SERVER];
	facts->side[SIDE_SERVER] = t;
	facts->ip[SIDE_CLIENT] = facts->ip[SIDE_SERVER];
	facts->ip[SIDE_SERVER] = ip;
	facts->port[SIDE_CLIENT] = facts->port[SIDE_SERVER];
	facts->port[SIDE_SERVER] = port;
	f->seen[SIDE_CLIENT] = f->seen[SIDE_SERVER];
	f->seen[SIDE_SERVER] = seen;
	f->client_is_low = !f->client_is_low;
	if (f->waiting != NULL) {
		l = f->waiting->side[SIDE_CLIENT];
		f->waiting->side[SIDE_CLIENT] = f->waiting->side[SIDE_SERVER];
		f->waiting->side[SIDE_SERVER] = l;
	}
	doubts_swap(f);
}

/* Who is on an SMTP port is the server; without that, who speaks first is
 * taken for the client. */
static bool
is_from_server(const struct flow *f, const struct packet *p)
{
	return is_smtp_port(f->table, p->source_port) &&
	    !is_smtp_port(f->table, p->destination_port);
}

void
connection_begin(struct flow *f, const struct packet *p, bool source_is_low)
{
	struct flow_facts *facts = &f->facts;
	enum side from = is_from_server(f, p) ? SIDE_SERVER : SIDE_CLIENT;

	facts->first = facts->last = p->mark;
	facts->roles = is_smtp_port(f->table, p->source_port) !=
	    is_smtp_port(f->table, p->destination_port) ? ROLES_PORT :
	    ROLES_GUESS;
	f->client_is_low = source_is_low == (from == SIDE_CLIENT);
	facts->ip[from] = p->source;
	facts->ip[side_other(from)] = p->destination;
	facts->port[from] = p->source_port;
	facts->port[side_other(from)] = p->destination_port;
	for (int i = 0; i < SIDES; i++) {
		facts->side[i].window_scale = 0xff;
		facts->side[i].ttl_min = 0xff;
	}
	count(f->table->counters, COUNT_connections);
	if ((p->flags & TCP_SYN) == 0)
		count(f->table->counters, COUNT_connections_midstream);
}

/* The SYN tells who called (RFC 9293 section 3.5); where both did, at the
 * same time, the port tells. */
static void
roles_by_syn(struct flow *f, const struct packet *p, bool source_is_low)
{
	bool from_client = (p->flags & TCP_ACK) == 0;
	bool is_client = connection_side(f, source_is_low) == SIDE_CLIENT;

	if (flow_heard(f))
		return;
	if (f->facts.roles == ROLES_SYN) {
		if (!from_client || is_client || !is_smtp_port(f->table,
		    p->destination_port) || is_smtp_port(f->table,
		    p->source_port))
			return;
	}
	if (is_client != from_client)
		swap_sides(f);
	f->facts.roles = ROLES_SYN;
}

/* ------------------------------------------------------------------ */
/* what a segment tells besides its octets                            */

static void
note_marks(struct flow_facts *facts, const struct packet *p)
{
	int64_t before = time_between(p->mark.time, facts->first.time);
	int64_t after = time_between(facts->last.time, p->mark.time);

	/* A little before is a capture out of order, far before is a clock
	 * that was set. */
	if (before > 0 && before < LEAP)
		facts->first = p->mark;
	if (after >= 0 || after < -LEAP)
		facts->last = p->mark;
}

static void
note_traits(struct flow *f, enum side who, const struct packet *p)
{
	struct flow_traits *t = &f->facts.side[who];

	t->packets++;
	f->facts.wraps |= p->wraps;
	note_marks(&f->facts, p);
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
	if ((p->flags & TCP_URG) != 0 && p->payload_wire > 0) {
		t->urgent = true;
		count(f->table->counters, COUNT_segments_urgent);
	}
}

/* ------------------------------------------------------------------ */
/* SYN, ACK                                                           */

/* What waits at this place: is it behind that beginning? */
static bool
is_near(const struct flow *f, enum side who, uint32_t first)
{
	const struct held *h = f->waiting == NULL ? NULL :
	    f->waiting->side[who].first;

	return h == NULL || (!seq_before(h->copy.seq, first) &&
	    !seq_before(first + PLAUSIBLE, h->copy.seq));
}

/* Is this the SYN (or SYN-ACK) of this connection, as far as it is known? */
bool
connection_owns_syn(const struct flow *f, enum side who,
    const struct packet *p)
{
	const struct stream *s = &f->side[who];
	const struct stream *other = &f->side[side_other(who)];

	if (f->facts.side[who].syn)
		return f->facts.side[who].isn == p->seq;
	if ((p->flags & TCP_ACK) != 0 && f->facts.side[side_other(who)].syn &&
	    (seq_before(p->ack, other->first) ||
	    seq_before(other->next, p->ack)))
		return false;	/* it answers another SYN */
	if (s->started)
		return s->first == p->seq + 1;
	return is_near(f, who, p->seq + 1);
}

static uint16_t
mss_of(const struct packet *p)
{
	return p->has_mss ? p->mss : 0;
}

static uint8_t
window_scale_of(const struct packet *p)
{
	return p->has_window_scale ? p->window_scale : 0xff;
}

/*
 * A SYN-ACK repeated has the options of the first.  A router that lowers the
 * MSS on its way is no other host, and is seen from both of its sides.
 */
static void
note_syn_again(struct flow_traits *t, const struct packet *p)
{
	if ((p->flags & TCP_ACK) == 0 || t->syn_differs)
		return;
	if (t->window_scale == window_scale_of(p) &&
	    (t->mss == mss_of(p) || (p->ttl != t->ttl_first &&
	    abs(t->ttl_first - p->ttl) <= ROUTERS)))
		return;
	t->syn_differs = true;
	t->mss_again = mss_of(p);
	t->window_scale_again = window_scale_of(p);
}

/* The SYN was the first packet; which of two was answered nobody knows. */
static void
note_handshake(struct flow *f, const struct packet *p)
{
	int64_t us = time_between(f->facts.first.time, p->mark.time);

	if (us > 0 && us < LEAP && !f->asked_twice)
		f->facts.handshake = (uint32_t)us;
}

static void
take_syn(struct flow *f, enum side who, const struct packet *p)
{
	struct flow_traits *t = &f->facts.side[who];

	if (t->syn) {
		f->asked_twice |= time_between(f->facts.first.time,
		    p->mark.time) > SYN_AGAIN;
		note_syn_again(t, p);
		return;
	}
	t->syn = true;
	t->isn = p->seq;
	t->mss = mss_of(p);
	t->window_scale = window_scale_of(p);
	if ((p->flags & TCP_ACK) != 0 && f->facts.side[side_other(who)].syn)
		note_handshake(f, p);
	stream_start(&f->side[who], p->seq + 1);
	if ((p->flags & TCP_ACK) != 0)
		stream_start(&f->side[side_other(who)], p->ack);
}

/* An end acknowledges nothing that is far from what the other has said
 * (RFC 5961 section 5.2), unless it was us who lost all that. */
static void
take_ack(struct flow *f, enum side who, const struct packet *p)
{
	struct stream *other = &f->side[side_other(who)];

	if (!stream_plausible(&f->side[who], p->seq))
		return;
	if (!other->has_acked || seq_before(other->acked, p->ack)) {
		other->acked = p->ack;
		other->has_acked = true;
	}
}

/* ------------------------------------------------------------------ */
/* a segment                                                          */

bool
connection_is_done(const struct flow *f)
{
	return f->side[SIDE_CLIENT].ended && f->side[SIDE_SERVER].ended &&
	    f->side[SIDE_CLIENT].want == FLOW_COUNT &&
	    f->side[SIDE_SERVER].want == FLOW_COUNT && f->doubts == NULL;
}

bool
connection_is_over(const struct flow *f)
{
	return (f->side[SIDE_CLIENT].ended && f->side[SIDE_SERVER].ended) ||
	    doubts_rst_fits(f);
}

static struct copy
copy_of(const struct packet *p)
{
	struct copy c = {
		.octets = p->payload,
		/* A SYN takes a number before its data (RFC 7413). */
		.seq = p->seq + ((p->flags & TCP_SYN) != 0),
		.wire_len = p->payload_wire,
		.ack = p->ack,
		.mark = p->mark,
		.ttl = p->ttl,
		.has_ack = (p->flags & TCP_ACK) != 0,
		.fin = (p->flags & TCP_FIN) != 0,
	};

	if (c.octets.len > c.wire_len)
		c.octets.len = c.wire_len;
	return c;
}

/* What is more than an acknowledgement. */
static void
take_copy(struct flow *f, enum side who, const struct packet *p)
{
	struct copy c = copy_of(p);

	stream_check(f, who, p, &c);
	if ((p->flags & TCP_SYN) != 0)
		take_syn(f, who, p);
	if ((p->flags & TCP_ACK) != 0 && !c.damaged)
		take_ack(f, who, p);
	if ((p->flags & TCP_RST) == 0 && (c.wire_len > 0 || c.fin))
		stream_take(f, who, &c);
	stream_pump(f);
	if ((p->flags & TCP_RST) != 0 && !c.damaged)
		doubts_take_rst(f, who, p);
}

/* Most are no more, and are dealt with in half the time. */
static void
take_bare(struct flow *f, enum side who, const struct packet *p)
{
	if ((p->flags & TCP_ACK) != 0)
		take_ack(f, who, p);
	stream_pump(f);
}

/* Where in the order of things that may be let go it stands now. */
static void
settle(struct flow *f, const struct packet *p)
{
	struct flow_table *t = f->table;
	enum list_id is = f->entry.list, to = is;

	if (connection_is_over(f))
		to = LIST_CLOSING;
	else if (is != LIST_OPENING || p->payload_wire > 0)
		to = LIST_OPEN;
	if (to == is && (is == LIST_CLOSING ||
	    t->now - f->entry.touched <= SECOND))
		return;
	table_move(t, &f->entry, to, t->now);
	for (int i = 0; i < SIDES; i++)
		memory_expire(f, i);
}

void
connection_take(struct flow *f, const struct packet *p, bool source_is_low)
{
	enum side who;

	if ((p->flags & TCP_SYN) != 0)
		roles_by_syn(f, p, source_is_low);
	who = connection_side(f, source_is_low);
	f->seen[who] = true;
	note_traits(f, who, p);
	if (p->payload_wire == 0 &&
	    (p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0)
		take_bare(f, who, p);
	else
		take_copy(f, who, p);
	if (f->doubts != NULL)
		doubts_review(f, p);
	for (int i = 0; i < SIDES; i++)
		if (f->side[i].want == FLOW_COUNT &&
		    f->side[i].memory != NULL)
			memory_forget(f, i);
	settle(f, p);
}

void
connection_end(struct flow *f, enum flow_end how)
{
	bool finished, reset;

	foresee_ends(f);
	f->busy = true;
	f->facts.end = how;
	f->one_sided = true;
	while (gaps_force(f, true))
		continue;
	if (how != FLOW_EVICTED)
		gaps_at_end(f);
	finished = f->side[SIDE_CLIENT].ended && f->side[SIDE_SERVER].ended;
	reset = doubts_believe_rst(f);
	f->facts.end = reset ? FLOW_RESET : finished ? FLOW_FINISHED : how;
	if (f->session != NULL)
		f->table->ops->close(f->session, &f->facts);
	f->session = NULL;
	table_remove(f, finished || reset);
}

/* ------------------------------------------------------------------ */
/* for the reader                                                     */

/* What was remembered is forgotten when the running call is over. */
void
flow_want(struct flow *f, enum side who, enum flow_want want)
{
	f->side[who].want = (uint8_t)want;
}

void
flow_skip(struct flow *f, enum side who, uint64_t octets)
{
	f->side[who].skip = octets;
}

void
flow_charge(struct flow *f, size_t octets)
{
	limits_charge(f->table, &f->charged, octets);
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
