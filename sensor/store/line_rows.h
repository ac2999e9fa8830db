/* SPDX-License-Identifier: ISC */
/*
 * store/line_rows.h -- new rows of tables `line` and `wording`, many in one
 * statement.
 *
 * Each session brings a line or two that nobody said before.  Their numbers
 * are known as soon as the transaction has the database to itself, so the
 * rows themselves can wait for each other.
 */
#ifndef STORE_LINE_ROWS_H
#define STORE_LINE_ROWS_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/span.h"

struct line_rows;		/* opaque */

enum line_rows_table { LINE_ROWS_LINE, LINE_ROWS_WORDING };

/* -1 and NULL in *l on failure. */
int	line_rows_new(sqlite3 *db, enum line_rows_table table,
	    struct line_rows **l);
void	line_rows_free(struct line_rows *l);	/* NULL is fine */

/* -1 from all: SQLite failed, the transaction must be given up. */
int	line_rows_begin(struct line_rows *l);	/* behind BEGIN IMMEDIATE */
int	line_rows_flush(struct line_rows *l);	/* ahead of COMMIT */

/* The number of a new row; the line is copied. */
int64_t	line_rows_add(struct line_rows *l, struct span line);

#endif
