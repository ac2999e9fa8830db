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
#define DAYS		(24 * INT64_C(3600000000))

/* What is to be judged: a session of an own server, mx.own.example, and what
 * is known of it, which each case then changes. */
struct scene {
	struct made_up		 m;
	struct past		 past;
	struct policy_answer	 answer, other;
	const struct policy_answer *watched[1];
	struct match_result	 match;
	struct inventory	 inventory;
	struct promise		 promise;
};

static uint8_t	digest[2][32];

static void
add_record(struct scene *s, uint8_t usage, unsigned n)
{
	struct tlsa_record r = { .usage = usage, .selector = TLSA_SPKI,
	    .matching = TLSA_SHA256, .data = span_of(digest[n], 32) };

	digest[n][0] = (uint8_t)(n + 1);
	assert_int_equal(tlsa_add(&s->answer.tlsa, &r), 0);
}

static void
verdict(struct scene *s, unsigned n, enum match_outcome o)
{
	s->match.verdicts[n] = (struct match_verdict){ .outcome = o,
	    .counts = true, .depth = -1 };
	s->match.count = n + 1;
	if (o == MATCH_MATCHED) {
		s->match.outcome = o;
		s->match.record = (int)n;
	}
}

/* Two records, 3 1 1 and 2 1 1, that both match; dates in a year. */
static void
set_scene(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	memset(s, 0, sizeof(*s));
	make_up(&s->m, 1);
	shows(&s->m);
	s->m.record.protocol = RECORD_SMTP;
	s->m.record.certificate = RECORD_CERTIFICATE_VISIBLE;
	leaf.readable = true;
	leaf.sha256[0] = 0xab;
	leaf.not_after = NOON + 365 * DAYS;
	s->m.smtp.facts.banner = "mx.own.example ESMTP";
	inventory_add_server(&s->inventory, "mx.own.example", true, why);
	inventory_add_address(&s->inventory, "198.51.100.25", why);
	inventory_add_domain(&s->inventory, "own.example", why);
	s->answer.state = POLICY_DANE_AUTH;
	s->answer.why = DANE_WHY_TLSA;
	strcpy(s->answer.domain, "own.example");
	strcpy(s->answer.host, "mx.own.example");
	strcpy(s->answer.base, "mx.own.example");
	s->answer.npromises = 1;
	strcpy(s->answer.promises[0].domain, "own.example");
	s->answer.promises[0].state = POLICY_DANE_AUTH;
	s->answer.promises[0].why = DANE_WHY_TLSA;
	s->answer.hosts = s->answer.covered = 2;
	add_record(s, TLSA_DANE_EE, 0);
	add_record(s, TLSA_DANE_TA, 1);
	s->match.not_after = leaf.not_after;
	s->match.until = INT64_MAX;
	s->match.name_fits = true;
	s->match.outcome = MATCH_MISMATCHED;
	s->match.record = -1;
	verdict(s, 1, MATCH_MATCHED);
	verdict(s, 0, MATCH_MATCHED);
	s->match.count = 2;
	s->promise = (struct promise){ .answer = &s->answer,
	    .match = &s->match, .confirmed = true,
	    .inventory = &s->inventory };
}

static void
clear_scene(struct scene *s)
{
	findings_clear(&s->m.findings);
	tlsa_clear(&s->answer.tlsa);
	inventory_free(&s->inventory);
}

static void
mismatch(struct scene *s)
{
	s->match.outcome = MATCH_MISMATCHED;
	s->match.record = -1;
	s->match.verdicts[0].outcome = MATCH_MISMATCHED;
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static void
half_mismatch(struct scene *s)
{
	mismatch(s);
	s->answer.state = POLICY_DANE_HALF;
}

static void
fresh_mismatch(struct scene *s)
{
	mismatch(s);
	s->promise.confirmed = false;
}

static void
others_mismatch(struct scene *s)
{
	mismatch(s);
	s->m.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 198, 51, 100,
	    26 });
}

static void
nobodys_mismatch(struct scene *s)
{
	mismatch(s);
	inventory_free(&s->inventory);
}

static void
early_mismatch(struct scene *s)
{
	mismatch(s);
	s->m.record.stage = RECORD_EARLY;
}

/* Handed over under any name that leads here. */
static void
strangers_name(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mx.stranger.example");
	strcpy(s->answer.domain, "stranger.example");
	strcpy(s->answer.promises[0].domain, "stranger.example");
	s->answer.promises[0].state = POLICY_MUST_NOT_DELIVER;
	s->answer.promises[0].why = DANE_WHY_TLSA_BOGUS;
	s->answer.covered = 1;
}

static void
relays_name(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mx.stranger.example");
	s->answer.tags = 1U << DANE_TAG_NOT_AN_MX;
}

static void
own_words(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mail.elsewhere.example");
	s->answer.domain[0] = '\0';
	s->m.smtp.facts.banner = "mail.elsewhere.example ESMTP";
}

static void
excused(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	mismatch(s);
	assert_int_equal(inventory_add_exception(&s->inventory,
	    "198.51.100.25", "tlsa-mismatch", "known", "2026-12-31", why), 0);
}

static void
one_of_pair(struct scene *s)
{
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static void
next_key(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	add_record(s, TLSA_DANE_EE, 0);
	add_record(s, TLSA_DANE_EE, 1);
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static void
not_to_be_seen(struct scene *s)
{
	s->m.record.certificate = RECORD_CERTIFICATE_HIDDEN;
	s->match.outcome = MATCH_HIDDEN;
	s->match.record = -1;
	s->match.verdicts[0].outcome = MATCH_HIDDEN;
	s->match.verdicts[1].outcome = MATCH_HIDDEN;
	s->match.not_after = 0;
}

static void
pkix(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	add_record(s, TLSA_PKIX_EE, 0);
	s->answer.state = POLICY_DANE_TLS;
	s->match.outcome = MATCH_UNUSABLE;
	s->match.count = 1;
}

static void
not_signed(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	s->answer.state = POLICY_NONE_INSECURE;
	s->answer.tags = 1U << DANE_TAG_TLSA_UNSIGNED;
	s->answer.covered = 0;
	s->promise.match = NULL;
}

static void
no_records(struct scene *s)
{
	not_signed(s);
	s->answer.tags = 0;
}

static void
partly(struct scene *s)
{
	s->answer.covered = 1;
}

static void
bogus(struct scene *s)
{
	s->answer.state = s->answer.promises[0].state =
	    POLICY_MUST_NOT_DELIVER;
	s->answer.why = s->answer.promises[0].why = DANE_WHY_MX_BOGUS;
	s->answer.hosts = s->answer.covered = 0;
	s->answer.host[0] = '\0';
	s->promise.match = NULL;
}

static void
failing(struct scene *s)
{
	bogus(s);
	s->answer.why = s->answer.promises[0].why = DANE_WHY_MX_FAILED;
}

/* TLS hides the recipients, and own domains are asked about. */
static void
watch(struct scene *s)
{
	s->answer.npromises = 0;
	s->answer.domain[0] = '\0';
	s->answer.hosts = s->answer.covered = 0;
	s->other = (struct policy_answer){ .state = POLICY_DANE_AUTH,
	    .npromises = 1, .hosts = 2, .covered = 2 };
	strcpy(s->other.domain, "own.example");
	strcpy(s->other.host, "mx.own.example");
	s->other.promises[0].state = POLICY_DANE_AUTH;
	strcpy(s->other.promises[0].domain, "own.example");
	s->watched[0] = &s->other;
	s->promise.watched = s->watched;
	s->promise.nwatched = 1;
}

static void
partly_watched(struct scene *s)
{
	watch(s);
	s->other.covered = 1;
}

static void
bogus_watched(struct scene *s)
{
	watch(s);
	s->other.state = s->other.promises[0].state =
	    POLICY_MUST_NOT_DELIVER;
	s->other.why = s->other.promises[0].why = DANE_WHY_MX_BOGUS;
	s->other.host[0] = '\0';
}

/* ... of a domain that another of the own servers is named after. */
static void
bogus_elsewhere(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	bogus_watched(s);
	strcpy(s->other.domain, "second.example");
	strcpy(s->other.promises[0].domain, "second.example");
	inventory_add_domain(&s->inventory, "second.example", why);
	inventory_add_server(&s->inventory, "mx.second.example", true, why);
}

static void
ends_soon(struct scene *s)
{
	leaf.not_after = s->match.not_after = NOON + 10 * DAYS;
}

static void
ends_in_time(struct scene *s)
{
	leaf.not_after = s->match.not_after = NOON + 14 * DAYS + 1;
}

static void
anchor_ends_soon(struct scene *s)
{
	ends_soon(s);
	s->match.record = 1;
}

static void
issuer_ends_soon(struct scene *s)
{
	s->match.record = 1;
	s->match.until = NOON + 3 * DAYS;
}

static void
sts_ends_soon(struct scene *s)
{
	ends_soon(s);
	s->answer.sts = STS_ENFORCE;
	s->answer.sts_match = STS_MATCH_YES;
}

static void
expired_under_anchor(struct scene *s)
{
	mismatch(s);
	leaf.not_after = s->match.not_after = NOON - DAYS;
	s->match.outcome = MATCH_EXPIRED;
	s->match.verdicts[1].outcome = MATCH_EXPIRED;
}

static void
ends_soon_and_nobody_asked(struct scene *s)
{
	ends_soon(s);
	s->promise.answer = NULL;
	s->promise.match = NULL;
}

static void
unreadable(struct scene *s)
{
	ends_soon_and_nobody_asked(s);
	leaf.readable = false;
}

static void
never_offers(struct scene *s)
{
	lacks(&s->m);
	s->m.record.certificate = RECORD_CERTIFICATE_UNKNOWN;
	s->past.absent = 4;
	s->promise.answer = NULL;
	s->promise.match = NULL;
}

static void
never_and_promised(struct scene *s)
{
	never_offers(s);
	s->promise.answer = &s->answer;
}

static void
not_yet_never(struct scene *s)
{
	never_offers(s);
	s->past.absent = 3;
}

static void
once_did(struct scene *s)
{
	never_offers(s);
	s->past.offered = 1;
}

static void
need_not(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	never_offers(s);
	inventory_free(&s->inventory);
	inventory_add_network(&s->inventory, "198.51.100.0/24", why);
}

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
