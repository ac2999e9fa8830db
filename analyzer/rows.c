/* SPDX-License-Identifier: ISC */
#include <err.h>

#include "analyzer/rows.h"
#include "schema/json_row.h"

static json_t *
take(const struct database *d, const char *path, sqlite3_stmt *stmt)
{
	json_t *rows = json_array(), *one;
	struct json_row *row = json_row_new(stmt, NULL);
	json_error_t error;
	const char *text;
	size_t len;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (row == NULL || (text = json_row_text(row, &len)) == NULL) {
			warnx("memory is short");
			goto fail;
		}
		if ((one = json_loadb(text, len, 0, &error)) == NULL) {
			warnx("%s: a damaged row: %s", path, error.text);
			goto fail;
		}
		json_array_append_new(rows, one);
	}
	if (rc == SQLITE_DONE) {
		json_row_free(row);
		return rows;
	}
	warnx("%s: %s", path, sqlite3_errmsg(d->sql));
fail:
	json_row_free(row);
	json_decref(rows);
	return NULL;
}

json_t *
rows_take(const struct database *d, const char *path, struct query *q)
{
	sqlite3_stmt *stmt = query_prepare(q);
	json_t *rows;

	query_free(q);
	if (stmt == NULL)
		return NULL;
	rows = take(d, path, stmt);
	sqlite3_finalize(stmt);
	return rows;
}

int
rows_take_one(const struct database *d, const char *path, struct query *q,
    json_t **row)
{
	json_t *rows = rows_take(d, path, q);

	*row = NULL;
	if (rows == NULL)
		return -1;
	*row = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return 0;
}
