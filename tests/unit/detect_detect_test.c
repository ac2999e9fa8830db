/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "detect/rules.h"
#include "detect_scenes.h"
#include "detect_pasts.h"
#include "schema/moment.h"

static void
check_verdict(void (*session)(struct made_up *), uint32_t gaps,
    enum verdict want)
{
	struct made_up m;

	make_up(&m, 1);
	session(&m);
	m.record.gaps = gaps;
	detect_session(&m.record, NULL, NULL, &m.findings);
	if (m.findings.verdict != want)
		fail_msg("got %s, want %s", verdict_word(m.findings.verdict),
		    verdict_word(want));
	findings_clear(&m.findings);
}

static void
the_verdict_follows_from_the_findings(void **state)
{
	(void)state;
	check_verdict(gets_tls, 0, VERDICT_BENIGN);
	check_verdict(lacks_and_mails, 0, VERDICT_BENIGN);
	check_verdict(reset, 0, VERDICT_SUSPICIOUS);
	check_verdict(logs_in, 0, VERDICT_SUSPICIOUS);	/* nobody's hand */
	check_verdict(masked, 0, VERDICT_ATTACK);
	check_verdict(says_502, 0, VERDICT_ATTACK);
	/* what was missed matters, unless TLS stands or guilt is plain */
	check_verdict(lacks_and_mails, 1U << GAP_EHLO_REPLY,
	    VERDICT_UNDECIDED);
	check_verdict(lacks_and_mails, 1U << GAP_MIDSTREAM, VERDICT_BENIGN);
	check_verdict(gets_tls, 1U << GAP_TLS, VERDICT_BENIGN);
	check_verdict(masked, 1U << GAP_MAIL, VERDICT_ATTACK);
	/* half seen is less sure: strong becomes circumstantial */
	check_verdict(says_502, 1U << GAP_STARTTLS, VERDICT_SUSPICIOUS);
}

/* The evidence with its marks in their places. */
static json_t *
whole(const struct finding *f)
{
	struct json_text j = { .at = NULL };
	char when[MOMENT_TEXT], one[2] = { '\0' };
	json_error_t error;
	json_t *out;

	for (size_t i = 0; i < f->evidence.len; i++) {
		unsigned n = (unsigned char)f->evidence.at[i];

		one[0] = f->evidence.at[i];
		if (n == 0 || n > FINDING_MARKS) {
			json_text_raw(&j, one);
			continue;
		}
		assert_in_range(n, 1, f->nmarks);
		json_text_number(&j, (int64_t)f->marks[n - 1].packet);
		json_text_raw(&j, ",\"at\":");
		json_text_string(&j, moment_format(f->marks[n - 1].time,
		    when));
	}
	if ((out = json_loadb(j.at, j.len, 0, &error)) == NULL)
		fail_msg("%s: %s: %s", kind_word(f->kind), error.text, j.at);
	json_text_free(&j);
	return out;
}

static void
the_gravest_is_first_and_evidence_is_json(void **state)
{
	struct made_up m;
	struct past past = { 0 };
	char name[300];

	(void)state;
	make_up(&m, 1);
	masked_and_mails(&m);
	habit(&past);
	/* a stranger's words, as the readers leave them, escaped */
	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	m.record.server_name = name;
	m.smtp.facts.ehlo_reply = "\"\\x1b\\\\ %s%n </td>";
	detect_session(&m.record, &past, NULL, &m.findings);
	assert_in_range(m.findings.count, 2, FINDINGS_MAX);
	for (unsigned i = 0; i < m.findings.count; i++) {
		const struct finding *f = &m.findings.list[i];
		json_t *j;

		if (i > 0)
			assert_true(f->severity <= f[-1].severity);
		j = whole(f);
		assert_true(json_is_integer(json_object_get(j, "packet")));
		assert_true(json_is_string(json_object_get(j, "at")));
		assert_true(json_is_string(json_object_get(j, "expected")));
		assert_true(json_is_string(json_object_get(j, "seen")));
		assert_true(json_is_array(json_object_get(j, "lines")));
		json_decref(j);
		assert_in_range(strlen(f->summary), 20, 599);
	}
	findings_clear(&m.findings);
	assert_int_equal(m.findings.count, 0);
}

/* More marks than are kept, and times that are no packet's. */
static void
evidence_has_all_marks_however_many(void **state)
{
	static const int64_t times[] = { 1600000000000007, 0, -1,
	    INT64_C(253402300799999999), INT64_C(253402300800000000),
	    INT64_MIN, INT64_MAX };
	static const struct past nothing;
	static const struct promise none;

	(void)state;
	for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
		struct mark at = { .time = times[t], .packet = 7 };
		struct opinion o = { .kind = KIND_STARTTLS_ABSENT, .at = at,
		    .expected = "a", .seen = "b" };
		char when[MOMENT_TEXT];
		struct finding *one;
		struct made_up m;
		json_t *j, *lines;

		make_up(&m, 1);
		one = finding_add(&m.findings, &(struct brief){
		    .r = &m.record, .smtp = smtp_facts(m.record.smtp),
		    .past = &nothing, .promise = &none }, &o, "%s", "c");
		assert_non_null(one);
		for (uint64_t i = 0; i < FINDING_MARKS + 4; i++)
			evidence_line(one, SIDE_CLIENT, (struct mark){
			    .time = times[t], .packet = 8 + i }, "x");
		json_text_raw(&one->evidence, "]}");
		j = whole(one);
		moment_format(times[t], when);
		assert_string_equal(json_string_value(json_object_get(j,
		    "at")), when);
		lines = json_object_get(j, "lines");
		assert_int_equal(json_array_size(lines), FINDING_MARKS + 4);
		for (size_t i = 0; i < FINDING_MARKS + 4; i++) {
			json_t *line = json_array_get(lines, i);

			assert_int_equal(json_integer_value(json_object_get(
			    line, "packet")), 8 + i);
			assert_string_equal(json_string_value(json_object_get(
			    line, "at")), when);
		}
		json_decref(j);
		findings_clear(&m.findings);
	}
}

static void
a_record_without_anything_is_judged(void **state)
{
	struct made_up m;

	(void)state;
	make_up(&m, 1);
	m.record.smtp = NULL;
	m.record.tls = NULL;
	m.record.protocol = RECORD_NONE;
	detect_session(&m.record, NULL, NULL, &m.findings);
	assert_int_equal(m.findings.count, 0);
	assert_int_equal(m.findings.verdict, VERDICT_BENIGN);
	assert_null(m.findings.cause);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_follows_from_the_findings),
		cmocka_unit_test(the_gravest_is_first_and_evidence_is_json),
		cmocka_unit_test(evidence_has_all_marks_however_many),
		cmocka_unit_test(a_record_without_anything_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
