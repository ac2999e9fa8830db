/* SPDX-License-Identifier: ISC */
/*
 * store/promise_row.h -- what was promised, into the columns of a session
 * and table `promise`.
 */
#ifndef STORE_PROMISE_ROW_H
#define STORE_PROMISE_ROW_H

#include <sqlite3.h>

#include "detect/promise.h"
#include "store/session_values.h"

struct promise_row;		/* opaque: the statements */

/* -1 and NULL in *row on failure. */
int	promise_row_new(sqlite3 *db, struct promise_row **row);
void	promise_row_free(struct promise_row *row);	/* NULL is fine */

/* `p` may be NULL: not asked.  -1: SQLite failed. */
int	promise_row_fill(struct promise_row *row, const struct promise *p,
	    struct session_values *v);

/* The number of its evidence, which is there already or is put there; it has
 * some.  -1: SQLite failed. */
int	promise_row_put(struct promise_row *row,
	    const struct policy_answer *a, int64_t *id);

#endif
