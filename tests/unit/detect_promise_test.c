/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/rules.h"
#include "detect_scenes.h"
#include "detect_pasts.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* What DNS says, and what a session that breaks it then shows. */
static const struct {
	const char		*name;
	void			(*session)(struct made_up *);
	void			(*before)(struct past *);
	enum policy_state	 state;
	bool			 sts;		/* enforced, and it matches */
	enum kind		 kind;
	uint32_t		 because;
	enum severity		 severity;
} cases[] = {
	{ "no offer by one that promises it, and nobody knows it",
	  lacks_and_mails, NULL, POLICY_DANE_AUTH, false,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_CRITICAL },
	{ "... whose records nothing can match: still TLS",
	  lacks_and_mails, NULL, POLICY_DANE_TLS, false,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_CRITICAL },
	{ "... only probed", lacks, NULL, POLICY_DANE_AUTH, false,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_MEDIUM },
	{ "... by MTA-STS", lacks_and_mails, NULL, POLICY_NONE_INSECURE, true,
	  KIND_STARTTLS_ABSENT, BECAUSE(STS), SEVERITY_CRITICAL },
	{ "no promise: a note", lacks_and_mails, NULL, POLICY_NONE_SECURE,
	  false, KIND_STARTTLS_ABSENT, 0, SEVERITY_INFO },
	{ "against habit and promise", lacks_and_mails, habit,
	  POLICY_DANE_AUTH, false, KIND_STARTTLS_ABSENT,
	  BECAUSE(DANE) | BECAUSE(HISTORY), SEVERITY_CRITICAL },
	{ "overwritten, and it was promised", masked, NULL, POLICY_DANE_AUTH,
	  false, KIND_STARTTLS_MASKED, BECAUSE(DANE), SEVERITY_HIGH },
};

static void
a_broken_promise_is_a_reason(void **state)
{
	static struct policy_answer answer;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct promise promise = { .answer = &answer };
		const struct finding *one;
		struct past past = { 0 };
		struct made_up m;

		memset(&answer, 0, sizeof(answer));
		answer.state = cases[i].state;
		answer.sts = cases[i].sts ? STS_ENFORCE : STS_NONE;
		answer.sts_match = cases[i].sts ? STS_MATCH_YES :
		    STS_MATCH_NONE;
		strcpy(answer.domain, "example");
		strcpy(answer.base, "mx.example");
		make_up(&m, 1);
		cases[i].session(&m);
		if (cases[i].before != NULL)
			cases[i].before(&past);
		detect_session(&m.record, &past, &promise, &m.findings);
		one = finding_of(&m.findings, cases[i].kind);
		if (one == NULL)
			fail_msg("%s: got silence", cases[i].name);
		if (one->because != cases[i].because ||
		    one->severity != cases[i].severity)
			fail_msg("%s: got %s, because %x, want %s, %x",
			    cases[i].name, severity_word(one->severity),
			    one->because, severity_word(cases[i].severity),
			    cases[i].because);
		findings_clear(&m.findings);
	}
}

static const struct {
	const char		*name;
	enum policy_state	 state;
	enum match_outcome	 outcome;
	enum confirm_answer	 confirm;
	bool			 known;
	int			 severity;	/* -1: silent */
} matches[] = {
	{ "another key than promised", POLICY_DANE_AUTH, MATCH_MISMATCHED,
	  CONFIRM_REAL, false, SEVERITY_HIGH },
	{ "... which may be a rollover", POLICY_DANE_AUTH, MATCH_MISMATCHED,
	  CONFIRM_WAIT, false, SEVERITY_MEDIUM },
	{ "... which could not be asked again", POLICY_DANE_AUTH,
	  MATCH_MISMATCHED, CONFIRM_UNDECIDED, false, SEVERITY_MEDIUM },
	{ "... whose records are gone since", POLICY_DANE_AUTH,
	  MATCH_MISMATCHED, CONFIRM_WITHDRAWN, false, SEVERITY_MEDIUM },
	{ "... which newer records fit", POLICY_DANE_AUTH, MATCH_MISMATCHED,
	  CONFIRM_RACE, false, SEVERITY_INFO },
	{ "... by records of a snapshot", POLICY_DANE_AUTH, MATCH_MISMATCHED,
	  CONFIRM_FIXED, false, SEVERITY_HIGH },
	{ "... which it showed for days", POLICY_DANE_AUTH, MATCH_MISMATCHED,
	  CONFIRM_REAL, true, SEVERITY_MEDIUM },
	{ "... of a promise that is half", POLICY_DANE_HALF,
	  MATCH_MISMATCHED, CONFIRM_REAL, false, SEVERITY_MEDIUM },
	{ "a forgery under the promised issuer", POLICY_DANE_AUTH,
	  MATCH_SIGNATURE, CONFIRM_REAL, false, SEVERITY_HIGH },
	{ "expired, of the promised issuer", POLICY_DANE_AUTH, MATCH_EXPIRED,
	  CONFIRM_REAL, false, SEVERITY_INFO },
	{ "the promised one", POLICY_DANE_AUTH, MATCH_MATCHED, CONFIRM_REAL,
	  false, -1 },
	{ "not seen", POLICY_DANE_AUTH, MATCH_HIDDEN, CONFIRM_REAL, false, -1 },
	{ "promised by nobody", POLICY_NONE_SECURE, MATCH_MISMATCHED,
	  CONFIRM_REAL, false, -1 },
};

static void
a_mismatch_is_as_grave_as_it_is_sure(void **state)
{
	static struct policy_answer answer;
	static struct match_result result;

	(void)state;
	for (size_t i = 0; i < LENGTH(matches); i++) {
		struct promise promise = { .answer = &answer,
		    .match = &result, .confirm = matches[i].confirm };
		const struct finding *one;
		struct past past = { 0 };
		struct made_up m;

		memset(&answer, 0, sizeof(answer));
		answer.state = matches[i].state;
		answer.tlsa.count = 1;
		strcpy(answer.base, "mx.example");
		result.outcome = matches[i].outcome;
		past.key_known = matches[i].known;
		past.offered_days = 2;
		make_up(&m, 1);
		shows(&m);
		detect_session(&m.record, &past, &promise, &m.findings);
		one = finding_of(&m.findings, KIND_CERTIFICATE_MISMATCH);
		if ((one == NULL ? -1 : (int)one->severity) !=
		    matches[i].severity)
			fail_msg("%s: got %s", matches[i].name, one == NULL ?
			    "silence" : severity_word(one->severity));
		findings_clear(&m.findings);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_promise_is_a_reason),
		cmocka_unit_test(a_mismatch_is_as_grave_as_it_is_sure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
