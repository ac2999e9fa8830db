/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "schema/schema.h"
#include "schema_sql.h"

#define SECOND		INT64_C(1000000)
#define ID_SECOND_MAX	(INT64_C(1) << 32)	/* 2^53 ids in all */
#define ID_LOW		((INT64_C(1) << SESSION_ID_BITS) - 1)

static void complain(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
complain(char *why, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(why, SCHEMA_WHY_MAX, fmt, ap);
	va_end(ap);
}

/* SQLite's own words, but where they mislead: it says that of a file it
 * may not write even to who only looks. */
static void
complain_of(char *why, sqlite3 *db)
{
	complain(why, "%s", sqlite3_errcode(db) == SQLITE_READONLY ?
	    "the database is read-only" : sqlite3_errmsg(db));
}

/* The first column of the first row.  -1: SQLite said no. */
static int
ask(sqlite3 *db, const char *sql, int64_t *answer)
{
	sqlite3_stmt *stmt;
	int rc;

	*answer = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		*answer = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);		/* repeats the error of the step */
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static enum schema_state
look(sqlite3 *db, int wanted, char *why)
{
	int64_t application, version, things;

	if (ask(db, "PRAGMA application_id", &application) == -1 ||
	    ask(db, "PRAGMA user_version", &version) == -1 ||
	    ask(db, "SELECT count(*) FROM sqlite_schema", &things) == -1) {
		complain_of(why, db);
		return SCHEMA_UNREADABLE;
	}
	if (application == 0 && version == 0 && things == 0) {
		complain(why, "an empty database");
		return SCHEMA_EMPTY;
	}
	if (application != SCHEMA_APPLICATION_ID || version < 1) {
		complain(why, "a database of another program");
		return SCHEMA_FOREIGN;
	}
	if (version > wanted) {
		complain(why, "database version %lld is newer than this "
		    "program's %d", (long long)version, wanted);
		return SCHEMA_NEWER;
	}
	if (version < wanted) {
		complain(why, "database version %lld is older than this "
		    "program's %d; the sensor upgrades it", (long long)version,
		    wanted);
		return SCHEMA_OLDER;
	}
	return SCHEMA_READY;
}

enum schema_state
schema_look(sqlite3 *db, char why[SCHEMA_WHY_MAX])
{
	return look(db, SCHEMA_VERSION, why);
}

/* Words of names.def.  A row of kinds keeps the number it has. */
static int
put_word(sqlite3_stmt *stmt, int64_t id, const char *word, const char *text)
{
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_text(stmt, 2, word, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(stmt) > 2)
		sqlite3_bind_text(stmt, 3, text, -1, SQLITE_STATIC);
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

enum list { LIST_KIND, LIST_GAP, LIST_EXPECTATION };

static int
put_list(sqlite3 *db, enum list which)
{
	static const char *const sql[] = {
		[LIST_KIND] = "INSERT INTO kind (id, word, text) "
		    "VALUES (nullif(?1, -1), ?2, ?3) "
		    "ON CONFLICT (word) DO UPDATE SET text = excluded.text",
		[LIST_GAP] = "INSERT INTO gap (id, word, text) "
		    "VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE "
		    "SET word = excluded.word, text = excluded.text",
		[LIST_EXPECTATION] = "INSERT INTO expectation (id, word) "
		    "VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE "
		    "SET word = excluded.word",
	};
	sqlite3_stmt *stmt;
	int rc = 0;

	if (sqlite3_prepare_v2(db, sql[which], -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	switch (which) {
	case LIST_KIND:
		for (enum kind k = 0; k < KINDS && rc == 0; k++)
			rc = put_word(stmt, -1, kind_word(k), kind_text(k));
		break;
	case LIST_GAP:
		for (enum gap g = 0; g < GAPS && rc == 0; g++)
			rc = put_word(stmt, g, gap_word(g), gap_text(g));
		break;
	case LIST_EXPECTATION:
		for (enum expectation e = 0; e < EXPECTATIONS && rc == 0; e++)
			rc = put_word(stmt, e, expectation_word(e), NULL);
		break;
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int
put_words(sqlite3 *db)
{
	if (put_list(db, LIST_KIND) == -1 || put_list(db, LIST_GAP) == -1)
		return -1;
	return put_list(db, LIST_EXPECTATION);
}

/* Has this program learnt words since the database was made? */
static int
words_lacking(sqlite3 *db, bool *lacking)
{
	int64_t ids[KINDS], gaps, expectations;

	if (ask(db, "SELECT count(*) FROM gap", &gaps) == -1 ||
	    ask(db, "SELECT count(*) FROM expectation", &expectations) == -1 ||
	    schema_kinds(db, ids, NULL) == -1)
		return -1;
	*lacking = gaps < GAPS || expectations < EXPECTATIONS;
	for (enum kind k = 0; k < KINDS; k++)
		if (ids[k] == 0)
			*lacking = true;
	return 0;
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int
set_version(sqlite3 *db, int version)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; "
	    "PRAGMA user_version = %d", SCHEMA_APPLICATION_ID, version);
	return run(db, sql);
}

static int
create(sqlite3 *db, int version)
{
	if (run(db, sql_schema) == -1 || run(db, sql_views) == -1 ||
	    put_words(db) == -1)
		return -1;
	return set_version(db, version);
}

/* Views are made anew, so that a step cares for tables only.  1: the steps
 * do not lead there. */
static int
upgrade(sqlite3 *db, const struct schema_step *steps, unsigned count,
    int version)
{
	int64_t at;

	if (ask(db, "PRAGMA user_version", &at) == -1 ||
	    run(db, "DROP VIEW IF EXISTS v_sessions; "
	    "DROP VIEW IF EXISTS v_findings; "
	    "DROP VIEW IF EXISTS v_incidents; "
	    "DROP VIEW IF EXISTS v_servers") == -1)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		if (steps[i].from != at || at >= version)
			continue;
		if (run(db, steps[i].sql) == -1)
			return -1;
		at++;
	}
	if (at != version)
		return 1;
	if (run(db, sql_views) == -1 || put_words(db) == -1)
		return -1;
	return set_version(db, version);
}

/* Inside the transaction.  -1: `why` says it. */
static int
climb(sqlite3 *db, const struct schema_step *steps, unsigned count,
    int version, char *why)
{
	bool lacking;
	int rc = -1;

	switch (look(db, version, why)) {
	case SCHEMA_EMPTY:
		rc = create(db, version);
		break;
	case SCHEMA_OLDER:
		rc = upgrade(db, steps, count, version);
		break;
	case SCHEMA_READY:
		if ((rc = words_lacking(db, &lacking)) == 0 && lacking)
			rc = put_words(db);
		break;
	case SCHEMA_NEWER:
	case SCHEMA_FOREIGN:
	case SCHEMA_UNREADABLE:
		return -1;
	}
	if (rc == 1)
		complain(why, "no way to upgrade this version");
	if (rc == -1)
		complain_of(why, db);
	return rc == 0 ? 0 : -1;
}

int
schema_climb(sqlite3 *db, const struct schema_step *steps, unsigned count,
    int version, char why[SCHEMA_WHY_MAX])
{
	bool lacking = true;

	why[0] = '\0';
	switch (look(db, version, why)) {
	case SCHEMA_NEWER:
	case SCHEMA_FOREIGN:
	case SCHEMA_UNREADABLE:
		return -1;
	case SCHEMA_READY:
		if (words_lacking(db, &lacking) == 0 && !lacking)
			return 0;
		break;
	case SCHEMA_EMPTY:
		/* Rows of some 300 octets and dialogues, mostly appended:
		 * fewer, larger pages, and fewer calls to write them.
		 * Only an empty database takes it, and no transaction may. */
		if (run(db, "PRAGMA page_size = 16384") == -1)
			goto fail;
		break;
	case SCHEMA_OLDER:
		break;
	}
	/* Somebody else may have come first: look again under the lock. */
	if (run(db, "BEGIN IMMEDIATE") == -1)
		goto fail;
	if (climb(db, steps, count, version, why) == -1) {
		run(db, "ROLLBACK");
		return -1;
	}
	if (run(db, "COMMIT") == 0)
		return 0;
fail:
	complain_of(why, db);
	run(db, "ROLLBACK");	/* may be over already */
	return -1;
}

int
schema_apply(sqlite3 *db, char why[SCHEMA_WHY_MAX])
{
	static const struct schema_step steps[] = {
		{ 1, sql_upgrade_1 },
		{ 2, sql_upgrade_2 },
		{ 3, sql_upgrade_3 },
		{ 4, sql_upgrade_4 },
	};

	return schema_climb(db, steps, sizeof(steps) / sizeof(steps[0]),
	    SCHEMA_VERSION, why);
}

int
schema_kinds(sqlite3 *db, int64_t ids[KINDS], char why[SCHEMA_WHY_MAX])
{
	sqlite3_stmt *stmt;
	int kind, rc;

	memset(ids, 0, KINDS * sizeof(*ids));
	if (sqlite3_prepare_v2(db, "SELECT id, word FROM kind", -1, &stmt,
	    NULL) != SQLITE_OK)
		goto fail;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		kind = kind_of((const char *)sqlite3_column_text(stmt, 1));
		if (kind != -1)		/* a later program's otherwise */
			ids[kind] = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE)
		return 0;
fail:
	complain_of(why, db);
	return -1;
}

static int64_t
id_second(int64_t time)
{
	int64_t second;

	if (time < 0)
		return 0;
	second = time / SECOND;
	return second < ID_SECOND_MAX ? second : ID_SECOND_MAX - 1;
}

int64_t
session_id(int64_t started_at, uint64_t identity_hash)
{
	return id_second(started_at) << SESSION_ID_BITS |
	    (int64_t)(identity_hash & ID_LOW);
}

int64_t
session_id_next(int64_t id, uint64_t identity_hash)
{
	/* The step is of other bits, and odd: it comes by every id of the
	 * second, and those who share an id part at once. */
	int64_t step = (int64_t)(identity_hash >> SESSION_ID_BITS & ID_LOW) | 1;

	return (id & ~ID_LOW) | ((id + step) & ID_LOW);
}

int64_t
session_id_floor(int64_t time)
{
	return id_second(time) << SESSION_ID_BITS;
}

int64_t
finding_id(int64_t session_row, unsigned rank)
{
	assert(session_row > 0 && rank < RANKS_MAX);
	return session_row << FINDING_ID_BITS | rank;
}
