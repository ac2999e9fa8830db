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

#define H	BECAUSE(HISTORY)
#define P	BECAUSE(PEERS)
enum { SILENT = -1 };

static const struct {
	const char	*name;
	void		(*session)(struct made_up *);
	void		(*before)(struct past *);	/* NULL: nothing */
	enum kind	 kind;
	int		 weight;	/* SILENT: no finding of that kind */
	uint32_t	 because;
	int		 taken;		/* -1: whatever */
} cases[] = {
#define K	KIND_STARTTLS_ABSENT
	{ "a server nobody knows, only probed", lacks, NULL, K, SILENT, 0, 0 },
	{ "... a mail in clear is a note", lacks_and_mails, NULL, K,
	  WEIGHT_NOTE, 0, 0 },
	{ "one that never offered", lacks_and_mails, never, K, WEIGHT_NOTE, 0,
	  0 },
	{ "gone against its habit", lacks, habit, K, WEIGHT_STRONG, H, 1 },
	{ "... and others have it", lacks, habit_and_peers, K, WEIGHT_STRONG,
	  H | P, 1 },
	{ "others have it, this network never had", lacks, others, K,
	  WEIGHT_STRONG, P, 1 },
	{ "offered twice before", lacks, once, K, WEIGHT_HINT, H, 1 },
	{ "hidden from this client", lacks_and_mails, hidden_from_here, K,
	  WEIGHT_NOTE, 0, 0 },
	{ "offered", passes_by, habit, K, SILENT, 0, 0 },
#undef K
#define K	KIND_STARTTLS_MASKED
	{ "no other word of eight letters is missing", masked, NULL, K,
	  WEIGHT_PROOF, 0, 1 },
	{ "it may have been CHUNKING", masked_perhaps_another, NULL, K,
	  WEIGHT_STRONG, 0, 1 },
	{ "against its history", masked, habit, K, WEIGHT_PROOF, H, 1 },
	{ "listed twice", listed_twice, NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "spelt otherwise than ever", respelt, habit, K, WEIGHT_HINT, H, 0 },
	{ "spelt otherwise by a server nobody knows", respelt, NULL, K,
	  SILENT, 0, 0 },
	{ "a plain offer", offers, habit, K, SILENT, 0, 0 },
#undef K
#define K	KIND_BANNER_MASKED
	{ "stars", starred, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "stars, and it was plain before", starred, habit, K, WEIGHT_STRONG,
	  H, -1 },
	{ "a plain greeting", lacks, habit, K, SILENT, 0, -1 },
#undef K
#define K	KIND_EHLO_REFUSED
	{ "by a server without ESMTP, and nothing sent", ehlo_refused, NULL,
	  K, SILENT, 0, 0 },
	{ "... and mail sent", ehlo_refused_and_mails, NULL, K, WEIGHT_NOTE,
	  0, 0 },
	{ "by one that greets with ESMTP", ehlo_refused_by_esmtp, NULL, K,
	  WEIGHT_HINT, 0, 0 },
	{ "... that always refuses", ehlo_refused_by_esmtp,
	  refuses_ehlo_for_days, K, SILENT, 0, 0 },
	{ "against its habit", ehlo_refused, habit, K, WEIGHT_STRONG, H, 1 },
	{ "of one that took it twice", ehlo_refused, once, K, WEIGHT_HINT, H,
	  1 },
	{ "for now (421)", ehlo_refused_with_421, habit, K, SILENT, 0, 0 },
	{ "for want of a name", ehlo_refused_for_no_name, habit, K, SILENT, 0,
	  0 },
	{ "quoting another word", ehlo_echoed_otherwise, NULL, K,
	  WEIGHT_PROOF, 0, 0 },
#undef K
#define K	KIND_STARTTLS_REFUSED
	{ "454 with its code, of a busy server", busy, well_tried, K,
	  WEIGHT_NOTE, H, 0 },
	{ "... and mail went in clear", busy_and_mails, well_tried, K,
	  WEIGHT_HINT, H, 0 },
	{ "... one in twenty was refused", busy, refused_often, K,
	  WEIGHT_HINT, H, 0 },
	{ "... of a server nobody knows", busy, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "454 of a server without codes", says_454, NULL, K, WEIGHT_HINT, 0,
	  0 },
	{ "454 without the code that it owes", says_454_without_its_code,
	  NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "421 without it", says_421_without_its_code, NULL, K, WEIGHT_HINT,
	  0, 0 },
	{ "for good", says_502, NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "for good, not offered", says_502_unoffered, NULL, K, SILENT, 0,
	  0 },
	{ "neither yes nor no", says_200, NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "neither yes nor no, not offered", says_250_unoffered, NULL, K,
	  WEIGHT_STRONG, 0, 0 },
	{ "a parameter", says_501_to_a_parameter, NULL, K, WEIGHT_NOTE, 0,
	  0 },
	{ "asked twice", says_554_to_the_second, NULL, K, WEIGHT_NOTE, 0, 0 },
	{ "accepted", gets_tls, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_STARTTLS_COMMAND_MASKED
	{ "X's for STARTTLS", command_masked, NULL, K, WEIGHT_PROOF, 0, 0 },
	{ "NOOP and blanks", noop, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "NOOP of a client that uses TLS", noop, tls_here, K, WEIGHT_STRONG,
	  0, 0 },
	{ "as it is", asks, tls_here, K, SILENT, 0, 0 },
#undef K
#define K	KIND_STARTTLS_DEMANDED
	{ "without an offer", demanded, NULL, K, WEIGHT_STRONG, 0, 1 },
	{ "with one", demanded_and_offered, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_STARTTLS_HIDDEN
	{ "accepted without an offer", gets_tls_unoffered, NULL, K,
	  WEIGHT_HINT, 0, 1 },
	{ "... against its habit", gets_tls_unoffered, habit, K,
	  WEIGHT_STRONG, H, 1 },
	{ "... where it is hidden by habit", gets_tls_unoffered,
	  hidden_from_here, K, WEIGHT_NOTE, 0, 0 },
	{ "with an offer", gets_tls, habit, K, SILENT, 0, 0 },
#undef K
#define K	KIND_TLS_NOT_STARTED
	{ "the client left", plain_after_220, NULL, K, WEIGHT_NOTE, 0, 0 },
	{ "both went on", plain_after_220_and_mails, NULL, K, WEIGHT_STRONG,
	  0, 0 },
	{ "it started", gets_tls, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_TLS_DISRUPTED
	{ "octets that are no TLS", garbled, NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "... with a server that never got it up", garbled, never_worked, K,
	  WEIGHT_STRONG, 0, 0 },
	{ "text of the server", answered_in_clear, NULL, K, WEIGHT_STRONG, 0,
	  0 },
	{ "a reset", reset, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "a reset, where it worked before", reset, habit, K, WEIGHT_HINT, H,
	  0 },
	{ "an alert, where it never worked", alerted, never_worked, K,
	  WEIGHT_NOTE, 0, 0 },
	{ "an alert, where it was hardly tried", alerted, hardly_tried, K,
	  WEIGHT_HINT, 0, 0 },
	{ "a reset, where it never worked", reset, never_worked, K,
	  WEIGHT_HINT, 0, 0 },
	{ "a probe without a hello", no_hello, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_TLS_DOWNGRADED
	{ "the server marks it", pressed_down, NULL, K, WEIGHT_PROOF, 0, 0 },
	{ "... for a client without 1.3", pressed_down_for_an_old_client,
	  NULL, K, SILENT, 0, 0 },
	{ "an older version after a failure", old_version, failed_before, K,
	  WEIGHT_HINT, H, 0 },
	{ "... two hours later", old_version, failed_two_hours_before, K,
	  SILENT, 0, 0 },
	{ "an older version as ever", old_version, NULL, K, SILENT, 0, 0 },
	{ "anonymous, of the same offer", anonymous_suite,
	  agreed_on_good_ones, K, WEIGHT_STRONG, H, 0 },
	{ "... and nobody knows the two", anonymous_suite, NULL, K, SILENT, 0,
	  0 },
	{ "... hardly know each other", anonymous_suite, agreed_seldom, K,
	  SILENT, 0, 0 },
	{ "... since today", anonymous_suite, agreed_on_good_ones_today, K,
	  SILENT, 0, 0 },
	{ "... of another offer", anonymous_suite, offered_other_suites, K,
	  WEIGHT_STRONG, H, 0 },
	{ "... by another program", anonymous_suite,
	  offered_by_another_program, K, WEIGHT_HINT, H, 0 },
	{ "... by a changed client", anonymous_suite, offered_to_all, K,
	  WEIGHT_NOTE, H, 0 },
	{ "... by a changed server", anonymous_suite, given_to_all, K,
	  WEIGHT_NOTE, H, 0 },
	{ "... by one that gives others better", anonymous_suite,
	  given_to_some, K, WEIGHT_STRONG, H, 0 },
	{ "... by one that gives both for days", anonymous_suite,
	  given_to_some_for_days, K, WEIGHT_HINT, H, 0 },
	{ "an export suite, before the client noticed", export_suite_chosen,
	  agreed_on_good_ones, K, WEIGHT_STRONG, H, 0 },
	{ "... by a hello out of which 1.3 was taken, too",
	  export_suite_of_a_changed_hello, offered_by_another_program, K,
	  WEIGHT_STRONG, H, 0 },
	{ "no forward secrecy", static_suite, agreed_on_good_ones, K,
	  WEIGHT_HINT, H, 0 },
	{ "... as before, at times", static_suite, agreed_on_static_ones_too,
	  K, SILENT, 0, 0 },
	{ "... by another program", static_suite, offered_by_another_program,
	  K, WEIGHT_NOTE, H, 0 },
	{ "... for a week to all", static_suite, given_for_a_week, K,
	  WEIGHT_NOTE, H, 0 },
	{ "an old mode", cbc_suite, agreed_on_good_ones, K, SILENT, 0, 0 },
#undef K
#define K	KIND_CERTIFICATE_CHANGED
	{ "the first key", shows, NULL, K, SILENT, 0, 0 },
	{ "a known key", shows, knows_the_key, K, SILENT, 0, 0 },
	{ "renewed by a known issuer", shows, knows_the_issuer, K,
	  WEIGHT_NOTE, H, 0 },
	{ "another key, another issuer", shows, knows_another_key, K,
	  WEIGHT_HINT, H, 0 },
	{ "one of many", shows, knows_many_keys, K, WEIGHT_NOTE, H, 0 },
	{ "the tool's own", shows_the_tools, knows_the_key, K, WEIGHT_PROOF,
	  H, 0 },
	{ "a masked greeting is not the tool", starred_with_tls,
	  knows_the_key, K, SILENT, 0, 0 },
#undef K
#define K	KIND_COMMAND_INJECTION
	{ "a command behind STARTTLS", injects, NULL, K, WEIGHT_STRONG, 0,
	  0 },
	{ "a stray line end", stray_line_end, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "letters as escapes have them", letters_of_escapes, NULL, K,
	  WEIGHT_STRONG, 0, 0 },
	{ "nothing", gets_tls, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_RESPONSE_INJECTION
	{ "replies behind the 220", injects_replies, NULL, K, WEIGHT_STRONG,
	  0, 0 },
	{ "nothing", gets_tls, NULL, K, SILENT, 0, 0 },
#undef K
#define K	KIND_REPLY_CONFLICT
	{ "two texts", conflicts, NULL, K, WEIGHT_PROOF, 0, -1 },
	{ "one odd octet, as of a keep-alive", conflicts_in_one_octet, NULL,
	  K, WEIGHT_HINT, 0, -1 },
	{ "none", lacks, NULL, K, SILENT, 0, -1 },
#undef K
#define K	KIND_PATH_ANOMALY
	{ "the other copy from nine hops off", conflicts_from_afar, NULL, K,
	  WEIGHT_NOTE, 0, -1 },
	{ "... from two hops off", conflicts_from_two_hops, NULL, K, SILENT,
	  0, -1 },
#undef K
#define K	KIND_STARTTLS_UNUSED
	{ "by a client nobody knows", passes_by, NULL, K, SILENT, 0, 0 },
	{ "by one that used it here", passes_by, tls_here, K, WEIGHT_HINT, H,
	  0 },
	{ "by one that mostly does not", passes_by, tls_here_and_much_without,
	  K, SILENT, 0, 0 },
	{ "by one that used it elsewhere thrice", passes_by, tls_elsewhere, K,
	  WEIGHT_HINT, H, 0 },
	{ "... twice", passes_by, little_tls_elsewhere, K, SILENT, 0, 0 },
	{ "... by a person's program", passes_by_at_587, tls_elsewhere, K,
	  SILENT, 0, 0 },
	{ "offered and only looked at", offers, tls_here, K, SILENT, 0, 0 },
#undef K
#define K	KIND_CLEARTEXT_RETRY
	{ "mail half an hour after a failure", lacks_and_mails, failed_before,
	  K, WEIGHT_HINT, 0, -1 },
	{ "no mail", lacks, failed_before, K, SILENT, 0, -1 },
	{ "no failure", lacks_and_mails, habit, K, SILENT, 0, -1 },
#undef K
#define K	KIND_REQUIRETLS_IN_CLEAR
	{ "REQUIRETLS", requires_tls, NULL, K, WEIGHT_STRONG, 0, -1 },
	{ "none", lacks_and_mails, NULL, K, SILENT, 0, -1 },
#undef K
#define K	KIND_MAIL_IN_CLEAR
	{ "where the offer was overwritten", masked_and_mails, NULL, K,
	  WEIGHT_STRONG, 0, 1 },
	{ "where it was due", lacks_and_mails, habit, K, WEIGHT_STRONG, H,
	  1 },
	{ "where it was offered and never used", passes_by, NULL, K,
	  WEIGHT_NOTE, 0, 0 },
	{ "where it never was", lacks_and_mails, never, K, SILENT, 0, 0 },
	{ "none", masked, habit, K, SILENT, 0, 1 },
#undef K
#define K	KIND_CREDENTIALS_IN_CLEAR
	{ "a password", logs_in, NULL, K, WEIGHT_STRONG, 0, 0 },
	{ "a proof of one", logs_in_with_proof, NULL, K, WEIGHT_HINT, 0, 0 },
	{ "a password where TLS was stripped", logs_in_stripped, NULL, K,
	  WEIGHT_PROOF, 0, 1 },
	{ "none", lacks, NULL, K, SILENT, 0, 0 },
#undef K
};

static void
a_rule_speaks_and_is_silent(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct past past = { 0 };
		struct made_up m;
		struct findings *f = &m.findings;
		const struct finding *one;
		struct grade want;
		const char *word = kind_word(cases[i].kind);
		bool exposed;

		make_up(&m, 1);
		cases[i].session(&m);
		if (cases[i].before != NULL)
			cases[i].before(&past);
		detect_session(&m.record, &past, NULL, f);
		one = finding_of(f, cases[i].kind);
		if ((one != NULL) != (cases[i].weight != SILENT))
			fail_msg("%s: %s: got %s", word, cases[i].name,
			    one != NULL ? one->summary : "silence");
		if (cases[i].taken != -1 && f->taken != cases[i].taken)
			fail_msg("%s: %s: got taken %d", word, cases[i].name,
			    f->taken);
		if (one != NULL) {
			seen |= 1U << cases[i].kind;
			exposed = m.smtp.facts.mails_accepted > 0 ||
			    m.rare.auth != NULL;
			want = grade_of(cases[i].kind,
			    (enum weight)cases[i].weight,
			    &(struct circumstances){ .exposed = exposed });
			if (one->severity != want.severity ||
			    one->confidence != want.confidence)
				fail_msg("%s: %s: got %s, %s, want %s, %s",
				    word, cases[i].name,
				    severity_word(one->severity),
				    confidence_word(one->confidence),
				    severity_word(want.severity),
				    confidence_word(want.confidence));
			if (one->because != cases[i].because)
				fail_msg("%s: %s: because %x, want %x", word,
				    cases[i].name, one->because,
				    cases[i].because);
			assert_int_not_equal(one->at, 0);
		}
		findings_clear(f);
	}
	/* these two follow from what DNS said, and posture is no session's:
	 * not from here */
	seen |= 1U << KIND_DNS_CONFLICT | 1U << KIND_CERTIFICATE_MISMATCH;
	for (enum kind k = 0; k < KINDS; k++)
		if (grade_family(k) == FAMILY_POSTURE)
			seen |= 1U << k;
	assert_int_equal(seen, (UINT64_C(1) << KINDS) - 1);
}

static void
the_words_do_not_claim_what_was_not_seen(void **state)
{
	struct past past = { 0 };
	struct made_up m;
	const struct finding *f;

	(void)state;
	make_up(&m, 1);
	says_250_unoffered(&m);
	detect_session(&m.record, NULL, NULL, &m.findings);
	f = finding_of(&m.findings, KIND_STARTTLS_REFUSED);
	assert_null(strstr(f->summary, "offered"));
	findings_clear(&m.findings);
	/* garbage is not of the server's own making */
	make_up(&m, 1);
	garbled(&m);
	never_worked(&past);
	detect_session(&m.record, &past, NULL, &m.findings);
	f = finding_of(&m.findings, KIND_TLS_DISRUPTED);
	assert_null(strstr(f->summary, "own making"));
	findings_clear(&m.findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_speaks_and_is_silent),
		cmocka_unit_test(the_words_do_not_claim_what_was_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
