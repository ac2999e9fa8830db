/* SPDX-License-Identifier: ISC */
/*
 * What findings say is stored once, without its names and times: each must
 * come back from the view as it was said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define V4(a, b, c, d)	{ true, { a, b, c, d } }
#define V6(x)		{ false, { 0x20, 1, 0xd, 0xb8, [15] = x } }
#define DAY		INT64_C(86400000000)

struct party {
	bool	is_v4;
	uint8_t	octets[16];
};

static char long_name[400];

static const struct said {
	const char	*name;		/* of the server; NULL: none */
	struct party	 server, client;
	const char	*summary;
	int64_t		 at;
	const char	*evidence;
	unsigned	 nmarks;
	struct mark	 marks[3];
	const char	*want;		/* the evidence in the view */
} cases[] = {
	{ "mx.example", V4(198, 51, 100, 25), V4(192, 0, 2, 10),
	  "TLS with mx.example (198.51.100.25) failed", NOON,
	  "{\"packet\":\1,\"lines\":[{\"packet\":\2,\"text\":\"a\"},"
	  "{\"packet\":\3}]}", 3,
	  { { NOON, 90 }, { NOON - 45066176, 12 }, { NOON + DAY, 91 } },
	  "{\"packet\":90,\"at\":\"2026-11-20T12:11:55.066175Z\","
	  "\"lines\":[{\"packet\":12,\"at\":\"2026-11-20T12:11:09.999999Z\","
	  "\"text\":\"a\"},{\"packet\":91,"
	  "\"at\":\"2026-11-21T12:11:55.066175Z\"}]}" },
	/* the same text, of others at another time */
	{ "mx.other", V4(198, 51, 100, 2), V4(192, 0, 2, 1),
	  "TLS with mx.other (198.51.100.2) failed", 0,
	  "{\"packet\":\1,\"lines\":[{\"packet\":\2,\"text\":\"a\"},"
	  "{\"packet\":\3}]}", 3,
	  { { 0, UINT64_C(1) << 62 }, { 1, 1 },
	  { INT64_C(253402300799999999), 2 } },
	  "{\"packet\":4611686018427387904,"
	  "\"at\":\"1970-01-01T00:00:00.000000Z\","
	  "\"lines\":[{\"packet\":1,\"at\":\"1970-01-01T00:00:00.000001Z\","
	  "\"text\":\"a\"},{\"packet\":2,"
	  "\"at\":\"9999-12-31T23:59:59.999999Z\"}]}" },
	/* without a name, and what looks like addresses */
	{ NULL, V6(1), V6(0x12), "2001:db8::1 and 2001:db8::12, 2001:db8::1",
	  NOON, "{}", 0, { { 0, 0 } }, "{}" },
	{ NULL, V4(10, 0, 0, 1), V4(10, 0, 0, 1), "10.0.0.1 to 10.0.0.1, not "
	  "10.0.0.11", NOON, "{\"packet\":\1}", 1, { { NOON, 1 } },
	  "{\"packet\":1,\"at\":\"2026-11-20T12:11:55.066175Z\"}" },
	{ "10.0.0.2", V4(10, 0, 0, 1), V4(10, 0, 0, 2), "10.0.0.2 said "
	  "10.0.0.2 (10.0.0.1)", NOON, "{}", 0, { { 0, 0 } }, "{}" },
	{ "", V4(10, 0, 0, 1), V4(10, 0, 0, 2), " (10.0.0.1)", NOON, "{}", 0,
	  { { 0, 0 } }, "{}" },
	{ long_name, V4(10, 0, 0, 1), V4(10, 0, 0, 2), "a name cut off: "
	  "nnnnnn", NOON, "{}", 0, { { 0, 0 } }, "{}" },
	{ "mx.example", V4(10, 0, 0, 1), V4(10, 0, 0, 2), "", NOON, "{}", 0,
	  { { 0, 0 } }, "{}" },
	/* no reader leaves such octets, but they would be taken for names */
	{ "mx.example", V4(10, 0, 0, 1), V4(10, 0, 0, 2), "\1 and \2", NOON,
	  "{}", 0, { { 0, 0 } }, "{}" },
	{ "mx.example", V4(10, 0, 0, 1), V4(10, 0, 0, 2), long_name, NOON,
	  "{}", 0, { { 0, 0 } }, "{}" },
};

static struct addr
address(const struct party *p)
{
	return p->is_v4 ? addr_v4(p->octets) : addr_v6(p->octets);
}

static void
say(struct made_up *m, const struct said *c, uint64_t identity, char *summary)
{
	struct finding *f = &m->findings.list[0];

	make_up(m, identity);
	m->record.server_name = (char *)c->name;	/* only read */
	m->record.flow.ip[SIDE_SERVER] = address(&c->server);
	m->record.flow.ip[SIDE_CLIENT] = address(&c->client);
	m->findings.count = 1;
	f->summary = summary;
	f->at = c->at;
	f->nmarks = c->nmarks;
	memcpy(f->marks, c->marks, sizeof(c->marks));
	json_text_raw(&f->evidence, c->evidence);
}

/* Sessions, one of each case, and that again. */
static void
say_all(const char *path, uint64_t from, unsigned turns)
{
	struct store *s = store_open(path, "sen");
	struct made_up m;

	assert_non_null(s);
	for (unsigned turn = 0; turn < turns; turn++)
		for (size_t i = 0; i < LENGTH(cases); i++) {
			char *summary = strdup(cases[i].summary);

			say(&m, &cases[i], from++, summary);
			assert_int_equal(made_up_store(s, &m), 0);
			json_text_free(&m.findings.list[0].evidence);
			free(summary);
		}
	assert_int_equal(store_close(s), 0);
}

static void
check_all(sqlite3 *db, unsigned turns)
{
	sqlite3_stmt *stmt;
	unsigned n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT summary, evidence "
	    "FROM v_findings ORDER BY id", -1, &stmt, NULL), SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
		const struct said *c = &cases[n % LENGTH(cases)];

		assert_string_equal(sqlite3_column_text(stmt, 0), c->summary);
		assert_string_equal(sqlite3_column_text(stmt, 1), c->want);
	}
	sqlite3_finalize(stmt);
	assert_int_equal(n, turns * LENGTH(cases));
}

static void
what_was_said_comes_back_and_is_there_once(void **state)
{
	char path[] = "/tmp/store_test.XXXXXX", got[512];
	sqlite3 *db;

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	close(mkstemp(path));
	say_all(path, 1, 1);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	check_all(db, 1);
	/* the first two say the same but for names and times */
	check(db, "SELECT count(*) FROM finding AS a JOIN finding AS b ON "
	    "b.id = 256 WHERE a.id = 128 AND a.wording = b.wording AND "
	    "a.shape = b.shape AND a.summary = '' AND b.summary = ''", "1");
	check(db, "SELECT text FROM wording WHERE id = (SELECT wording FROM "
	    "finding WHERE id = 128)", "TLS with \1 failed");
	ask(db, "SELECT count(*) FROM wording", got);
	sqlite3_close(db);

	/* again and by a later program: nothing new is said */
	say_all(path, 1001, 30);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	check_all(db, 31);
	check(db, "SELECT count(*) FROM wording", got);
	check(db, "PRAGMA foreign_key_check", "(none)");
	sqlite3_close(db);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_comes_back_and_is_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
