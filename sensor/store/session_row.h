/* SPDX-License-Identifier: ISC */
/*
 * store/session_row.h -- a record into table `session`.
 */
#ifndef STORE_SESSION_ROW_H
#define STORE_SESSION_ROW_H

#include <sqlite3.h>

#include "detect/detect.h"
#include "store/dictionary.h"

struct session_row;		/* opaque: the statements */

enum session_place {
	PLACE_FAILED,		/* SQLite said no */
	PLACE_NEW,		/* the id is free */
	PLACE_KNOWN,		/* the same session is there */
	PLACE_NONE,		/* too many sessions in one second */
};

/* All borrowed; `sensor` is the name, part of who a session is.  -1 and
 * NULL in *row on failure. */
int	session_row_new(sqlite3 *db, struct dictionary *d, const char *sensor,
	    struct session_row **row);
void	session_row_free(struct session_row *row);	/* NULL is fine */

/* Behind BEGIN IMMEDIATE, when nobody else can write, and again when rows
 * were deleted; nothing may wait.  -1: SQLite failed. */
int	session_row_begin(struct session_row *row);

/* Into the caches ahead of time what placing and writing this record, which
 * is there, will touch: its place, and what its facts point to. */
void	session_row_foresee_place(const struct session_row *row,
	    const struct session_record *r);
void	session_row_foresee_texts(const struct session_row *row,
	    const struct session_record *r);

/* Where this record belongs: *id is set for PLACE_NEW and PLACE_KNOWN.
 * New ones must be put there, or the transaction given up. */
enum session_place	session_row_place(struct session_row *row,
			    const struct session_record *r, int64_t *id);

/* Write it where session_row_place() said, and return its row, which waits for
 * others.  -1: SQLite or memory failed. */
int64_t	session_row_put(struct session_row *row, int64_t id,
	    const struct session_record *r, const struct findings *f,
	    const struct promise *promise);

/* The rows that wait are there: ahead of COMMIT, and of reading them.  -1:
 * SQLite failed. */
int	session_row_flush(struct session_row *row);

#endif
