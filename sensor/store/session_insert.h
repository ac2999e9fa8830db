/* SPDX-License-Identifier: ISC */
/*
 * store/session_insert.h -- one row of table `session`, cheaply.
 *
 * Two thirds of the columns of a row are NULL or 0, and always the same
 * ones in sessions of a kind.  So each such shape has a statement of its
 * own, in which those columns stand as they are and only the others are
 * parameters.  Shapes beyond a fixed number share one that has them all.
 */
#ifndef STORE_SESSION_INSERT_H
#define STORE_SESSION_INSERT_H

#include <sqlite3.h>

#include "base/span.h"
#include "store/session_values.h"

struct session_insert;		/* opaque */

/* -1 and NULL in *s on failure. */
int	session_insert_new(sqlite3 *db, struct session_insert **s);
void	session_insert_free(struct session_insert *s);	/* NULL is fine */

/* `dialogue` empty: NULL.  Returns session.row; -1: SQLite failed. */
int64_t	session_insert_put(struct session_insert *s,
	    const struct session_values *v, struct span dialogue);

#endif
