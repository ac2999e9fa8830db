/* SPDX-License-Identifier: ISC */
/*
 * What cannot be seen or read, too much of everything, answers remembered,
 * and several threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

#include <cmocka.h>

#include "policy_cast.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MICROSECONDS	INT64_C(1000000)
#define NOW		(MADE_AT * MICROSECONDS)
#define THREADS		8

static const char *const host[] = { HOST };
static struct cast cast;

static void
expect(const char *name, const struct match_result *r,
    enum match_outcome want)
{
	if (r->outcome != want)
		fail_msg("%s\ngot:  %s\nwant: %s", name,
		    match_word(r->outcome), match_word(want));
}

/* T53 TLS 1.3 and resumption, T54 anonymous suites, T45 and T47 with them */
static void
not_seen(void **state)
{
	static const struct {
		const char	*name, *records;
		enum match_seen	 seen;
		enum match_outcome want;
		enum match_promise promise;
	} cases[] = {
		{ "T53 hidden", "3 1 1 leaf", MATCH_SEEN_HIDDEN,
		  MATCH_HIDDEN, MATCH_UNDECIDED },
		{ "T54 anonymous, authentication promised", "3 1 1 leaf",
		  MATCH_SEEN_NONE, MATCH_NO_CERTIFICATE, MATCH_BROKEN },
		{ "T54 anonymous, nothing usable", "1 1 1 leaf",
		  MATCH_SEEN_NONE, MATCH_UNUSABLE, MATCH_NOT_MADE },
		{ "T45 only PKIX usages, hidden", "0 0 1 root,1 1 1 leaf",
		  MATCH_SEEN_HIDDEN, MATCH_UNUSABLE, MATCH_NOT_MADE },
		{ "T45 only PKIX usages, seen", "0 0 1 root,1 1 1 leaf",
		  MATCH_SEEN_CHAIN, MATCH_UNUSABLE, MATCH_NOT_MADE },
		{ "T47 31 octets alone", "3 1 1 leaf-1", MATCH_SEEN_CHAIN,
		  MATCH_UNUSABLE, MATCH_NOT_MADE },
		{ "T47 33 octets alone", "3 1 1 leaf+1", MATCH_SEEN_CHAIN,
		  MATCH_UNUSABLE, MATCH_NOT_MADE },
		{ "T48 only 3 1 2", "3 1 2 leaf", MATCH_SEEN_CHAIN,
		  MATCH_MATCHED, MATCH_KEPT },
		{ "no record", "", MATCH_SEEN_HIDDEN, MATCH_NO_RECORDS,
		  MATCH_NOT_MADE },
	};
	struct match *m = match_new(16);
	struct span chain[MATCH_CHAIN_MAX];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	q.chain_count = cast_chain(&cast, "leaf inter", chain, 10);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		cast_records(&cast, cases[i].records, &s);
		q.seen = cases[i].seen;
		match_ask(m, &q, &r);
		expect(cases[i].name, &r, cases[i].want);
		assert_int_equal(match_promise(r.outcome), cases[i].promise);
		assert_int_equal(r.count, s.count);
		tlsa_clear(&s);
	}
	match_free(m);
}

/* T55 RFC 7250: only 3 1 x can describe a bare key */
static void
raw_keys(void **state)
{
	static const struct {
		const char	*record;
		enum match_outcome want;
	} cases[] = {
		{ "3 1 1 leaf", MATCH_MATCHED },
		{ "3 1 0 leaf", MATCH_MATCHED },
		{ "3 1 2 leaf", MATCH_MATCHED },
		{ "3 1 1 rsa", MATCH_MISMATCHED },
		{ "3 0 1 leaf", MATCH_MISMATCHED },
		{ "2 1 1 leaf", MATCH_MISMATCHED },
		{ "3 1 1 rsa,3 1 2 leaf", MATCH_MATCHED },
		{ "3 1 1 leaf,3 1 2 rsa", MATCH_MISMATCHED },
		{ "1 1 1 leaf", MATCH_UNUSABLE },
	};
	struct match *m = match_new(16);
	struct tlsa_set s = { 0 };
	struct match_question q = { .seen = MATCH_SEEN_RAW_KEY,
	    .chain = &actor(&cast, "leaf")->spki, .chain_count = 1,
	    .records = &s, .at = NOW };
	struct match_result r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		cast_records(&cast, cases[i].record, &s);
		match_ask(m, &q, &r);
		expect(cases[i].record, &r, cases[i].want);
		if (s.count == 1)
			assert_int_equal(r.verdicts[0].outcome, r.outcome);
		tlsa_clear(&s);
	}
	match_free(m);
}

/* T43, T56: what is no certificate, none at all, and too many */
static void
damaged_chains(void **state)
{
	static uint8_t longer[4096], huge[200 * 1024];
	const struct made *leaf = actor(&cast, "leaf");
	const struct made *inter = actor(&cast, "inter");
	struct span garbage = span_text("garbage"), extended, big;
	const struct {
		const char	*name, *record;
		struct span	 chain[3];
		unsigned	 count, sent;
		enum match_outcome want;
	} cases[] = {
		{ "T43 an octet behind the leaf", "3 1 1 leaf",
		  { extended = span_of(longer, leaf->der.len + 1) }, 1, 1,
		  MATCH_UNREADABLE },
		{ "T56 garbage", "3 1 1 leaf", { garbage }, 1, 1,
		  MATCH_UNREADABLE },
		{ "T56 an empty certificate", "3 1 1 leaf",
		  { span_of(NULL, 0) }, 1, 1, MATCH_UNREADABLE },
		{ "T56 no certificate", "3 1 1 leaf", { garbage }, 0, 0,
		  MATCH_NO_CERTIFICATE },
		{ "T56 200 KiB", "3 1 1 leaf",
		  { big = span_of(huge, sizeof(huge)) }, 1, 1, MATCH_CUT },
		{ "T56 200 KiB behind a leaf that matches", "3 1 1 leaf",
		  { leaf->der, span_of(huge, sizeof(huge)) }, 2, 2,
		  MATCH_MATCHED },
		{ "the leaf alone decides on EE, garbage or not",
		  "3 1 1 rsa", { leaf->der, garbage }, 2, 2,
		  MATCH_MISMATCHED },
		{ "garbage may have been the trust anchor", "2 1 1 root",
		  { leaf->der, garbage }, 2, 2, MATCH_UNREADABLE },
		{ "... and so may what was lost", "2 1 1 root",
		  { leaf->der, inter->der }, 2, 3, MATCH_CUT },
		{ "... not if it was found before", "2 1 1 inter",
		  { leaf->der, inter->der }, 2, 3, MATCH_MATCHED },
		{ "all of it lost", "3 1 1 leaf", { garbage }, 0, 3,
		  MATCH_CUT },
	};
	struct match *m = match_new(16);
	struct tlsa_set s = { 0 };
	struct match_question q = { .records = &s, .names = host,
	    .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	memcpy(longer, leaf->der.at, leaf->der.len);
	assert_true(extended.len > 1 && big.len > MATCH_CHAIN_OCTETS);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		cast_records(&cast, cases[i].record, &s);
		q.chain = cases[i].chain;
		q.chain_count = cases[i].count;
		q.chain_sent = cases[i].sent;
		match_ask(m, &q, &r);
		expect(cases[i].name, &r, cases[i].want);
		tlsa_clear(&s);
	}
	match_free(m);
}

/* T56: the anchor is the 20th certificate, or the tenth */
static void
twenty_certificates(void **state)
{
	const struct made *rsa = actor(&cast, "rsa");
	struct match *m = match_new(16);
	struct span chain[20];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	chain[0] = actor(&cast, "leaf")->der;
	for (int i = 1; i < 20; i++)
		chain[i] = rsa->der;
	cast_records(&cast, "2 1 1 inter", &s);
	q.chain_count = 20;
	chain[19] = actor(&cast, "inter")->der;
	match_ask(m, &q, &r);
	expect("the 20th", &r, MATCH_CUT);
	chain[9] = chain[19];
	match_ask(m, &q, &r);
	expect("the tenth", &r, MATCH_MATCHED);
	tlsa_clear(&s);
	cast_records(&cast, "3 1 1 rsa", &s);
	match_ask(m, &q, &r);
	expect("EE asks for the leaf only", &r, MATCH_MISMATCHED);
	tlsa_clear(&s);
	match_free(m);
}

/* A record beyond the set's limit might have matched. */
static void
too_many_records(void **state)
{
	struct match *m = match_new(16);
	struct tlsa_set s = { 0 };
	struct match_question q = {
	    .chain = &actor(&cast, "leaf")->der, .chain_count = 1,
	    .records = &s, .names = host, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	for (int i = 0; i < TLSA_RECORDS_MAX; i++)
		cast_records(&cast, "3 1 1 rsa", &s);
	match_ask(m, &q, &r);
	expect("64 that do not match", &r, MATCH_MISMATCHED);
	cast_records(&cast, "3 1 1 leaf", &s);
	match_ask(m, &q, &r);
	expect("and one left out", &r, MATCH_CUT);
	tlsa_clear(&s);
	match_free(m);
}

/* Names that are none must not widen what fits. */
static void
odd_names(void **state)
{
	static const struct {
		const char	*name;
		enum match_outcome want;
	} cases[] = {
		{ HOST, MATCH_MATCHED },
		{ HOST ".", MATCH_MATCHED },
		{ "MX.Mail.EXAMPLE", MATCH_MATCHED },
		{ "other.example", MATCH_NAME },
		{ "_25._tcp." HOST, MATCH_NAME },
		{ ".mail.example", MATCH_NO_NAMES },
		{ ".", MATCH_NO_NAMES },
		{ "", MATCH_NO_NAMES },
		{ HOST "..", MATCH_NO_NAMES },
		{ "*.mail.example", MATCH_NO_NAMES },
		{ "mx mail.example", MATCH_NO_NAMES },
		{ "m\303\274hle.example", MATCH_NO_NAMES },
		{ "192.0.2.1", MATCH_NO_NAMES },
		{ "2001:db8::1", MATCH_NO_NAMES },
		{ "[192.0.2.1]", MATCH_NO_NAMES },
		{ NULL, MATCH_NO_NAMES },
	};
	struct match *m = match_new(64);
	struct span chain[2];
	struct tlsa_set s = { 0 };
	const char *names[2];
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	q.chain_count = cast_chain(&cast, "leaf inter", chain, 2);
	cast_records(&cast, "2 1 1 inter", &s);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		names[0] = cases[i].name;
		match_ask(m, &q, &r);
		expect(cases[i].name, &r, cases[i].want);
		assert_int_equal(r.name_fits, cases[i].want == MATCH_MATCHED);
	}
	names[0] = "*.mail.example";
	names[1] = HOST;
	q.names_count = 2;
	match_ask(m, &q, &r);
	expect("one that is a name suffices", &r, MATCH_MATCHED);
	tlsa_clear(&s);
	match_free(m);
}

/* What is told beside the outcome. */
static void
remarks(void **state)
{
	static const struct {
		const char	*name, *chain, *records;
		bool		 weaker, missing, fits;
	} cases[] = {
		{ "all is well", "leaf inter root", "2 1 1 root", false,
		  false, true },
		{ "T14 the trust anchor was not sent", "leaf inter",
		  "2 1 1 root", false, true, true },
		{ "T27 only the weaker digest matches", "leaf inter root",
		  "3 1 1 leaf,3 1 2 self", true, false, true },
		{ "T31a of a trust anchor", "leaf inter root",
		  "2 1 1 inter,2 1 2 self", true, false, true },
		{ "no digest matches", "leaf inter root",
		  "3 1 1 rsa,3 1 2 self", false, false, true },
		{ "T08 a name that does not fit", "other-name inter root",
		  "3 1 1 other-name", false, false, false },
	};
	const int64_t day = DAY * MICROSECONDS;
	struct match *m = match_new(64);
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		q.chain_count = cast_chain(&cast, cases[i].chain, chain, 3);
		cast_records(&cast, cases[i].records, &s);
		match_ask(m, &q, &r);
		if (r.weaker_only != cases[i].weaker ||
		    r.issuer_missing != cases[i].missing ||
		    r.name_fits != cases[i].fits)
			fail_msg("%s: weaker %d, missing %d, fits %d",
			    cases[i].name, r.weaker_only, r.issuer_missing,
			    r.name_fits);
		assert_int_equal(r.not_before, NOW - 30 * day);
		assert_int_equal(r.not_after, NOW + 335 * day);
		assert_int_equal(r.from, NOW - 30 * day);
		assert_int_equal(r.until, NOW + 335 * day);
		tlsa_clear(&s);
	}
	match_free(m);
}

/* An answer is good between two dates of its certificates, not beyond:
 * asked at each second beside them, from memory or not, it is the same. */
static void
remembered_for_a_time(void **state)
{
	static const struct {
		int64_t		 seconds;
		enum match_outcome want;
	} cases[] = {
		{ -100 * DAY - 1, MATCH_NOT_YET_VALID },
		{ -100 * DAY, MATCH_MATCHED },
		{ -50 * DAY, MATCH_MATCHED },
		{ -10 * DAY - 1, MATCH_MATCHED },
		{ -10 * DAY, MATCH_EXPIRED },
		{ 0, MATCH_EXPIRED },
	};
	struct match *m = match_new(16), *fresh;
	struct span chain[2];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1 };
	struct match_result r, again;

	(void)state;
	q.chain_count = cast_chain(&cast, "expired inter", chain, 2);
	cast_records(&cast, "2 1 1 inter", &s);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < LENGTH(cases); i++) {
			q.at = (MADE_AT + cases[i].seconds) * MICROSECONDS;
			match_ask(m, &q, &r);
			expect("at a time", &r, cases[i].want);
			fresh = match_new(1);
			match_ask(fresh, &q, &again);
			assert_memory_equal(&r, &again, sizeof(r));
			match_free(fresh);
		}
	}
	/* three spans of time, each met once a pass */
	assert_int_equal(match_counters(m)->asked, 12);
	assert_int_equal(match_counters(m)->kept, 6);
	tlsa_clear(&s);
	match_free(m);
}

/* Whatever differs in a question is another question. */
static void
told_apart(void **state)
{
	static const char *const others[] = { "other.example" };
	struct match *m = match_new(64);
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct match_result r;

	(void)state;
	q.chain_count = cast_chain(&cast, "leaf inter root", chain, 3);
	cast_records(&cast, "2 1 1 root", &s);
	match_ask(m, &q, &r);
	expect("first", &r, MATCH_MATCHED);
	q.names = others;
	match_ask(m, &q, &r);
	expect("another name", &r, MATCH_NAME);
	q.names = host;
	q.chain_count = 2;
	match_ask(m, &q, &r);
	expect("a shorter chain", &r, MATCH_MISMATCHED);
	q.chain_sent = 3;
	match_ask(m, &q, &r);
	expect("of which one was lost", &r, MATCH_CUT);
	q.chain_sent = 0;
	q.chain_count = 3;
	s.list[0].usage = TLSA_DANE_EE;
	match_ask(m, &q, &r);
	expect("another usage", &r, MATCH_MISMATCHED);
	assert_int_equal(match_counters(m)->kept, 0);
	tlsa_clear(&s);
	match_free(m);
}

static void
memory_is_bounded(void **state)
{
	struct match *m = match_new(8);
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = &actor(&cast, "leaf")->der,
	    .chain_count = 1, .records = &s, .names = host, .names_count = 1 };
	struct match_result r;
	const char *name;
	char text[32];

	(void)state;
	cast_records(&cast, "3 1 1 leaf", &s);
	q.at = NOW;
	q.names = &name;
	name = text;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "mx%d.example", i);
		match_ask(m, &q, &r);
		expect(text, &r, MATCH_MATCHED);
	}
	assert_int_equal(match_counters(m)->kept, 0);
	assert_true(match_counters(m)->forgotten >= 92);
	match_ask(m, &q, &r);
	assert_int_equal(match_counters(m)->kept, 1);
	tlsa_clear(&s);
	match_free(m);
}

/* What was asked for last is forgotten last. */
static void
the_unused_is_forgotten(void **state)
{
	static const struct {
		const char	*name;
		bool		 remembered;
	} asked[] = {
		{ "a.example", false }, { "b.example", false },
		{ "c.example", false }, { "d.example", false },
		{ "a.example", true }, { "e.example", false },
		{ "a.example", true }, { "c.example", true },
		{ "b.example", false },
	};
	struct match *m = match_new(4);
	struct tlsa_set s = { 0 };
	const char *name;
	struct match_question q = { .chain = &actor(&cast, "leaf")->der,
	    .chain_count = 1, .records = &s, .names = &name,
	    .names_count = 1, .at = NOW };
	struct match_result r;
	uint64_t kept;

	(void)state;
	cast_records(&cast, "3 1 1 leaf", &s);
	for (size_t i = 0; i < LENGTH(asked); i++) {
		name = asked[i].name;
		kept = match_counters(m)->kept;
		match_ask(m, &q, &r);
		assert_int_equal(match_counters(m)->kept - kept,
		    asked[i].remembered);
	}
	assert_int_equal(match_counters(m)->forgotten, 2);
	tlsa_clear(&s);
	match_free(m);
}

/* T44: each thread has a match of its own; OpenSSL's state is shared. */
static void *
one_thread(void *data)
{
	static const struct {
		const char *chain, *records;
		enum match_outcome want;
	} cases[] = {
		{ "leaf inter root", "3 1 1 leaf", MATCH_MATCHED },
		{ "leaf inter root", "2 1 1 root", MATCH_MATCHED },
		{ "expired inter", "2 1 1 inter", MATCH_EXPIRED },
		{ "leaf inter", "3 1 1 rsa", MATCH_MISMATCHED },
	};
	struct match *m = match_new(1);
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct match_result r;
	int *wrong = data;

	for (int i = 0; i < 100; i++) {
		q.chain_count = cast_chain(&cast, cases[i % 4].chain, chain,
		    3);
		cast_records(&cast, cases[i % 4].records, &s);
		match_ask(m, &q, &r);
		*wrong += r.outcome != cases[i % 4].want;
		tlsa_clear(&s);
	}
	match_free(m);
	return NULL;
}

static void
many_threads(void **state)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = { 0 };

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, one_thread,
		    &wrong[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_seen),
		cmocka_unit_test(raw_keys),
		cmocka_unit_test(damaged_chains),
		cmocka_unit_test(twenty_certificates),
		cmocka_unit_test(too_many_records),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(remarks),
		cmocka_unit_test(remembered_for_a_time),
		cmocka_unit_test(told_apart),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(the_unused_is_forgotten),
		cmocka_unit_test(many_threads),
	};
	int failed;

	cast_chain_of_two(&cast);
	cast_faults(&cast);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	cast_free(&cast);
	return failed;
}
