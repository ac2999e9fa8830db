/* SPDX-License-Identifier: ISC */
/*
 * The decisive packet is unlike the rest of its side.
 *
 * Never by itself: beside another finding, traits of another host on the very
 * packet that decided make it likelier that a third one sent it.  Each trait
 * has its honest explanations, so what counts is how many independent ones
 * come together:
 *
 * - hop limit: another route, a box that answers for its server; RSTs come
 *   from kernels, which may start from another value (told apart by
 *   session/path.c), and from firewalls;
 * - IP-ID: the counter of a busy host leaps, a firewall counts by itself;
 * - window: a receiver grows its buffer, or a box has a constant one;
 * - too soon: the handshake was slow for once;
 * - another SYN-ACK with other options: a host that gives up on options, a
 *   box that edits them.
 *
 * Nothing honest explains one segment without the timestamps of the others
 * (RFC 7323 section 3.2) or from another clock: those count double.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/rules.h"

#define HOW_MAX		480

/* How a packet that has the sign came. */
enum manner {
	ALONE,		/* then the side went on as before, or ended */
	STAYED,		/* the side went on like this */
	RST,
	MANNERS
};

/* The table of points.  In brackets: not if it changed alone, as hosts and
 * routes do. */
static const struct {
	uint8_t	points[MANNERS];
	bool	moves;			/* the brackets, of STAYED */
} table[PATH_SIGNS] = {
/*			alone	stayed	RST */
[PATH_HOP_LIMIT]  = { { 1,	1,	1 },	true },
[PATH_NO_STAMP]	  = { { 2,	2,	0 },	false },
[PATH_CLOCK]	  = { { 2,	2,	1 },	false },
[PATH_ID]	  = { { 1,	1,	1 },	true },
[PATH_WINDOW]	  = { { 1,	1,	1 },	true },
[PATH_SOON]	  = { { 1,	1,	1 },	false },
};
#define POINTS_SYN_ACK	1	/* came twice, with other options */
#define POINTS_COPY	1	/* two copies that differ, and hop limits too */

/* What points are worth.  Of a RST no more than a circumstance: a firewall
 * may have sent it, and whose hand that is remains open. */
static enum weight
worth(unsigned points, bool reset)
{
	if (points < 2)
		return WEIGHT_NOTE;
	return points == 2 || reset ? WEIGHT_HINT : WEIGHT_STRONG;
}

static bool
has(const struct path_oddity *o, enum path_sign s)
{
	return (o->signs >> s & 1) != 0;
}

static unsigned
points_of(const struct path_oddity *o)
{
	enum manner m = o->reset ? RST : o->stays ? STAYED : ALONE;
	unsigned points = 0, moved = 0;

	for (unsigned s = 0; s < PATH_SIGNS; s++) {
		if (!has(o, (enum path_sign)s))
			continue;
		if (m == STAYED && table[s].moves)
			moved += table[s].points[m];
		else
			points += table[s].points[m];
	}
	return points + (moved > 1 || points > 0 ? moved : 0);
}

/* ------------------------------------------------------------------ */
/* the packet                                                         */

static const struct path_oddity *
odd(const struct brief *b, enum side who, struct mark at)
{
	const struct path_oddities *all = b->r->odd;

	if (all == NULL || at.packet == 0)
		return NULL;
	for (unsigned i = 0; i < all->count[who]; i++)
		if (all->side[who][i].first.packet <= at.packet &&
		    at.packet <= all->side[who][i].last)
			return &all->side[who][i];
	return NULL;
}

bool
brief_elsewhere(const struct brief *b, enum side who, struct mark at)
{
	const struct path_oddity *o = odd(b, who, at);

	return o != NULL && worth(points_of(o), o->reset) > WEIGHT_NOTE;
}

/* What is heavier of two, of which either may be NULL. */
static const struct path_oddity *
heavier(const struct path_oddity *a, const struct path_oddity *b)
{
	return a == NULL || (b != NULL && points_of(b) > points_of(a)) ? b :
	    a;
}

/* A RST that ended it before there was TLS. */
static const struct path_oddity *
odd_reset(const struct brief *b, enum side who)
{
	const struct path_oddities *all = b->r->odd;
	const struct path_oddity *found = NULL;

	if (all == NULL || !b->r->flow.reset_by[who] ||
	    b->r->tls_state == RECORD_TLS_ESTABLISHED)
		return NULL;
	for (unsigned i = 0; i < all->count[who]; i++)
		if (all->side[who][i].reset)
			found = heavier(found, &all->side[who][i]);
	return found;
}

/* Of all that decided in this session, the oddest. */
static const struct path_oddity *
decisive(const struct brief *b, enum side *who)
{
	const struct mark none = { 0 };
	const struct smtp_greeting *hello = brief_hello(b);
	const struct tls_facts *tls = b->tls;
	const struct { enum side who; struct mark at; } marks[] = {
		{ SIDE_SERVER, b->smtp->greeting },
		{ SIDE_SERVER, hello != NULL ? hello->reply_first : none },
		{ SIDE_SERVER, hello != NULL ? hello->reply_last : none },
		{ SIDE_SERVER, smtp_upgrade(b->smtp)->starttls_reply_at },
		{ SIDE_SERVER, smtp_rare(b->smtp)->server_early_at },
		{ SIDE_SERVER, tls != NULL ? tls->failed_at : none },
		{ SIDE_SERVER, tls != NULL ? tls->broken_at : none },
		{ SIDE_CLIENT, smtp_upgrade(b->smtp)->starttls_command_at },
		{ SIDE_CLIENT, smtp_rare(b->smtp)->client_early_at },
		{ SIDE_CLIENT, tls != NULL ? tls->failed_at : none },
	};
	const struct record_conflict *c = b->r->conflicts;
	const struct path_oddity *found = NULL, *o;

	*who = SIDE_SERVER;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		o = heavier(found, odd(b, marks[i].who, marks[i].at));
		*who = o != found ? marks[i].who : *who;
		found = o;
	}
	for (unsigned i = 0; i < b->r->conflicts_kept; i++) {
		o = heavier(heavier(found, odd(b, c[i].side, c[i].after_at)),
		    odd(b, c[i].side, c[i].before_at));
		*who = o != found ? c[i].side : *who;
		found = o;
	}
	for (int i = 0; i < SIDES; i++) {
		o = heavier(found, odd_reset(b, (enum side)i));
		*who = o != found ? (enum side)i : *who;
		found = o;
	}
	return found;
}

/* ------------------------------------------------------------------ */
/* in words                                                           */

struct words {
	char	text[HOW_MAX];
	size_t	len;
};

static void	say(struct words *w, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

static void
say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->len > 0)
		w->len += (size_t)snprintf(w->text + w->len,
		    HOW_MAX - w->len, "; ");
	if (w->len >= HOW_MAX - 1) {
		w->len = HOW_MAX - 1;
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(w->text + w->len, HOW_MAX - w->len, fmt, ap);
	va_end(ap);
	w->len += n > 0 ? (size_t)n : 0;
	if (w->len >= HOW_MAX)
		w->len = HOW_MAX - 1;
}

static void
say_id(struct words *w, const struct path_oddity *o)
{
	if (o->usual_zero)
		say(w, "IP-ID %u, where the others have 0", o->id);
	else
		say(w, "IP-ID %u, where the others count (%u before it)",
		    o->id, o->usual_id);
}

/* Unscaled, if one end does not scale (RFC 7323 section 2.2). */
static void
say_window(struct words *w, const struct path_oddity *o,
    const struct flow_traits side[SIDES], enum side who)
{
	uint8_t by = side[SIDE_CLIENT].window_scale <= 14 &&
	    side[SIDE_SERVER].window_scale <= 14 ? side[who].window_scale : 0;
	unsigned long least = (unsigned long)o->usual_least << by;
	unsigned long most = (unsigned long)o->usual_most << by;

	if (least == most)
		say(w, "a window of %lu octets, the others %lu",
		    (unsigned long)o->window << by, least);
	else
		say(w, "a window of %lu octets, the others %lu to %lu",
		    (unsigned long)o->window << by, least, most);
}

static void
say_oddity(struct words *w, const struct brief *b,
    const struct path_oddity *o, enum side who)
{
	if (has(o, PATH_HOP_LIMIT))
		say(w, "hop limit %u, the %u others with %u", o->ttl,
		    o->others, o->usual_ttl);
	if (has(o, PATH_NO_STAMP))
		say(w, o->stamped ? "a TCP timestamp, which none of the %u "
		    "others has" : "no TCP timestamp, which the %u others "
		    "have", o->others);
	if (has(o, PATH_CLOCK))
		say(w, "a TCP timestamp %ld ticks %s what the others had %.1f "
		    "s before", labs((long)o->ticks), o->ticks < 0 ?
		    "behind" : "ahead of", (double)o->elapsed / 1e6);
	if (has(o, PATH_ID))
		say_id(w, o);
	if (has(o, PATH_WINDOW))
		say_window(w, o, b->r->flow.side, who);
	if (has(o, PATH_SOON))
		say(w, "a delay of %.1f ms behind what it answers, where the "
		    "round trip takes %.1f ms", o->delay / 1e3, o->round_trip / 1e3);
}

static void
say_syn_ack(struct words *w, const struct flow_traits *t)
{
	char scale[2][16] = { "no scale", "no scale" };
	const uint8_t is[2] = { t->window_scale, t->window_scale_again };

	for (int i = 0; i < 2; i++)
		if (is[i] <= 14)
			snprintf(scale[i], sizeof(scale[i]), "scale %u",
			    is[i]);
	say(w, "two SYN-ACKs, one with MSS %u and %s, one with MSS %u and %s",
	    t->mss, scale[0], t->mss_again, scale[1]);
}

/* ------------------------------------------------------------------ */
/* the rule                                                           */

/* Something above a note was found that it can be beside. */
static bool
is_beside(const struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->list[i].severity > SEVERITY_INFO)
			return true;
	return false;
}

/* Two copies that differ, of which nothing tells which one is odd. */
static const struct record_conflict *
conflict_from_afar(const struct brief *b)
{
	const struct record_conflict *c = b->r->conflicts;

	for (unsigned i = 0; i < b->r->conflicts_kept; i++)
		if (abs(c[i].ttl_before - c[i].ttl_after) > PATH_HOPS)
			return &c[i];
	return NULL;
}

void
detect_path_anomaly(const struct brief *b, struct findings *f)
{
	const struct flow_traits *server = &b->r->flow.side[SIDE_SERVER];
	char party[PARTY_MAX];
	struct words how = { .len = 0 };
	struct mark at = b->r->flow.first;
	enum side who = SIDE_SERVER;
	const struct record_conflict *c;
	const struct path_oddity *o;
	unsigned points = 0;

	if (!is_beside(f))
		return;
	if ((o = decisive(b, &who)) != NULL && (points = points_of(o)) > 0) {
		at = o->first;
		say_oddity(&how, b, o, who);
	} else if ((c = conflict_from_afar(b)) != NULL) {
		points = POINTS_COPY;
		at = c->after_at;
		who = c->side;
		say(&how, "hop limit %u, its other copy with %u",
		    c->ttl_after, c->ttl_before);
	}
	if (server->syn_differs && (points == 0 || who == SIDE_SERVER)) {
		points += POINTS_SYN_ACK;
		say_syn_ack(&how, server);
	}
	if (points == 0)
		return;
	finding_add(f, b, &(struct opinion){
		.kind = KIND_PATH_ANOMALY,
		.weight = worth(points, o != NULL && o->reset),
		.at = at,
		.expected = "the traits of the other packets of its side",
		.seen = how.text },
	    "the decisive %s in the name of %s came with %s: another host may "
	    "have sent it%s", o != NULL && o->reset ? "RST" : "packet",
	    who == SIDE_SERVER ? brief_server(b, party) :
	    brief_client(b, party), how.text, points > 1 ? "" :
	    ", but for one trait alone there are honest reasons");
}
