/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "schema/schema.h"
#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define CROWD		5000	/* sessions of one second: some share an id */

struct place {
	char	 folder[64];
	char	 path[96];
	char	 lines[96];
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->folder, sizeof(p->folder), "/tmp/store_test.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/db", p->folder);
	snprintf(p->lines, sizeof(p->lines), "%s/lines", p->folder);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	unlink(p->lines);
	unlink(p->path);
	assert_int_equal(rmdir(p->folder), 0);	/* no WAL is left behind */
	free(p);
	return 0;
}

static struct store *
begin(const struct place *p, const char *sensor)
{
	struct store *s = store_open(p->path, sensor);

	assert_non_null(s);
	return s;
}

static void
put(struct store *s, struct made_up *m)
{
	assert_int_equal(made_up_store(s, m), 0);
}

static sqlite3 *
look(const struct place *p)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(p->path, &db, SQLITE_OPEN_READWRITE,
	    NULL), SQLITE_OK);
	return db;
}

/* How many rows every table has, and the whole of them in one number. */
#define ALL_ROWS							\
	"SELECT (SELECT count(*) FROM session) || ' ' || "		\
	"(SELECT count(*) FROM finding) || ' ' || "			\
	"(SELECT count(*) FROM common) || ' ' || "			\
	"(SELECT count(*) FROM line) || ' ' || "			\
	"(SELECT count(*) FROM text) || ' ' || "			\
	"(SELECT count(*) FROM ehlo_reply) || ' ' || "			\
	"(SELECT count(*) FROM host) || ' ' || "			\
	"(SELECT count(*) FROM certificate) || ' ' || "		\
	"(SELECT count(*) FROM chain) || ' ' || "			\
	"(SELECT count(*) FROM source) || ' ' || "			\
	"(SELECT count(*) FROM sensor)"

static struct certificate shown[] = {
	{ .sha256 = { 1 }, .readable = true, .subject = "CN=a" },
	{ .sha256 = { 2 } },
};

/* One with something for every table. */
static void
make_up_much(struct made_up *m, uint64_t identity)
{
	static char text[] = "mail passed in clear";
	struct dialogue *d = dialogue_new();

	make_up(m, identity);
	m->record.flow.ip[SIDE_CLIENT] =
	    addr_v6((uint8_t[]){ 0x20, 1, 0xd, 0xb8, [15] = 7 });
	m->smtp.facts.ehlo_reply = "mx hi\nSIZE\nDSN";
	m->smtp.facts.capabilities = "SIZE DSN";
	m->smtp.facts.banner = "mx ESMTP";
	m->chain[0] = &shown[0];
	m->chain[1] = &shown[1];
	m->tls.facts.chain_len = 2;
	m->findings.count = 2;
	m->findings.verdict = VERDICT_SUSPICIOUS;
	m->findings.list[0] = (struct finding){
		.kind = KIND_MAIL_IN_CLEAR, .because = 1u << EXPECT_DANE,
		.severity = SEVERITY_HIGH, .confidence = CONFIDENCE_STRONG,
		.at = NOON + 7, .summary = text,
	};
	json_text_raw(&m->findings.list[0].evidence, "{\"packet\":4}");
	m->findings.list[1] = (struct finding){ .kind = KIND_STARTTLS_ABSENT };
	dialogue_add(&d, SAID_BY_SERVER, NOON + 20, 4, "220 mx ESMTP", 12);
	dialogue_add(&d, SAID_BY_CLIENT, NOON + 40, 6, "EHLO a", 6);
	dialogue_add(&d, SAID_BY_CLIENT, NOON + 60, 7, "EHLO a", 6);
	m->record.dialogue = d;
}

static void
forget(struct made_up *m)
{
	json_text_free(&m->findings.list[0].evidence);
	dialogue_free(m->record.dialogue);
}

static void
the_same_record_again_changes_nothing(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db;

	make_up_much(&m, 1);
	put(s, &m);
	put(s, &m);
	assert_int_equal(store_totals(s)->sessions, 2);
	assert_int_equal(store_totals(s)->new_sessions, 1);
	assert_int_equal(store_close(s), 0);
	db = look(p);
	check(db, ALL_ROWS, "1 2 1 3 0 1 1 2 1 1 1");
	check(db, "PRAGMA foreign_key_check", "(none)");
	sqlite3_close(db);

	/* and so in a later run */
	s = begin(p, "one");
	put(s, &m);
	assert_int_equal(store_totals(s)->sessions, 1);
	assert_int_equal(store_totals(s)->new_sessions, 0);
	assert_int_equal(store_close(s), 0);
	db = look(p);
	check(db, ALL_ROWS, "1 2 1 3 0 1 1 2 1 1 1");
	sqlite3_close(db);
	forget(&m);
}

static void
what_repeats_is_stored_once_also_by_a_later_run(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s;
	sqlite3 *db;

	for (uint64_t identity = 1; identity <= 3; identity++) {
		s = begin(p, "one");
		make_up_much(&m, identity);
		put(s, &m);
		assert_int_equal(store_close(s), 0);
		forget(&m);
	}
	db = look(p);
	check(db, ALL_ROWS, "3 6 1 3 0 1 1 2 1 1 1");
	sqlite3_close(db);
}

static void
two_sensors_have_a_session_each(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s;
	sqlite3 *db;

	make_up(&m, 1);
	s = begin(p, "north");
	put(s, &m);
	assert_int_equal(store_close(s), 0);
	s = begin(p, "south");
	put(s, &m);
	assert_int_equal(store_totals(s)->new_sessions, 1);
	assert_int_equal(store_close(s), 0);
	db = look(p);
	check(db, "SELECT group_concat(sensor) FROM (SELECT sensor FROM "
	    "v_sessions ORDER BY sensor)", "north,south");
	sqlite3_close(db);
}

static void
sessions_that_share_an_id_are_told_apart(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db;
	char got[512];

	for (uint64_t i = 0; i < CROWD; i++) {
		make_up(&m, i);
		put(s, &m);
	}
	assert_int_equal(store_totals(s)->new_sessions, CROWD);
	/* in another order they are found all the same */
	for (uint64_t i = CROWD; i-- > 0;) {
		make_up(&m, i);
		put(s, &m);
	}
	assert_int_equal(store_totals(s)->new_sessions, CROWD);
	assert_int_equal(store_totals(s)->lost, 0);
	assert_int_equal(store_close(s), 0);

	db = look(p);
	check(db, "SELECT count(*) FROM session WHERE id >> 21 = 1795176715",
	    "5000");
	/* the test tests something: some had to move on */
	ask(db, "SELECT count(*) FROM session WHERE id >> 16 & 31 <> "
	    "identity & 31", got);
	assert_string_not_equal(got, "0");
	sqlite3_close(db);
}

/* Rows are written some at a time: none is lost, cut or another's. */
static void
rows_that_wait_for_each_other_arrive_whole(void **state)
{
	static char longer[100000];
	const struct place *p = *state;
	struct store *s = begin(p, "one");
	char line[600], summary[32];
	struct made_up m;
	sqlite3 *db;

	memset(longer, 'x', sizeof(longer) - 1);
	for (uint64_t i = 0; i < 1000; i++) {
		int n = snprintf(line, sizeof(line), "line %d of %0*d",
		    (int)i, (int)(i % 500) + 1, 7);

		make_up(&m, i);
		m.record.flow.side[SIDE_CLIENT].vlan = (uint16_t)(i % 7);
		m.smtp.facts.quit = i % 3 == 0;
		m.smtp.facts.mail_commands = i % 5;
		m.smtp.facts.banner = i % 100 == 50 ? longer : NULL;
		m.record.dialogue = dialogue_new();
		dialogue_add(&m.record.dialogue, SAID_BY_SERVER, NOON, 1,
		    line, (size_t)n);
		snprintf(summary, sizeof(summary), "finding %d", (int)i);
		m.findings.count = 1;
		m.findings.list[0].summary = summary;
		m.findings.list[0].at = (int64_t)i;
		json_text_string(&m.findings.list[0].evidence,
		    i % 100 == 7 ? longer : summary);
		put(s, &m);
		json_text_free(&m.findings.list[0].evidence);
		dialogue_free(m.record.dialogue);
	}
	assert_int_equal(store_close(s), 0);

	db = look(p);
	check(db, "SELECT count(*) FROM session", "1000");
	check(db, "SELECT count(*) FROM line WHERE text GLOB 'line * of *7' "
	    "AND length(text) = 9 + length(substr(text, 6, "
	    "instr(text, ' of') - 6)) + 1 + (substr(text, 6, "
	    "instr(text, ' of') - 6)) % 500", "1000");
	check(db, "SELECT length(text) FROM line WHERE id = (SELECT banner "
	    "FROM session WHERE banner IS NOT NULL)", "99999");
	check(db, "SELECT count(*) FROM v_findings WHERE "
	    "summary = 'finding ' || at AND evidence IN "
	    "(json_quote(summary), json_quote((SELECT text FROM line "
	    "WHERE length(text) = 99999)))", "1000");
	check(db, "SELECT sum(k.vlan) || ' ' || sum(flags) || ' ' || "
	    "sum(v.mail_commands) FROM session AS s JOIN common AS k "
	    "ON k.id = s.common JOIN v_sessions AS v ON v.id = s.id", "2997 334 2000");
	sqlite3_close(db);
}

static void
what_another_store_wrote_in_between_is_seen(void **state)
{
	const struct place *p = *state;
	struct store *a = begin(p, "one"), *b = begin(p, "one");
	struct made_up m;
	sqlite3 *db;

	for (uint64_t turn = 0; turn < 6; turn++) {
		struct store *s = turn % 2 == 0 ? a : b;

		for (uint64_t i = turn * 50; i < turn * 50 + 100; i++) {
			make_up(&m, i);
			m.smtp.facts.banner = "mx ESMTP";
			put(s, &m);
		}
		assert_int_equal(store_commit(s), 0);
	}
	assert_int_equal(store_totals(a)->new_sessions, 200);
	assert_int_equal(store_totals(b)->new_sessions, 150);
	assert_int_equal(store_close(a), 0);
	assert_int_equal(store_close(b), 0);

	db = look(p);
	check(db, "SELECT count(*) FROM session", "350");
	check(db, "SELECT count(*) FROM line", "2");
	sqlite3_close(db);
}

/* There are statements for the most frequent only. */
static void
sessions_of_any_shape_have_their_values(void **state)
{
	const struct place *p = *state;
	struct store *s = begin(p, "one");
	struct made_up m;
	sqlite3 *db;

	for (uint64_t i = 0; i < 64 * 256; i++) {
		make_up(&m, i);
		m.record.gaps = i >> 0 & 1;
		m.smtp.facts.greeting_code = i >> 1 & 1 ? 220 : 0;
		m.smtp.facts.starttls_reply = i >> 2 & 1 ? 454 : 0;
		m.smtp.facts.mail_commands = i >> 3 & 1 ? 3 : 0;
		m.mail.rcpt_commands = i >> 4 & 1 ? 5 : 0;
		m.smtp.facts.data_commands = i >> 5 & 1 ? 7 : 0;
		m.record.flow.last.time = NOON + (int64_t)(i & 63);
		put(s, &m);
	}
	assert_int_equal(store_close(s), 0);

	db = look(p);
	check(db, "SELECT count(*) FROM session AS s "
	    "JOIN common AS k ON k.id = s.common JOIN v_sessions AS v "
	    "ON v.id = s.id WHERE k.gaps = (lasted & 1) AND "
	    "k.greeting_code IS iif(lasted & 2, 220, NULL) AND "
	    "k.starttls_reply IS iif(lasted & 4, 454, NULL) AND "
	    "v.mail_commands = iif(lasted & 8, 3, 0) AND "
	    "v.rcpt_commands = iif(lasted & 16, 5, 0) AND "
	    "v.data_commands = iif(lasted & 32, 7, 0)", "16384");
	sqlite3_close(db);
}

static void
findings_come_with_their_session(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db;

	make_up_much(&m, 1);
	put(s, &m);
	assert_int_equal(store_totals(s)->findings[SEVERITY_HIGH], 1);
	assert_int_equal(store_totals(s)->findings[SEVERITY_INFO], 1);
	m.record.identity = 2;
	m.findings.count = 0;
	m.findings.verdict = VERDICT_UNDECIDED;
	put(s, &m);
	assert_int_equal(store_totals(s)->undecided, 1);
	assert_int_equal(store_close(s), 0);

	db = look(p);
	check(db, "SELECT kinds || verdict FROM v_sessions WHERE kinds <> "
	    "'[]'", "[\"mail-in-clear\",\"starttls-absent\"]suspicious");
	check(db, "SELECT (session_id = (SELECT id FROM v_sessions WHERE "
	    "kinds <> '[]')) || '|' || at || '|' || kind || because || "
	    "severity || confidence || summary || evidence FROM v_findings "
	    "ORDER BY id LIMIT 1", "1|1795176715066182|mail-in-clear"
	    "[\"dane\"]highstrongmail passed in clear{\"packet\":4}");
	check(db, "SELECT because || severity || confidence || summary || "
	    "evidence FROM v_findings ORDER BY id LIMIT 1 OFFSET 1",
	    "[]infocircumstantial{}");
	sqlite3_close(db);
	forget(&m);
}

static void
a_dialogue_comes_back_line_by_line(void **state)
{
	const struct place *p = *state;
	static const struct { uint64_t packet; int64_t time; } want[] = {
		{ 4, NOON + 20 }, { 6, NOON + 40 }, { 7, NOON + 60 },
	};
	struct dialogue_steps steps = { .time = NOON };
	struct dialogue_line line;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db;
	sqlite3_stmt *stmt;
	const uint8_t *row;
	size_t len, used, n = 0;
	int64_t id, ids[3];

	make_up_much(&m, 1);
	put(s, &m);
	assert_int_equal(store_close(s), 0);
	db = look(p);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT dialogue FROM session",
	    -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	row = sqlite3_column_blob(stmt, 0);
	len = (size_t)sqlite3_column_bytes(stmt, 0);
	while ((used = dialogue_unpack(row, len, &steps, &id, &line)) > 0) {
		assert_true(n < LENGTH(want));
		assert_int_equal(line.packet, want[n].packet);
		assert_int_equal(line.time, want[n].time);
		ids[n++] = id;
		row += used;
		len -= used;
	}
	assert_int_equal(len, 0);
	assert_int_equal(n, LENGTH(want));
	assert_int_equal(ids[1], ids[2]);
	sqlite3_finalize(stmt);
	check(db, "SELECT text FROM line WHERE text LIKE 'EHLO%'", "EHLO a");
	sqlite3_close(db);
	forget(&m);
}

static void
readers_see_what_was_committed_and_do_not_stop_us(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db = look(p);

	make_up(&m, 1);
	put(s, &m);
	check(db, "SELECT count(*) FROM v_sessions", "0");
	assert_int_equal(store_commit(s), 0);
	run(db, "BEGIN");	/* an analyst looks for a long time */
	check(db, "SELECT count(*) FROM v_sessions", "1");
	m.record.identity = 2;
	put(s, &m);
	assert_int_equal(store_commit(s), 0);
	check(db, "SELECT count(*) FROM v_sessions", "1");
	run(db, "COMMIT");
	check(db, "SELECT count(*) FROM v_sessions", "2");
	assert_int_equal(store_commit(s), 0);	/* of nothing */
	sqlite3_close(db);
	assert_int_equal(store_close(s), 0);
}

static void
a_transaction_has_a_limit_of_its_own(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	sqlite3 *db = look(p);

	for (uint64_t i = 0; i < STORE_BATCH_MAX; i++) {
		make_up(&m, i);
		m.record.flow.first.time = NOON + (int64_t)i * 1000;
		put(s, &m);
	}
	check(db, "SELECT count(*) FROM session", "262144");
	sqlite3_close(db);
	assert_int_equal(store_close(s), 0);
}

static void
a_run_is_told_once_however_often_it_is_read(void **state)
{
	const struct place *p = *state;
	struct counters c = { .n = { [COUNT_frames] = 7 } };
	struct store *s = begin(p, "one");
	sqlite3 *db;
	int64_t run_id;

	for (int i = 0; i < 3; i++) {
		run_id = store_run_begin(s, "a.pcap", 1000 + i);
		assert_int_not_equal(run_id, -1);
		assert_int_equal(store_run_end(s, run_id, &c, 5, 9,
		    i == 2 ? "cut at packet 3" : NULL), 0);
		assert_int_equal(store_commit(s), 0);
		db = look(p);
		/* twice the same: the first; then another outcome: that */
		check(db, "SELECT begun_at || ' ' || first_at || ' ' || "
		    "last_at || counters || ifnull(damage, '-') FROM run",
		    i < 2 ? "1000 5 9{\"frames\":7}-" :
		    "1002 5 9{\"frames\":7}cut at packet 3");
		check(db, "SELECT count(*) FROM run", "1");
		sqlite3_close(db);
	}
	/* other packets, an empty capture, and one that did not end */
	run_id = store_run_begin(s, "a.pcap", 2000);
	assert_int_equal(store_run_end(s, run_id, &c, 5, 10, NULL), 0);
	run_id = store_run_begin(s, "a.pcap", 3000);
	assert_int_equal(store_run_end(s, run_id, &c, 0, 0, NULL), 0);
	assert_int_not_equal(store_run_begin(s, "a.pcap", 4000), -1);
	assert_int_equal(store_close(s), 0);
	db = look(p);
	check(db, "SELECT group_concat(begun_at || ':' || "
	    "ifnull(first_at, '-') || ':' || (counters IS NULL), ' ') "
	    "FROM run", "1002:5:0 2000:5:0 3000:-:0 4000:-:1");
	check(db, "SELECT group_concat(name) FROM source", "a.pcap");
	sqlite3_close(db);
}

/* The "type" of each line of a file, which must all be JSON. */
static void
types_of(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	char line[16384];
	json_t *object;
	size_t len = 0;

	assert_non_null(f);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL) {
		object = json_loads(line, 0, NULL);
		assert_non_null(object);
		assert_int_equal(strncmp(line, "{\"type\":", 8), 0);
		len += (size_t)snprintf(out + len, size - len, "%s ",
		    json_string_value(json_object_get(object, "type")));
		json_decref(object);
	}
	fclose(f);
}

static void
what_is_new_is_said_in_json_once_it_is_safe(void **state)
{
	const struct place *p = *state;
	struct made_up m;
	struct store *s = begin(p, "one");
	char got[256];

	assert_int_equal(store_jsonl(s, p->lines), 0);
	make_up_much(&m, 1);
	put(s, &m);
	types_of(p->lines, got, sizeof(got));
	assert_string_equal(got, "");
	assert_int_equal(store_commit(s), 0);
	types_of(p->lines, got, sizeof(got));
	assert_string_equal(got, "session finding finding ");
	put(s, &m);		/* known: nothing to say */
	assert_int_equal(store_close(s), 0);
	forget(&m);

	s = begin(p, "one");	/* a later run writes on */
	assert_int_equal(store_jsonl(s, p->lines), 0);
	make_up(&m, 2);
	put(s, &m);
	assert_int_equal(store_close(s), 0);
	types_of(p->lines, got, sizeof(got));
	assert_string_equal(got, "session finding finding session ");
}

int
main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_same_record_again_changes_nothing),
		TEST(what_repeats_is_stored_once_also_by_a_later_run),
		TEST(two_sensors_have_a_session_each),
		TEST(sessions_that_share_an_id_are_told_apart),
		TEST(sessions_of_any_shape_have_their_values),
		TEST(rows_that_wait_for_each_other_arrive_whole),
		TEST(what_another_store_wrote_in_between_is_seen),
		TEST(findings_come_with_their_session),
		TEST(a_dialogue_comes_back_line_by_line),
		TEST(readers_see_what_was_committed_and_do_not_stop_us),
		TEST(a_transaction_has_a_limit_of_its_own),
		TEST(a_run_is_told_once_however_often_it_is_read),
		TEST(what_is_new_is_said_in_json_once_it_is_safe),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
