/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "schema/dialogue.h"
#include "store/line_rows.h"
#include "store/statement.h"

#define WAITING_MAX	32
#define OCTETS_MAX	(WAITING_MAX * DIALOGUE_LINE_MAX)

/*
 * With OR FAIL, SQLite keeps no copies of pages to undo a statement by: a
 * statement that fails costs us the transaction anyway.  The numbers that we
 * gave are those that SQLite gives: nobody else puts rows here.
 */
#define INSERT(table)	"INSERT OR FAIL INTO " table " (text) VALUES "
#define ROW		"(?)"
#define ROWS_4(row)	row ", " row ", " row ", " row
#define ROWS_32		ROWS_4(ROWS_4(ROW)) ", " ROWS_4(ROWS_4(ROW))

static const struct {
	const char	*greatest, *one, *all;
} sql[] = {
	[LINE_ROWS_LINE] = { "SELECT max(id) FROM line",
		INSERT("line") ROW, INSERT("line") ROWS_32 },
	[LINE_ROWS_WORDING] = { "SELECT max(id) FROM wording",
		INSERT("wording") ROW, INSERT("wording") ROWS_32 },
};

struct line_rows {
	sqlite3_stmt	*greatest, *one, *all;
	int64_t		 last;		/* number given */
	unsigned	 waiting;
	size_t		 used;
	size_t		 ends[WAITING_MAX];
	char		 octets[OCTETS_MAX];
};

int
line_rows_new(sqlite3 *db, enum line_rows_table table, struct line_rows **out)
{
	struct line_rows *l;

	*out = NULL;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -1;
	if (statement_prepare(db, sql[table].greatest, &l->greatest) == -1 ||
	    statement_prepare(db, sql[table].one, &l->one) == -1 ||
	    statement_prepare(db, sql[table].all, &l->all) == -1) {
		line_rows_free(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
line_rows_free(struct line_rows *l)
{
	if (l == NULL)
		return;
	sqlite3_finalize(l->all);
	sqlite3_finalize(l->one);
	sqlite3_finalize(l->greatest);
	free(l);
}

int
line_rows_begin(struct line_rows *l)
{
	l->waiting = 0;
	l->used = 0;
	return statement_number(l->greatest, &l->last);
}

/* The waiting line number `i` into row number `row` of a statement. */
static void
bind(struct line_rows *l, sqlite3_stmt *stmt, int row, unsigned i)
{
	size_t from = i == 0 ? 0 : l->ends[i - 1];

	sqlite3_bind_text64(stmt, row + 1, l->octets + from,
	    l->ends[i] - from, SQLITE_STATIC, SQLITE_UTF8);
}

int
line_rows_flush(struct line_rows *l)
{
	int rc = 0;

	if (l->waiting == WAITING_MAX) {
		for (unsigned i = 0; i < WAITING_MAX; i++)
			bind(l, l->all, (int)i, i);
		rc = statement_run(l->all);
	} else {
		for (unsigned i = 0; i < l->waiting && rc == 0; i++) {
			bind(l, l->one, 0, i);
			rc = statement_run(l->one);
		}
	}
	l->waiting = 0;
	l->used = 0;
	return rc;
}

static int
put_long(struct line_rows *l, struct span line)
{
	if (line_rows_flush(l) == -1)
		return -1;
	sqlite3_bind_text64(l->one, 1, (const char *)line.at, line.len,
	    SQLITE_STATIC, SQLITE_UTF8);
	return statement_run(l->one);
}

int64_t
line_rows_add(struct line_rows *l, struct span line)
{
	/* greetings are no lines of a dialogue, and may be longer */
	if (line.len > DIALOGUE_LINE_MAX) {
		if (put_long(l, line) == -1)
			return -1;
		return ++l->last;
	}
	if (l->waiting == WAITING_MAX && line_rows_flush(l) == -1)
		return -1;
	if (line.len > 0)
		memcpy(l->octets + l->used, line.at, line.len);
	l->used += line.len;
	l->ends[l->waiting++] = l->used;
	return ++l->last;
}
