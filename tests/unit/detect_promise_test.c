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

static void
may_go_in_clear(struct made_up *m)
{
	lacks_and_mails(m);
	m->mail.mails_tls_optional = m->smtp.facts.mails_accepted +
	    m->smtp.facts.mails_unanswered;
}

static void
reports(struct made_up *m)
{
	may_go_in_clear(m);
	m->mail.mails_tls_report = m->mail.mails_tls_optional;
	m->mail.mails_tls_optional = 0;
}

static void
one_of_two_may(struct made_up *m)
{
	may_go_in_clear(m);
	m->mail.mails_ordinary = 1;
}

static void
one_more_was_taken(struct made_up *m)
{
	may_go_in_clear(m);
	m->smtp.facts.mails_accepted++;
}

static void
logs_in_as_well(struct made_up *m)
{
	static const char plain[] = "PLAIN";

	may_go_in_clear(m);
	m->rare.auth = plain;
}

static void
masked_and_may(struct made_up *m)
{
	masked_and_mails(m);
	m->mail.mails_tls_optional = m->smtp.facts.mails_accepted +
	    m->smtp.facts.mails_unanswered;
}

static void
passes_by_and_may(struct made_up *m)
{
	passes_by(m);
	m->mail.mails_tls_optional = m->smtp.facts.mails_accepted +
	    m->smtp.facts.mails_unanswered;
}

/* Never an offer, since so long before. */
static void
never_for_a_day(struct past *p)
{
	p->absent = 5;
	p->first_missing = NOON - DAY;
}

static void
never_these_hours(struct past *p)
{
	p->absent = 500;
	p->first_missing = NOON - DAY + HOUR;
}

/* What DNS says, and what a session that breaks it then shows. */
static const struct {
	const char		*name;
	void			(*session)(struct made_up *);
	void			(*before)(struct past *);
	enum policy_state	 state;
	/* enforced or tested, and the host matches */
	enum sts_mode		 sts;
	enum kind		 kind;
	uint32_t		 because;
	enum severity		 severity;
} cases[] = {
	{ "no offer by one that promises it, and nobody knows it",
	  lacks_and_mails, NULL, POLICY_DANE_AUTH, STS_NONE,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_CRITICAL },
	{ "... whose records nothing can match: still TLS",
	  lacks_and_mails, NULL, POLICY_DANE_TLS, STS_NONE,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_CRITICAL },
	{ "... only probed", lacks, NULL, POLICY_DANE_AUTH, STS_NONE,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE), SEVERITY_MEDIUM },
	{ "... by MTA-STS", lacks_and_mails, NULL, POLICY_NONE_INSECURE,
	  STS_ENFORCE, KIND_STARTTLS_ABSENT, BECAUSE(STS),
	  SEVERITY_CRITICAL },
	{ "no promise: a note", lacks_and_mails, NULL, POLICY_NONE_SECURE,
	  STS_NONE, KIND_STARTTLS_ABSENT, 0, SEVERITY_INFO },
	{ "against habit and promise", lacks_and_mails, habit,
	  POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_ABSENT,
	  BECAUSE(DANE) | BECAUSE(HISTORY), SEVERITY_CRITICAL },
	{ "the publisher's own fault: never, for a day", lacks_and_mails,
	  never_for_a_day, POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_ABSENT,
	  BECAUSE(DANE), SEVERITY_HIGH },
	{ "... or somebody's, these hours", lacks_and_mails,
	  never_these_hours, POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_ABSENT,
	  BECAUSE(DANE), SEVERITY_CRITICAL },

	{ "a mail that may go without TLS", may_go_in_clear, NULL,
	  POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_ABSENT, 0, SEVERITY_INFO },
	{ "... itself", may_go_in_clear, NULL, POLICY_DANE_AUTH, STS_NONE,
	  KIND_MAIL_IN_CLEAR, 0, SEVERITY_INFO },
	{ "... though MTA-STS demands it", may_go_in_clear, NULL,
	  POLICY_NONE_INSECURE, STS_ENFORCE, KIND_MAIL_IN_CLEAR, 0,
	  SEVERITY_INFO },
	{ "... to who cannot be validated", may_go_in_clear, NULL,
	  POLICY_MUST_NOT_DELIVER, STS_NONE, KIND_MAIL_IN_CLEAR, 0,
	  SEVERITY_INFO },
	{ "... passing by an offer", passes_by_and_may, NULL,
	  POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_UNUSED, 0,
	  SEVERITY_INFO },
	{ "a report about failing TLS", reports, NULL, POLICY_DANE_AUTH,
	  STS_NONE, KIND_MAIL_IN_CLEAR, 0, SEVERITY_INFO },
	{ "one mail of two may", one_of_two_may, NULL, POLICY_DANE_AUTH,
	  STS_NONE, KIND_MAIL_IN_CLEAR, BECAUSE(DANE), SEVERITY_CRITICAL },
	{ "a mail more than was read", one_more_was_taken, NULL,
	  POLICY_DANE_AUTH, STS_NONE, KIND_MAIL_IN_CLEAR, BECAUSE(DANE),
	  SEVERITY_CRITICAL },
	{ "a password is no such mail", logs_in_as_well, NULL,
	  POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_ABSENT, BECAUSE(DANE),
	  SEVERITY_CRITICAL },
	{ "whoever takes the offer has not asked what mail it is",
	  may_go_in_clear, habit, POLICY_DANE_AUTH, STS_NONE,
	  KIND_STARTTLS_ABSENT, BECAUSE(DANE) | BECAUSE(HISTORY),
	  SEVERITY_HIGH },
	{ "... nor who overwrites it", masked_and_may, NULL,
	  POLICY_DANE_AUTH, STS_NONE, KIND_STARTTLS_MASKED, BECAUSE(DANE),
	  SEVERITY_CRITICAL },
	{ "overwritten, and it was promised", masked, NULL, POLICY_DANE_AUTH,
	  STS_NONE, KIND_STARTTLS_MASKED, BECAUSE(DANE), SEVERITY_HIGH },
	/* RFC 8461 section 5 */
	{ "MTA-STS is tested, and a mail goes in clear", lacks_and_mails,
	  NULL, POLICY_NONE_INSECURE, STS_TESTING, KIND_MAIL_IN_CLEAR,
	  BECAUSE(STS), SEVERITY_LOW },
	{ "... which is no reason to expect an offer", lacks_and_mails,
	  NULL, POLICY_NONE_INSECURE, STS_TESTING, KIND_STARTTLS_ABSENT, 0,
	  SEVERITY_INFO },
	{ "... by who passes by an offer", passes_by, NULL,
	  POLICY_NONE_INSECURE, STS_TESTING, KIND_MAIL_IN_CLEAR,
	  BECAUSE(STS), SEVERITY_LOW },
	{ "... that may", passes_by_and_may, NULL, POLICY_NONE_INSECURE,
	  STS_TESTING, KIND_MAIL_IN_CLEAR, 0, SEVERITY_INFO },
	{ "... to who promises DANE", lacks_and_mails, NULL,
	  POLICY_DANE_AUTH, STS_TESTING, KIND_MAIL_IN_CLEAR, BECAUSE(DANE),
	  SEVERITY_CRITICAL },
	{ "... overwritten: that is no trial", masked_and_mails, NULL,
	  POLICY_NONE_INSECURE, STS_TESTING, KIND_MAIL_IN_CLEAR, 0,
	  SEVERITY_HIGH },
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
		answer.sts = cases[i].sts;
		answer.sts_match = cases[i].sts != STS_NONE ?
		    STS_MATCH_YES : STS_MATCH_NONE;
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
