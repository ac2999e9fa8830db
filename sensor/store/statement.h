/* SPDX-License-Identifier: ISC */
/*
 * store/statement.h -- SQL statements that live as long as the store.
 *
 * All return 0, or -1 if SQLite failed.
 */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <sqlite3.h>
#include <stdint.h>

int	statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt);
/* `n` of them; some may be NULL afterwards. */
int	statements_prepare(sqlite3 *db, const char *const sql[],
	    sqlite3_stmt *stmt[], int n);
void	statements_finalize(sqlite3_stmt *stmt[], int n);

/* SQL: sessions of sensor ?1 that table `of` has as open. */
#define OPEN_OF_SENSOR(of) "(SELECT o.session FROM " of " AS o " \
    "CROSS JOIN session AS s ON s.id = o.session " \
    "CROSS JOIN common AS k ON k.id = s.common " \
    "WHERE o.answer = 1 AND k.sensor = ?1)"

/* SQL: ids of the first `most` findings of the session with that row. */
#define FINDINGS_OF(row, most) "BETWEEN " row " * 128 AND " row " * 128 + " \
    most " - 1"
#define ALL_RANKS	"128"

/* One that gives no rows, or whose rows do not matter. */
int	statement_run(sqlite3_stmt *stmt);
/* The number in the first row; *answer stays as it was if there is none. */
int	statement_number(sqlite3_stmt *stmt, int64_t *answer);

#endif
