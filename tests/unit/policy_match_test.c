/* SPDX-License-Identifier: ISC */
/*
 * Chains against TLSA records: what matches, what does not and why; each
 * answer beside that of OpenSSL asked straight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_cast.h"
#include "policy_oracle.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MICROSECONDS	INT64_C(1000000)
#define NONE		ORACLE_NO_RECORD
#define FULL		"leaf inter root"

static struct cast cast;
static struct match *match;

struct match_case {
	const char	*name, *chain, *records;
	const char	*want;		/* outcome, then a word per record */
	int		 record, depth;	/* that settled it */
	int		 error;		/* what OpenSSL says */
	const char	*host, *host2;	/* NULL: HOST, none */
	int		 days;		/* from MADE_AT */
};

static const struct match_case cases[] = {
	/* DANE-EE: RFC 7671 section 5.1 */
	{ "T01 3 1 1", FULL, "3 1 1 leaf", "matched: matched@0", 0, 0, 0,
	  NULL, NULL, 0 },
	{ "T02 3 0 0", FULL, "3 0 0 leaf", "matched: matched@0", 0, 0, 0,
	  NULL, NULL, 0 },
	{ "T03 3 1 0", FULL, "3 1 0 leaf", "matched: matched@0", 0, 0, 0,
	  NULL, NULL, 0 },
	{ "T04 3 0 1, the leaf alone", "leaf", "3 0 1 leaf",
	  "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T05 3 0 2, 3 1 2 of an RSA key, root not sent", "rsa inter",
	  "3 0 2 rsa,3 1 2 rsa", "matched: matched@0 matched@0", 0, 0, 0,
	  NULL, NULL, 0 },
	{ "T05a an Ed25519 key", "ed25519 inter", "3 1 1 ed25519",
	  "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T06 self-signed", "self", "3 1 1 self", "matched: matched@0", 0, 0,
	  0, NULL, NULL, 0 },
	{ "T07 EE does not look at dates", "expired inter", "3 1 1 expired",
	  "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T08 nor at names", "other-name inter", "3 1 1 other-name",
	  "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T09 nor at purposes", "client inter", "3 1 1 client",
	  "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T11 another key", FULL, "3 1 1 self", "mismatched: mismatched",
	  -1, -1, 65, NULL, NULL, 0 },
	{ "T11a 3 1 1 of the issuer", FULL, "3 1 1 inter",
	  "mismatched: mismatched@1", -1, -1, 65, NULL, NULL, 0 },
	/* DANE-TA: section 5.2 */
	{ "T12 2 1 1 of the root, sent", FULL, "2 1 1 root",
	  "matched: matched@2", 0, 2, 0, NULL, NULL, 0 },
	{ "T13 out of order", "leaf root inter", "2 1 1 root",
	  "matched: matched@2", 0, 2, 0, NULL, NULL, 0 },
	{ "T14 the root not sent", "leaf inter", "2 1 1 root",
	  "mismatched: mismatched", -1, -1, 65, NULL, NULL, 0 },
	{ "T14a the intermediate missing", "leaf root", "2 1 1 root",
	  "mismatched: mismatched@1", -1, -1, 65, NULL, NULL, 0 },
	{ "T15 2 1 1 of the intermediate, root not sent", "leaf inter",
	  "2 1 1 inter", "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T16 2 0 1 of it", "leaf inter", "2 0 1 inter",
	  "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T17 2 0 0, the root in DNS only", "leaf inter", "2 0 0 root",
	  "matched: matched@2", 0, 2, 0, NULL, NULL, 0 },
	{ "T18 2 1 0, its key in DNS only", "leaf inter", "2 1 0 root",
	  "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T18a 2 1 0 of another key", "leaf inter", "2 1 0 self",
	  "mismatched: mismatched", -1, -1, 65, NULL, NULL, 0 },
	{ "T19 TA looks at names", "other-name inter", "2 1 1 inter",
	  "name-mismatch-under-ta: name-mismatch-under-ta@1", -1, -1, 62,
	  NULL, NULL, 0 },
	{ "T20 and at dates", "expired inter", "2 1 1 inter",
	  "expired-under-ta: expired-under-ta@1", -1, -1, 10, NULL, NULL, 0 },
	{ "T20a not valid yet", "early inter", "2 1 1 inter",
	  "not-yet-valid-under-ta: not-yet-valid-under-ta@1", -1, -1, 9,
	  NULL, NULL, 0 },
	{ "T20b the issuer expired", "under-old old-inter root", "2 1 1 root",
	  "expired-under-ta: expired-under-ta@2", -1, -1, 10, NULL, NULL, 0 },
	/* RFC 5280 section 6.1.1 (d): an anchor is no part of the path; but
	 * OpenSSL does look at the dates of one that signed itself */
	{ "T20c the trust anchor itself expired", "under-old old-inter",
	  "2 1 1 old-inter", "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T20d ... and self-signed", "under-old-root old-root",
	  "2 1 1 old-root", "expired-under-ta: expired-under-ta@1", -1, -1,
	  10, NULL, NULL, 0 },
	{ "T21 dates are those of the capture", "expired inter",
	  "2 1 1 inter", "matched: matched@1", 0, 1, 0, NULL, NULL, -20 },
	{ "T22 and at purposes", "client inter", "2 1 1 inter",
	  "wrong-purpose-under-ta: wrong-purpose-under-ta@1", -1, -1, 26,
	  NULL, NULL, 0 },
	{ "T22a a path its issuer may not sign", "outside narrow root",
	  "2 1 1 root", "invalid-path-under-ta: invalid-path-under-ta@2",
	  -1, -1, 47, NULL, NULL, 0 },
	{ "T22b an issuer that is no CA", "under-no-ca no-ca root",
	  "2 1 1 root", "invalid-path-under-ta: invalid-path-under-ta@2",
	  -1, -1, 79, NULL, NULL, 0 },
	{ "T22c a forged leaf under the real issuer's certificate",
	  "forged inter root", "2 1 1 root",
	  "bad-signature-under-ta: bad-signature-under-ta@2", -1, -1, 7,
	  NULL, NULL, 0 },
	{ "T23 a wildcard", "wildcard inter", "2 1 1 inter",
	  "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T23a it stands for one label", "deep-wildcard inter",
	  "2 1 1 inter", "name-mismatch-under-ta: name-mismatch-under-ta@1",
	  -1, -1, 62, NULL, NULL, 0 },
	{ "T24 and for a whole one", "partial inter", "2 1 1 inter",
	  "name-mismatch-under-ta: name-mismatch-under-ta@1", -1, -1, 62,
	  NULL, NULL, 0 },
	{ "T25 the common name, when it is the only one", "cn-only inter",
	  "2 1 1 inter", "matched: matched@1", 0, 1, 0, NULL, NULL, 0 },
	{ "T25a and not beside others", "cn-beside-san inter", "2 1 1 inter",
	  "name-mismatch-under-ta: name-mismatch-under-ta@1", -1, -1, 62,
	  NULL, NULL, 0 },
	{ "T26 TA is never the leaf", "self-ca", "2 1 1 self-ca",
	  "mismatched: mismatched@0", -1, -1, 65, NULL, NULL, 0 },
	/* several records: RFC 7671 sections 8 and 9 */
	{ "T27 the stronger digest decides", FULL, "3 1 1 leaf,3 1 2 self",
	  "mismatched: matched@0 mismatched", -1, -1, 65, NULL, NULL, 0 },
	{ "T28 ... if it matches", FULL, "3 1 1 self,3 1 2 leaf",
	  "matched: mismatched matched@0", 1, 0, 0, NULL, NULL, 0 },
	{ "T29 per selector", FULL, "3 1 1 leaf,3 0 2 self",
	  "matched: matched@0 mismatched", 0, 0, 0, NULL, NULL, 0 },
	{ "T30 per usage", FULL, "3 1 1 leaf,2 1 2 self",
	  "matched: matched@0 mismatched", 0, 0, 0, NULL, NULL, 0 },
	{ "T31 data in full always counts", FULL, "3 1 0 leaf,3 1 2 self",
	  "matched: matched@0 mismatched", 0, 0, 0, NULL, NULL, 0 },
	{ "T31a TA digests too", FULL, "2 1 1 inter,2 1 2 self",
	  "mismatched: matched@1 mismatched", -1, -1, 65, NULL, NULL, 0 },
	{ "T32 one of both suffices", FULL, "3 1 1 self,2 1 1 root",
	  "matched: mismatched matched@2", 1, 2, 0, NULL, NULL, 0 },
	{ "T33 EE is enough where TA fails", "expired inter",
	  "2 1 1 inter,3 1 1 expired",
	  "matched: name-mismatch-under-ta@1 matched@0", 1, 0, 0, "a.example",
	  NULL, 0 },
	{ "T33a two trust anchors of one path", FULL,
	  "2 1 1 root,2 1 1 inter", "matched: matched@2 matched@1", 1, 1, 0,
	  NULL, NULL, 0 },
	/* unusable records */
	{ "T34 a digest one octet short", FULL, "3 1 1 leaf-1",
	  "unusable: unusable", -1, -1, NONE, NULL, NULL, 0 },
	{ "T35 usages 4 and 255", FULL, "4 1 1 leaf,255 1 1 leaf",
	  "unusable: unusable unusable", -1, -1, NONE, NULL, NULL, 0 },
	{ "T36 selector 2, matching type 3", FULL, "3 2 1 leaf,3 1 3 leaf",
	  "unusable: unusable unusable", -1, -1, NONE, NULL, NULL, 0 },
	{ "T36a a certificate cut, or with more behind it", FULL,
	  "3 0 0 leaf-1,3 0 0 leaf+1,3 1 0 leaf-1",
	  "unusable: unusable unusable unusable", -1, -1, NONE, NULL, NULL,
	  0 },
	{ "T37 unusable ones do no harm", FULL,
	  "3 1 2 leaf-1,3 1 1 leaf,4 1 1 leaf",
	  "matched: unusable matched@0 unusable", 1, 0, 0, NULL, NULL, 0 },
	{ "T38 PKIX usages are not for SMTP", FULL, "1 1 1 leaf,0 1 1 root",
	  "unusable: unusable unusable", -1, -1, NONE, NULL, NULL, 0 },
	{ "T46 nor beside others", FULL, "1 1 1 leaf,3 1 1 self",
	  "mismatched: unusable mismatched", -1, -1, 65, NULL, NULL, 0 },
	/* strength */
	{ "T39 EE: 1024 bits of RSA, SHA-1", "weak-key inter",
	  "3 1 1 weak-key", "matched: matched@0", 0, 0, 0, NULL, NULL, 0 },
	{ "T39a", "sha1 inter", "3 0 1 sha1", "matched: matched@0", 0, 0, 0,
	  NULL, NULL, 0 },
	{ "T40 TA: SHA-1 is refused", "sha1 inter", "2 1 1 inter",
	  "too-weak-under-ta: too-weak-under-ta@1", -1, -1, 68, NULL, NULL,
	  0 },
	/* the pair of the rollover scheme */
	{ "T50 old 3 1 1, current 2 1 1", "rsa inter",
	  "3 1 1 leaf,2 1 1 inter", "matched: mismatched matched@1", 1, 1, 0,
	  NULL, NULL, 0 },
	{ "T51 3 1 1 matches, 2 1 1 is stale", FULL, "3 1 1 leaf,2 1 1 self",
	  "matched: matched@0 mismatched", 0, 0, 0, NULL, NULL, 0 },
	/* names: RFC 7672 section 3.2.2 */
	{ "T52 the next-hop domain, MX secure", "domain inter",
	  "2 1 1 inter", "matched: matched@1", 0, 1, 0, HOST, "example.org",
	  0 },
	{ "T52a ... MX insecure", "domain inter", "2 1 1 inter",
	  "name-mismatch-under-ta: name-mismatch-under-ta@1", -1, -1, 62,
	  HOST, NULL, 0 },
	{ "T52b A-labels", "idn inter", "2 1 1 inter", "matched: matched@1",
	  0, 1, 0, "XN--MX-EKA.example", NULL, 0 },
};

/* "matched: matched@0 mismatched" */
static void
describe(const struct match_result *r, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s:", match_word(r->outcome));

	for (unsigned i = 0; i < r->count && n < size; i++) {
		n += (size_t)snprintf(out + n, size - n, " %s",
		    match_word(r->verdicts[i].outcome));
		if (r->verdicts[i].depth >= 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, "@%d",
			    r->verdicts[i].depth);
	}
}

static void
check_case(const struct match_case *c)
{
	const char *names[] = { c->host != NULL ? c->host : HOST, c->host2 };
	struct span chain[MATCH_CHAIN_MAX];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .names_count = c->host2 != NULL ? 2 : 1,
	    .at = (MADE_AT + (int64_t)c->days * DAY) * MICROSECONDS };
	struct match_result r, again;
	char got[512];
	int says;

	q.chain_count = cast_chain(&cast, c->chain, chain, MATCH_CHAIN_MAX);
	cast_records(&cast, c->records, &s);
	match_ask(match, &q, &r);
	describe(&r, got, sizeof(got));
	if (strcmp(got, c->want) != 0 || r.record != c->record ||
	    r.depth != c->depth)
		fail_msg("%s\ngot:  %s by %d at %d (%s)\nwant: %s by %d at %d",
		    c->name, got, r.record, r.depth, r.error != NULL ?
		    r.error : "", c->want, c->record, c->depth);
	says = oracle_asks(&(struct oracle){ .q = &q, .level = 1 });
	if (says != c->error)
		fail_msg("%s: OpenSSL says %d (%s), not %d", c->name, says,
		    X509_verify_cert_error_string(says), c->error);
	match_ask(match, &q, &again);
	assert_memory_equal(&r, &again, sizeof(r));
	tlsa_clear(&s);
}

static void
each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		check_case(&cases[i]);
	assert_int_equal(match_counters(match)->asked, 2 * LENGTH(cases));
	assert_int_equal(match_counters(match)->kept, LENGTH(cases));
}

/* Every selector and matching type, as EE and TA, of the right certificate
 * and of a wrong one: our verdict is OpenSSL's. */
static void
all_combinations(void **state)
{
	static const char *const names[] = { HOST };
	static const char *const who[] = { "leaf", "inter", "root", "rsa" };
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .names_count = 1, .at = MADE_AT * MICROSECONDS };
	struct match_result r;
	unsigned matched = 0;
	char text[64];
	int says;

	(void)state;
	q.chain_count = cast_chain(&cast, FULL, chain, 3);
	for (unsigned n = 0; n < 2 * 2 * 3 * LENGTH(who); n++) {
		snprintf(text, sizeof(text), "%u %u %u %s", 2 + n % 2,
		    n / 2 % 2, n / 4 % 3, who[n / 12]);
		cast_records(&cast, text, &s);
		match_ask(match, &q, &r);
		says = oracle_asks(&(struct oracle){ .q = &q, .level = 1 });
		if ((says == X509_V_OK) != (r.outcome == MATCH_MATCHED))
			fail_msg("%s: %s, OpenSSL %d", text,
			    match_word(r.outcome), says);
		matched += r.outcome == MATCH_MATCHED;
		tlsa_clear(&s);
	}
	assert_int_equal(matched, 6 + 2 * 6);
}

/* What OpenSSL would do without the guards, so that they stay. */
static void
why_the_guards(void **state)
{
	static const char *const dot[] = { HOST "." };
	static const char *const names[] = { HOST };
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .names_count = 1, .at = MADE_AT * MICROSECONDS };
	struct match_result r;

	(void)state;
	q.chain_count = cast_chain(&cast, "other-name inter", chain, 3);
	cast_records(&cast, "3 1 1 other-name", &s);
	/* T10 names are checked with EE unless told otherwise */
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1,
	    .ee_names = true }), X509_V_ERR_HOSTNAME_MISMATCH);
	tlsa_clear(&s);

	/* T41 no reference name, no name check: a wrong name passes */
	cast_records(&cast, "2 1 1 inter", &s);
	q.names_count = 0;
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1 }),
	    X509_V_OK);
	match_ask(match, &q, &r);
	assert_int_equal(r.outcome, MATCH_NO_NAMES);
	assert_int_equal(match_promise(r.outcome), MATCH_UNDECIDED);

	/* T42 a dot at the end fits nothing */
	q.chain_count = cast_chain(&cast, FULL, chain, 3);
	q.names = dot;
	q.names_count = 1;
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1 }),
	    X509_V_ERR_HOSTNAME_MISMATCH);
	match_ask(match, &q, &r);
	assert_int_equal(r.outcome, MATCH_MATCHED);
	assert_string_equal(r.name, HOST);
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1,
	    .no_store = true }), X509_V_ERR_HOSTNAME_MISMATCH);
	tlsa_clear(&s);

	/* T38 usages 0 and 1 become PKIX, and so does no record at all: the
	 * empty store says "self-signed", a store of CAs would say yes */
	q.names = names;
	cast_records(&cast, "1 1 1 leaf", &s);
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1,
	    .all_usages = true }), X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
	tlsa_clear(&s);
	assert_int_equal(oracle_asks(&(struct oracle){ .q = &q, .level = 1,
	    .all_usages = true }), X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
	match_ask(match, &q, &r);
	assert_int_equal(r.outcome, MATCH_NO_RECORDS);
	assert_int_equal(match_promise(r.outcome), MATCH_NOT_MADE);
}

/* T40: level 1 is what Postfix verifies with; 0 would take SHA-1, 2 would
 * refuse the leaf of an EE record. */
static void
why_that_level(void **state)
{
	static const char *const names[] = { HOST };
	static const struct {
		const char	*chain, *record;
		int		 says[3];
	} weak[] = {
		{ "sha1 inter", "2 1 1 inter", { 0, 68, 68 } },
		{ "weak-key inter", "3 1 1 weak-key", { 0, 0, 66 } },
		{ "weak-key inter", "2 1 1 inter", { 0, 0, 66 } },
	};
	struct span chain[3];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .names_count = 1, .at = MADE_AT * MICROSECONDS };

	(void)state;
	for (size_t i = 0; i < LENGTH(weak); i++) {
		q.chain_count = cast_chain(&cast, weak[i].chain, chain, 3);
		cast_records(&cast, weak[i].record, &s);
		for (int level = 0; level < 3; level++)
			assert_int_equal(oracle_asks(&(struct oracle){
			    .q = &q, .level = level }), weak[i].says[level]);
		tlsa_clear(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(why_the_guards),
		cmocka_unit_test(why_that_level),
	};
	int failed;

	cast_chain_of_two(&cast);
	cast_faults(&cast);
	if ((match = match_new(256)) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	match_free(match);
	cast_free(&cast);
	return failed;
}
