/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schema/schema.h"
#include "schema_ask.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define FILE_MAX	(1024 * 1024)

struct place {			/* a folder of its own for each test */
	char	 folder[64];
	char	 path[96];
};

#define TEXT_OF(a)	#a
#define TEXT(a)		TEXT_OF(a)

static void
check_version(sqlite3 *db, int want)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", want);
	check(db, "PRAGMA user_version", text);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->folder, sizeof(p->folder), "/tmp/schema_test.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/db", p->folder);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	rmdir(p->folder);
	free(p);
	return 0;
}

static sqlite3 *
open_db(const char *path, int flags)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, flags, NULL), SQLITE_OK);
	return db;
}

static sqlite3 *
create_db(const char *path)
{
	return open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

static size_t
read_file(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, FILE_MAX, f);
	fclose(f);
	return n;
}

static void
write_file(const char *path, const void *octets, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
a_new_file_becomes_a_database_of_this_version(void **state)
{
	struct place *p = *state;
	sqlite3 *db = create_db(p->path);
	char why[SCHEMA_WHY_MAX];

	assert_int_equal(schema_look(db, why), SCHEMA_EMPTY);
	assert_int_equal(schema_apply(db, why), 0);
	assert_string_equal(why, "an empty database");
	assert_int_equal(schema_look(db, NULL), SCHEMA_READY);
	check(db, "PRAGMA application_id", "1398033491");
	check(db, "PRAGMA user_version", TEXT(SCHEMA_VERSION));
	check(db, "PRAGMA page_size", "16384");
	check(db, "SELECT group_concat(name) FROM (SELECT name FROM "
	    "sqlite_schema WHERE type = 'view' ORDER BY name)",
	    "v_findings,v_incidents,v_servers,v_sessions");
	check(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
	    "AND sql NOT LIKE '%STRICT' AND sql NOT LIKE '%STRICT, WITHOUT "
	    "ROWID'", "0");
	sqlite3_close(db);
}

static void
applying_again_writes_nothing(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	static uint8_t before[FILE_MAX], after[FILE_MAX];
	size_t n;
	sqlite3 *db = create_db(p->path);

	assert_int_equal(schema_apply(db, why), 0);
	sqlite3_close(db);
	n = read_file(p->path, before);
	db = create_db(p->path);
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(sqlite3_total_changes(db), 0);
	sqlite3_close(db);
	assert_int_equal(read_file(p->path, after), n);
	assert_memory_equal(before, after, n);
}

/* Files that must stay as they are, to the octet. */
static const struct refused {
	const char		*name;
	const char		*sql;	/* NULL: the text below is the file */
	const char		*text;
	enum schema_state	 state;
	const char		*why;	/* part of it */
} refused[] = {
	{ "a database of a later version",
	  "PRAGMA application_id = 1398033491; PRAGMA user_version = 99;"
	  "CREATE TABLE session (id)", NULL,
	  SCHEMA_NEWER, "version 99 is newer than this program's "
	  TEXT(SCHEMA_VERSION) },
	{ "a database with somebody else's tables",
	  "CREATE TABLE places (id); INSERT INTO places VALUES (1)", NULL,
	  SCHEMA_FOREIGN, "another program" },
	{ "a database with somebody else's application id",
	  "PRAGMA application_id = 7; PRAGMA user_version = 1", NULL,
	  SCHEMA_FOREIGN, "another program" },
	{ "our application id, but no version",
	  "PRAGMA application_id = 1398033491", NULL,
	  SCHEMA_FOREIGN, "another program" },
	{ "a text file", NULL,
	  "This is a page of text, which is no database at all, and it is "
	  "longer than the hundred octets that a header would take up.\n",
	  SCHEMA_UNREADABLE, "not a database" },
	{ "a database cut off behind its header", NULL,
	  "SQLite format 3", SCHEMA_UNREADABLE, "not a database" },
};

static void
what_is_not_ours_is_refused_and_left_alone(void **state)
{
	struct place *p = *state;
	static uint8_t before[FILE_MAX], after[FILE_MAX];
	char why[SCHEMA_WHY_MAX];
	enum schema_state got;
	sqlite3 *db;
	size_t n;

	for (size_t i = 0; i < LENGTH(refused); i++) {
		const struct refused *c = &refused[i];

		unlink(p->path);
		if (c->sql != NULL) {
			db = create_db(p->path);
			run(db, c->sql);
			sqlite3_close(db);
		} else
			write_file(p->path, c->text, strlen(c->text) + 1);
		n = read_file(p->path, before);

		db = create_db(p->path);
		if ((got = schema_look(db, NULL)) != c->state)
			fail_msg("%s: got state %d, want %d", c->name, got,
			    c->state);
		assert_int_equal(schema_apply(db, why), -1);
		if (strstr(why, c->why) == NULL)
			fail_msg("%s: got \"%s\", want \"%s\"", c->name, why,
			    c->why);
		sqlite3_close(db);
		if (read_file(p->path, after) != n ||
		    memcmp(before, after, n) != 0)
			fail_msg("%s: the file was changed", c->name);
	}
}

static void
a_read_only_empty_file_is_refused(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db;

	write_file(p->path, "", 0);
	db = open_db(p->path, SQLITE_OPEN_READONLY);
	assert_int_equal(schema_apply(db, why), -1);
	assert_non_null(strstr(why, "read-only"));
	sqlite3_close(db);
}

static void
a_full_disk_leaves_an_empty_database(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = create_db(p->path);

	run(db, "PRAGMA page_size = 8192; PRAGMA max_page_count = 5");
	assert_int_equal(schema_apply(db, why), -1);
	assert_non_null(strstr(why, "full"));
	assert_int_equal(schema_look(db, NULL), SCHEMA_EMPTY);
	/* and with room again it can be made after all */
	run(db, "PRAGMA max_page_count = 1000");
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(schema_look(db, NULL), SCHEMA_READY);
	sqlite3_close(db);
}

static void
a_locked_database_is_not_waited_for_by_us(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *other = create_db(p->path), *db = create_db(p->path);

	run(other, "BEGIN IMMEDIATE; CREATE TABLE t (a)");
	assert_int_equal(schema_apply(db, why), -1);
	assert_non_null(strstr(why, "locked"));
	run(other, "ROLLBACK");
	assert_int_equal(schema_apply(db, why), 0);
	sqlite3_close(db);
	sqlite3_close(other);
}

/* From this version on. */
static const struct schema_step steps[] = {
	{ SCHEMA_VERSION, "ALTER TABLE sensor ADD COLUMN site TEXT;"
	     "UPDATE sensor SET site = 'one'" },
	{ SCHEMA_VERSION + 1, "ALTER TABLE sensor ADD COLUMN rack TEXT;"
	     "UPDATE sensor SET rack = site || ' two'" },
};

static sqlite3 *
this_version(const char *path)
{
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = create_db(path);

	assert_int_equal(schema_apply(db, why), 0);
	run(db, "INSERT INTO sensor (name) VALUES ('s')");
	return db;
}

static void
an_older_database_climbs_step_by_step(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = this_version(p->path);

	/* as an older program left it: a view of another form */
	run(db, "DROP VIEW v_sessions; CREATE VIEW v_sessions AS SELECT 1 "
	    "AS old");
	assert_int_equal(schema_climb(db, steps, 2, SCHEMA_VERSION + 2, why), 0);
	check_version(db, SCHEMA_VERSION + 2);
	check(db, "SELECT rack FROM sensor", "one two");
	check(db, "SELECT count(*) FROM v_sessions WHERE id = 1", "0");
	/* for the program of this version it is now too new */
	assert_int_equal(schema_look(db, why), SCHEMA_NEWER);
	sqlite3_close(db);
}

static void
a_later_start_takes_only_the_steps_it_lacks(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = this_version(p->path);

	assert_int_equal(schema_climb(db, steps, 1, SCHEMA_VERSION + 1, why), 0);
	check_version(db, SCHEMA_VERSION + 1);
	assert_int_equal(schema_climb(db, steps, 2, SCHEMA_VERSION + 2, why), 0);
	check(db, "SELECT rack FROM sensor", "one two");
	sqlite3_close(db);
}

static void
a_step_that_fails_undoes_all_of_them(void **state)
{
	static const struct schema_step broken[] = {
		{ SCHEMA_VERSION, "ALTER TABLE sensor ADD COLUMN site TEXT" },
		{ SCHEMA_VERSION + 1, "UPDATE nowhere SET site = 1" },
	};
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = this_version(p->path);

	assert_int_equal(schema_climb(db, broken, 2, SCHEMA_VERSION + 2, why), -1);
	assert_non_null(strstr(why, "nowhere"));
	assert_int_equal(schema_look(db, NULL), SCHEMA_READY);
	check(db, "SELECT count(*) FROM pragma_table_info('sensor')", "2");
	check(db, "SELECT count(*) FROM v_sessions", "0");

	/* and so does a way with a hole in it */
	assert_int_equal(schema_climb(db, broken, 1, SCHEMA_VERSION + 2, why), -1);
	assert_non_null(strstr(why, "no way to upgrade"));
	check(db, "PRAGMA user_version", TEXT(SCHEMA_VERSION));
	check(db, "SELECT count(*) FROM v_servers", "0");
	sqlite3_close(db);
}

static void
a_word_the_database_lacks_is_added_and_the_others_stay(void **state)
{
	struct place *p = *state;
	char why[SCHEMA_WHY_MAX];
	int64_t before[KINDS], after[KINDS];
	sqlite3 *db = create_db(p->path);

	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(schema_kinds(db, before, why), 0);
	/* made by a program that knew one kind less, and one we do not */
	run(db, "DELETE FROM kind WHERE word = 'starttls-masked'; "
	    "DELETE FROM gap WHERE word = 'evicted'; INSERT INTO kind "
	    "(id, word, text) VALUES (70, 'unheard-of', '')");
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(schema_kinds(db, after, why), 0);
	for (enum kind k = 0; k < KINDS; k++) {
		if (k == KIND_STARTTLS_MASKED)
			assert_int_equal(after[k], 71);
		else
			assert_int_equal(after[k], before[k]);
	}
	check(db, "SELECT count(*) FROM gap WHERE word = 'evicted'", "1");
	sqlite3_close(db);
}

static const struct numbered {
	const char	*name;
	int64_t		 time;
	uint64_t	 identity;
	int64_t		 want;
} numbered[] = {
	{ "the first second", 0, 0, 0 },
	{ "identity gives 21 bits", 999999, UINT64_MAX, 0x1fffff },
	{ "the next second", 1000000, 5, (1 << 21) + 5 },
	{ "a day of 2026", INT64_C(1763621515066175), 1,
	  (INT64_C(1763621515) << 21) + 1 },
	{ "before 1970: the first second", -1, 7, 7 },
	{ "long before 1970", INT64_MIN, 7, 7 },
	{ "beyond what 53 bits hold: the last second", INT64_MAX, 7,
	  (((INT64_C(1) << 32) - 1) << 21) + 7 },
};

static void
a_session_number_is_time_and_identity(void **state)
{
	int64_t got;

	(void)state;
	for (size_t i = 0; i < LENGTH(numbered); i++) {
		const struct numbered *c = &numbered[i];

		got = session_id(c->time, c->identity);
		if (got != c->want)
			fail_msg("%s: got %lld, want %lld", c->name,
			    (long long)got, (long long)c->want);
		assert_true(got < INT64_C(1) << 53);
		assert_true(session_id_floor(c->time) <= got);
		assert_int_equal(got >> SESSION_ID_BITS,
		    session_id_floor(c->time) >> SESSION_ID_BITS);
	}
}

static void
every_number_of_a_second_is_come_by_once(void **state)
{
	static uint8_t seen[1 << SESSION_ID_BITS];
	static const uint64_t identities[] = {
		0, UINT64_MAX, UINT64_C(0x123456789abcdef0),
		UINT64_C(1) << SESSION_ID_BITS,
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(identities); i++) {
		int64_t id = session_id(77000000, identities[i]);

		memset(seen, 0, sizeof(seen));
		for (int n = 0; n < 1 << SESSION_ID_BITS; n++) {
			assert_int_equal(id >> SESSION_ID_BITS, 77);
			seen[id & ((1 << SESSION_ID_BITS) - 1)]++;
			id = session_id_next(id, identities[i]);
		}
		assert_null(memchr(seen, 0, sizeof(seen)));
		assert_int_equal(id, session_id(77000000, identities[i]));
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Ids of findings grow with the rows of sessions and with ranks, are never
 * those of another session, and stay whole in 53 bits. */
static void
findings_are_numbered_within_their_session(void **state)
{
	(void)state;
	assert_int_equal(finding_id(1, 0), 128);
	assert_int_equal(finding_id(1, RANKS_MAX - 1), 255);
	assert_int_equal(finding_id(2, 0), 256);
	assert_int_equal(finding_id((INT64_C(1) << 46) - 1, RANKS_MAX - 1),
	    (INT64_C(1) << 53) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_becomes_a_database_of_this_version),
		TEST(applying_again_writes_nothing),
		TEST(what_is_not_ours_is_refused_and_left_alone),
		TEST(a_read_only_empty_file_is_refused),
		TEST(a_full_disk_leaves_an_empty_database),
		TEST(a_locked_database_is_not_waited_for_by_us),
		TEST(an_older_database_climbs_step_by_step),
		TEST(a_later_start_takes_only_the_steps_it_lacks),
		TEST(a_step_that_fails_undoes_all_of_them),
		TEST(a_word_the_database_lacks_is_added_and_the_others_stay),
		cmocka_unit_test(a_session_number_is_time_and_identity),
		cmocka_unit_test(every_number_of_a_second_is_come_by_once),
		cmocka_unit_test(findings_are_numbered_within_their_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
