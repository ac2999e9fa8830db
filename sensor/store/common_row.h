/* SPDX-License-Identifier: ISC */
/*
 * store/common_row.h -- what a session has in common with others, stored
 * once.
 *
 * Rows of table `common` are only appended.  Those of late are remembered,
 * so that a few hundred describe all sessions of a day; what was forgotten
 * gets another row.
 */
#ifndef STORE_COMMON_ROW_H
#define STORE_COMMON_ROW_H

#include <sqlite3.h>

#include "store/session_values.h"

struct common_row;		/* opaque */

/* -1 and NULL in *out on failure. */
int	common_row_new(sqlite3 *db, struct common_row **out);
void	common_row_free(struct common_row *row);	/* NULL is fine */

/* The row that has the COMMON columns of `v`, put there if need be; -1:
 * SQLite failed. */
int64_t	common_row_id(struct common_row *row, const struct session_values *v);

#endif
