/* SPDX-License-Identifier: ISC */
/*
 * Sessions judged again with what is promised: their rows, findings and
 * incidents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store_incident_play.h"

#define DUE		(NOON + 30000000)

static char words[] = "found", later[] = "found again";
static char failed_text[] = "{\"lookups\":[\"failed\"]}";
static char worked_text[] = "{\"lookups\":[\"worked\"]}";
static struct policy_answer failed = { .state = POLICY_MUST_NOT_DELIVER,
	.evidence = failed_text, .evidence_id = "aa" };
static struct policy_answer worked = { .state = POLICY_DANE_AUTH,
	.evidence = worked_text, .evidence_id = "bb" };

/* What was found: nothing, if its severity is info and its kind is none. */
static void
fill(struct made_up *m, enum kind kind, enum severity severity, char *text)
{
	m->findings = (struct findings){ .verdict = severity >=
	    SEVERITY_HIGH ? VERDICT_ATTACK : severity > SEVERITY_INFO ?
	    VERDICT_SUSPICIOUS : VERDICT_BENIGN };
	if (kind == KINDS)
		return;
	m->findings.count = 1;
	m->findings.list[0] = (struct finding){ .kind = kind,
	    .severity = severity, .confidence = CONFIDENCE_STRONG,
	    .at = NOON + 7, .summary = text };
}

/* A session of 10.0.net.0/24 with 10.1.0.server, judged without. */
static int64_t
meet(struct place *p, struct made_up *m, uint8_t server, enum kind kind,
    enum severity severity, const char *why_left)
{
	struct promise promise = { .answer = &failed };
	enum store_place place;
	struct past past;
	int64_t id;

	make_up(m, ++p->identity);
	m->record.protocol = RECORD_SMTP;
	m->record.tls = NULL;
	m->record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1, 0,
	    server });
	m->smtp.facts.mails_accepted = 1;
	fill(m, kind, severity, words);
	assert_int_equal(store_place(p->store, &m->record, &place, &id,
	    &past), 0);
	assert_int_equal(place, STORE_NEW);
	assert_int_equal(store_session(p->store, id, &(struct store_case){
	    .r = &m->record, .past = &past, .promise = &promise },
	    &m->findings), 0);
	assert_int_equal(store_unanswered(p->store,
	    &(struct store_unanswered){ .session = id, .at = NOON,
	    .due = DUE, .why = "mx-failed", .why_left = why_left,
	    .findings = &m->findings }), 0);
	return id;
}

static void
again(struct place *p, struct made_up *m, int64_t id, enum kind kind,
    enum severity severity, int64_t at)
{
	struct promise promise = { .answer = &worked };
	static const struct past past;

	fill(m, kind, severity, later);
	assert_int_equal(store_again(p->store, &(struct store_again){
	    .session = id, .of = { .r = &m->record, .past = &past,
	    .promise = &promise }, .findings = &m->findings, .at = at,
	    .tries = 3 }), 0);
}

#define SESSION	"SELECT group_concat(policy || ' ' || verdict || ' ' || "	\
    "json_extract(promise, '$.lookups[0]') || ' ' || kinds) FROM v_sessions"
#define INCIDENT "SELECT group_concat(id || ': ' || kind || ' ' || severity "	\
    "|| ' ' || sessions || ' ' || mails_in_clear || ' ' || state, ', ') "	\
    "FROM v_incidents"
#define LOG	"SELECT group_concat(incident || ' ' || action) FROM "		\
    "(SELECT * FROM incident_log ORDER BY id)"
#define HELD	"SELECT group_concat(json_extract(unanswered, '$.answer') "	\
    "|| ' ' || json_extract(unanswered, '$.tries') || ' ' || "		\
    "ifnull(json_extract(unanswered, '$.why_left'), '-')) FROM v_sessions"

static void
what_was_nothing_becomes_an_incident(void **state)
{
	struct place *p = *state;
	static struct made_up m;
	int64_t id = meet(p, &m, 1, KINDS, SEVERITY_INFO, NULL);

	expect(p, SESSION, "must-not-deliver benign failed []");
	expect(p, HELD, "open 0 -");
	again(p, &m, id, KIND_MAIL_IN_CLEAR, SEVERITY_CRITICAL, NOON + 5);
	expect(p, SESSION, "dane-auth attack worked [\"mail-in-clear\"]");
	expect(p, HELD, "answered 3 -");
	expect(p, INCIDENT, "1: mail-in-clear critical 1 1 new");
	expect(p, LOG, "1 opened,1 revised");
	expect(p, "SELECT text FROM incident_log WHERE action = 'revised'",
	    "judged again: the lookup had failed at first (mx-failed) and "
	    "works now: must-not-deliver became dane-auth, benign became "
	    "attack");
	expect(p, "SELECT json_extract(unanswered, '$.first.policy') || ' ' "
	    "|| json_extract(unanswered, '$.first.verdict') || ' ' || "
	    "json_extract(unanswered, '$.promise.lookups[0]') || ' ' || "
	    "json_extract(unanswered, '$.first.kinds') || ' ' || "
	    "ifnull(json_extract(unanswered, '$.first.severity'), '-') "
	    "FROM v_sessions", "must-not-deliver benign failed [] -");
	assert_int_equal(store_totals(p->store)->findings[SEVERITY_CRITICAL],
	    1);
	assert_int_equal(store_totals(p->store)->incidents, 1);
}

static void
what_was_something_is_not_counted_twice(void **state)
{
	struct place *p = *state;
	static struct made_up m;
	int64_t id = meet(p, &m, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);

	again(p, &m, id, KIND_STARTTLS_ABSENT, SEVERITY_CRITICAL, NOON + 5);
	expect(p, INCIDENT, "1: starttls-absent critical 1 1 new");
	expect(p, "SELECT group_concat(kind || ' ' || summary) FROM "
	    "v_findings", "starttls-absent found again");
	expect(p, "SELECT json_extract(unanswered, '$.first.kinds') || "
	    "json_extract(unanswered, '$.first.severity') || "
	    "json_extract(unanswered, '$.first.summary') FROM v_sessions",
	    "[\"mail-in-clear\"]highfound");
	assert_int_equal(store_totals(p->store)->findings[SEVERITY_HIGH], 0);
}

static void
what_is_harmless_after_all_closes_its_incident(void **state)
{
	struct place *p = *state;
	static struct made_up one, two;
	int64_t a = meet(p, &one, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);
	int64_t b = meet(p, &two, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);

	again(p, &one, a, KIND_MAIL_IN_CLEAR, SEVERITY_INFO, NOON + 5);
	expect(p, INCIDENT, "1: mail-in-clear high 2 2 new");
	again(p, &two, b, KIND_MAIL_IN_CLEAR, SEVERITY_INFO, NOON + 5);
	expect(p, INCIDENT, "1: mail-in-clear info 2 2 closed");
	/* one answer, one line */
	expect(p, LOG, "1 opened,1 revised,1 closed");
	expect(p, "SELECT count(*) FROM finding WHERE incident = 1", "2");
	/* and nothing at all is left of one */
	again(p, &two, b, KINDS, SEVERITY_INFO, NOON + 6);
	expect(p, "SELECT count(*) FROM finding", "1");
}

static void
another_family_is_another_incident(void **state)
{
	struct place *p = *state;
	static struct made_up m, other;
	int64_t id = meet(p, &m, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);

	meet(p, &other, 1, KIND_CERTIFICATE_CHANGED, SEVERITY_MEDIUM, NULL);
	again(p, &m, id, KIND_CERTIFICATE_MISMATCH, SEVERITY_HIGH, NOON + 5);
	/* it is new there, and counts */
	expect(p, INCIDENT, "1: mail-in-clear info 1 1 closed, "
	    "2: certificate-mismatch high 2 2 new");
	expect(p, LOG, "1 opened,1 revised,1 closed,2 opened,2 revised");
}

static void
who_is_left_says_so(void **state)
{
	struct place *p = *state;
	static struct made_up m[3];
	int64_t id = meet(p, &m[0], 1, KINDS, SEVERITY_INFO, NULL);

	assert_int_equal(store_left(p->store, &(struct store_left){
	    .session = id, .at = NOON + 9, .tries = 2, .why = "why not" }),
	    0);
	meet(p, &m[1], 1, KINDS, SEVERITY_INFO, "too many were open");
	meet(p, &m[2], 1, KINDS, SEVERITY_INFO, NULL);
	/* another sensor on this file does not touch them */
	assert_int_equal(store_close(p->store), 0);
	assert_non_null(p->store = store_open(p->path, "other"));
	expect(p, "SELECT count(*) FROM unanswered WHERE answer = 1", "1");
	restart(p);
	expect(p, "SELECT group_concat(answer || ' ' || tries || ' ' || "
	    "(settled > 0) || ' ' || why_left, ', ') FROM (SELECT * FROM "
	    "unanswered ORDER BY tries DESC, why_left DESC)",
	    "3 2 1 why not, 3 0 1 too many were open, "
	    "3 0 1 the sensor ended before");
	expect(p, "SELECT DISTINCT policy FROM v_sessions",
	    "must-not-deliver");
}

static void
what_is_to_be_mended_stays_and_grows(void **state)
{
	struct place *p = *state;
	static struct made_up m;
	int64_t id = meet(p, &m, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);
	static struct promise promise = { .answer = &worked };
	static const struct past past;

	tell(p, "INSERT INTO finding (id, at, kind, because, "
	    "severity, confidence, summary, evidence, incident) SELECT "
	    "id + 32, at, kind, 0, 1, 2, 'mend it', '{}', 99 "
	    "FROM finding WHERE id % 128 = 0");
	fill(&m, KIND_MAIL_IN_CLEAR, SEVERITY_CRITICAL, later);
	m.findings.postures = 1;
	m.findings.posture[0] = (struct posture){ .kind =
	    KIND_TLSA_UNUSABLE, .about = "mx", .finding = {
	    .kind = KIND_TLSA_UNUSABLE, .severity = SEVERITY_LOW,
	    .summary = words } };
	assert_int_equal(store_again(p->store, &(struct store_again){
	    .session = id, .of = { .r = &m.record, .past = &past,
	    .promise = &promise }, .findings = &m.findings, .at = NOON + 5,
	    .tries = 1 }), 0);
	expect(p, "SELECT group_concat(summary || ' ' || ifnull(incident, "
	    "'-'), ', ') FROM (SELECT v.summary, f.incident FROM v_findings "
	    "AS v JOIN finding AS f ON f.id = v.id ORDER BY f.id)",
	    "found again 1, mend it 99, found 2");
	expect(p, "SELECT findings FROM session", "3");
	expect(p, LOG, "1 opened,1 revised,2 opened");
}

static void
what_was_pruned_stays_gone(void **state)
{
	struct place *p = *state;
	static struct made_up m;
	int64_t id = meet(p, &m, 1, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH, NULL);

	tell(p, "DELETE FROM session; DELETE FROM finding; "
	    "DELETE FROM incident");
	again(p, &m, id, KIND_MAIL_IN_CLEAR, SEVERITY_CRITICAL, NOON + 5);
	expect(p, "SELECT count(*) FROM finding", "0");
	expect(p, "SELECT count(*) FROM incident", "0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_was_nothing_becomes_an_incident),
		test(what_was_something_is_not_counted_twice),
		test(what_is_harmless_after_all_closes_its_incident),
		test(another_family_is_another_incident),
		test(who_is_left_says_so),
		test(what_is_to_be_mended_stays_and_grows),
		test(what_was_pruned_stays_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
