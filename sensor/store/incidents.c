/* SPDX-License-Identifier: ISC */
/*
 * Which incident a session belongs to.  Rows are incident_rows.c's.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "store/incident_rows.h"
#include "store/incidents.h"

#define BUCKETS		4096
#define KEPT_MAX	8192	/* in memory; the least recent leave */

struct kept {
	struct kept	*chain;
	struct incident	*incident;
};

struct incidents {
	struct incident_rows	*rows;
	struct finding_row	*findings;
	struct kept		*buckets[BUCKETS];
	unsigned		 count;
	int64_t			 next_id;
	uint64_t		 opened;
	uint64_t		 seed;
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
	b->seed = (uint64_t)(uintptr_t)b;
	if (incident_rows_new(db, d, &b->rows) == -1) {
		incidents_free(b);
		return -1;
	}
	*out = b;
	return 0;
}

static void
forget_all(struct incidents *b)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct kept *k = b->buckets[i], *next;

		for (; k != NULL; k = next) {
			next = k->chain;
			incident_free(k->incident);
			free(k);
		}
		b->buckets[i] = NULL;
	}
	b->count = 0;
}

void
incidents_free(struct incidents *b)
{
	if (b == NULL)
		return;
	forget_all(b);
	incident_rows_free(b->rows);
	free(b);
}

/* A server's by its address, a network's by its text. */
static struct kept **
bucket_of(struct incidents *b, const struct incident *i)
{
	uint8_t key[20] = { 0 };

	if (i->at_net)
		return &b->buckets[XXH3_64bits_withSeed(i->net,
		    strlen(i->net), b->seed) % BUCKETS];
	memcpy(key, i->server.octets, 16);
	key[16] = (uint8_t)(i->server_port >> 8);
	key[17] = (uint8_t)i->server_port;
	key[18] = (uint8_t)i->family;
	return &b->buckets[XXH3_64bits_withSeed(key, sizeof(key), b->seed) %
	    BUCKETS];
}

static int
keep(struct incidents *b, struct incident *i)
{
	struct kept **at = bucket_of(b, i), *k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return -1;
	k->incident = i;
	k->chain = *at;
	*at = k;
	b->count++;
	return 0;
}

/* Out of the book; the incident is the caller's. */
static void
let_go(struct incidents *b, struct incident *i)
{
	struct kept **at = bucket_of(b, i), *k;

	while ((k = *at)->incident != i)
		at = &k->chain;
	*at = k->chain;
	free(k);
	b->count--;
}

static bool
same_place(const struct incident *a, const struct incident *c)
{
	if (a->family != c->family || a->at_net != c->at_net)
		return false;
	if (a->at_net)
		return a->kind == c->kind && strcmp(a->net, c->net) == 0;
	return a->server_port == c->server_port &&
	    addr_equal(&a->server, &c->server);
}

/* The one at that place that a session at this time is part of. */
static struct incident *
find(struct incidents *b, const struct incident *like, int64_t at)
{
	const struct kept *k;

	for (k = *bucket_of(b, like); k != NULL; k = k->chain)
		if (same_place(k->incident, like) &&
		    incident_covers(k->incident, at))
			return k->incident;
	return NULL;
}

int
incidents_begin(struct incidents *b)
{
	struct incident *i;
	bool changed;

	if (incident_rows_changed(b->rows, &changed, &b->next_id) == -1)
		return -1;
	if (!changed)
		return 0;
	forget_all(b);
	if (incident_rows_recent(b->rows, KEPT_MAX / 2) == -1)
		return -1;
	while ((i = incident_rows_next(b->rows)) != NULL)
		if (keep(b, i) == -1)
			incident_free(i);
	return incident_rows_failed(b->rows) ? -1 : 0;
}

/* ------------------------------------------------------------------ */
/* merging                                                            */

/* `other` becomes part of `i`. */
static int
merge(struct incidents *b, struct incident *i, struct incident *other)
{
	int rc;

	let_go(b, other);
	/* its findings on their way must be rows first */
	if (finding_row_flush(b->findings) == -1) {
		incident_free(other);
		return -1;
	}
	incident_absorb(i, other);
	rc = incident_rows_merge(b->rows, i->id, other);
	incident_free(other);
	return rc;
}

/* Two at one place whose times came together are one. */
static int
close_gaps(struct incidents *b, struct incident *i)
{
	struct kept *k, *next;

	for (k = *bucket_of(b, i); k != NULL; k = next) {
		next = k->chain;
		if (k->incident == i || !same_place(k->incident, i) ||
		    (!incident_covers(i, k->incident->first_seen) &&
		    !incident_covers(i, k->incident->last_seen)))
			continue;
		if (merge(b, i, k->incident) == -1)
			return -1;
		next = *bucket_of(b, i);	/* begin again */
	}
	return 0;
}

/* One client network alone lost the same thing with this server. */
static bool
is_of_net(const struct incident *i, const struct incident *like)
{
	return !i->at_net && i->family == FAMILY_ENCRYPTION_LOST &&
	    i->family == like->family && i->kind == like->kind &&
	    i->parts[PART_CLIENT_NET].count == 1 &&
	    strcmp(i->parts[PART_CLIENT_NET].list[0].word,
	    like->parts[PART_CLIENT_NET].list[0].word) == 0 &&
	    (incident_covers(i, like->first_seen) ||
	    incident_covers(i, like->last_seen));
}

/* From so many servers on it is the network: the earliest moves there and
 * takes the others with it.  *i is where the session at hand then is. */
static int
gather(struct incidents *b, struct incident **i)
{
	struct incident *found[64], *first = *i;
	unsigned n = 0;

	if ((*i)->at_net || !is_of_net(*i, *i))
		return 0;
	for (unsigned at = 0; at < BUCKETS && n < 64; at++)
		for (struct kept *k = b->buckets[at]; k != NULL && n < 64;
		    k = k->chain)
			if (is_of_net(k->incident, *i)) {
				found[n++] = k->incident;
				if (k->incident->id < first->id)
					first = k->incident;
			}
	if (n < INCIDENT_NET_SERVERS)
		return 0;
	let_go(b, first);
	incident_move_to_net(first);
	if (keep(b, first) == -1) {
		incident_free(first);
		return -1;
	}
	for (unsigned at = 0; at < n; at++)
		if (found[at] != first && merge(b, first, found[at]) == -1)
			return -1;
	*i = first;
	return close_gaps(b, first);
}

/* ------------------------------------------------------------------ */
/* taking a session                                                   */

/* The incident at the session's client network, if there is one. */
static struct incident *
find_at_net(struct incidents *b, const struct incident_share *s,
    const struct finding *leader)
{
	struct incident like = { .at_net = true, .kind = leader->kind,
	    .family = FAMILY_ENCRYPTION_LOST };

	incident_net(&s->r->flow.ip[SIDE_CLIENT], like.net);
	return find(b, &like, s->r->flow.first.time);
}

/* The incident at the session's server, from memory or the database. */
static int
find_at_server(struct incidents *b, const struct incident *like,
    const struct incident_share *s, struct incident **out)
{
	int64_t at = s->r->flow.first.time;
	struct incident *i;

	if ((*out = find(b, like, at)) != NULL)
		return 0;
	if (incident_rows_at(b->rows, like, at, &i) == -1)
		return -1;
	if (i != NULL && keep(b, i) == -1) {
		incident_free(i);
		return -1;
	}
	*out = i;
	return 0;
}

static int
open_new(struct incidents *b, const struct incident_share *s,
    struct incident **out)
{
	struct incident *i;

	if ((i = incident_new(s)) == NULL)
		return -1;
	i->id = b->next_id++;
	if (keep(b, i) == -1) {
		incident_free(i);
		return -1;
	}
	b->opened++;
	*out = i;
	return 0;
}

static int
place(struct incidents *b, const struct incident_share *s,
    const struct finding *leader, struct incident **out)
{
	struct incident like = {
		.family = grade_family(leader->kind),
		.server = s->r->flow.ip[SIDE_SERVER],
		.server_port = s->r->flow.port[SIDE_SERVER],
	};

	if (find_at_server(b, &like, s, out) == -1)
		return -1;
	if (*out == NULL && like.family == FAMILY_ENCRYPTION_LOST)
		*out = find_at_net(b, s, leader);
	return *out != NULL ? 0 : open_new(b, s, out);
}

int
incidents_take(struct incidents *b, const struct incident_share *s,
    struct findings *f)
{
	const struct finding *leader = incident_leader(f);
	struct incident *i;
	unsigned nets;

	if (leader == NULL)
		return 0;
	if (place(b, s, leader, &i) == -1)
		return -1;
	nets = i->sessions == 0 ? 0 : i->parts[PART_CLIENT_NET].count;
	incident_add(i, s);
	if (close_gaps(b, i) == -1)
		return -1;
	/* only what is new at its place can make a network's */
	if (nets != i->parts[PART_CLIENT_NET].count && gather(b, &i) == -1)
		return -1;
	for (unsigned n = 0; n < f->count; n++)
		if (f->list[n].severity > SEVERITY_INFO)
			f->list[n].incident = i->id;
	return 0;
}

/* The least recent half leaves once there are too many. */
static void
thin_out(struct incidents *b)
{
	int64_t newest = INT64_MIN;

	if (b->count <= KEPT_MAX)
		return;
	for (int pass = 0; pass < 2; pass++)
		for (unsigned at = 0; at < BUCKETS; at++) {
			struct kept **from = &b->buckets[at], *k;

			while ((k = *from) != NULL) {
				if (pass == 0 &&
				    k->incident->last_seen > newest)
					newest = k->incident->last_seen;
				if (pass == 0 || k->incident->last_seen >=
				    newest - INCIDENT_IDLE) {
					from = &k->chain;
					continue;
				}
				*from = k->chain;
				incident_free(k->incident);
				free(k);
				b->count--;
			}
		}
}

int
incidents_flush(struct incidents *b, int64_t now)
{
	for (unsigned at = 0; at < BUCKETS; at++)
		for (struct kept *k = b->buckets[at]; k != NULL; k = k->chain)
			if (k->incident->dirty &&
			    incident_rows_put(b->rows, k->incident, now) == -1)
				return -1;
	thin_out(b);
	return 0;
}

uint64_t
incidents_opened(const struct incidents *b)
{
	return b->opened;
}
