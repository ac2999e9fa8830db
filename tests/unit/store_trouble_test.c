/* SPDX-License-Identifier: ISC */
/*
 * What can go wrong in the world: said in one line, with nothing lost that
 * was there.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schema/schema.h"
#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define NOBODY		65534
#define HEARD_MAX	1024
#define FILE_MAX	(256 * 1024)

struct place {
	char	 folder[64];
	char	 path[96];
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->folder, sizeof(p->folder), "/tmp/store_test.XXXXXX");
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
	assert_int_equal(rmdir(p->folder), 0);
	free(p);
	return 0;
}

static size_t
lines_in(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* One line, with the path and the reason. */
static void
check_heard(const char *name, const char *said, const char *path,
    const char *why)
{
	if (lines_in(said) != 1 || strstr(said, path) == NULL ||
	    strstr(said, why) == NULL)
		fail_msg("%s: got \"%s\", want one line with \"%s\" and "
		    "\"%s\"", name, said, path, why);
}

static size_t
read_file(const char *path, char *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return 0;
	n = fread(out, 1, FILE_MAX, f);
	fclose(f);
	return n;
}

static const struct refused {
	const char	*name, *sql, *text, *why;
} refused[] = {
	{ "a database of a later program",
	  "PRAGMA application_id = 1398033491; PRAGMA user_version = 99;"
	  "CREATE TABLE session (id)", NULL, "newer" },
	{ "a database of another program", "CREATE TABLE t (a)", NULL,
	  "another program" },
	{ "a text file", NULL, "Dear all, this is no database at all; and it "
	  "is longer than a hundred octets, so that it could be one.\nYours,",
	  "not a database" },
};

static void
what_is_not_ours_stays_as_it_is(void **state)
{
	const struct place *p = *state;
	static char before[FILE_MAX], after[FILE_MAX], said[HEARD_MAX];
	struct ear ear;
	struct store *s;
	sqlite3 *db;
	FILE *f;
	size_t n;

	for (size_t i = 0; i < LENGTH(refused); i++) {
		unlink(p->path);
		if (refused[i].sql != NULL) {
			assert_int_equal(sqlite3_open(p->path, &db),
			    SQLITE_OK);
			run(db, refused[i].sql);
			sqlite3_close(db);
		} else {
			assert_non_null(f = fopen(p->path, "w"));
			fputs(refused[i].text, f);
			fclose(f);
		}
		n = read_file(p->path, before);
		ear_open(&ear);
		s = store_open(p->path, "one");
		ear_close(&ear, said, sizeof(said));
		assert_null(s);
		check_heard(refused[i].name, said, p->path, refused[i].why);
		if (read_file(p->path, after) != n ||
		    memcmp(before, after, n) != 0)
			fail_msg("%s: the file was changed", refused[i].name);
	}
}

static void
a_path_that_cannot_be_is_said(void **state)
{
	const struct place *p = *state;
	char path[128], said[HEARD_MAX];
	struct store *s;
	struct ear ear;

	snprintf(path, sizeof(path), "%s/nowhere/db", p->folder);
	ear_open(&ear);
	s = store_open(path, "one");
	ear_close(&ear, said, sizeof(said));
	assert_null(s);
	check_heard("a folder that is not there", said, path,
	    "unable to open");

	ear_open(&ear);
	s = store_open(p->folder, "one");
	ear_close(&ear, said, sizeof(said));
	assert_null(s);
	check_heard("a folder", said, p->folder, "unable to open");
}

static int
put(struct store *s, uint64_t identity)
{
	struct made_up m;

	make_up(&m, identity);
	return made_up_store(s, &m);
}

/* Root may write anything: ask as somebody else, in a child. */
static void
a_read_only_database_is_refused(void **state)
{
	const struct place *p = *state;
	static char before[FILE_MAX], after[FILE_MAX], said[HEARD_MAX];
	struct ear ear;
	struct store *s;
	size_t n;
	pid_t child;
	int status;

	assert_non_null(s = store_open(p->path, "one"));
	assert_int_equal(put(s, 1), 0);
	assert_int_equal(store_close(s), 0);
	n = read_file(p->path, before);
	assert_int_equal(chmod(p->path, 0444), 0);
	assert_int_equal(chmod(p->folder, 0555), 0);

	ear_open(&ear);
	assert_int_not_equal(child = fork(), -1);
	if (child == 0) {
		if (geteuid() == 0 && setuid(NOBODY) == -1)
			_exit(2);
		_exit(store_open(p->path, "one") == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	ear_close(&ear, said, sizeof(said));
	chmod(p->folder, 0755);
	chmod(p->path, 0644);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	check_heard("read-only", said, p->path, "the database is read-only");
	assert_int_equal(read_file(p->path, after), n);
	assert_memory_equal(before, after, n);
}

/* No file may grow past `octets`: a full disk, as a process meets it. */
static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_takes_only_what_was_not_committed(void **state)
{
	const struct place *p = *state;
	char said[HEARD_MAX];
	struct store *s;
	struct ear ear;
	sqlite3 *db;
	uint64_t i;

	signal(SIGXFSZ, SIG_IGN);
	assert_non_null(s = store_open(p->path, "one"));
	for (i = 0; i < 100; i++)
		assert_int_equal(put(s, i), 0);
	assert_int_equal(store_commit(s), 0);
	/* more than fits, in one transaction */
	limit_files(512 * 1024);
	ear_open(&ear);
	for (; i < 20000; i++)
		if (put(s, i) == -1)
			break;
	if (i == 20000)
		assert_int_equal(store_commit(s), -1);
	/* it takes no more, and says no more */
	assert_int_equal(put(s, 30000), -1);
	assert_int_equal(store_commit(s), -1);
	assert_int_equal(store_run_begin(s, "x", 1), -1);
	assert_int_equal(store_totals(s)->new_sessions, 100);
	assert_int_equal(store_close(s), -1);
	limit_files(RLIM_INFINITY);
	ear_close(&ear, said, sizeof(said));
	check_heard("a full disk", said, p->path,
	    "the 100 sessions stored before are safe");

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	check(db, "SELECT count(*) FROM v_sessions", "100");
	check(db, "PRAGMA integrity_check", "ok");
	sqlite3_close(db);
	/* with room again it goes on where it stopped */
	assert_non_null(s = store_open(p->path, "one"));
	for (i = 0; i < 200; i++)
		assert_int_equal(put(s, i), 0);
	assert_int_equal(store_totals(s)->new_sessions, 100);
	assert_int_equal(store_close(s), 0);
}

static void
a_disk_that_is_full_from_the_start_is_said(void **state)
{
	const struct place *p = *state;
	char said[HEARD_MAX];
	struct store *s;
	struct ear ear;

	signal(SIGXFSZ, SIG_IGN);
	limit_files(10000);
	ear_open(&ear);
	s = store_open(p->path, "one");
	limit_files(RLIM_INFINITY);
	ear_close(&ear, said, sizeof(said));
	assert_null(s);
	check_heard("no room for the tables", said, p->path, "");
	/* and is no reason to refuse the file later */
	assert_non_null(s = store_open(p->path, "one"));
	assert_int_equal(store_close(s), 0);
}

static void
json_lines_that_cannot_be_written_do_not_stop_the_store(void **state)
{
	const struct place *p = *state;
	char said[HEARD_MAX];
	struct store *s;
	struct ear ear;
	sqlite3 *db;

	assert_non_null(s = store_open(p->path, "one"));
	ear_open(&ear);
	assert_int_equal(store_jsonl(s, p->folder), -1);
	ear_close(&ear, said, sizeof(said));
	check_heard("a folder", said, p->folder, "directory");

	assert_int_equal(store_jsonl(s, "/dev/full"), 0);
	ear_open(&ear);
	assert_int_equal(put(s, 1), 0);
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(put(s, 2), 0);
	assert_int_equal(store_close(s), -1);
	ear_close(&ear, said, sizeof(said));
	check_heard("a full device", said, "/dev/full", "No space left");

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	check(db, "SELECT count(*) FROM v_sessions", "2");
	sqlite3_close(db);
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_ours_stays_as_it_is),
		TEST(a_path_that_cannot_be_is_said),
		TEST(a_read_only_database_is_refused),
		TEST(a_full_disk_takes_only_what_was_not_committed),
		TEST(a_disk_that_is_full_from_the_start_is_said),
		TEST(json_lines_that_cannot_be_written_do_not_stop_the_store),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
