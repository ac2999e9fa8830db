/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "schema/json_row.h"
#include "store/json_lines.h"
#include "store/statement.h"

/* One view: its rows of a session. */
struct listing {
	sqlite3_stmt	*stmt;
	struct json_row	*row;
};

struct json_lines {
	sqlite3		*db;
	FILE		*file;
	char		*path;
	bool		 failed;	/* and said so */
	struct listing	 sessions, findings;
};

static int
open_listing(sqlite3 *db, struct listing *l, const char *sql,
    const char *type)
{
	if (statement_prepare(db, sql, &l->stmt) == -1)
		return -1;
	return (l->row = json_row_new(l->stmt, type)) != NULL ? 0 : -1;
}

static void
close_listing(struct listing *l)
{
	json_row_free(l->row);
	sqlite3_finalize(l->stmt);
}

struct json_lines *
json_lines_open(sqlite3 *db, const char *path)
{
	struct json_lines *j;

	if ((j = calloc(1, sizeof(*j))) == NULL ||
	    (j->path = strdup(path)) == NULL) {
		log_warn("json lines %s", path);
		goto fail;
	}
	j->db = db;
	if (open_listing(db, &j->sessions,
	    "SELECT * FROM v_sessions WHERE id = ?1", "session") == -1 ||
	    open_listing(db, &j->findings,
	    "SELECT * FROM v_findings WHERE session_id = ?1 ORDER BY id",
	    "finding") == -1) {
		log_warnx("json lines %s: %s", path, sqlite3_errmsg(db));
		goto fail;
	}
	j->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
	if (j->file == NULL) {
		log_warn("json lines %s", path);
		goto fail;
	}
	return j;

fail:
	json_lines_close(j);
	return NULL;
}

static int
write_rows(struct json_lines *j, struct listing *l, int64_t id)
{
	const char *text;
	size_t len;

	sqlite3_bind_int64(l->stmt, 1, id);
	while (sqlite3_step(l->stmt) == SQLITE_ROW) {
		if ((text = json_row_text(l->row, &len)) == NULL) {
			log_warnx("json lines %s: out of memory", j->path);
			sqlite3_reset(l->stmt);
			return -1;
		}
		fwrite(text, 1, len, j->file);
		putc('\n', j->file);
	}
	if (sqlite3_reset(l->stmt) != SQLITE_OK) {
		log_warnx("json lines %s: %s", j->path,
		    sqlite3_errmsg(j->db));
		return -1;
	}
	return 0;
}

int
json_lines_session(struct json_lines *j, int64_t id)
{
	if (write_rows(j, &j->sessions, id) == -1)
		return -1;
	return write_rows(j, &j->findings, id);
}

/* stdio remembers that a write failed, so one look is enough. */
int
json_lines_flush(struct json_lines *j)
{
	if (fflush(j->file) == 0 && !ferror(j->file))
		return 0;
	log_warn("json lines %s", j->path);
	j->failed = true;
	return -1;
}

int
json_lines_close(struct json_lines *j)
{
	int rc = 0;

	if (j == NULL)
		return 0;
	if (j->file != NULL && j->file != stdout && fclose(j->file) != 0 &&
	    !j->failed) {
		log_warn("json lines %s", j->path);
		rc = -1;
	}
	close_listing(&j->findings);
	close_listing(&j->sessions);
	free(j->path);
	free(j);
	return rc;
}
