/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store_incident_play.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

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
		assert_int_equal(made_up_store(p->store, &made), 0);
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

	make_up(&made, 5);
	made.findings.count = 1;
	for (int round = 0; round < 2; round++) {
		made.record.stage = round == 0 ? RECORD_EARLY : RECORD_FINAL;
		made.findings.list[0] = (struct finding){ .kind = round == 0 ?
		    KIND_STARTTLS_ABSENT : KIND_CREDENTIALS_IN_CLEAR,
		    .severity = SEVERITY_MEDIUM + (enum severity)round,
		    .summary = text };
		assert_int_equal(made_up_store(p->store, &made), 0);
	}
	expect(p, "SELECT sessions || ' ' || family FROM incident ORDER BY id "
	    "DESC LIMIT 1", "1 3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
