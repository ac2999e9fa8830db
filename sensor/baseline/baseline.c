/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fetch.h"
#include "baseline/baseline.h"
#include "baseline/days.h"
#include "baseline/net_past.h"
#include "baseline/shelf.h"
#include "baseline/sight.h"

#define PRUNE_EVERY	256	/* flushes between two looks at the table */
#define MEMORY_BEGIN	192	/* octets; the processor fetches the rest */

/* past.what: never renumber, they are stored. */
enum what { WHAT_SERVER, WHAT_CLIENT, WHAT_NET, WHATS };

struct ledger {			/* one of the three kinds of memory */
	struct baseline	*b;
	enum what	 what;
	struct shelf	*shelf;
};

struct baseline {
	sqlite3			*db;
	sqlite3_stmt		*load, *save, *version, *expire, *crowd;
	struct baseline_limits	 limits;
	struct ledger		 ledgers[WHATS];
	struct sight		 sight;		/* the one at hand */
	struct shelf_item	*items[WHATS];	/* of it; NULL: none yet */
	int64_t			 data_version;
	int64_t			 newest;	/* session learnt */
	int64_t			 horizon;	/* older rows are forgotten */
	unsigned		 flushes;
	unsigned		 saved;		/* rows since the last look */
	bool			 failed;
	uint8_t			 octets[SERVER_OCTETS_MAX];
};

static_assert(SERVER_OCTETS_MAX >= CLIENT_OCTETS_MAX &&
    SERVER_OCTETS_MAX >= NET_OCTETS_MAX, "one buffer serves all");

/* ------------------------------------------------------------------ */
/* rows                                                               */

static size_t
pack(struct baseline *b, enum what what, const void *memory)
{
	switch (what) {
	case WHAT_SERVER:
		return server_past_pack(memory, b->octets);
	case WHAT_CLIENT:
		return client_past_pack(memory, b->octets);
	case WHAT_NET:
		return net_past_pack(memory, b->octets);
	case WHATS:
		break;
	}
	return 0;
}

static void *
unpack(enum what what, const uint8_t *octets, size_t len)
{
	switch (what) {
	case WHAT_SERVER:
		return server_past_unpack(octets, len);
	case WHAT_CLIENT:
		return client_past_unpack(octets, len);
	case WHAT_NET:
		return net_past_unpack(octets, len);
	case WHATS:
		break;
	}
	return NULL;
}

static void *
memory_new(enum what what)
{
	switch (what) {
	case WHAT_SERVER:
		return server_past_new();
	case WHAT_CLIENT:
		return client_past_new();
	case WHAT_NET:
		return net_past_new();
	case WHATS:
		break;
	}
	return NULL;
}

static void
memory_free(enum what what, void *memory)
{
	switch (what) {
	case WHAT_SERVER:
		server_past_free(memory);
		break;
	case WHAT_CLIENT:
		client_past_free(memory);
		break;
	case WHAT_NET:
		net_past_free(memory);
		break;
	case WHATS:
		break;
	}
}

static void
save(struct baseline *b, enum what what, struct shelf_item *item)
{
	size_t len;

	if (!item->dirty || b->failed)
		return;
	if (what == WHAT_SERVER)
		server_past_expire(item->memory, item->last -
		    b->limits.days * DAY);
	len = pack(b, what, item->memory);
	sqlite3_bind_int(b->save, 1, what);
	sqlite3_bind_blob(b->save, 2, item->key, item->key_len,
	    SQLITE_STATIC);
	sqlite3_bind_int64(b->save, 3, item->last);
	sqlite3_bind_blob(b->save, 4, b->octets, (int)len, SQLITE_STATIC);
	sqlite3_step(b->save);
	if (sqlite3_reset(b->save) != SQLITE_OK)
		b->failed = true;
	b->saved++;
	item->dirty = false;
}

static void
leave(void *context, struct shelf_item *item)
{
	struct ledger *l = context;

	save(l->b, l->what, item);
	memory_free(l->what, item->memory);
}

/* From the database to the shelf.  NULL: it is not there, or b->failed. */
static struct shelf_item *
load(struct ledger *l, const uint8_t *key, size_t len)
{
	struct baseline *b = l->b;
	struct shelf_item *item = NULL;
	void *memory = NULL;
	int64_t last = 0;

	sqlite3_bind_int(b->load, 1, l->what);
	sqlite3_bind_blob(b->load, 2, key, (int)len, SQLITE_STATIC);
	if (sqlite3_step(b->load) == SQLITE_ROW) {
		last = sqlite3_column_int64(b->load, 0);
		memory = unpack(l->what, sqlite3_column_blob(b->load, 1),
		    (size_t)sqlite3_column_bytes(b->load, 1));
	}
	if (sqlite3_reset(b->load) != SQLITE_OK)
		b->failed = true;
	if (memory == NULL)
		return NULL;
	if ((item = shelf_add(l->shelf, key, len)) == NULL) {
		memory_free(l->what, memory);
		return NULL;
	}
	item->memory = memory;
	item->last = last;
	return item;
}

static struct shelf_item *
find(struct baseline *b, enum what what, const uint8_t *key, size_t len)
{
	struct ledger *l = &b->ledgers[what];
	struct shelf_item *item = shelf_find(l->shelf, key, len);

	return item != NULL ? item : load(l, key, len);
}

/* The memory to learn into, made if it is not there. */
static void *
memory_of(struct baseline *b, enum what what, const uint8_t *key, size_t len)
{
	struct shelf_item *item = b->items[what];
	struct ledger *l = &b->ledgers[what];
	void *memory;

	if (item == NULL) {
		if ((memory = memory_new(what)) == NULL)
			return NULL;
		if ((item = shelf_add(l->shelf, key, len)) == NULL) {
			memory_free(what, memory);
			return NULL;
		}
		item->memory = memory;
		b->items[what] = item;
	}
	item->dirty = true;
	if (b->sight.server.at > item->last)
		item->last = b->sight.server.at;
	return item->memory;
}

/* ------------------------------------------------------------------ */
/* the calls                                                          */

static int
prepare(struct baseline *b, const char *sql, sqlite3_stmt **stmt)
{
	return sqlite3_prepare_v3(b->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    stmt, NULL) == SQLITE_OK ? 0 : -1;
}

static int
prepare_all(struct baseline *b)
{
	if (prepare(b, "SELECT last, memory FROM past "
	    "WHERE what = ?1 AND key = ?2", &b->load) == -1 ||
	    prepare(b, "INSERT OR REPLACE INTO past (what, key, last, memory) "
	    "VALUES (?1, ?2, ?3, ?4)", &b->save) == -1 ||
	    prepare(b, "PRAGMA data_version", &b->version) == -1 ||
	    prepare(b, "DELETE FROM past WHERE last < ?1",
	    &b->expire) == -1)
		return -1;
	return prepare(b, "DELETE FROM past WHERE what = ?1 AND last < "
	    "(SELECT last FROM past WHERE what = ?1 "
	    "ORDER BY last DESC LIMIT 1 OFFSET ?2)", &b->crowd);
}

struct baseline *
baseline_new(sqlite3 *db, const struct baseline_limits *limits)
{
	const unsigned most[WHATS] = { limits->servers, limits->clients,
	    limits->networks };
	struct baseline *b;
	uint64_t seed = 0;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->db = db;
	b->limits = *limits;
	b->data_version = -1;
	b->newest = b->horizon = INT64_MIN / 2;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed ^= (uint64_t)(uintptr_t)b;
	for (int i = 0; i < WHATS; i++) {
		struct ledger *l = &b->ledgers[i];

		l->b = b;
		l->what = (enum what)i;
		l->shelf = shelf_new(most[i], seed, leave, l);
		if (l->shelf == NULL)
			goto fail;
	}
	if (prepare_all(b) == 0)
		return b;
fail:
	baseline_free(b);
	return NULL;
}

void
baseline_free(struct baseline *b)
{
	if (b == NULL)
		return;
	b->failed = true;	/* nothing is written any more */
	for (int i = 0; i < WHATS; i++)
		shelf_free(b->ledgers[i].shelf);
	sqlite3_finalize(b->load);
	sqlite3_finalize(b->save);
	sqlite3_finalize(b->version);
	sqlite3_finalize(b->expire);
	sqlite3_finalize(b->crowd);
	free(b);
}

int
baseline_begin(struct baseline *b)
{
	int64_t version = 0;

	if (sqlite3_step(b->version) == SQLITE_ROW)
		version = sqlite3_column_int64(b->version, 0);
	if (sqlite3_reset(b->version) != SQLITE_OK)
		return -1;
	if (version == b->data_version)
		return 0;
	b->data_version = version;
	for (int i = 0; i < WHATS; i++)
		shelf_clear(b->ledgers[i].shelf);
	return b->failed ? -1 : 0;
}

int
baseline_recall(struct baseline *b, const struct session_record *r,
    struct past *past)
{
	struct sight *s = &b->sight;

	memset(past, 0, sizeof(*past));
	sight_take(r, s);
	b->items[WHAT_SERVER] = find(b, WHAT_SERVER, s->key.server,
	    sizeof(s->key.server));
	b->items[WHAT_CLIENT] = find(b, WHAT_CLIENT, s->key.client,
	    sizeof(s->key.client));
	b->items[WHAT_NET] = find(b, WHAT_NET, s->key.net,
	    sizeof(s->key.net));
	if (b->items[WHAT_SERVER] != NULL)
		server_past_recall(b->items[WHAT_SERVER]->memory, &s->server,
		    past);
	if (b->items[WHAT_CLIENT] != NULL)
		client_past_recall(b->items[WHAT_CLIENT]->memory, &s->client,
		    past);
	if (b->items[WHAT_NET] != NULL)
		net_past_recall(b->items[WHAT_NET]->memory, s->server.at,
		    past);
	return b->failed ? -1 : 0;
}

int
baseline_learn(struct baseline *b, const struct lesson *lesson)
{
	struct sight *s = &b->sight;
	void *memory;

	s->server.pressed = s->client.pressed = lesson->pressed;
	if (s->server.at > b->newest)
		b->newest = s->server.at;
	if (s->server_tells && (memory = memory_of(b, WHAT_SERVER,
	    s->key.server, sizeof(s->key.server))) != NULL)
		server_past_learn(memory, &s->server);
	if (s->client_tells && (memory = memory_of(b, WHAT_CLIENT,
	    s->key.client, sizeof(s->key.client))) != NULL)
		client_past_learn(memory, &s->client);
	if ((lesson->taken || s->server.offer == SERVER_OFFERED) &&
	    (memory = memory_of(b, WHAT_NET, s->key.net,
	    sizeof(s->key.net))) != NULL)
		net_past_learn(memory, s->server.at, s->client.server,
		    !lesson->taken);
	return b->failed ? -1 : 0;
}

int
baseline_note(struct baseline *b, const struct session_record *r)
{
	const struct sight *s = &b->sight;
	void *memory;

	sight_take(r, &b->sight);
	if (s->client.failed == PAST_FAILED_NOT)
		return 0;
	b->items[WHAT_CLIENT] = find(b, WHAT_CLIENT, s->key.client,
	    sizeof(s->key.client));
	if ((memory = memory_of(b, WHAT_CLIENT, s->key.client,
	    sizeof(s->key.client))) != NULL)
		client_past_learn(memory, &s->client);
	return b->failed ? -1 : 0;
}

/* The memory with this key, when it is time to look at it; NULL: it is not. */
static const void *
foresee_one(const struct ledger *l, const uint8_t *key, size_t len,
    unsigned depth)
{
	const struct shelf_item *item;

	if (depth == 0)
		shelf_foresee(l->shelf, key, len);
	else if (depth == 1)
		shelf_foresee_first(l->shelf, key, len);
	else if ((item = shelf_peek(l->shelf, key, len)) != NULL) {
		if (depth > 2)
			return item->memory;
		fetch_ahead(item->memory, MEMORY_BEGIN);
	}
	return NULL;
}

void
baseline_foresee(const struct baseline *b, const struct session_record *r,
    unsigned depth)
{
	const struct ledger *l = b->ledgers;
	struct sight_keys k;
	const void *memory;

	sight_keys(r, &k);
	if ((memory = foresee_one(&l[WHAT_SERVER], k.server, sizeof(k.server),
	    depth)) != NULL)
		server_past_foresee(memory);
	if ((memory = foresee_one(&l[WHAT_CLIENT], k.client, sizeof(k.client),
	    depth)) != NULL)
		client_past_foresee(memory, sight_server(&k));
	if (depth < BASELINE_DEPTHS - 1)
		foresee_one(&l[WHAT_NET], k.net, sizeof(k.net), depth);
}

/* What is too old goes, and what is too much: the least recent first. */
static int
prune(struct baseline *b)
{
	b->saved = 0;
	sqlite3_bind_int64(b->expire, 1, b->horizon);
	sqlite3_step(b->expire);
	if (sqlite3_reset(b->expire) != SQLITE_OK)
		return -1;
	for (int i = 0; i < WHATS; i++) {
		sqlite3_bind_int(b->crowd, 1, i);
		sqlite3_bind_int64(b->crowd, 2, b->limits.rows - 1);
		sqlite3_step(b->crowd);
		if (sqlite3_reset(b->crowd) != SQLITE_OK)
			return -1;
	}
	return 0;
}

/* A capture whose clock is ahead makes nothing old. */
int
baseline_flush(struct baseline *b, int64_t now)
{
	struct shelf_item *item;

	b->horizon = (b->newest < now ? b->newest : now) -
	    b->limits.row_days * DAY;
	for (int i = 0; i < WHATS; i++)
		for (item = shelf_first(b->ledgers[i].shelf); item != NULL;
		    item = shelf_next(item))
			save(b, (enum what)i, item);
	if (b->failed)
		return -1;
	if (b->flushes++ % PRUNE_EVERY != 0 && b->saved <= b->limits.rows / 4)
		return 0;
	return prune(b);
}
