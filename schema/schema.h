/* SPDX-License-Identifier: ISC */
/*
 * schema/schema.h -- the database both programs share.
 *
 * schema.sql has the tables, views.sql the views every reader relies on,
 * upgrades/N.sql the step from version N to N + 1.  All are compiled in.
 *
 * Nothing here logs: both programs use it and each says things in its own
 * way.  What fails leaves one line, without the file's name, in `why`.
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#include "schema/names.h"

#define SCHEMA_APPLICATION_ID	0x53544c53	/* "STLS" */
#define SCHEMA_VERSION		5
#define SCHEMA_WHY_MAX		256		/* with the NUL */

enum schema_state {
	SCHEMA_READY,		/* this version */
	SCHEMA_EMPTY,		/* a new, empty database */
	SCHEMA_OLDER,		/* ours, needs an upgrade */
	SCHEMA_NEWER,		/* ours, of a later version of this program */
	SCHEMA_FOREIGN,		/* somebody else's */
	SCHEMA_UNREADABLE,	/* no database at all, damaged, or locked */
};

/* What is this file?  Changes nothing.  `why` (NULL: not wanted) gets a
 * line for every state but SCHEMA_READY. */
enum schema_state	schema_look(sqlite3 *db, char why[SCHEMA_WHY_MAX]);

/*
 * Bring an empty or older database to this version, in one transaction;
 * one that is ready gets the words it lacks.  -1 with the reason in `why`
 * (newer, foreign, unreadable, read-only, disk full); then nothing has
 * changed.
 */
int	schema_apply(sqlite3 *db, char why[SCHEMA_WHY_MAX]);

/* One step of an upgrade: from version `from` to the next. */
struct schema_step {
	int		 from;
	const char	*sql;
};

/*
 * schema_apply() with these steps towards `version`, which may be another
 * than ours only in tests.  The steps are in order, without a hole.
 */
int	schema_climb(sqlite3 *db, const struct schema_step *steps,
	    unsigned count, int version, char why[SCHEMA_WHY_MAX]);

/* The database's own numbers of the kinds.  -1 with the reason in `why`. */
int	schema_kinds(sqlite3 *db, int64_t ids[KINDS],
	    char why[SCHEMA_WHY_MAX]);

/*
 * A session's id: seconds of its start and 21 bits of its identity, so that
 * the same connection gets the same number from every run, numbers grow
 * with time, and JSON readers with 53 bits keep them whole.  Two identities
 * that share them: session_id_next(), again and again, within that second.
 *
 * Seconds outside 1970..2242 are taken for the nearest inside; the row's
 * time stays as captured.
 */
#define SESSION_ID_BITS	21
int64_t	session_id(int64_t started_at, uint64_t identity_hash);
int64_t	session_id_next(int64_t id, uint64_t identity_hash);
/* Least id of a session started at or after this time (whole seconds). */
int64_t	session_id_floor(int64_t time);

/*
 * A finding's id: its session's row, from 1 on, and its rank there, 0 the
 * gravest.  No index has to find the findings of a session, their rows are
 * only appended, and 2^46 sessions keep ids within 53 bits.
 */
#define FINDING_ID_BITS	7
#define RANKS_MAX	(1 << FINDING_ID_BITS)
int64_t	finding_id(int64_t session_row, unsigned rank);

#endif
