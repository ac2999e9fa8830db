/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "detect/grade.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* As the manual page has it: for a hint, for strong evidence and for proof,
 * without and with a mail or password in clear.  'T'ampers, 'L'acks or
 * 'F'ollows. */
static const struct {
	enum kind	kind;
	enum family	family;
	char		nature;
	const char	*cells;		/* i, l, m, h, c */
} table[] = {
	{ KIND_STARTTLS_ABSENT, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hc" },
	{ KIND_STARTTLS_MASKED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hc" },
	{ KIND_BANNER_MASKED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh mh" },
	{ KIND_EHLO_REFUSED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hc" },
	{ KIND_STARTTLS_REFUSED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hc" },
	{ KIND_STARTTLS_COMMAND_MASKED, FAMILY_ENCRYPTION_LOST, 'T',
	  "mh hh hc" },
	{ KIND_STARTTLS_DEMANDED, FAMILY_ENCRYPTION_LOST, 'T',
	  "mh hc hc" },
	{ KIND_STARTTLS_HIDDEN, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hh" },
	{ KIND_TLS_NOT_STARTED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm hc hc" },
	{ KIND_TLS_DISRUPTED, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm mh hc" },
	{ KIND_COMMAND_INJECTION, FAMILY_INJECTION, 'T',
	  "ll hh hc" },
	{ KIND_RESPONSE_INJECTION, FAMILY_INJECTION, 'T',
	  "ll hh hc" },
	{ KIND_REPLY_CONFLICT, FAMILY_ENCRYPTION_LOST, 'T',
	  "lm hh hc" },
	{ KIND_CLEARTEXT_RETRY, FAMILY_ENCRYPTION_LOST, 'F',
	  "lm mh hh" },
	{ KIND_STARTTLS_UNUSED, FAMILY_ENCRYPTION_LOST, 'L',
	  "lm mm mh" },
	{ KIND_CERTIFICATE_CHANGED, FAMILY_INTERCEPTION, 'T',
	  "mm hh hc" },
	{ KIND_CERTIFICATE_MISMATCH, FAMILY_INTERCEPTION, 'T',
	  "mm hh cc" },
	{ KIND_TLS_DOWNGRADED, FAMILY_INTERCEPTION, 'T',
	  "lm mh hc" },
	{ KIND_DNS_CONFLICT, FAMILY_DNS, 'T',
	  "mm hh hc" },
	{ KIND_PATH_ANOMALY, FAMILY_ENCRYPTION_LOST, 'F',
	  "ll mm mh" },
	{ KIND_MAIL_IN_CLEAR, FAMILY_ENCRYPTION_LOST, 'F',
	  "lm mh hh" },
	{ KIND_REQUIRETLS_IN_CLEAR, FAMILY_ENCRYPTION_LOST, 'L',
	  "lm mh hh" },
	{ KIND_CREDENTIALS_IN_CLEAR, FAMILY_CREDENTIALS, 'L',
	  "mm hh hc" },
	{ KIND_DANE_PARTIAL, FAMILY_POSTURE, 'L', "ll mm mm" },
	{ KIND_TLSA_MISMATCH, FAMILY_POSTURE, 'L', "mm hh hh" },
	{ KIND_TLSA_AT_RISK, FAMILY_POSTURE, 'L', "ll mm mm" },
	{ KIND_TLSA_UNUSABLE, FAMILY_POSTURE, 'L', "ll mm mm" },
	{ KIND_TLSA_UNSIGNED, FAMILY_POSTURE, 'L', "ll ll ll" },
	{ KIND_CERTIFICATE_EXPIRING, FAMILY_POSTURE, 'L', "ll mm hh" },
	{ KIND_STARTTLS_NEVER, FAMILY_POSTURE, 'L', "ll mm hh" },
	{ KIND_DNSSEC_BOGUS, FAMILY_POSTURE, 'L', "mm hh hh" },
};

static const char	letters[] = "ilmhc";

static struct grade
grade(enum kind kind, enum weight weight, bool promised, bool exposed)
{
	return grade_of(kind, weight, &(struct circumstances){
	    .promised = promised, .exposed = exposed });
}

static void
every_cell_is_what_the_manual_says(void **state)
{
	(void)state;
	assert_int_equal(LENGTH(table), KINDS);
	for (size_t i = 0; i < LENGTH(table); i++)
		for (int w = WEIGHT_HINT; w < WEIGHTS; w++)
			for (int exposed = 0; exposed < 2; exposed++) {
				char want = table[i].cells[(w - WEIGHT_HINT) *
				    3 + exposed];
				struct grade g = grade(table[i].kind,
				    (enum weight)w, false, exposed);

				if (letters[g.severity] != want)
					fail_msg("%s, weight %d, exposed %d: "
					    "got %s, want %c",
					    kind_word(table[i].kind), w,
					    exposed, severity_word(g.severity),
					    want);
			}
}

static void
a_kind_has_a_family_and_a_nature(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		enum kind k = table[i].kind;

		assert_int_equal(grade_family(k), table[i].family);
		assert_int_equal(grade_tampers(k), table[i].nature == 'T');
		assert_int_equal(grade_consequence(k),
		    table[i].nature == 'F');
	}
}

static void
a_note_is_information_whatever_passed(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		struct grade g = grade((enum kind)k, WEIGHT_NOTE, true,
		    true);

		assert_int_equal(g.severity, SEVERITY_INFO);
		assert_int_equal(g.confidence, CONFIDENCE_CIRCUMSTANTIAL);
	}
}

/* Neither more evidence nor more harm makes anything less grave. */
static void
more_is_never_less(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++)
		for (int w = WEIGHT_NOTE; w + 1 < WEIGHTS; w++) {
			enum severity s = grade((enum kind)k, (enum weight)w,
			    false, false).severity;

			assert_true(grade((enum kind)k, (enum weight)w, false,
			    true).severity >= s);
			assert_true(grade((enum kind)k, (enum weight)(w + 1),
			    false, false).severity >= s);
		}
}

static void
a_promise_broken_in_clear_adds_a_step(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++)
		for (int w = WEIGHT_HINT; w < WEIGHTS; w++) {
			int want = grade((enum kind)k, (enum weight)w, false,
			    true).severity + 1;

			if (want > SEVERITY_CRITICAL)
				want = SEVERITY_CRITICAL;
			assert_int_equal(grade((enum kind)k, (enum weight)w,
			    true, true).severity, want);
			/* nothing passed: nothing added */
			assert_int_equal(grade((enum kind)k, (enum weight)w,
			    true, false).severity, grade((enum kind)k,
			    (enum weight)w, false, false).severity);
		}
}

static void
what_was_missed_makes_it_less_sure_not_less_grave(void **state)
{
	static const struct {
		enum weight	weight;
		enum confidence	whole, partial;
	} cases[] = {
		{ WEIGHT_HINT, CONFIDENCE_CIRCUMSTANTIAL,
		  CONFIDENCE_CIRCUMSTANTIAL },
		{ WEIGHT_STRONG, CONFIDENCE_STRONG,
		  CONFIDENCE_CIRCUMSTANTIAL },
		{ WEIGHT_PROOF, CONFIDENCE_CERTAIN, CONFIDENCE_STRONG },
	};

	(void)state;
	for (int k = 0; k < KINDS; k++)
		for (size_t i = 0; i < LENGTH(cases); i++) {
			struct grade whole = grade_of((enum kind)k,
			    cases[i].weight, &(struct circumstances){
			    .exposed = true });
			struct grade partial = grade_of((enum kind)k,
			    cases[i].weight, &(struct circumstances){
			    .exposed = true, .partial = true });

			assert_int_equal(whole.confidence, cases[i].whole);
			assert_int_equal(partial.confidence,
			    cases[i].partial);
			assert_int_equal(whole.severity, partial.severity);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_what_the_manual_says),
		cmocka_unit_test(a_kind_has_a_family_and_a_nature),
		cmocka_unit_test(a_note_is_information_whatever_passed),
		cmocka_unit_test(more_is_never_less),
		cmocka_unit_test(a_promise_broken_in_clear_adds_a_step),
		cmocka_unit_test(
		    what_was_missed_makes_it_less_sure_not_less_grave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
