/* SPDX-License-Identifier: ISC */
/*
 * schema/json_row.h -- a row of a view as a JSON object (contract: views
 * and JSON fields).
 *
 *	r = json_row_new(stmt, NULL);
 *	while (sqlite3_step(stmt) == SQLITE_ROW)
 *		puts(json_row_text(r, &len));
 *
 * Keys are the columns' names, in their order.  Times become RFC 3339,
 * lists and objects are embedded as what they are, flags become true and
 * false, NULL null.
 */
#ifndef SCHEMA_JSON_ROW_H
#define SCHEMA_JSON_ROW_H

#include <sqlite3.h>
#include <stddef.h>

/* What stands in a column: for every renderer, not only of JSON. */
enum row_role {
	ROW_PLAIN,		/* text or number, as SQLite has it */
	ROW_TIME,		/* microseconds since 1970 */
	ROW_FLAG,		/* 0 or 1 */
	ROW_LIST,		/* text: a JSON array; in some views a number */
	ROW_OBJECT,		/* text: a JSON object */
};

enum row_role	 row_role(const char *column);

struct json_row;		/* opaque */

/* For the rows of one prepared statement, which must outlive it.  With a
 * `type` each object begins with "type":"<type>".  NULL: memory. */
struct json_row	*json_row_new(sqlite3_stmt *stmt, const char *type);
void		 json_row_free(struct json_row *r);	/* NULL is fine */

/* The row the statement is at, on one line without its end, NUL-terminated;
 * good until the next call.  NULL: memory. */
const char	*json_row_text(struct json_row *r, size_t *len);

#endif
