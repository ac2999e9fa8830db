/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect_postures.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define NOTHING		-1, SEVERITY_INFO

static const struct {
	const char	*name;
	void		(*change)(struct scene *);
	int		 kind;		/* to mend; -1: nothing */
	enum severity	 severity;
	const char	*about;		/* NULL: whatever */
	int		 also;		/* a second kind; 0: none */
} cases[] = {
	{ "both records match", NULL, NOTHING, NULL, 0 },
	{ "no record matches", mismatch, KIND_TLSA_MISMATCH, SEVERITY_HIGH,
	  "certificate ab00000000000000, 2 1 1 0200000000000000 / "
	  "3 1 1 0100000000000000", 0 },
	{ "... by records of this minute", fresh_mismatch,
	  KIND_TLSA_MISMATCH, SEVERITY_HIGH, NULL, 0 },
	{ "... behind an MX record that is not signed", half_mismatch,
	  KIND_TLSA_MISMATCH, SEVERITY_MEDIUM, NULL, 0 },
	{ "... of another's server", others_mismatch, NOTHING, NULL, 0 },
	{ "... and nothing is our own", nobodys_mismatch, NOTHING, NULL, 0 },
	{ "... while the connection goes on", early_mismatch, NOTHING, NULL,
	  0 },
	{ "... under a stranger's name, bogus and partial as well",
	  strangers_name, NOTHING, NULL, 0 },
	{ "... under a name that only leads here", relays_name, NOTHING,
	  NULL, 0 },
	{ "... under the name it calls itself", own_words,
	  KIND_TLSA_MISMATCH, SEVERITY_HIGH, NULL, 0 },
	{ "... which the operator knows", excused, NOTHING, NULL, 0 },
	{ "one of the pair matches", one_of_pair, KIND_TLSA_AT_RISK,
	  SEVERITY_MEDIUM, NULL, 0 },
	{ "this key and the next", next_key, NOTHING, NULL, 0 },
	{ "TLS 1.3", not_to_be_seen, NOTHING, NULL, 0 },
	{ "usage 1", pkix, KIND_TLSA_UNUSABLE, SEVERITY_MEDIUM,
	  "_25._tcp.mx.own.example, 1 1 1 0100000000000000", 0 },
	{ "records without a signature", not_signed, KIND_TLSA_UNSIGNED,
	  SEVERITY_LOW, "_25._tcp.mx.own.example", 0 },
	{ "no records", no_records, NOTHING, NULL, 0 },
	{ "one of two MX hosts", partly, KIND_DANE_PARTIAL, SEVERITY_MEDIUM,
	  "own.example, 1 of 2 MX hosts", 0 },
	{ "answers that do not validate", bogus, KIND_DNSSEC_BOGUS,
	  SEVERITY_HIGH, "own.example, mx-bogus", 0 },
	{ "answers that do not come", failing, NOTHING, NULL, 0 },
	{ "own domain, whole", watch, NOTHING, NULL, 0 },
	{ "own domain, one of two MX hosts", partly_watched,
	  KIND_DANE_PARTIAL, SEVERITY_MEDIUM, NULL, 0 },
	{ "own domain, bogus", bogus_watched, KIND_DNSSEC_BOGUS,
	  SEVERITY_HIGH, NULL, 0 },
	{ "... and another server is named after it", bogus_elsewhere,
	  NOTHING, NULL, 0 },
	{ "ten days left, and the record is of the key", ends_soon,
	  KIND_CERTIFICATE_EXPIRING, SEVERITY_LOW,
	  "certificate ab00000000000000, valid until 2026-11-30", 0 },
	{ "two weeks left", ends_in_time, NOTHING, NULL, 0 },
	{ "ten days left, and the record is of the issuer",
	  anchor_ends_soon, KIND_CERTIFICATE_EXPIRING, SEVERITY_MEDIUM,
	  NULL, 0 },
	{ "... whose certificate has three", issuer_ends_soon,
	  KIND_CERTIFICATE_EXPIRING, SEVERITY_MEDIUM,
	  "certificate ab00000000000000, valid until 2026-11-23", 0 },
	{ "ten days left, and MTA-STS", sts_ends_soon,
	  KIND_CERTIFICATE_EXPIRING, SEVERITY_MEDIUM, NULL, 0 },
	{ "expired, and the record is of the issuer", expired_under_anchor,
	  KIND_CERTIFICATE_EXPIRING, SEVERITY_HIGH,
	  "certificate ab00000000000000, expired 2026-11-19",
	  KIND_TLSA_MISMATCH },
	{ "ten days left, and DNS was not asked",
	  ends_soon_and_nobody_asked, KIND_CERTIFICATE_EXPIRING,
	  SEVERITY_LOW, NULL, 0 },
	{ "a certificate that is none", unreadable, NOTHING, NULL, 0 },
	{ "five sessions without an offer", never_offers, KIND_STARTTLS_NEVER,
	  SEVERITY_MEDIUM, NULL, 0 },
	{ "... that DNS promises", never_and_promised, KIND_STARTTLS_NEVER,
	  SEVERITY_HIGH, NULL, 0 },
	{ "four", not_yet_never, NOTHING, NULL, 0 },
	{ "five behind one with", once_did, NOTHING, NULL, 0 },
	{ "five of a server that need not", need_not, NOTHING, NULL, 0 },
};

static void
what_is_to_be_mended(void **state)
{
	static struct scene s;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct posture *first = NULL;
		unsigned found = 0, also = 0;

		set_scene(&s);
		if (cases[i].change != NULL)
			cases[i].change(&s);
		detect_session(&s.m.record, &s.past, &s.promise,
		    &s.m.findings);
		for (unsigned n = 0; n < s.m.findings.postures; n++) {
			const struct posture *p = &s.m.findings.posture[n];

			if (p->well)
				continue;
			found++;
			assert_int_equal(p->kind, p->finding.kind);
			if (p->kind == (enum kind)cases[i].kind)
				first = p;
			also += cases[i].also != 0 &&
			    p->kind == (enum kind)cases[i].also;
		}
		if (cases[i].kind == -1 && found > 0)
			fail_msg("%s: got %u", cases[i].name, found);
		if (cases[i].kind != -1 && (first == NULL ||
		    found != 1 + also || also != (cases[i].also != 0)))
			fail_msg("%s: got %u", cases[i].name, found);
		if (first != NULL &&
		    first->finding.severity != cases[i].severity)
			fail_msg("%s: got %s", cases[i].name,
			    severity_word(first->finding.severity));
		if (cases[i].about != NULL &&
		    strcmp(first->about, cases[i].about) != 0)
			fail_msg("%s: got %s", cases[i].name, first->about);
		clear_scene(&s);
	}
}

/* The same session with and without an inventory that owns its server. */
static void
no_verdict_depends_on_it(void **state)
{
	static struct scene s;
	enum verdict without, with;
	unsigned count;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		set_scene(&s);
		if (cases[i].change != NULL)
			cases[i].change(&s);
		/* what must offer is an expectation of the session's, too */
		for (unsigned n = 0; n < s.inventory.nservers; n++)
			s.inventory.servers[n].must_offer = false;
		detect_session(&s.m.record, &s.past, &s.promise,
		    &s.m.findings);
		with = s.m.findings.verdict;
		count = s.m.findings.count;
		findings_clear(&s.m.findings);
		for (unsigned n = 0; n < s.inventory.nservers; n++)
			s.inventory.servers[n].naddresses = 0;
		s.inventory.nnetworks = 0;
		detect_session(&s.m.record, &s.past, &s.promise,
		    &s.m.findings);
		without = s.m.findings.verdict;
		assert_int_equal(s.m.findings.postures, 0);
		if (with != without || count != s.m.findings.count)
			fail_msg("%s: got %s and %u, want %s and %u",
			    cases[i].name, verdict_word(with), count,
			    verdict_word(without), s.m.findings.count);
		for (unsigned n = 0; n < s.inventory.nservers; n++)
			s.inventory.servers[n].naddresses =
			    s.inventory.servers[n].addresses != NULL;
		clear_scene(&s);
	}
}

/* Each kind that the session shows enough of, and each once. */
static void
what_is_well_is_said_to_be(void **state)
{
	static struct scene s;
	unsigned kinds = 0;

	(void)state;
	set_scene(&s);
	detect_session(&s.m.record, &s.past, &s.promise, &s.m.findings);
	for (unsigned n = 0; n < s.m.findings.postures; n++) {
		assert_true(s.m.findings.posture[n].well);
		assert_int_equal(kinds >> s.m.findings.posture[n].kind & 1, 0);
		kinds |= 1U << s.m.findings.posture[n].kind;
	}
	for (enum kind k = 0; k < KINDS; k++)
		assert_int_equal(kinds >> k & 1,
		    grade_family(k) == FAMILY_POSTURE);
	clear_scene(&s);
}

/* What is not to be seen is neither: an old lack is not mended by it. */
static void
what_is_hidden_is_neither(void **state)
{
	static struct scene s;

	(void)state;
	set_scene(&s);
	not_to_be_seen(&s);
	detect_session(&s.m.record, &s.past, &s.promise, &s.m.findings);
	for (unsigned n = 0; n < s.m.findings.postures; n++) {
		enum kind k = s.m.findings.posture[n].kind;

		assert_int_not_equal(k, KIND_TLSA_MISMATCH);
		assert_int_not_equal(k, KIND_TLSA_AT_RISK);
		assert_int_not_equal(k, KIND_CERTIFICATE_EXPIRING);
	}
	clear_scene(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_to_be_mended),
		cmocka_unit_test(no_verdict_depends_on_it),
		cmocka_unit_test(what_is_well_is_said_to_be),
		cmocka_unit_test(what_is_hidden_is_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
