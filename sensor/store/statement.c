/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "store/statement.h"

int
statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    stmt, NULL) == SQLITE_OK ? 0 : -1;
}

int
statements_prepare(sqlite3 *db, const char *const sql[],
    sqlite3_stmt *stmt[], int n)
{
	for (int i = 0; i < n; i++)
		if (statement_prepare(db, sql[i], &stmt[i]) == -1)
			return -1;
	return 0;
}

void
statements_finalize(sqlite3_stmt *stmt[], int n)
{
	for (int i = 0; i < n; i++)
		sqlite3_finalize(stmt[i]);
}

int
statement_run(sqlite3_stmt *stmt)
{
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

int
statement_number(sqlite3_stmt *stmt, int64_t *answer)
{
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*answer = sqlite3_column_int64(stmt, 0);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}
