/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "schema/schema.h"
#include "store/finding_row.h"

#define WAITING_MAX	8
#define OCTETS_MAX	32768	/* a text may be that long, most have 500 */

/* With OR FAIL, SQLite keeps no copies of pages to undo a statement by: a
 * statement that fails costs us the transaction anyway. */
#define INSERT		"INSERT OR FAIL INTO finding (session, rank, at, " \
    "kind, because, severity, confidence, incident, summary, evidence) VALUES "
#define ROW		"(?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?)"
#define ROWS_4		ROW ", " ROW ", " ROW ", " ROW

static const char	insert_one[] = INSERT ROW;
static const char	insert_all[] = INSERT ROWS_4 ", " ROWS_4;

enum number {
	NUMBER_SESSION, NUMBER_RANK, NUMBER_AT, NUMBER_KIND, NUMBER_BECAUSE,
	NUMBER_SEVERITY, NUMBER_CONFIDENCE, NUMBER_INCIDENT, NUMBERS
};
#define COLUMNS		(NUMBERS + 2)

struct waiting {
	int64_t		number[NUMBERS];
	struct span	summary, evidence;
};

struct finding_row {
	sqlite3_stmt	*one, *all;
	int64_t		 kinds[KINDS];	/* this database's numbers */
	unsigned	 count;
	struct waiting	 waiting[WAITING_MAX];
	size_t		 used;
	uint8_t		 octets[OCTETS_MAX];	/* their texts */
};

static int
prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    stmt, NULL) == SQLITE_OK ? 0 : -1;
}

int
finding_row_new(sqlite3 *db, struct finding_row **out)
{
	struct finding_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	if (prepare(db, insert_one, &row->one) == -1 ||
	    prepare(db, insert_all, &row->all) == -1 ||
	    schema_kinds(db, row->kinds, NULL) == -1) {
		finding_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
finding_row_free(struct finding_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->all);
	sqlite3_finalize(row->one);
	free(row);
}

static void
bind(sqlite3_stmt *stmt, unsigned row, const struct waiting *w)
{
	int at = (int)row * COLUMNS + 1;

	for (int i = 0; i < NUMBERS; i++)
		sqlite3_bind_int64(stmt, at++, w->number[i]);
	sqlite3_bind_text64(stmt, at++, (const char *)w->summary.at,
	    w->summary.len, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_text64(stmt, at, (const char *)w->evidence.at,
	    w->evidence.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int
run(sqlite3_stmt *stmt)
{
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

static int
put_one(struct finding_row *row, const struct waiting *w)
{
	bind(row->one, 0, w);
	return run(row->one);
}

int
finding_row_flush(struct finding_row *row)
{
	int rc = 0;

	if (row->count == WAITING_MAX) {
		for (unsigned i = 0; i < WAITING_MAX; i++)
			bind(row->all, i, &row->waiting[i]);
		rc = run(row->all);
	} else {
		for (unsigned i = 0; i < row->count && rc == 0; i++)
			rc = put_one(row, &row->waiting[i]);
	}
	row->count = 0;
	row->used = 0;
	return rc;
}

static struct span
keep(struct finding_row *row, struct span text)
{
	uint8_t *to = row->octets + row->used;

	memcpy(to, text.at, text.len);
	row->used += text.len;
	return span_of(to, text.len);
}

static int
add(struct finding_row *row, const struct waiting *w)
{
	size_t need = w->summary.len + w->evidence.len;

	if ((row->count == WAITING_MAX || need > OCTETS_MAX - row->used) &&
	    finding_row_flush(row) == -1)
		return -1;
	if (need > OCTETS_MAX)
		return put_one(row, w);
	row->waiting[row->count] = *w;
	row->waiting[row->count].summary = keep(row, w->summary);
	row->waiting[row->count].evidence = keep(row, w->evidence);
	row->count++;
	return 0;
}

static int
put(struct finding_row *row, int64_t session, unsigned rank,
    const struct finding *f)
{
	struct waiting w = {
		.number = {
			[NUMBER_SESSION] = session,
			[NUMBER_RANK] = rank,
			[NUMBER_AT] = f->at,
			[NUMBER_KIND] = row->kinds[f->kind],
			[NUMBER_BECAUSE] = f->because,
			[NUMBER_SEVERITY] = f->severity,
			[NUMBER_CONFIDENCE] = f->confidence,
			[NUMBER_INCIDENT] = f->incident,
		},
		.summary = span_text(f->summary != NULL ? f->summary : ""),
		.evidence = f->evidence.at != NULL ?
		    span_of(f->evidence.at, f->evidence.len) :
		    span_text("{}"),
	};

	return add(row, &w);
}

int
finding_row_put(struct finding_row *row, int64_t session,
    const struct findings *f)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < f->count; i++)
		if (put(row, session, rank++, &f->list[i]) == -1)
			return -1;
	for (unsigned i = 0; i < f->postures; i++)
		if (posture_is_news(&f->posture[i]) && put(row, session,
		    rank++, &f->posture[i].finding) == -1)
			return -1;
	return 0;
}
