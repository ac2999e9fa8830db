/* SPDX-License-Identifier: ISC */
#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include "store/cache.h"
#include "store/common_row.h"
#include "store/statement.h"

#define ENTRIES		16384	/* remembered */
#define PRELOAD		"8192"	/* of them from former runs */

#define INTEGER(name)
#define OCTETS(name)
#define COMMON(name)	#name ", "
static const char columns[] = "SELECT id, "
#include "store/session_columns.def"
    "more FROM common ORDER BY id DESC LIMIT " PRELOAD;
#undef COMMON
#define COMMON(name)	", " #name
static const char insert[] = "INSERT INTO common (more"
#include "store/session_columns.def"
#undef COMMON
#define COMMON(name)	", ?"
    ") VALUES (?"
#include "store/session_columns.def"
    ")";
#undef COMMON
#undef OCTETS
#undef INTEGER

struct common_row {
	sqlite3		*db;
	sqlite3_stmt	*insert;
	struct cache	*cache;
};

/* What a row is known by. */
struct likeness {
	int64_t		integer[COMMON_COLUMNS];
	uint64_t	more;		/* hash of the text; 0: NULL */
};

static struct cache_key
key_of(const struct common_row *row, struct likeness *l, const char *more)
{
	l->more = more == NULL ? 0 :
	    cache_key(row->cache, span_text(more)).hash;
	return cache_key(row->cache, span_of(l, sizeof(*l)));
}

static void
remember(struct common_row *row, sqlite3_stmt *stmt)
{
	struct cache_key key;
	struct likeness l;
	int at = 1;

	for (int i = 0; i < COMMON_COLUMNS; i++, at++)
		l.integer[i] = sqlite3_column_type(stmt, at) == SQLITE_NULL ?
		    VALUE_NULL : sqlite3_column_int64(stmt, at);
	key = key_of(row, &l, (const char *)sqlite3_column_text(stmt, at));
	if (cache_find(row->cache, key) == 0)
		cache_put(row->cache, key, sqlite3_column_int64(stmt, 0));
}

static int
preload(struct common_row *row)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(row->db, columns, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		remember(row, stmt);
	return sqlite3_finalize(stmt) == SQLITE_OK ? 0 : -1;
}

int
common_row_new(sqlite3 *db, struct common_row **out)
{
	struct common_row *row;
	uint64_t seed;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->db = db;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) ||
	    (row->cache = cache_new(ENTRIES, seed)) == NULL ||
	    statement_prepare(db, insert, &row->insert) == -1 ||
	    preload(row) == -1) {
		common_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
common_row_free(struct common_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->insert);
	cache_free(row->cache);
	free(row);
}

int64_t
common_row_id(struct common_row *row, const struct session_values *v)
{
	const char *more = v->more_shared ? v->more : NULL;
	struct cache_key key;
	struct likeness l;
	int64_t id;

	memcpy(l.integer, v->integer + COMMON_FIRST, sizeof(l.integer));
	key = key_of(row, &l, more);
	if ((id = cache_find(row->cache, key)) != 0)
		return id;
	sqlite3_bind_text(row->insert, 1, more, -1, SQLITE_STATIC);
	for (int i = 0; i < COMMON_COLUMNS; i++)
		value_bind(row->insert, i + 2, l.integer[i]);
	if (statement_run(row->insert) == -1)
		return -1;
	id = sqlite3_last_insert_rowid(row->db);
	cache_put(row->cache, key, id);
	return id;
}
