/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/session_insert.h"
#include "store/statement.h"

#define WAITING_MAX	32
#define OCTETS_MAX	(WAITING_MAX * 8192)	/* most rows have 100 */

/* Text and blob are the last columns. */
#define FIRST_OCTETS	COLUMN_community
#define OCTETS_COLUMNS	(SESSION_COLUMNS - FIRST_OCTETS)

#define SOURCE		"waiting_session"
#define INTEGER(name)	", " #name
#define OCTETS(name)	", " #name
#define COMMON(name)
static const char	declaration[] = "CREATE TABLE x (row"
#include "store/session_columns.def"
    ")";
/* With OR FAIL, SQLite keeps no copies of pages to undo a statement by: a
 * statement that fails costs us the transaction anyway. */
static const char	insert[] = "INSERT OR FAIL INTO session (row"
#include "store/session_columns.def"
    ") SELECT * FROM " SOURCE;
#undef INTEGER
#undef OCTETS
#undef COMMON

struct waiting {
	int64_t		integer[FIRST_OCTETS];
	struct span	octets[OCTETS_COLUMNS];
};

struct session_insert {
	sqlite3		*db;
	sqlite3_stmt	*greatest, *all;
	int64_t		 last;		/* row given */
	unsigned	 count;
	struct waiting	 waiting[WAITING_MAX];
	size_t		 used;
	uint8_t		 octets[OCTETS_MAX];	/* their texts */
};

/* ------------------------------------------------------------------ */
/* the table that SQLite reads                                        */

struct source {
	sqlite3_vtab		 base;
	struct session_insert	*of;
};

struct place {
	sqlite3_vtab_cursor	 base;
	const struct session_insert *of;
	unsigned		 at;
};

static int
source_connect(sqlite3 *db, void *of, int argc, const char *const *argv,
    sqlite3_vtab **out, char **why)
{
	struct source *s;
	int rc;

	(void)argc, (void)argv, (void)why;
	if ((rc = sqlite3_declare_vtab(db, declaration)) != SQLITE_OK)
		return rc;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return SQLITE_NOMEM;
	s->of = of;
	*out = &s->base;
	return SQLITE_OK;
}

static int
source_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

/* There is one way to read it. */
static int
source_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
	(void)table;
	plan->estimatedRows = WAITING_MAX;
	return SQLITE_OK;
}

static int
place_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct place *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return SQLITE_NOMEM;
	p->of = ((struct source *)table)->of;
	*out = &p->base;
	return SQLITE_OK;
}

static int
place_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int
place_first(sqlite3_vtab_cursor *cursor, int plan, const char *text, int argc,
    sqlite3_value **argv)
{
	(void)plan, (void)text, (void)argc, (void)argv;
	((struct place *)cursor)->at = 0;
	return SQLITE_OK;
}

static int
place_next(sqlite3_vtab_cursor *cursor)
{
	((struct place *)cursor)->at++;
	return SQLITE_OK;
}

static int
place_is_behind(sqlite3_vtab_cursor *cursor)
{
	const struct place *p = (const struct place *)cursor;

	return p->at >= p->of->count;
}

/* What is not set is NULL.  So is the row, whose number we know: SQLite gives
 * the same when it is not told, and then does not look for one that has it. */
static int
place_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column)
{
	const struct place *p = (const struct place *)cursor;
	const struct waiting *w = &p->of->waiting[p->at];
	const struct span *octets;

	if (column == 0)
		return SQLITE_OK;
	if (--column < FIRST_OCTETS) {
		if (w->integer[column] != VALUE_NULL)
			sqlite3_result_int64(out, w->integer[column]);
		return SQLITE_OK;
	}
	octets = &w->octets[column - FIRST_OCTETS];
	if (octets->len == 0)
		return SQLITE_OK;
	if (column == COLUMN_dialogue)
		sqlite3_result_blob64(out, octets->at, octets->len,
		    SQLITE_STATIC);
	else
		sqlite3_result_text64(out, (const char *)octets->at,
		    octets->len, SQLITE_STATIC, SQLITE_UTF8);
	return SQLITE_OK;
}

static int
place_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *row)
{
	*row = ((const struct place *)cursor)->at;
	return SQLITE_OK;
}

/* Without xCreate: there as soon as it has a name. */
static const sqlite3_module	source_module = {
	.xConnect = source_connect,
	.xBestIndex = source_plan,
	.xDisconnect = source_disconnect,
	.xOpen = place_open,
	.xClose = place_close,
	.xFilter = place_first,
	.xNext = place_next,
	.xEof = place_is_behind,
	.xColumn = place_column,
	.xRowid = place_row,
};

/* ------------------------------------------------------------------ */
/* its rows                                                           */

int
session_insert_new(sqlite3 *db, struct session_insert **out)
{
	struct session_insert *s;

	*out = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	s->db = db;
	if (sqlite3_create_module(db, SOURCE, &source_module,
	    s) != SQLITE_OK ||
	    statement_prepare(db, insert, &s->all) == -1 ||
	    statement_prepare(db, "SELECT max(row) FROM session",
	    &s->greatest) == -1) {
		session_insert_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
session_insert_free(struct session_insert *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->greatest);
	sqlite3_finalize(s->all);
	free(s);
}

int
session_insert_begin(struct session_insert *s)
{
	s->count = 0;
	s->used = 0;
	s->last = 0;
	return statement_number(s->greatest, &s->last);
}

int
session_insert_flush(struct session_insert *s)
{
	int rc = s->count == 0 ? 0 : statement_run(s->all);

	assert(rc == -1 || s->count == 0 ||
	    sqlite3_last_insert_rowid(s->db) == s->last);
	s->count = 0;
	s->used = 0;
	return rc;
}

/* All that is text or blob in the row, in the order of the columns. */
static size_t
octets_of(struct span out[OCTETS_COLUMNS], const struct session_values *v,
    struct span dialogue)
{
	const char *more = v->more_shared ? NULL : v->more;
	size_t len = 0;

	out[COLUMN_community - FIRST_OCTETS] = span_text(v->community);
	out[COLUMN_rcpt_domains - FIRST_OCTETS] = span_text(v->rcpt_domains);
	out[COLUMN_counts - FIRST_OCTETS] = span_text(v->counts);
	out[COLUMN_more - FIRST_OCTETS] = span_text(more != NULL ? more : "");
	out[COLUMN_dialogue - FIRST_OCTETS] = dialogue;
	for (unsigned i = 0; i < OCTETS_COLUMNS; i++)
		len += out[i].len;
	return len;
}

static void
keep(struct session_insert *s, struct waiting *w)
{
	for (unsigned i = 0; i < OCTETS_COLUMNS; i++) {
		struct span *o = &w->octets[i];

		if (o->len == 0)
			continue;
		o->at = memcpy(s->octets + s->used, o->at, o->len);
		s->used += o->len;
	}
}

int64_t
session_insert_put(struct session_insert *s, const struct session_values *v,
    struct span dialogue)
{
	struct span octets[OCTETS_COLUMNS];
	size_t need = octets_of(octets, v, dialogue);
	struct waiting *w;

	if ((s->count == WAITING_MAX || need > OCTETS_MAX - s->used) &&
	    session_insert_flush(s) == -1)
		return -1;
	w = &s->waiting[s->count++];
	s->last++;
	memcpy(w->integer, v->integer, sizeof(w->integer));
	memcpy(w->octets, octets, sizeof(w->octets));
	if (need <= OCTETS_MAX)
		keep(s, w);
	else if (session_insert_flush(s) == -1)
		return -1;
	return s->last;
}
