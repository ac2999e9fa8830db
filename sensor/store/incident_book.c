/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "store/incident_book.h"

#define BUCKETS		4096
#define SERVERS		1024	/* whose posture is known to be here */

struct incident_book {
	struct incident_rows	*rows;
	struct incident_kept	*places[BUCKETS];
	struct incident_kept	*nets[BUCKETS];
	/* one a slot: what leaves one is merely asked for again */
	struct server {
		struct addr	 ip;
		uint16_t	 port;	/* 0: the slot is free */
	}			 servers[SERVERS];
	/* likewise: what had to do with which network, from when to when, is
	 * here */
	struct asked {
		char		 net[ADDR_TEXT_MAX + 4];	/* "": free */
		enum family	 family;
		int64_t		 from, to;
	}			 asked[SERVERS];
	unsigned		 count;
	int64_t			 whole_from;	/* all are here whose last_seen
						 * is no earlier */
	uint64_t		 seed;
};

struct incident_book *
incident_book_new(struct incident_rows *rows)
{
	struct incident_book *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->rows = rows;
	b->whole_from = INT64_MIN;
	b->seed = (uint64_t)(uintptr_t)b;
	return b;
}

static void
forget_all(struct incident_book *b)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct incident_kept *k = b->places[i], *next;

		for (; k != NULL; k = next) {
			next = k->chain;
			incident_free(k->incident);
			free(k);
		}
		b->places[i] = b->nets[i] = NULL;
	}
	memset(b->servers, 0, sizeof(b->servers));
	memset(b->asked, 0, sizeof(b->asked));
	b->count = 0;
}

void
incident_book_free(struct incident_book *b)
{
	if (b == NULL)
		return;
	forget_all(b);
	free(b);
}

/* ------------------------------------------------------------------ */
/* places                                                             */

static uint64_t
hash(const struct incident_book *b, const void *at, size_t len)
{
	return XXH3_64bits_withSeed(at, len, b->seed) % BUCKETS;
}

/* A server's by its address, a network's by its text. */
struct incident_kept **
incident_book_at(struct incident_book *b, const struct incident *like)
{
	uint8_t key[20] = { 0 };

	if (like->at_net)
		return &b->places[hash(b, like->net, strlen(like->net))];
	memcpy(key, like->server.octets, 16);
	key[16] = (uint8_t)(like->server_port >> 8);
	key[17] = (uint8_t)like->server_port;
	key[18] = (uint8_t)like->family;
	return &b->places[hash(b, key, sizeof(key))];
}

struct incident_kept **
incident_book_of_net(struct incident_book *b, const char *net)
{
	return &b->nets[hash(b, net, strlen(net))];
}

/* Of several the first, which stays the first: it is all there is to tell as
 * long as it is the only one. */
const char *
incident_first_net(const struct incident *i)
{
	return i->at_net ? i->net : i->parts[PART_CLIENT_NET].count > 0 ?
	    i->parts[PART_CLIENT_NET].list[0].word : NULL;
}

bool
incident_same_place(const struct incident *a, const struct incident *c)
{
	if (a->family != c->family || a->at_net != c->at_net)
		return false;
	if (a->at_net)
		return a->kind == c->kind && strcmp(a->net, c->net) == 0;
	return a->server_port == c->server_port &&
	    (a->family != FAMILY_POSTURE || a->kind == c->kind) &&
	    addr_equal(&a->server, &c->server);
}

int
incident_book_keep(struct incident_book *b, struct incident *i, bool ours)
{
	struct incident_kept **at = incident_book_at(b, i), *k;
	const char *net = incident_first_net(i);

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return -1;
	k->incident = i;
	k->ours = ours;
	k->chain = *at;
	*at = k;
	if (!i->at_net && i->family == FAMILY_ENCRYPTION_LOST &&
	    net != NULL) {
		k->net = incident_book_of_net(b, net);
		k->of_net = *k->net;
		*k->net = k;
	}
	b->count++;
	return 0;
}

bool
incident_book_let_go(struct incident_book *b, const struct incident *i)
{
	struct incident_kept **at = incident_book_at(b, i), **net, *k;
	bool ours;

	while ((k = *at)->incident != i)
		at = &k->chain;
	*at = k->chain;
	if ((net = k->net) != NULL) {
		while (*net != k)
			net = &(*net)->of_net;
		*net = k->of_net;
	}
	ours = k->ours;
	free(k);
	b->count--;
	return ours;
}

/* ------------------------------------------------------------------ */
/* from the database                                                  */

static bool
is_kept(struct incident_book *b, const struct incident *i)
{
	const struct incident_kept *k = *incident_book_at(b, i);

	for (; k != NULL; k = k->chain)
		if (k->incident->id == i->id)
			return true;
	return false;
}

/* How many rows came, and last_seen of the first and of the last. */
struct came {
	unsigned	count;
	int64_t		from, to;
};

/* The rows asked for; what is here is newer than its row. */
static int
keep_rows(struct incident_book *b, struct came *c)
{
	struct incident *i;

	c->count = 0;
	while ((i = incident_rows_next(b->rows)) != NULL) {
		if (c->count++ == 0)
			c->from = i->last_seen;
		c->to = i->last_seen;
		if (is_kept(b, i)) {
			incident_free(i);
			continue;
		}
		incident_rows_parts(b->rows, i);
		if (incident_book_keep(b, i, false) == -1)
			incident_free(i);
	}
	return incident_rows_failed(b->rows) ? -1 : 0;
}

int
incident_book_begin(struct incident_book *b, int64_t *next_id)
{
	struct came c;
	bool changed;

	if (incident_rows_changed(b->rows, &changed, next_id) == -1)
		return -1;
	if (!changed)
		return 0;
	forget_all(b);
	incident_rows_recent(b->rows, INCIDENT_BOOK_MAX / 2);
	if (keep_rows(b, &c) == -1)
		return -1;
	if (c.count == 0)
		b->whole_from = INT64_MIN;
	else if (c.count < INCIDENT_BOOK_MAX / 2)
		b->whole_from = c.from - INCIDENT_ROWS_RECENT;
	else			/* as late as the last one may be others */
		b->whole_from = c.to + 1;
	return 0;
}

/* Is all here that `like` touches in time? */
static bool
is_whole(const struct incident_book *b, const struct incident *like)
{
	return b->whole_from == INT64_MIN ||
	    like->first_seen - INCIDENT_IDLE >= b->whole_from;
}

/* A healthy server has none, and is asked about all the time. */
static int
fetch_posture(struct incident_book *b, const struct incident *like)
{
	uint64_t at = hash(b, like->server.octets, 16) % SERVERS;
	struct server *s = &b->servers[at];
	struct came c;

	if (b->whole_from == INT64_MIN || (s->port == like->server_port &&
	    addr_equal(&s->ip, &like->server)))
		return 0;
	if (incident_rows_at(b->rows, like) == -1 || keep_rows(b, &c) == -1)
		return -1;
	s->ip = like->server;
	s->port = like->server_port;
	return 0;
}

int
incident_book_fetch(struct incident_book *b, const struct incident *like)
{
	struct came c;

	if (like->family == FAMILY_POSTURE)
		return fetch_posture(b, like);
	if (is_whole(b, like))
		return 0;
	if (incident_rows_at(b->rows, like) == -1)
		return -1;
	return keep_rows(b, &c);
}

int
incident_book_fetch_of_net(struct incident_book *b,
    const struct incident *like)
{
	struct asked *a = &b->asked[hash(b, like->net, strlen(like->net)) %
	    SERVERS];
	struct came c;

	/* What began after that is here, if all of that time is: an incident
	 * that lasts for days is not asked about with each of its sessions. */
	if (is_whole(b, like) || (a->family == like->family &&
	    strcmp(a->net, like->net) == 0 && a->from <= like->first_seen &&
	    (a->to >= like->last_seen || a->to >= b->whole_from)))
		return 0;
	incident_rows_of_net(b->rows, like);
	if (keep_rows(b, &c) == -1 || incident_book_fetch(b, like) == -1)
		return -1;
	snprintf(a->net, sizeof(a->net), "%s", like->net);
	a->family = like->family;
	a->from = like->first_seen;
	a->to = like->last_seen;
	return 0;
}

static struct incident *
of_id(const struct incident_book *b, int64_t id)
{
	for (unsigned at = 0; at < BUCKETS; at++)
		for (struct incident_kept *k = b->places[at]; k != NULL;
		    k = k->chain)
			if (k->incident->id == id)
				return k->incident;
	return NULL;
}

int
incident_book_find(struct incident_book *b, int64_t id, struct incident **out)
{
	struct came c;

	if ((*out = of_id(b, id)) != NULL)
		return 0;
	incident_rows_of_id(b->rows, id);
	if (keep_rows(b, &c) == -1)
		return -1;
	*out = of_id(b, id);
	return 0;
}

/* ------------------------------------------------------------------ */
/* to the database                                                    */

static int
earliest(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The last_seen from which on half of what may be here is; those before can
 * leave.  INT64_MIN: nothing has to, or memory is short. */
static int64_t
watershed(const struct incident_book *b)
{
	int64_t *times, at;
	unsigned n = 0;

	if (b->count <= INCIDENT_BOOK_MAX ||
	    (times = malloc(b->count * sizeof(*times))) == NULL)
		return INT64_MIN;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (const struct incident_kept *k = b->places[i]; k != NULL;
		    k = k->chain)
			times[n++] = k->incident->last_seen;
	qsort(times, n, sizeof(*times), earliest);
	at = times[n - INCIDENT_BOOK_MAX / 2];
	free(times);
	return at;
}

/* Only behind flush: they are read again when they are needed. */
static void
thin_out(struct incident_book *b)
{
	int64_t from = watershed(b);
	struct incident_kept *k, *next;

	if (from == INT64_MIN)
		return;
	for (unsigned at = 0; at < BUCKETS; at++)
		for (k = b->places[at]; k != NULL; k = next) {
			struct incident *i = k->incident;

			next = k->chain;
			if (i->last_seen > from)
				continue;
			incident_book_let_go(b, i);
			incident_free(i);
		}
	memset(b->servers, 0, sizeof(b->servers));
	memset(b->asked, 0, sizeof(b->asked));
	if (from + 1 > b->whole_from)
		b->whole_from = from + 1;
}

int
incident_book_flush(struct incident_book *b, int64_t now)
{
	for (unsigned at = 0; at < BUCKETS; at++)
		for (struct incident_kept *k = b->places[at]; k != NULL; k = k->chain)
			if (k->incident->dirty &&
			    incident_rows_put(b->rows, k->incident, now) == -1)
				return -1;
	thin_out(b);
	return 0;
}
