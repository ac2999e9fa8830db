/* SPDX-License-Identifier: ISC */
/*
 * Judgements that change: rows of the session, its findings and incident;
 * and MTA-STS policies, which stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "policy/sts.h"
#include "store_incident_play.h"

#define MISMATCH	KIND_CERTIFICATE_MISMATCH, SEVERITY_MEDIUM
#define DUE		(NOON + HOUR)

static char before[] = "none fits" MISMATCH_WAITS;
static char after[] = "none fits, judged anew";

/* A session that waits; its number. */
static int64_t
doubt(struct place *p, const struct met *m)
{
	struct finding one = { .kind = KIND_CERTIFICATE_MISMATCH,
	    .severity = SEVERITY_MEDIUM,
	    .confidence = CONFIDENCE_CIRCUMSTANTIAL, .summary = before };
	struct store_doubt d = { .answer = CONFIRM_WAIT, .at = NOON,
	    .due = DUE, .verdict = VERDICT_SUSPICIOUS, .finding = &one };
	char text[512];
	sqlite3 *db;

	put(p, m);
	db = look(p);
	d.session = atoll(ask(db, "SELECT session_id FROM v_findings "
	    "ORDER BY id DESC LIMIT 1", text));
	sqlite3_close(db);
	tell(p, "UPDATE finding SET wording = NULL, summary = 'none fits"
	    MISMATCH_WAITS "', confidence = 0 WHERE id % 128 = 0; UPDATE "
	    "incident SET confidence = 0; UPDATE session SET verdict = 2");
	assert_int_equal(store_doubt(p->store, &d), 0);
	return d.session;
}

static void
revise(struct place *p, int64_t session, enum confirm_answer answer,
    int64_t at)
{
	bool real = answer == CONFIRM_REAL, race = answer == CONFIRM_RACE;
	struct findings f = { .count = 1, .list = { {
	    .kind = KIND_CERTIFICATE_MISMATCH, .at = 7, .summary = after,
	    .severity = real ? SEVERITY_HIGH : race ? SEVERITY_INFO :
	    SEVERITY_MEDIUM,
	    .confidence = real ? CONFIDENCE_STRONG :
	    CONFIDENCE_CIRCUMSTANTIAL } },
	    .verdict = real ? VERDICT_ATTACK : race ? VERDICT_BENIGN :
	    VERDICT_SUSPICIOUS };
	char evidence[] = "{\"lookups\":[]}";
	struct policy_answer later = { .evidence = evidence,
	    .evidence_id = "aa" };

	assert_int_equal(store_revise(p->store, &(struct store_revision){
	    .session = session, .answer = answer, .at = at,
	    .why = answer == CONFIRM_UNDECIDED ? "nobody knows" : NULL,
	    .findings = &f, .later = &later }), 0);
}

#define SESSION	"SELECT verdict || ' ' || findings FROM session"
#define FINDING	"SELECT group_concat(severity || ' ' || confidence || ' ' "	\
    "|| summary || ' in ' || ifnull(incident, '-'), ', ') FROM finding"
#define INCIDENT "SELECT group_concat(id || ': ' || severity || ' ' || "	\
    "confidence || ' ' || sessions || ' ' || state, ', ') FROM incident"
#define LOG	"SELECT group_concat(incident || ' ' || action || "		\
    "ifnull(' ' || text, ''), ', ') FROM incident_log"

static void
what_is_confirmed_is_graver_everywhere(void **state)
{
	struct place *p = *state;
	int64_t id = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });

	expect(p, "SELECT json_extract(confirmation, '$.answer') || ' ' || "
	    "json_extract(confirmation, '$.first.summary') FROM v_sessions",
	    "unconfirmed none fits" MISMATCH_WAITS);
	revise(p, id, CONFIRM_REAL, NOON + 5);
	expect(p, SESSION, "3 1");
	expect(p, FINDING, "3 1 none fits, judged anew in 1");
	expect(p, INCIDENT, "1: 3 1 1 0");
	expect(p, LOG, "1 opened, 1 revised certificate-mismatch, medium and "
	    "circumstantial at first: confirmed, records looked up after "
	    "their TTL say the same");
	expect(p, "SELECT answer || ' ' || due || ' ' || settled || ' ' || "
	    "severity || ' ' || (SELECT evidence FROM promise WHERE id = "
	    "promise) FROM confirmation",
	    "2 1795180315066175 1795176715066180 2 {\"lookups\":[]}");
	assert_int_equal(store_totals(p->store)->findings[SEVERITY_HIGH], 1);
	assert_int_equal(store_totals(p->store)->findings[SEVERITY_MEDIUM],
	    0);
}

static void
what_was_a_race_is_a_note_in_its_incident(void **state)
{
	struct place *p = *state;
	int64_t one = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });
	int64_t two = doubt(p, &(struct met){ 1, 2, 1, MISMATCH });

	revise(p, one, CONFIRM_RACE, NOON + 5);
	/* the other one still stands */
	expect(p, INCIDENT, "1: 2 0 2 0");
	expect(p, "SELECT session = (SELECT max(id) FROM session) "
	    "FROM incident", "1");
	revise(p, two, CONFIRM_RACE, NOON + 5);
	/* nobody had begun to work on it, and there is nothing to work on */
	expect(p, INCIDENT, "1: 0 0 2 2");
	expect(p, "SELECT who || ' ' || action || ' ' || text FROM "
	    "incident_log ORDER BY id DESC LIMIT 1",
	    "sensor closed nothing of it is left");
	expect(p, "SELECT count(*) FROM finding WHERE incident = 1 AND "
	    "severity = 0", "2");
	/* one answer, one line */
	expect(p, "SELECT count(*) FROM incident_log WHERE action = "
	    "'revised'", "1");
	/* and a graver one that comes later leads again */
	put(p, &(struct met){ 2, 3, 1, KIND_CERTIFICATE_CHANGED,
	    SEVERITY_HIGH });
	expect(p, INCIDENT, "1: 3 1 3 0");
	expect(p, "SELECT group_concat(action) FROM incident_log",
	    "opened,revised,closed,reopened");
}

static void
what_somebody_works_on_is_left_to_them(void **state)
{
	struct place *p = *state;
	int64_t id = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });

	tell(p, "UPDATE incident SET state = 1");
	revise(p, id, CONFIRM_RACE, NOON + 5);
	expect(p, INCIDENT, "1: 0 0 1 1");
}

static void
what_analysts_did_stays_and_what_is_confirmed_opens_again(void **state)
{
	struct place *p = *state;
	int64_t one = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });
	int64_t two = doubt(p, &(struct met){ 1, 2, 1, MISMATCH });

	tell(p, "UPDATE incident SET state = 2");
	revise(p, one, CONFIRM_WITHDRAWN, NOON + 5);
	expect(p, INCIDENT, "1: 2 0 2 2");
	revise(p, two, CONFIRM_REAL, NOON + 6);
	expect(p, INCIDENT, "1: 3 1 2 0");
	expect(p, "SELECT group_concat(action) FROM incident_log",
	    "opened,revised,reopened,revised");
	tell(p, "UPDATE incident SET state = 1");
	revise(p, one, CONFIRM_UNDECIDED, NOON + 7);
	expect(p, INCIDENT, "1: 3 1 2 1");
	expect(p, "SELECT text FROM incident_log ORDER BY id DESC LIMIT 1",
	    "certificate-mismatch, medium and circumstantial at first: "
	    "still unconfirmed, nobody knows");
}

static void
an_incident_of_before_is_fetched(void **state)
{
	struct place *p = *state;
	int64_t id = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });

	/* so much later that the book does not begin with it */
	put(p, &(struct met){ 1000, 9, 9, ABSENT });
	restart(p);
	revise(p, id, CONFIRM_REAL, NOON + 5);
	expect(p, INCIDENT, "1: 3 1 1 0, 2: 2 1 1 0");
}

static void
who_ended_without_a_word_left_it_undecided(void **state)
{
	struct place *p = *state;

	doubt(p, &(struct met){ 0, 1, 1, MISMATCH });
	/* another sensor on this file does not touch it */
	assert_int_equal(store_close(p->store), 0);
	assert_non_null(p->store = store_open(p->path, "other"));
	expect(p, "SELECT answer FROM confirmation", "1");
	restart(p);
	expect(p, "SELECT answer || ' ' || (settled > 0) || ' ' || why FROM "
	    "confirmation", "5 1 the sensor ended before");
	expect(p, "SELECT summary FROM finding WHERE id % 128 = 0",
	    "none fits" MISMATCH_UNDECIDED);
}

static void
what_is_to_be_mended_stays(void **state)
{
	struct place *p = *state;
	int64_t id = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });

	tell(p, "INSERT INTO finding (id, at, kind, because, "
	    "severity, confidence, summary, evidence) SELECT id + 32, at, "
	    "kind, 0, 3, 2, 'mend it', '{}' FROM finding WHERE id % 128 = 0");
	revise(p, id, CONFIRM_RACE, NOON + 5);
	expect(p, "SELECT count(*) || ' ' || sum(summary = 'mend it') "
	    "FROM finding", "2 1");
	expect(p, "SELECT findings FROM session", "2");
}

static void
what_was_pruned_stays_gone(void **state)
{
	struct place *p = *state;
	int64_t id = doubt(p, &(struct met){ 0, 1, 1, MISMATCH });

	tell(p, "DELETE FROM session; DELETE FROM finding; "
	    "DELETE FROM incident");
	revise(p, id, CONFIRM_REAL, NOON + 5);
	expect(p, "SELECT count(*) FROM finding", "0");
	expect(p, "SELECT count(*) FROM incident", "0");
	/* its incident alone */
	id = doubt(p, &(struct met){ 0, 1, 2, MISMATCH });
	tell(p, "DELETE FROM incident");
	revise(p, id, CONFIRM_REAL, NOON + 5);
	expect(p, "SELECT count(*) FROM incident", "0");
	expect(p, SESSION, "3 1");
}

/* ------------------------------------------------------------------ */
/* MTA-STS                                                            */

static char told[4096];
static unsigned tellings;

static void
hear(void *context, const char *line)
{
	(void)context;
	tellings++;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%.80s\n",
	    line);
}

static void
policies_stay_until_they_expire(void **state)
{
	struct place *p = *state;
	long long now = time(NULL);
	char line[256];

	snprintf(line, sizeof(line), "STSv1 a.example 1 %lld enforce 100 mx",
	    now + 1000);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	assert_true(store_is_open(p->store));
	snprintf(line, sizeof(line), "STSv1 a.example 2 %lld testing 100 mx",
	    now + 2000);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	snprintf(line, sizeof(line), "STSv1 b.example 1 %lld none 100 ",
	    now + 1000);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	/* expired, and no line at all */
	snprintf(line, sizeof(line), "STSv1 c.example 1 %lld none 100 ",
	    now - 1);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	assert_int_equal(store_sts_keep(p->store, "STSv1 d.example"), 0);
	/* longer than a year, which no policy lasts */
	snprintf(line, sizeof(line), "STSv1 e.example 1 %lld none 100 ",
	    now + STS_AGE_MAX + 100);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	restart(p);
	told[0] = '\0';
	assert_int_equal(store_sts_tell(p->store, hear, NULL), 0);
	snprintf(line, sizeof(line), "STSv1 a.example 2 %lld testing 100 mx\n"
	    "STSv1 b.example 1 %lld none 100 \n", now + 2000, now + 1000);
	assert_string_equal(told, line);

	tell(p, "UPDATE sts_policy SET expires = 5 WHERE domain = "
	    "'a.example'");
	told[0] = '\0';
	assert_int_equal(store_sts_tell(p->store, hear, NULL), 0);
	assert_null(strstr(told, "a.example"));
	assert_non_null(strstr(told, "b.example"));
	/* the next one takes it away */
	assert_int_equal(store_sts_keep(p->store, strstr(told, "STSv1")), 0);
	expect(p, "SELECT count(*) FROM sts_policy", "1");
}

static void
beyond_the_limit_the_first_to_expire_leave(void **state)
{
	struct place *p = *state;
	long long now = time(NULL);
	char line[128];

	tell(p, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
	    "FROM n WHERE i < 4096) INSERT INTO sts_policy SELECT 'd' || i, "
	    "(unixepoch() + 10000 + i) * 1000000, 'x' FROM n");
	snprintf(line, sizeof(line), "STSv1 new.example 1 %lld none 9 ",
	    now + 900000);
	assert_int_equal(store_sts_keep(p->store, line), 0);
	expect(p, "SELECT count(*) || ' ' || sum(domain = 'd1') || ' ' || "
	    "sum(domain = 'd2') FROM sts_policy", "4096 0 1");
	tellings = 0;
	assert_int_equal(store_sts_tell(p->store, hear, NULL), 0);
	assert_int_equal(tellings, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_confirmed_is_graver_everywhere),
		test(what_was_a_race_is_a_note_in_its_incident),
		test(what_somebody_works_on_is_left_to_them),
		test(what_analysts_did_stays_and_what_is_confirmed_opens_again),
		test(an_incident_of_before_is_fetched),
		test(who_ended_without_a_word_left_it_undecided),
		test(what_is_to_be_mended_stays),
		test(what_was_pruned_stays_gone),
		test(policies_stay_until_they_expire),
		test(beyond_the_limit_the_first_to_expire_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
