/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <jansson.h>

#include "store/run_row.h"

static int
finish(sqlite3_stmt *stmt)
{
	sqlite3_step(stmt);
	return sqlite3_finalize(stmt) == SQLITE_OK ? 0 : -1;
}

int64_t
run_row_begin(sqlite3 *db, int64_t sensor, int64_t source, int64_t at)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, "INSERT INTO run (sensor, source, begun_at) "
	    "VALUES (?1, ?2, ?3)", -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(stmt, 1, sensor);
	sqlite3_bind_int64(stmt, 2, source);
	sqlite3_bind_int64(stmt, 3, at);
	if (finish(stmt) == -1)
		return -1;
	return sqlite3_last_insert_rowid(db);
}

/* An object of those that are not 0.  The caller frees it. */
static char *
counters_text(const struct counters *c)
{
	json_t *object = json_object();
	uint64_t n;
	char *text;

	for (enum counter i = 0; i < COUNTERS; i++)
		if ((n = counter_read(c, i)) != 0)
			json_object_set_new(object, counter_name(i),
			    json_integer((json_int_t)n));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static int
write_end(sqlite3 *db, int64_t run, const struct run_end *end,
    const char *counters)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, "UPDATE run SET first_at = ?2, "
	    "last_at = ?3, counters = ?4, damage = ?5 WHERE id = ?1", -1,
	    &stmt, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(stmt, 1, run);
	if (end->first != 0 || end->last != 0) {
		sqlite3_bind_int64(stmt, 2, end->first);
		sqlite3_bind_int64(stmt, 3, end->last);
	}
	sqlite3_bind_text(stmt, 4, counters, -1, SQLITE_STATIC);
	if (end->damage != NULL)
		sqlite3_bind_text(stmt, 5, end->damage, -1, SQLITE_STATIC);
	return finish(stmt);
}

/* The earlier of two equal rows stays, and the later of two that differ. */
static int
forget_repeats(sqlite3 *db, int64_t run)
{
	static const char *const sql[] = {
		"DELETE FROM run WHERE id = ?1 AND EXISTS (SELECT 1 "
		    "FROM run AS old WHERE old.id < run.id "
		    "AND old.sensor = run.sensor AND old.source = run.source "
		    "AND old.first_at IS run.first_at "
		    "AND old.last_at IS run.last_at "
		    "AND old.counters = run.counters "
		    "AND old.damage IS run.damage)",
		"DELETE FROM run WHERE id < ?1 AND counters IS NOT NULL "
		    "AND (sensor, source, first_at, last_at) = (SELECT "
		    "sensor, source, first_at, last_at FROM run "
		    "WHERE id = ?1)",
	};
	sqlite3_stmt *stmt;

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		if (sqlite3_prepare_v2(db, sql[i], -1, &stmt, NULL) !=
		    SQLITE_OK)
			return -1;
		sqlite3_bind_int64(stmt, 1, run);
		if (finish(stmt) == -1)
			return -1;
	}
	return 0;
}

int
run_row_end(sqlite3 *db, int64_t run, const struct run_end *end)
{
	char *counters;
	int rc;

	if ((counters = counters_text(end->counters)) == NULL)
		return -1;
	rc = write_end(db, run, end, counters);
	free(counters);
	return rc == -1 ? -1 : forget_repeats(db, run);
}
