/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schema/schema.h"
#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		INT64_C(3600000000)

/* A session as far as incidents go: from network 10.0.NET.0/24 with
 * 10.1.0.SERVER, hours after noon; what was found, its leader first. */
struct met {
	double		hours;
	uint8_t		net, server;
	enum kind	kind;
	enum severity	severity;
};

struct place {
	char		 path[64];
	struct store	*store;
	uint64_t	 identity;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	int fd;

	assert_non_null(p);
	snprintf(p->path, sizeof(p->path), "/tmp/incidents_test.XXXXXX");
	assert_int_not_equal(fd = mkstemp(p->path), -1);
	close(fd);
	assert_non_null(p->store = store_open(p->path, "tap"));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	store_close(p->store);
	unlink(p->path);
	free(p);
	return 0;
}

static void
restart(struct place *p)
{
	assert_int_equal(store_close(p->store), 0);
	assert_non_null(p->store = store_open(p->path, "tap"));
}

static void
put_with(struct place *p, const struct met *m, uint64_t identity)
{
	static char text[] = "found";
	struct made_up made;

	make_up(&made, identity);
	made.record.protocol = RECORD_SMTP;
	made.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 10, 0, m->net,
	    (uint8_t)(1 + identity % 200) });
	made.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1, 0,
	    m->server });
	made.record.flow.first.time = NOON + (int64_t)(m->hours *
	    (double)HOUR);
	made.smtp.facts.mails_accepted = 1;
	made.findings.count = 2;
	made.findings.list[0] = (struct finding){ .kind = m->kind,
	    .severity = m->severity, .confidence = CONFIDENCE_STRONG,
	    .because = 1U << EXPECT_HISTORY, .summary = text };
	made.findings.list[1] = (struct finding){
	    .kind = KIND_PATH_ANOMALY, .severity = SEVERITY_INFO,
	    .summary = text };
	assert_int_equal(made_up_store(p->store, &made), 0);
}

static void
put(struct place *p, const struct met *m)
{
	put_with(p, m, ++p->identity);
}

static void
put_all(struct place *p, const struct met *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(p, &list[i]);
}

/* A reader beside the store, behind its commit. */
static sqlite3 *
look(struct place *p)
{
	sqlite3 *db;

	assert_int_equal(store_commit(p->store), 0);
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

static void
expect(struct place *p, const char *sql, const char *want)
{
	sqlite3 *db = look(p);

	check(db, sql, want);
	sqlite3_close(db);
}

static void
tell(struct place *p, const char *sql)
{
	sqlite3 *db = look(p);

	run(db, sql);
	sqlite3_close(db);
}

#define COUNT		"SELECT count(*) FROM incident"
#define SUM		"SELECT group_concat(sessions) FROM " \
    "(SELECT sessions FROM incident ORDER BY sessions)"
/* Numbers differ with the order of arrival; what is in them must not. */
#define ALL_OF_THEM							\
	"SELECT group_concat(t, x'0a') FROM (SELECT "			\
	"family || ' ' || ifnull(server & 255, client_net) || ' ' || kind " \
	"|| ' ' || severity || ' ' || first_seen || '-' || "		\
	"(last_seen - first_seen) || ' ' || sessions || ' ' || "	\
	"mails_in_clear || ' ' || (SELECT group_concat(what || word || "	\
	"sessions) FROM (SELECT * FROM incident_part p WHERE p.incident = " \
	"i.id AND what < 2 ORDER BY what, word)) AS t FROM incident i "	\
	"ORDER BY t)"
/* Each finding above a note is in an incident that has its session's
 * server, and none is lost. */
#define ASTRAY								\
	"SELECT count(*) FROM finding f WHERE f.severity > 0 AND NOT EXISTS " \
	"(SELECT 1 FROM incident i JOIN incident_part p ON p.incident = i.id " \
	"JOIN session s ON s.id = f.session WHERE i.id = f.incident AND "	\
	"p.what = 1 AND p.word = '10.1.0.' || (s.server & 255) || ':25')"

#define ABSENT	KIND_STARTTLS_ABSENT, SEVERITY_MEDIUM
#define MASKED	KIND_STARTTLS_MASKED, SEVERITY_HIGH

/* ------------------------------------------------------------------ */
/* what is one incident                                               */

static const struct {
	const char	*name;
	struct met	 list[8];
	const char	*sessions;	/* of each incident, the least first */
} cases[] = {
	{ "one session", { { 0, 1, 1, ABSENT } }, "1" },
	{ "a day later it goes on",
	  { { 0, 1, 1, ABSENT }, { 24, 1, 1, ABSENT } }, "2" },
	{ "more than a day later it is another",
	  { { 0, 1, 1, ABSENT }, { 24.01, 1, 1, ABSENT } }, "1,1" },
	{ "an older capture read later belongs to it",
	  { { 0, 1, 1, ABSENT }, { -24, 1, 1, ABSENT } }, "2" },
	{ "two that a third bridges",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 20, 1, 1, ABSENT } }, "3" },
	{ "a chain of days",
	  { { 0, 1, 1, ABSENT }, { 20, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 60, 1, 1, ABSENT } }, "4" },
	{ "another network of clients, the same server",
	  { { 0, 1, 1, ABSENT }, { 1, 2, 1, ABSENT } }, "2" },
	{ "another kind of the same family",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 1, MASKED } }, "2" },
	{ "another family",
	  { { 0, 1, 1, ABSENT },
	    { 1, 1, 1, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH } }, "1,1" },
	{ "two servers",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT } }, "1,1" },
	{ "three servers of one network are the network's",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT } },
	  "3" },
	{ "... and the fourth goes there",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 1, 4, ABSENT } }, "4" },
	{ "... and so does the first server again",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 1, 1, ABSENT } }, "4" },
	{ "... but for other clients that server has its own",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 2, 1, ABSENT } }, "1,3" },
	{ "three servers, of which others lost one, too",
	  { { 0, 1, 1, ABSENT }, { 0, 2, 1, ABSENT }, { 1, 1, 2, ABSENT },
	    { 2, 1, 3, ABSENT } }, "1,1,2" },
	{ "three servers, each for another network",
	  { { 0, 1, 1, ABSENT }, { 1, 2, 2, ABSENT }, { 2, 3, 3, ABSENT } },
	  "1,1,1" },
	{ "three servers, but another thing with the third",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, MASKED } },
	  "1,1,1" },
	{ "three servers, linked in time by the second",
	  { { 0, 1, 1, ABSENT }, { 20, 1, 2, ABSENT },
	    { 40, 1, 3, ABSENT } }, "3" },
	{ "... which comes last",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 3, ABSENT },
	    { 20, 1, 2, ABSENT } }, "3" },
	{ "three servers, days apart",
	  { { 0, 1, 1, ABSENT }, { 30, 1, 2, ABSENT },
	    { 60, 1, 3, ABSENT } }, "1,1,1" },
	{ "three incidents, but two servers",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 20, 1, 2, ABSENT } }, "1,1,1" },
	{ "a network's, and one of its servers that comes near in time",
	  { { 0, 1, 1, ABSENT }, { 0, 1, 2, ABSENT }, { 0, 1, 3, ABSENT },
	    { 40, 1, 4, ABSENT }, { 20, 1, 1, ABSENT } }, "5" },
	{ "passwords are a matter of each server",
	  { { 0, 1, 1, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH },
	    { 0, 1, 2, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH },
	    { 0, 1, 3, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH } },
	  "1,1,1" },
	{ "a note is in none",
	  { { 0, 1, 1, KIND_STARTTLS_ABSENT, SEVERITY_INFO } }, "(none)" },
};

static size_t
length(const struct met *list)
{
	size_t n = 0;

	while (n < 8 && list[n].net != 0)
		n++;
	return n;
}

static void
sessions_of_one_cause_are_one_incident(void **state)
{
	struct place *p = *state;
	char got[512];
	sqlite3 *db;

	/* all at once; a commit behind each; a restart behind each */
	for (unsigned way = 0; way < 3; way++)
		for (size_t i = 0; i < LENGTH(cases); i++) {
			for (size_t n = 0; n < length(cases[i].list); n++) {
				put(p, &cases[i].list[n]);
				if (way == 1)
					store_commit(p->store);
				else if (way == 2)
					restart(p);
			}
			db = look(p);
			ask(db, SUM, got);
			if (strcmp(got, cases[i].sessions) != 0)
				fail_msg("%s (%u): got %s, want %s",
				    cases[i].name, way, got,
				    cases[i].sessions);
			check(db, ASTRAY, "0");
			run(db, "DELETE FROM incident; DELETE FROM finding; "
			    "DELETE FROM incident_part; DELETE FROM session; "
			    "DELETE FROM incident_log; DELETE FROM past");
			sqlite3_close(db);
			restart(p);
		}
}

static void
an_incident_says_what_is_in_it(void **state)
{
	static const struct met list[] = {
		{ 0, 1, 1, ABSENT }, { 2, 1, 1, MASKED }, { 1, 2, 1, ABSENT },
	};
	struct place *p = *state;
	sqlite3 *db;

	put_all(p, list, LENGTH(list));
	db = look(p);
	check(db, "SELECT severity || ' ' || state || ' ' || because || ' ' || "
	    "mails_in_clear || ' ' || ((last_seen - first_seen) / 3600000000) "
	    "FROM incident", "3 0 4 3 2");
	check(db, "SELECT word FROM kind JOIN incident ON kind.id = "
	    "incident.kind", "starttls-masked");
	check(db, "SELECT group_concat(word || '=' || sessions) FROM "
	    "incident_part WHERE what = 0", "10.0.1.0/24=2,10.0.2.0/24=1");
	check(db, "SELECT word || '=' || sessions FROM incident_part "
	    "WHERE what = 3", "tap=3");
	check(db, "SELECT group_concat(action) FROM incident_log", "opened");
	/* to look at first: the gravest */
	check(db, "SELECT f.severity FROM incident i JOIN finding f ON "
	    "f.session = i.session WHERE rank = 0", "3");
	/* notes stay outside */
	check(db, "SELECT count(*) FROM finding WHERE incident IS NULL", "3");
	sqlite3_close(db);
}

static void
a_network_of_clients_has_a_place_of_its_own(void **state)
{
	static const struct met list[] = {
		{ 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	};
	struct place *p = *state;
	sqlite3 *db;

	put_all(p, list, LENGTH(list));
	db = look(p);
	check(db, "SELECT client_net || ifnull(server, '') FROM incident",
	    "10.0.1.0/24");
	check(db, "SELECT located FROM incident", "1");
	check(db, "SELECT count(DISTINCT incident) || ' ' || count(incident) "
	    "FROM finding", "1 3");
	sqlite3_close(db);
	assert_int_equal(store_totals(p->store)->incidents, 1);
}

/* ------------------------------------------------------------------ */
/* order                                                              */

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void
the_order_of_arrival_changes_nothing(void **state)
{
	enum { MANY = 120, ROUNDS = 25 };
	struct place *p = *state;
	struct met list[MANY], swap;
	unsigned order[MANY];
	char want[32768] = "", got[32768];
	uint64_t seed = 7;

	/* networks 1-3 lose all of their servers, network 4 two; servers
	 * 200.. are lost for all; four stretches of time, two of them linked */
	for (unsigned i = 0; i < MANY; i++) {
		static const int starts[] = { 0, 20, 100, 300 };
		unsigned net = 1 + (unsigned)(next(&seed) % 5);

		swap = (struct met){ starts[next(&seed) % 4] +
		    (double)(next(&seed) % 100) / 20, (uint8_t)net,
		    (uint8_t)(net * 10 + next(&seed) % 4), ABSENT };
		if (net == 4)
			swap.server = (uint8_t)(40 + next(&seed) % 2);
		if (net == 5) {
			swap.net = (uint8_t)(50 + next(&seed) % 20);
			swap.server = (uint8_t)(200 + next(&seed) % 2);
		}
		list[i] = swap;
		order[i] = i;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		sqlite3 *db;
		sqlite3_stmt *stmt;

		for (unsigned i = 0; i < MANY; i++) {
			put_with(p, &list[order[i]], 1 + order[i]);
			if (round % 3 == 1 && i % 10 == 9)
				store_commit(p->store);
			if (round % 3 == 2 && i % 30 == 29)
				restart(p);
		}
		db = look(p);
		check(db, ASTRAY, "0");
		assert_int_equal(sqlite3_prepare_v2(db, ALL_OF_THEM, -1, &stmt,
		    NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_in_range(snprintf(got, sizeof(got), "%s",
		    (const char *)sqlite3_column_text(stmt, 0)), 100,
		    sizeof(got) - 1);
		sqlite3_finalize(stmt);
		if (round == 0)
			strcpy(want, got);
		else if (strcmp(want, got) != 0)
			fail_msg("round %u: got\n%s\nwant\n%s", round, got,
			    want);
		run(db, "DELETE FROM incident; DELETE FROM finding; "
		    "DELETE FROM incident_part; DELETE FROM session; "
		    "DELETE FROM incident_log; DELETE FROM past");
		sqlite3_close(db);
		restart(p);
		for (unsigned i = MANY - 1; i > 0; i--) {
			unsigned k = (unsigned)(next(&seed) % i), was;

			was = order[i];
			order[i] = order[k];
			order[k] = was;
		}
	}
	/* it is not one for all, nor one for each */
	assert_non_null(strstr(want, "10.0.1.0/24"));
	assert_non_null(strchr(want, '\n'));
}

/* ------------------------------------------------------------------ */
/* analysts                                                           */

static const struct met again[] = { { 1, 1, 1, ABSENT } };

static void
what_an_analyst_made_of_it_stays(void **state)
{
	static const enum state kept[] = { STATE_ACKNOWLEDGED,
	    STATE_SUPPRESSED };
	struct place *p = *state;
	char sql[128], want[8];

	for (size_t i = 0; i < LENGTH(kept); i++) {
		put_all(p, again, 1);
		snprintf(sql, sizeof(sql), "UPDATE incident SET state = %d",
		    kept[i]);
		snprintf(want, sizeof(want), "%d", kept[i]);
		tell(p, sql);
		put_all(p, again, 1);
		expect(p, "SELECT state FROM incident", want);
		restart(p);
		put_all(p, again, 1);
		expect(p, "SELECT state FROM incident", want);
	}
	expect(p, "SELECT sessions FROM incident", "6");
	expect(p, "SELECT group_concat(action) FROM incident_log", "opened");
}

static void
a_closed_one_that_goes_on_is_opened_again_and_says_so(void **state)
{
	struct place *p = *state;

	put_all(p, again, 1);
	tell(p, "UPDATE incident SET state = 2; INSERT INTO incident_log "
	    "(incident, at, who, action) VALUES (1, 1, 'ann', 'closed')");
	expect(p, "SELECT state FROM incident", "2");
	put_all(p, again, 1);
	put_all(p, again, 1);
	expect(p, "SELECT state FROM incident", "0");
	expect(p, "SELECT group_concat(who || ' ' || action, ', ') FROM "
	    "incident_log", "sensor opened, ann closed, sensor reopened");
	/* closed anew, and nothing comes: it stays closed */
	tell(p, "UPDATE incident SET state = 2");
	put(p, &(struct met){ 100, 1, 9, ABSENT });
	expect(p, "SELECT state FROM incident WHERE id = 1", "2");
}

static void
merging_keeps_the_elder_and_tells_what_became_of_the_other(void **state)
{
	struct place *p = *state;

	put(p, &(struct met){ 0, 1, 1, ABSENT });
	put(p, &(struct met){ 40, 1, 1, ABSENT });
	tell(p, "UPDATE incident SET state = id; INSERT INTO incident_log "
	    "(incident, at, who, action, text) "
	    "VALUES (2, 1, 'ann', 'noted', 'look')");
	restart(p);
	put(p, &(struct met){ 20, 1, 1, ABSENT });
	/* acknowledged was the elder; closed the other */
	expect(p, "SELECT id || ' ' || state || ' ' || sessions FROM incident",
	    "1 1 3");
	expect(p, "SELECT group_concat(action || ifnull(' ' || text, ''), "
	    "', ') FROM incident_log", "opened, noted look, "
	    "merged incident 2 (closed) became part of it");
	expect(p, "SELECT count(*) FROM finding WHERE incident = 1", "3");
	expect(p, "SELECT count(*) FROM incident_part WHERE incident <> 1",
	    "0");
}

static void
another_program_may_write_in_between(void **state)
{
	struct place *p = *state;
	struct store *other;
	struct place q = { .identity = 1000 };

	snprintf(q.path, sizeof(q.path), "%s", p->path);
	assert_non_null(q.store = store_open(p->path, "north"));
	for (int i = 0; i < 5; i++) {
		put(p, &(struct met){ i, 1, 1, ABSENT });
		assert_int_equal(store_commit(p->store), 0);
		put(&q, &(struct met){ i, 2, 1, ABSENT });
		put(&q, &(struct met){ i, 3, (uint8_t)(10 + i), MASKED });
		assert_int_equal(store_commit(q.store), 0);
	}
	other = q.store;
	assert_int_equal(store_close(other), 0);
	expect(p, SUM, "5,10");
	expect(p, "SELECT group_concat(word || '=' || sessions) FROM "
	    "incident_part WHERE what = 3 AND incident = 1",
	    "north=5,tap=5");
	expect(p, ASTRAY, "0");
}

/* ------------------------------------------------------------------ */
/* floods                                                             */

static void
ten_thousand_stripped_sessions_are_one_incident(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < 10000; i++) {
		put(p, &(struct met){ i / 1000.0, (uint8_t)(1 + i % 250), 1,
		    ABSENT });
		if (i % 2500 == 0)
			restart(p);
	}
	expect(p, SUM, "10000");
	expect(p, "SELECT mails_in_clear FROM incident", "10000");
	expect(p, "SELECT count(*) || ' ' || sum(sessions) FROM incident_part "
	    "WHERE what = 0", "250 10000");
	expect(p, "SELECT count(*) FROM finding WHERE incident = 1", "10000");
	expect(p, "SELECT count(*) FROM incident_log", "1");
}

/* More servers than are kept in memory, each for two networks: so they are
 * not a network's. */
static void
put_flood(struct place *p, double hours)
{
	struct made_up made;
	static char text[] = "forged";

	for (unsigned i = 0; i < 20000; i++) {
		make_up(&made, ++p->identity);
		made.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 11, 0,
		    (uint8_t)(i / 2 >> 8), (uint8_t)(i / 2) });
		made.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 12,
		    (uint8_t)(i >> 8), (uint8_t)i, 1 });
		made.record.flow.first.time = NOON + (int64_t)(hours *
		    (double)HOUR) + i * 1000;
		made.findings.count = 1;
		made.findings.list[0] = (struct finding){
		    .kind = KIND_STARTTLS_MASKED, .severity = SEVERITY_LOW,
		    .summary = text };
		assert_int_equal(made_up_store(p->store, &made), 0);
		if (i % 4000 == 3999)
			assert_int_equal(store_commit(p->store), 0);
	}
}

static void
a_flood_of_servers_is_kept_apart_and_goes_on(void **state)
{
	struct place *p = *state;

	put_flood(p, 0);
	expect(p, "SELECT count(*) || ' ' || min(sessions) || ' ' || "
	    "max(sessions) FROM incident", "10000 2 2");
	/* those that left memory are found in the database */
	put_flood(p, 1);
	expect(p, "SELECT count(*) || ' ' || min(sessions) || ' ' || "
	    "max(sessions) FROM incident", "10000 4 4");
	assert_int_equal(store_totals(p->store)->incidents, 10000);
}

/* ------------------------------------------------------------------ */
/* a session known before it ends                                     */

static void
an_early_record_counts_once(void **state)
{
	struct place *p = *state;
	struct met m = { 0, 1, 1, ABSENT };
	struct made_up made;
	static char text[] = "found";
	enum store_place place;
	struct past past;
	int64_t id;

	make_up(&made, 5);
	made.record.stage = RECORD_EARLY;
	made.record.protocol = RECORD_SMTP;
	made.findings.count = 1;
	made.findings.list[0] = (struct finding){ .kind = m.kind,
	    .severity = m.severity, .summary = text };
	for (unsigned mails = 0; mails < 3; mails++) {
		if (mails == 2)
			made.record.stage = RECORD_FINAL;
		made.smtp.facts.mails_accepted = mails;
		assert_int_equal(store_place(p->store, &made.record, &place,
		    &id, &past), 0);
		assert_int_equal(place, STORE_NEW);
		assert_int_equal(store_session(p->store, id, &made.record,
		    &made.findings, &past), 0);
		store_commit(p->store);
	}
	expect(p, "SELECT sessions || ' ' || mails_in_clear FROM incident",
	    "1 2");
	expect(p, "SELECT group_concat(sessions) FROM incident_part",
	    "1,1,1,1");
	expect(p, "SELECT count(*) FROM finding", "1");
}

static void
one_that_ends_as_another_family_counts_there_as_well(void **state)
{
	struct place *p = *state;
	struct made_up made;
	static char text[] = "found";
	enum store_place place;
	struct past past;
	int64_t id;

	make_up(&made, 5);
	made.findings.count = 1;
	for (int round = 0; round < 2; round++) {
		made.record.stage = round == 0 ? RECORD_EARLY : RECORD_FINAL;
		made.findings.list[0] = (struct finding){ .kind = round == 0 ?
		    KIND_STARTTLS_ABSENT : KIND_CREDENTIALS_IN_CLEAR,
		    .severity = SEVERITY_MEDIUM + (enum severity)round,
		    .summary = text };
		assert_int_equal(store_place(p->store, &made.record, &place,
		    &id, &past), 0);
		assert_int_equal(store_session(p->store, id, &made.record,
		    &made.findings, &past), 0);
	}
	expect(p, "SELECT sessions || ' ' || family FROM incident ORDER BY id "
	    "DESC LIMIT 1", "1 3");
}

#define test(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(sessions_of_one_cause_are_one_incident),
		test(an_incident_says_what_is_in_it),
		test(a_network_of_clients_has_a_place_of_its_own),
		test(the_order_of_arrival_changes_nothing),
		test(what_an_analyst_made_of_it_stays),
		test(a_closed_one_that_goes_on_is_opened_again_and_says_so),
		test(
		    merging_keeps_the_elder_and_tells_what_became_of_the_other),
		test(another_program_may_write_in_between),
		test(ten_thousand_stripped_sessions_are_one_incident),
		test(a_flood_of_servers_is_kept_apart_and_goes_on),
		test(an_early_record_counts_once),
		test(one_that_ends_as_another_family_counts_there_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
