/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "policy/sts_store.h"
#include "store/statement.h"
#include "store/sts_rows.h"

enum statement { KEEP, EXPIRE, THIN, TELL, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[KEEP] = "INSERT OR REPLACE INTO sts_policy (domain, expires, line) "
	    "VALUES (?1, ?2, ?3)",
	[EXPIRE] = "DELETE FROM sts_policy WHERE expires <= ?1",
	[THIN] = "DELETE FROM sts_policy WHERE domain IN (SELECT domain "
	    "FROM sts_policy ORDER BY expires DESC LIMIT -1 OFFSET ?1)",
	[TELL] = "SELECT line FROM sts_policy WHERE expires > ?1 "
	    "ORDER BY expires DESC LIMIT ?2",
};

struct sts_rows {
	sqlite3_stmt	*stmt[STATEMENTS];
};

int
sts_rows_new(sqlite3 *db, struct sts_rows **out)
{
	struct sts_rows *r;

	*out = NULL;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return -1;
	if (statements_prepare(db, sql, r->stmt, STATEMENTS) == -1) {
		sts_rows_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
sts_rows_free(struct sts_rows *r)
{
	if (r == NULL)
		return;
	statements_finalize(r->stmt, STATEMENTS);
	free(r);
}

int
sts_rows_keep(struct sts_rows *r, const char *line, int64_t now)
{
	struct sts_line l;

	/* the process it comes from may have fallen to a stranger, whose
	 * lines shall not outlive all others */
	if (!sts_line_read(line, &l) || l.expires <= now ||
	    l.expires > now + (int64_t)STS_AGE_MAX * 1000000)
		return 0;
	sqlite3_bind_text(r->stmt[KEEP], 1, l.domain, -1, SQLITE_STATIC);
	sqlite3_bind_int64(r->stmt[KEEP], 2, l.expires);
	sqlite3_bind_text(r->stmt[KEEP], 3, line, -1, SQLITE_STATIC);
	if (statement_run(r->stmt[KEEP]) == -1)
		return -1;
	sqlite3_bind_int64(r->stmt[EXPIRE], 1, now);
	if (statement_run(r->stmt[EXPIRE]) == -1)
		return -1;
	sqlite3_bind_int(r->stmt[THIN], 1, STS_ROWS_MAX);
	return statement_run(r->stmt[THIN]);
}

int
sts_rows_tell(struct sts_rows *r, int64_t now,
    void (*tell)(void *context, const char *line), void *context)
{
	sqlite3_stmt *stmt = r->stmt[TELL];

	sqlite3_bind_int64(stmt, 1, now);
	sqlite3_bind_int(stmt, 2, STS_ROWS_MAX);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		tell(context, (const char *)sqlite3_column_text(stmt, 0));
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}
