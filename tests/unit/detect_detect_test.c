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
		json_error_t error;
		json_t *j;

		if (i > 0)
			assert_true(f->severity <= f[-1].severity);
		j = json_loadb((const char *)f->evidence.at, f->evidence.len,
		    0, &error);
		if (j == NULL)
			fail_msg("%s: %s", kind_word(f->kind), error.text);
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
		cmocka_unit_test(a_record_without_anything_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
