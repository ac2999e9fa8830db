/* SPDX-License-Identifier: ISC */
/*
 * Which incident a session belongs to.  The book of them is
 * incident_book.c's, rows are incident_rows.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/incident_book.h"
#include "store/incidents.h"

struct incidents {
	struct incident_rows	*rows;
	struct incident_book	*book;
	struct finding_row	*findings;
	int64_t			 next_id, now;
	uint64_t		 opened, rounds;
};

int
incidents_new(sqlite3 *db, struct dictionary *d, struct finding_row *findings,
    struct incidents **out)
{
	struct incidents *b;

	*out = NULL;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return -1;
	b->findings = findings;
	if (incident_rows_new(db, d, &b->rows) == -1 ||
	    (b->book = incident_book_new(b->rows)) == NULL) {
		incidents_free(b);
		return -1;
	}
	*out = b;
	return 0;
}

void
incidents_free(struct incidents *b)
{
	if (b == NULL)
		return;
	incident_book_free(b->book);
	incident_rows_free(b->rows);
	free(b);
}

int
incidents_begin(struct incidents *b, int64_t now)
{
	b->now = now;
	return incident_book_begin(b->book, &b->next_id);
}

int
incidents_flush(struct incidents *b, int64_t now)
{
	return incident_book_flush(b->book, now);
}

uint64_t
incidents_opened(const struct incidents *b)
{
	return b->opened;
}

/* ------------------------------------------------------------------ */
/* merging                                                            */

/* The younger becomes part of the elder, which *i then is. */
static int
merge(struct incidents *b, struct incident **i, struct incident *other)
{
	int rc;

	if (other->id < (*i)->id) {
		struct incident *younger = *i;

		*i = other;
		other = younger;
	}
	if (incident_book_let_go(b->book, other))
		b->opened--;
	/* its findings on their way must be rows first */
	if (finding_row_flush(b->findings) == -1) {
		incident_free(other);
		return -1;
	}
	incident_absorb(*i, other);
	rc = incident_rows_merge(b->rows, (*i)->id, other, b->now);
	incident_free(other);
	return rc;
}

/* Those at one place whose times came together are one. */
static int
close_gaps(struct incidents *b, struct incident **i)
{
	struct incident_kept *k = *incident_book_at(b->book, *i);

	while (k != NULL) {
		if (k->incident == *i ||
		    !incident_same_place(k->incident, *i) ||
		    !incident_touches(*i, k->incident->first_seen,
		    k->incident->last_seen)) {
			k = k->chain;
			continue;
		}
		if (merge(b, i, k->incident) == -1)
			return -1;
		k = *incident_book_at(b->book, *i);	/* begin again */
	}
	return 0;
}

/* What one client network alone lost, with whichever server. */
struct loss {
	struct incident	 like;		/* at the network; from when to when */
	unsigned	 servers;
	bool		 at_net;	/* it is known to be the network's */
	struct incident	*eldest;
};

static bool
is_of(const struct incident *i, const struct loss *l)
{
	const char *net = incident_first_net(i);

	return i->family == l->like.family && i->kind == l->like.kind &&
	    (i->at_net || i->parts[PART_CLIENT_NET].count == 1) &&
	    net != NULL && strcmp(net, l->like.net) == 0;
}

/* Is this server among those taken in before? */
static bool
met_before(const struct incident_kept *list, const struct incident_kept *k)
{
	for (; list != NULL; list = list->of_net)
		if (list != k && list->round == k->round &&
		    incident_same_place(list->incident, k->incident))
			return true;
	return false;
}

static bool
take_in(struct incidents *b, struct loss *l, struct incident_kept *k)
{
	struct incident *i = k->incident;

	if (k->round == b->rounds || !is_of(i, l) ||
	    !incident_touches(i, l->like.first_seen, l->like.last_seen))
		return false;
	k->round = b->rounds;
	if (i->first_seen < l->like.first_seen)
		l->like.first_seen = i->first_seen;
	if (i->last_seen > l->like.last_seen)
		l->like.last_seen = i->last_seen;
	if (l->eldest == NULL || i->id < l->eldest->id)
		l->eldest = i;
	return true;
}

/* All whose times are linked, directly or by others.  Those may touch more
 * that has to be fetched first. */
static int
collect(struct incidents *b, struct loss *l,
    struct incident_kept **at_servers)
{
	struct incident_kept **at_nets = incident_book_at(b->book, &l->like);
	struct incident_kept *k;
	bool more = true;

	b->rounds++;
	while (more) {
		if (incident_book_fetch_of_net(b->book, &l->like) == -1)
			return -1;
		more = false;
		for (k = *at_nets; k != NULL; k = k->chain)
			if (k->incident->at_net && take_in(b, l, k))
				more = l->at_net = true;
		for (k = *at_servers; k != NULL; k = k->of_net)
			if (take_in(b, l, k)) {
				more = true;
				l->servers += !met_before(*at_servers, k);
			}
	}
	return 0;
}

/* The eldest moves to the network. */
static int
move(struct incidents *b, struct incident *i)
{
	bool ours;

	if (i->at_net)
		return 0;
	ours = incident_book_let_go(b->book, i);
	incident_move_to_net(i);
	if (incident_book_keep(b->book, i, ours) == -1) {
		incident_free(i);
		return -1;
	}
	return incident_rows_moved(b->rows, i);
}

/* From so many servers on it is the network: the eldest moves there and
 * takes the others with it.  *i is where the session at hand then is. */
static int
gather(struct incidents *b, struct incident **i)
{
	struct loss l = { .like = { .at_net = true, .kind = (*i)->kind,
	    .family = FAMILY_ENCRYPTION_LOST, .first_seen = (*i)->first_seen,
	    .last_seen = (*i)->last_seen } };
	const char *name = incident_first_net(*i);
	struct incident_kept **net, *k;
	uint64_t round;

	if (name == NULL)
		return 0;
	memcpy(l.like.net, name, strlen(name) + 1);
	if (!is_of(*i, &l))
		return 0;
	net = incident_book_of_net(b->book, l.like.net);
	if (collect(b, &l, net) == -1)
		return -1;
	if (!l.at_net && l.servers < INCIDENT_NET_SERVERS)
		return 0;
	round = b->rounds;
	*i = l.eldest;
	if (move(b, *i) == -1)
		return -1;
	for (k = *net; k != NULL;)
		if (k->round != round)
			k = k->of_net;
		else {
			if (merge(b, i, k->incident) == -1)
				return -1;
			k = *net;		/* begin again */
		}
	return close_gaps(b, i);
}

/* ------------------------------------------------------------------ */
/* taking a session                                                   */

/* Where a session may belong: at its server, or at its client network. */
static struct incident
at_server(const struct incident_share *s, enum kind kind)
{
	return (struct incident){
		.family = grade_family(kind), .kind = kind,
		.server = s->r->flow.ip[SIDE_SERVER],
		.server_port = s->r->flow.port[SIDE_SERVER],
		.first_seen = s->r->flow.first.time,
		.last_seen = s->r->flow.first.time,
	};
}

static struct incident
at_net(const struct incident_share *s, enum kind kind)
{
	struct incident like = { .at_net = true, .kind = kind,
	    .family = FAMILY_ENCRYPTION_LOST,
	    .first_seen = s->r->flow.first.time,
	    .last_seen = s->r->flow.first.time };

	incident_net(&s->r->flow.ip[SIDE_CLIENT], like.net);
	return like;
}

/* The one at that place that a session at its time is part of. */
static struct incident *
find(struct incidents *b, const struct incident *like)
{
	const struct incident_kept *k;

	for (k = *incident_book_at(b->book, like); k != NULL; k = k->chain)
		if (incident_same_place(k->incident, like) &&
		    incident_covers(k->incident, like->first_seen))
			return k->incident;
	return NULL;
}

/* What was known of it earlier may be in another one, of another family. */
static void
add(struct incident *i, const struct incident_share *s)
{
	struct incident_share whole = *s;

	if (s->before != i->id) {
		whole.again = false;
		whole.mails_before = 0;
	}
	incident_add(i, &whole);
}

static int
open_new(struct incidents *b, const struct incident_share *s,
    struct incident **out)
{
	struct incident *i;

	if ((i = incident_new(s)) == NULL)
		return -1;
	i->id = b->next_id++;
	add(i, s);
	if (incident_book_keep(b->book, i, true) == -1) {
		incident_free(i);
		return -1;
	}
	b->opened++;
	*out = i;
	return 0;
}

/* The server's own goes first. */
static int
place(struct incidents *b, const struct incident_share *s,
    const struct finding *leader, struct incident **out)
{
	const struct incident server = at_server(s, leader->kind);
	const struct incident net = at_net(s, leader->kind);
	bool lost = server.family == FAMILY_ENCRYPTION_LOST;

	if (incident_book_fetch(b->book, &server) == -1 ||
	    (lost && incident_book_fetch(b->book, &net) == -1))
		return -1;
	if ((*out = find(b, &server)) == NULL && lost)
		*out = find(b, &net);
	if (*out == NULL)
		return open_new(b, s, out);
	add(*out, s);
	return 0;
}

int
incidents_take(struct incidents *b, const struct incident_share *s,
    struct findings *f)
{
	const struct finding *leader = incident_leader(f);
	struct incident *i = NULL;

	if (leader == NULL)
		return 0;
	if (place(b, s, leader, &i) == -1 || close_gaps(b, &i) == -1 ||
	    gather(b, &i) == -1)
		return -1;
	for (unsigned n = 0; n < f->count; n++)
		if (f->list[n].severity > SEVERITY_INFO)
			f->list[n].incident = i->id;
	return 0;
}

/* ------------------------------------------------------------------ */
/* judged anew                                                        */

int
incidents_revise(struct incidents *b, const struct incident_revision *v)
{
	struct incident_lead leads[INCIDENT_LEADS_MAX];
	struct incident *i;
	unsigned n;

	if (v->incident == 0)
		return 0;
	if (incident_book_find(b->book, v->incident, &i) == -1)
		return -1;
	if (i == NULL)
		return 0;
	if (incident_rows_leads(b->rows, i->id, leads, &n) == -1)
		return -1;
	incident_lead_by(i, leads, n);
	return incident_rows_revise(b->rows, i, v->at, v->text, v->again);
}

/* ------------------------------------------------------------------ */
/* posture                                                            */

/* Whenever it was to be mended: it is well now. */
static void
take_well(struct incidents *b, const struct incident *like,
    const struct posture *p)
{
	const struct incident_kept *k = *incident_book_at(b->book, like);

	for (; k != NULL; k = k->chain)
		if (incident_same_place(k->incident, like))
			incident_posture_well(k->incident, p,
			    like->first_seen);
}

static int
take_lack(struct incidents *b, const struct incident *like,
    const struct incident_share *s, struct posture *p)
{
	struct incident *i = find(b, like);
	bool opened = i == NULL;

	if (opened) {
		if ((i = incident_posture_new(s, p)) == NULL)
			return -1;
		i->id = b->next_id++;
	}
	p->known = !incident_posture_add(i, s, p);
	if (opened && incident_book_keep(b->book, i, true) == -1) {
		incident_free(i);
		return -1;
	}
	b->opened += opened;
	if (close_gaps(b, &i) == -1)
		return -1;
	p->finding.incident = i->id;
	return 0;
}

int
incidents_take_posture(struct incidents *b, const struct incident_share *s,
    struct findings *f)
{
	for (unsigned n = 0; n < f->postures; n++) {
		struct posture *p = &f->posture[n];
		const struct incident like = {
			.family = FAMILY_POSTURE, .kind = p->kind,
			.server = s->r->flow.ip[SIDE_SERVER],
			.server_port = s->r->flow.port[SIDE_SERVER],
			.first_seen = s->r->flow.first.time,
			.last_seen = s->r->flow.first.time,
		};

		if (incident_book_fetch(b->book, &like) == -1)
			return -1;
		if (p->well)
			take_well(b, &like, p);
		else if (take_lack(b, &like, s, p) == -1)
			return -1;
	}
	return 0;
}
