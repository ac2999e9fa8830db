/* SPDX-License-Identifier: ISC */
/*
 * What is to be mended, over many sessions: told once, an incident for each
 * server and kind, and mended when a session shows it well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store_incident_play.h"

#define DAYS	24.0

/* Hours after noon, of 10.1.0.SERVER; about NULL: nothing was looked at. */
struct look {
	double		 hours;
	uint8_t		 server;
	enum kind	 kind;
	bool		 well;
	const char	*about;
	enum severity	 severity;
};

static void
put_look(struct place *p, const struct look *l)
{
	static char text[] = "to be mended";
	struct made_up made;
	struct posture *one = &made.findings.posture[0];

	make_up(&made, ++p->identity);
	made.record.protocol = RECORD_SMTP;
	made.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 10, 0, 1,
	    (uint8_t)(1 + p->identity % 200) });
	made.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1, 0,
	    l->server });
	made.record.flow.first.time = NOON + (int64_t)(l->hours *
	    (double)HOUR);
	made.findings.postures = l->about != NULL;
	one->kind = l->kind;
	one->well = l->well;
	if (l->about != NULL)
		snprintf(one->about, sizeof(one->about), "%s", l->about);
	one->finding = (struct finding){ .kind = l->kind,
	    .severity = l->severity, .confidence = CONFIDENCE_STRONG,
	    .summary = text };
	assert_int_equal(made_up_store(p->store, &made), 0);
}

#define RISK(hours, about)	(&(struct look){ hours, 1,		\
    KIND_TLSA_AT_RISK, false, about, SEVERITY_MEDIUM })
#define WELL(hours, about)	(&(struct look){ hours, 1,		\
    KIND_TLSA_AT_RISK, true, about, SEVERITY_INFO })

#define FINDINGS	"SELECT count(*) FROM v_findings"
#define INCIDENTS	"SELECT group_concat(kind || ' ' || sessions, ', ') " \
    "FROM (SELECT kind, sessions FROM v_incidents ORDER BY id)"
#define POSTURE		"SELECT posture FROM v_servers WHERE server_ip = " \
    "'10.1.0.1'"
#define STATES		"SELECT group_concat(state, ', ') FROM " \
    "(SELECT state FROM v_incidents ORDER BY id)"

static void
it_is_told_once_however_often_it_is_seen(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < 50; i++)
		put_look(p, RISK(i, "certificate a, records"));
	expect(p, FINDINGS, "1");
	expect(p, INCIDENTS, "tlsa-at-risk 50");
	expect(p, "SELECT sum(kinds <> '[]') || ' ' || min(verdict) FROM "
	    "v_sessions", "1 benign");
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	expect(p, "SELECT (last_seen - first_seen) / 3600000000 FROM "
	    "v_incidents", "49");
	assert_int_equal(store_totals(p->store)->findings[SEVERITY_MEDIUM], 1);
	assert_int_equal(store_totals(p->store)->incidents, 1);
}

static void
another_certificate_or_a_graver_word_is_told_again(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a, records"));
	put_look(p, RISK(1, "certificate b, records"));
	put_look(p, RISK(2, "certificate a, records"));
	expect(p, FINDINGS, "2");
	put_look(p, &(struct look){ 3, 1, KIND_TLSA_AT_RISK, false,
	    "certificate a, records", SEVERITY_HIGH });
	put_look(p, &(struct look){ 4, 1, KIND_TLSA_AT_RISK, false,
	    "certificate a, records", SEVERITY_HIGH });
	expect(p, FINDINGS, "3");
	expect(p, INCIDENTS, "tlsa-at-risk 5");
	expect(p, "SELECT severity || ' ' || about FROM v_incidents",
	    "high [\"certificate a, records\",\"certificate b, records\"]");
}

static void
servers_and_kinds_have_incidents_of_their_own(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a"));
	put_look(p, &(struct look){ 1, 2, KIND_TLSA_AT_RISK, false,
	    "certificate a", SEVERITY_MEDIUM });
	put_look(p, &(struct look){ 2, 1, KIND_DNSSEC_BOGUS, false, "d",
	    SEVERITY_HIGH });
	put_look(p, &(struct look){ 3, 1, KIND_TLSA_UNSIGNED, false, "u",
	    SEVERITY_LOW });
	expect(p, INCIDENTS, "tlsa-at-risk 1, tlsa-at-risk 1, dnssec-bogus 1, "
	    "tlsa-unsigned 1");
	expect(p, POSTURE, "[\"dnssec-bogus\",\"tlsa-at-risk\","
	    "\"tlsa-unsigned\"]");
	/* what else happens there is another matter */
	put(p, &(struct met){ 4, 1, 1, ABSENT });
	expect(p, "SELECT count(*) FROM v_incidents", "5");
	expect(p, "SELECT count(*) FROM v_findings f JOIN v_incidents i ON "
	    "i.id = f.incident_id WHERE f.kind <> i.kind", "0");
}

static void
it_is_mended_when_the_same_is_seen_well(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a, records"));
	put_look(p, WELL(1, "certificate a"));
	put_look(p, WELL(2, "certificate a"));
	expect(p, POSTURE, "[]");
	expect(p, STATES, "closed");
	expect(p, "SELECT (mended_at - first_seen) / 3600000000 FROM "
	    "v_incidents", "1");
	expect(p, "SELECT group_concat(action) FROM incident_log",
	    "opened,closed");
	/* and again: the same incident goes on */
	put_look(p, RISK(3, "certificate a, records"));
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	expect(p, STATES, "new");
	expect(p, INCIDENTS, "tlsa-at-risk 2");
	expect(p, FINDINGS, "1");
	expect(p, "SELECT group_concat(action) FROM incident_log",
	    "opened,closed,reopened");
}

/* One of two that a server shows by turns, or that was renewed. */
static void
another_seen_well_mends_it_after_a_day(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a, records"));
	put_look(p, WELL(1, "certificate b"));
	put_look(p, RISK(20, "certificate a, records"));
	put_look(p, WELL(43, "certificate b"));
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	put_look(p, WELL(45, "certificate b"));
	expect(p, POSTURE, "[]");
	/* a name that begins alike is another */
	put_look(p, RISK(50, "certificate aa"));
	put_look(p, WELL(51, "certificate a"));
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	/* all of the server */
	put_look(p, WELL(52, ""));
	expect(p, POSTURE, "[]");
}

static void
what_was_before_mends_nothing(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(10, "certificate a"));
	put_look(p, WELL(9, "certificate a"));
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	put_look(p, WELL(11, "certificate a"));
	put_look(p, RISK(8, "certificate a"));
	expect(p, POSTURE, "[]");
	expect(p, INCIDENTS, "tlsa-at-risk 2");
}

static void
a_quiet_server_keeps_its_incident_for_a_month(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a"));
	put_look(p, RISK(29 * DAYS, "certificate a"));
	expect(p, INCIDENTS, "tlsa-at-risk 2");
	put_look(p, RISK(60 * DAYS, "certificate a"));
	expect(p, INCIDENTS, "tlsa-at-risk 2, tlsa-at-risk 1");
	expect(p, FINDINGS, "2");
	/* both are mended, the one of long ago as well */
	put_look(p, WELL(61 * DAYS, "certificate a"));
	expect(p, STATES, "closed, closed");
	expect(p, POSTURE, "[]");
}

/* As if it had been one run: what is known is read again. */
static void
a_restart_forgets_nothing(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a, records"));
	/* so that the first is none of the latest days */
	put_look(p, &(struct look){ 20 * DAYS, 2, KIND_TLSA_AT_RISK, false,
	    "certificate b", SEVERITY_MEDIUM });
	restart(p);
	put_look(p, RISK(21 * DAYS, "certificate a, records"));
	expect(p, FINDINGS, "2");
	expect(p, INCIDENTS, "tlsa-at-risk 2, tlsa-at-risk 1");
	restart(p);
	put_look(p, WELL(22 * DAYS, "certificate a"));
	expect(p, POSTURE, "[]");
	restart(p);
	put_look(p, RISK(23 * DAYS, "certificate a, records"));
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
	expect(p, FINDINGS, "2");
	expect(p, STATES, "new, new");
}

/* Out of order, two incidents whose times come together are one. */
static void
one_between_joins_two(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a"));
	put_look(p, RISK(50 * DAYS, "certificate a"));
	expect(p, INCIDENTS, "tlsa-at-risk 1, tlsa-at-risk 1");
	put_look(p, RISK(25 * DAYS, "certificate a"));
	expect(p, INCIDENTS, "tlsa-at-risk 3");
}

/* A certificate of its own for each session: a hand in the middle. */
static void
a_flood_of_certificates_is_told_three_hundred_times(void **state)
{
	struct place *p = *state;
	char about[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(about, sizeof(about), "certificate %d", i);
		put_look(p, RISK(0.001 * i, about));
	}
	expect(p, FINDINGS, "300");
	expect(p, INCIDENTS, "tlsa-at-risk 1000");
	expect(p, "SELECT count(*) FROM incident_part WHERE what = 7", "300");
}

static void
what_an_analyst_suppressed_stays_so(void **state)
{
	struct place *p = *state;

	put_look(p, RISK(0, "certificate a"));
	tell(p, "UPDATE incident SET state = 3");
	put_look(p, RISK(1, "certificate a"));
	put_look(p, WELL(2, "certificate a"));
	put_look(p, RISK(3, "certificate a"));
	expect(p, STATES, "suppressed");
	expect(p, POSTURE, "[\"tlsa-at-risk\"]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(it_is_told_once_however_often_it_is_seen),
		test(another_certificate_or_a_graver_word_is_told_again),
		test(servers_and_kinds_have_incidents_of_their_own),
		test(it_is_mended_when_the_same_is_seen_well),
		test(another_seen_well_mends_it_after_a_day),
		test(what_was_before_mends_nothing),
		test(a_quiet_server_keeps_its_incident_for_a_month),
		test(a_restart_forgets_nothing),
		test(one_between_joins_two),
		test(a_flood_of_certificates_is_told_three_hundred_times),
		test(what_an_analyst_suppressed_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
