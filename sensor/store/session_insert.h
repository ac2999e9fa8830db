/* SPDX-License-Identifier: ISC */
/*
 * store/session_insert.h -- rows of table `session`, cheaply.
 *
 * Much of what a row costs is beginning and ending a statement, and binding
 * its parameters.  So rows wait for each other, their numbers given, and one
 * statement puts them all: what it reads them from is a virtual table, whose
 * rows are those that wait.
 */
#ifndef STORE_SESSION_INSERT_H
#define STORE_SESSION_INSERT_H

#include <sqlite3.h>

#include "base/span.h"
#include "store/session_values.h"

struct session_insert;		/* opaque */

/* One for a connection, which must not be closed before.  -1 and NULL in *s
 * on failure. */
int	session_insert_new(sqlite3 *db, struct session_insert **s);
void	session_insert_free(struct session_insert *s);	/* NULL is fine */

/* Behind BEGIN IMMEDIATE, and whenever rows were deleted: numbers go on from
 * the greatest that is there.  Nothing may wait.  -1: SQLite failed. */
int	session_insert_begin(struct session_insert *s);

/* All is copied; `dialogue` empty: NULL.  Returns session.row; -1: SQLite
 * failed. */
int64_t	session_insert_put(struct session_insert *s,
	    const struct session_values *v, struct span dialogue);

/* Those that wait are there.  -1: SQLite failed. */
int	session_insert_flush(struct session_insert *s);

#endif
