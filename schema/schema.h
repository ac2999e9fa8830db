/* SPDX-License-Identifier: ISC */
/*
 * schema/schema.h -- the database both programs share.
 *
 * schema.sql has the tables, views.sql the views every reader relies on,
 * upgrades/N.sql the step from version N to N + 1.  All are compiled in.
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#define SCHEMA_APPLICATION_ID	0x53544c53	/* "STLS" */
#define SCHEMA_VERSION		1

enum schema_state {
	SCHEMA_READY,		/* this version */
	SCHEMA_EMPTY,		/* a new, empty database */
	SCHEMA_OLDER,		/* ours, needs an upgrade */
	SCHEMA_NEWER,		/* ours, of a later version of this program */
	SCHEMA_FOREIGN,		/* somebody else's */
	SCHEMA_UNREADABLE,	/* no database at all, or damaged */
};

/* What is this file?  Changes nothing. */
enum schema_state	schema_look(sqlite3 *db);

/*
 * Bring an empty or older database to this version, in one transaction.
 * -1 after saying why (newer, foreign, unreadable, disk full); then nothing
 * has changed.  `path` is for the messages.
 */
int	schema_apply(sqlite3 *db, const char *path);

/*
 * A session's id: seconds of its start and 21 bits of its identity, so that
 * the same connection gets the same number from every run, numbers grow
 * with time, and JSON readers with 53 bits keep them whole.
 */
#define SESSION_ID_BITS	21
int64_t	session_id(int64_t started_at, uint64_t identity_hash);
int64_t	session_id_floor(int64_t time);	/* least id of a session started at or after this time */

#endif
