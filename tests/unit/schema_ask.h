/* SPDX-License-Identifier: ISC */
/*
 * unit/schema_ask.h -- a database in a test: told something, asked
 * something, and found to say what was wanted.  Behind <cmocka.h>.
 */
#ifndef SCHEMA_ASK_H
#define SCHEMA_ASK_H

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static inline void
run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

/* The first column of the first row, as text into `out`. */
static inline const char *
ask(sqlite3 *db, const char *sql, char out[512])
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	snprintf(out, 512, "%s", sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_text(stmt, 0) != NULL ?
	    (const char *)sqlite3_column_text(stmt, 0) : "(none)");
	sqlite3_finalize(stmt);
	return out;
}

static inline void
check(sqlite3 *db, const char *sql, const char *want)
{
	char got[512];

	ask(db, sql, got);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", sql, got, want);
}

#endif
