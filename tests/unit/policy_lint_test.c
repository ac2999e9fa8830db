/* SPDX-License-Identifier: ISC */
/*
 * What operators are told about their records, and mismatches asked about
 * again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_cast.h"
#include "policy/confirm.h"
#include "policy/lint.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MICROSECONDS	INT64_C(1000000)
#define NOW		(MADE_AT * MICROSECONDS)
#define SHOWN_MAX	3

static const char *const host[] = { HOST };
static struct cast cast;
static struct match *match;

struct lint_case {
	const char	*name, *records;
	const char	*shown[SHOWN_MAX];	/* chains; none: hidden */
	const char	*want;			/* "kind/weight ..." */
	bool		 is_unsigned;
	uint32_t	 ttl;
};

static const struct lint_case cases[] = {
	{ "the pair of the factsheet", "3 1 1 leaf,2 1 1 inter",
	  { "leaf inter" }, "", false, 3600 },
	{ "this key and the next", "3 1 1 leaf,3 1 1 rsa", { "leaf inter" },
	  "", false, 1800 },
	{ "nothing seen, nothing wrong", "3 1 1 leaf,2 1 1 inter", { NULL },
	  "", false, 0 },
	{ "no records, no duties", "", { "leaf inter" }, "", false, 0 },
	{ "one record", "3 1 1 leaf", { "leaf inter" }, "one-record/note",
	  false, 0 },
	{ "one record, a trust anchor", "2 1 1 inter", { "leaf inter" },
	  "trust-anchor-only/note one-record/note", false, 0 },
	{ "T50 the leaf changed, its record did not",
	  "3 1 1 leaf,2 1 1 inter", { "rsa inter" },
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "T51 the issuer changed, its record did not",
	  "3 1 1 leaf,2 1 1 self-ca", { "leaf inter root" },
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "T51 ... or is not sent", "3 1 1 leaf,2 1 1 root",
	  { "leaf inter" }, "stale-records/warning tlsa-at-risk/warning "
	  "ta-not-sent/warning", false, 0 },
	{ "two stale records of a kind are told of once",
	  "3 1 1 self,3 1 1 rsa,2 1 1 inter", { "leaf inter" },
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "a trust anchor in full need not be sent",
	  "3 1 1 leaf,2 0 0 self-ca", { "leaf inter" }, "data-in-full/note "
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "neither matches", "3 1 1 self,2 1 1 self-ca",
	  { "leaf inter root" }, "tlsa-mismatch/fault", false, 0 },
	{ "T48 SHA2-512 only", "3 1 2 leaf,2 1 2 inter", { "leaf inter" },
	  "sha512-only/warning", false, 0 },
	{ "SHA2-512 beside SHA2-256", "3 1 1 leaf,3 1 2 leaf",
	  { "leaf inter" }, "", false, 0 },
	{ "T27 the SHA2-512 record is stale", "3 1 1 leaf,3 1 2 self",
	  { "leaf inter root" }, "tlsa-mismatch/fault "
	  "weaker-digest-only/warning", false, 0 },
	{ "T28 the SHA2-256 record is stale", "3 1 1 self,3 1 2 leaf",
	  { "leaf inter root" },
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "T49 records for one of two keys", "3 1 1 leaf,2 1 1 self",
	  { "leaf inter root", "rsa inter root" },
	  "stale-records/warning tlsa-at-risk/warning "
	  "certificate-uncovered/fault", false, 0 },
	{ "T49 the pair covers both keys by its trust anchor",
	  "3 1 1 leaf,2 1 1 inter", { "leaf inter", "rsa inter" },
	  "stale-records/warning tlsa-at-risk/warning", false, 0 },
	{ "T49 three records cover both",
	  "3 1 1 leaf,3 1 1 rsa,2 1 1 inter", { "leaf inter", "rsa inter" },
	  "", false, 0 },
	{ "T45 usages 0 and 1 only", "0 1 1 root,1 1 1 leaf",
	  { "leaf inter" }, "tlsa-unusable/fault pkix-usage/warning "
	  "pkix-usage/warning", false, 0 },
	{ "usage 1 beside a pair", "1 1 1 leaf,3 1 1 leaf,2 1 1 inter",
	  { "leaf inter" }, "pkix-usage/warning", false, 0 },
	{ "T47 a digest cut short", "3 1 1 leaf-1", { "leaf inter" },
	  "tlsa-unusable/fault unusable-record/warning", false, 0 },
	{ "not signed", "3 1 1 leaf,2 1 1 inter", { "leaf inter" },
	  "tlsa-unsigned/fault", true, 0 },
	{ "twice the same", "3 1 1 leaf,2 1 1 inter,3 1 1 leaf",
	  { "leaf inter" }, "duplicate-record/note", false, 0 },
	{ "in full", "3 1 0 leaf,2 1 1 inter", { "leaf inter" },
	  "data-in-full/note", false, 0 },
	{ "T11a the issuer as DANE-EE", "3 1 1 inter,2 1 1 inter",
	  { "leaf inter" }, "stale-records/warning tlsa-at-risk/warning "
	  "ee-describes-issuer/fault", false, 0 },
	{ "T26 the leaf as trust anchor", "2 1 1 self-ca", { "self-ca" },
	  "trust-anchor-only/note one-record/note tlsa-mismatch/fault "
	  "ta-describes-leaf/fault", false, 0 },
	{ "T08 another name, DANE-EE", "3 1 1 other-name,3 1 1 leaf",
	  { "other-name inter" }, "name-differs/note", false, 0 },
	{ "T07 expired, DANE-EE", "3 1 1 expired,3 1 1 leaf",
	  { "expired inter" }, "certificate-expiring/note", false, 0 },
	{ "T20 expired, both: one has failed", "3 1 1 expired,2 1 1 inter",
	  { "expired inter" }, "stale-records/warning "
	  "tlsa-at-risk/warning certificate-expiring/note", false, 0 },
	{ "T20 expired, trust anchor only", "2 1 1 inter",
	  { "expired inter" }, "trust-anchor-only/note one-record/note "
	  "tlsa-mismatch/fault certificate-expiring/note", false, 0 },
	{ "expires in nine days, trust anchor only", "2 1 1 inter",
	  { "soon inter" }, "trust-anchor-only/note one-record/note "
	  "certificate-expiring/warning", false, 0 },
	{ "its issuer expires in nine days", "2 1 1 root",
	  { "under-soon-inter soon-inter root" }, "trust-anchor-only/note "
	  "one-record/note certificate-expiring/warning", false, 0 },
	{ "expires in nine days, the pair", "3 1 1 soon,2 1 1 inter",
	  { "soon inter" }, "certificate-expiring/note", false, 0 },
	{ "a TTL of half a day", "3 1 1 leaf,2 1 1 inter", { "leaf inter" },
	  "long-ttl/note", false, 43200 },
	{ "a TTL of two days", "3 1 1 leaf,2 1 1 inter", { "leaf inter" },
	  "long-ttl/warning", false, 172800 },
};

/* Against each chain, or one that is hidden. */
static unsigned
show(const struct lint_case *c, const struct tlsa_set *s,
    struct match_result r[SHOWN_MAX])
{
	struct span chain[MATCH_CHAIN_MAX];
	struct match_question q = { .chain = chain, .records = s,
	    .names = host, .names_count = 1, .at = NOW };
	unsigned n = 0;

	do {
		q.seen = c->shown[n] == NULL ? MATCH_SEEN_HIDDEN :
		    MATCH_SEEN_CHAIN;
		q.chain_count = c->shown[n] == NULL ? 0 :
		    cast_chain(&cast, c->shown[n], chain, MATCH_CHAIN_MAX);
		match_ask(match, &q, &r[n++]);
	} while (n < SHOWN_MAX && c->shown[n] != NULL);
	return n;
}

static void
describe(const struct lint_list *l, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < l->count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s/%s",
		    i > 0 ? " " : "", lint_word(l->list[i].kind),
		    lint_weight_word(l->list[i].weight));
}

static void
each_case(void **state)
{
	struct match_result r[SHOWN_MAX];
	const struct match_result *shown[SHOWN_MAX] = { &r[0], &r[1], &r[2] };
	struct tlsa_set s = { 0 };
	struct lint_list l;
	char got[512];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		cast_records(&cast, cases[i].records, &s);
		lint_server(&(struct lint_question){ .records = &s,
		    .is_signed = !cases[i].is_unsigned, .ttl = cases[i].ttl,
		    .shown = shown, .shown_count = show(&cases[i], &s, r),
		    .now = NOW }, &l);
		describe(&l, got, sizeof(got));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\ngot:  %s\nwant: %s", cases[i].name, got,
			    cases[i].want);
		for (unsigned n = 0; n < l.count; n++)
			assert_true(strlen(l.list[n].text) > 20 &&
			    strlen(l.list[n].text) < LINT_TEXT_MAX - 1);
		tlsa_clear(&s);
	}
}

static void
what_is_said(void **state)
{
	static const struct {
		const char	*records, *chain, *text;
	} said[] = {
		{ "3 1 1 leaf,2 1 1 inter", "rsa inter", "only the 2 1 1 "
		  "record still matches: mend the others before it fails "
		  "too" },
		{ "2 1 1 inter,3 1 1 leaf", "soon inter", "only the 2 1 1 "
		  "record still matches: mend the others before it fails "
		  "too" },
		{ "2 1 1 root", "under-soon-inter soon-inter root",
		  "a certificate of the chain expires in 9 days: then no "
		  "record matches any more" },
		{ "3 1 1 expired,3 1 1 leaf", "expired inter",
		  "the certificate expired 10 days ago; senders that use the "
		  "3 x x record do not mind" },
		{ "3 1 1 inter", "leaf inter", "usage 3 is for the server's "
		  "own certificate, and this describes an issuer (number 1): "
		  "2 1 1 was meant" },
	};
	struct match_result r[SHOWN_MAX];
	const struct match_result *shown[] = { &r[0] };
	struct tlsa_set s = { 0 };
	struct lint_list l;
	unsigned n;

	(void)state;
	for (size_t i = 0; i < LENGTH(said); i++) {
		struct lint_case c = { .shown = { said[i].chain } };

		cast_records(&cast, said[i].records, &s);
		show(&c, &s, r);
		lint_server(&(struct lint_question){ .records = &s,
		    .is_signed = true, .shown = shown, .shown_count = 1,
		    .now = NOW }, &l);
		for (n = 0; n < l.count; n++)
			if (strcmp(l.list[n].text, said[i].text) == 0)
				break;
		if (n == l.count)
			fail_msg("not said: %s", said[i].text);
		tlsa_clear(&s);
	}
}

/* A hostile zone's records do not overrun the list of remarks. */
static void
remarks_have_a_limit(void **state)
{
	struct tlsa_set s = { 0 };
	struct lint_list l;

	(void)state;
	for (int i = 0; i < TLSA_RECORDS_MAX + 3; i++)
		cast_records(&cast, "1 1 1 leaf", &s);
	lint_server(&(struct lint_question){ .records = &s, .now = NOW }, &l);
	assert_int_equal(l.count, LINT_REMARKS_MAX);
	assert_true(l.left_out > 90);
	tlsa_clear(&s);
}

static void
only_findings_are_posture(void **state)
{
	(void)state;
	for (enum lint_kind k = 0; k < LINT_KINDS; k++) {
		assert_string_not_equal(lint_word(k), "?");
		assert_int_equal(lint_is_posture(k), k <= LINT_EXPIRING);
	}
}

/* T57: a mismatch is confirmed after the TTL, or was a rollover. */
static void
asked_again(void **state)
{
	static const struct {
		const char	*name;
		enum match_outcome first, later;
		bool		 none;		/* no later answer */
		int		 seconds;	/* since the first */
		bool		 last;
		const char	*want;
	} again[] = {
		{ "it matched", MATCH_MATCHED, MATCH_MATCHED, true, 0, false,
		  "no-mismatch" },
		{ "hidden", MATCH_HIDDEN, MATCH_HIDDEN, true, 9999, false,
		  "no-mismatch" },
		{ "just found", MATCH_MISMATCHED, MATCH_MISMATCHED, true, 0,
		  false, "unconfirmed" },
		{ "within the TTL, the same", MATCH_MISMATCHED,
		  MATCH_MISMATCHED, false, 600, false, "unconfirmed" },
		{ "T57 within the TTL, the record changed",
		  MATCH_MISMATCHED, MATCH_MATCHED, false, 600, false,
		  "rollover-race" },
		{ "T57 after it", MATCH_MISMATCHED, MATCH_MATCHED, false,
		  3700, false, "rollover-race" },
		{ "after it, the same", MATCH_MISMATCHED, MATCH_MISMATCHED,
		  false, 3700, false, "confirmed" },
		{ "after it, still another name", MATCH_NAME, MATCH_NAME,
		  false, 3700, false, "confirmed" },
		{ "a second before it", MATCH_MISMATCHED, MATCH_MISMATCHED,
		  false, 3604, false, "unconfirmed" },
		{ "after it, records gone", MATCH_MISMATCHED,
		  MATCH_NO_RECORDS, false, 3700, false, "withdrawn" },
		{ "after it, no answer", MATCH_MISMATCHED, MATCH_MISMATCHED,
		  true, 3700, false, "undecided" },
		{ "the last chance came before the TTL", MATCH_MISMATCHED,
		  MATCH_MISMATCHED, false, 600, true, "undecided" },
	};
	struct match_result first = { 0 }, later = { 0 };
	int64_t when = 0;
	const char *got;

	(void)state;
	for (size_t i = 0; i < LENGTH(again); i++) {
		first.outcome = again[i].first;
		later.outcome = again[i].later;
		got = confirm_word(confirm_mismatch(
		    &(struct confirm_question){ .first = &first,
		    .later = again[i].none ? NULL : &later,
		    .looked_up = NOW, .ttl = 3600, .last = again[i].last,
		    .now = NOW + again[i].seconds * MICROSECONDS }, &when));
		if (strcmp(got, again[i].want) != 0)
			fail_msg("%s\ngot:  %s\nwant: %s", again[i].name, got,
			    again[i].want);
	}
	assert_int_equal(when, NOW + 3605 * MICROSECONDS);
}

static void
cast_the_expiring(void)
{
	const struct made *by;

	enter_actor(&cast, "soon", &(struct card){ .cn = HOST,
	    .san = "DNS:" HOST, .issuer = actor(&cast, "inter"),
	    .from = -10, .to = 9 });
	by = enter_actor(&cast, "soon-inter", &(struct card){ .cn = "Soon",
	    .ca = true, .issuer = actor(&cast, "root"), .from = -10,
	    .to = 9 });
	enter_actor(&cast, "under-soon-inter", &(struct card){ .cn = HOST,
	    .san = "DNS:" HOST, .issuer = by });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(remarks_have_a_limit),
		cmocka_unit_test(only_findings_are_posture),
		cmocka_unit_test(asked_again),
	};
	int failed;

	cast_chain_of_two(&cast);
	cast_faults(&cast);
	cast_the_expiring();
	if ((match = match_new(256)) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	match_free(match);
	cast_free(&cast);
	return failed;
}
