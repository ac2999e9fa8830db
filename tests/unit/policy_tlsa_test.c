/* SPDX-License-Identifier: ISC */
/*
 * TLSA records: what text and octets mean, which are usable, how they are
 * written and made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy_certificates.h"
#include "policy/tlsa_text.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HEX8		"0011223344556677"
#define HEX32		HEX8 HEX8 HEX8 HEX8
#define HEX64		HEX32 HEX32

static struct made leaf;

static void
what_text_means(void **state)
{
	static const struct {
		const char	*name, *text, *want, *why;
	} cases[] = {
		{ "as in a zone file", "3 1 1 " HEX32, "3 1 1 " HEX32, NULL },
		{ "capital digits", "3 1 1 ABCDEF", "3 1 1 abcdef", NULL },
		{ "digits in groups", "  3\t1  1 00 11 2233 ",
		  "3 1 1 00112233", NULL },
		{ "groups of an odd number", "3 1 1 001 1 22",
		  "3 1 1 001122", NULL },
		{ "over lines", "3 1 1 ( 0011 ; half\n 2233 ) ; done",
		  "3 1 1 00112233", NULL },
		{ "parentheses that touch", "3 1 1(00\n11)",
		  "3 1 1 0011", NULL },
		{ "a line end behind it", "3 1 1 0011\r\n", "3 1 1 0011",
		  NULL },
		{ "names of RFC 7218", "DANE-EE SPKI SHA2-256 0011",
		  "3 1 1 0011", NULL },
		{ "names in any case", "dane-ta cert full 0011",
		  "2 0 0 0011", NULL },
		{ "private use by name", "PrivCert PrivSel PrivMatch 00",
		  "255 255 255 00", NULL },
		{ "the form of RFC 3597", "\\# 5 0301010011", "3 1 1 0011",
		  NULL },
		{ "... in groups", "\\# 5 ( 03 0101\n00 11 )", "3 1 1 0011",
		  NULL },
		{ "no data at all", "3 1 1", "3 1 1", NULL },
		{ "no data, generic", "\\# 3 030101", "3 1 1", NULL },
		{ "unknown numbers are a record", "4 2 9 00", "4 2 9 00",
		  NULL },
		{ "256 does not become 0", "256 1 1 0011", NULL,
		  "256: not a usage (0 to 255)" },
		{ "a negative selector", "3 -1 1 0011", NULL,
		  "-1: not a selector (0 to 255)" },
		{ "an odd number of digits", "3 1 1 001", NULL,
		  "an odd number of hexadecimal digits" },
		{ "base64", "3 1 1 q83v", NULL, "q83v: not hexadecimal" },
		{ "a name in the wrong place", "SPKI 1 1 00", NULL,
		  "SPKI: not a usage (0 to 255)" },
		{ "nothing", "", NULL, "the usage is missing" },
		{ "a comment only", "; 3 1 1 00", NULL,
		  "the usage is missing" },
		{ "two numbers", "3 1", NULL, "the matching type is missing" },
		{ "an open parenthesis", "3 1 1 ( 00", NULL,
		  "a ( without its )" },
		{ "a closed one", "3 1 1 00 )", NULL, "a ) without its (" },
		{ "a second line", "3 1 1 00\n3 1 1 11", NULL,
		  "a second line outside parentheses" },
		{ "generic without length", "\\# 030101", NULL,
		  "\\#: a length from 0 to 65535 is to follow" },
		{ "generic, too short", "\\# 2 0301", NULL,
		  "\\# 2: a TLSA record has at least 3 octets" },
		{ "generic, length and octets differ", "\\# 6 0301010011",
		  NULL, "\\# 6: 5 octets follow" },
	};
	char got[256], why[TLSA_TEXT_WHY_MAX];
	struct tlsa_set s = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		strcpy(why, "none");
		if (tlsa_text_add(&s, span_text(cases[i].text), why))
			tlsa_text(&s.list[0], got, sizeof(got));
		else
			strcpy(got, why);
		if (strcmp(got, cases[i].want != NULL ? cases[i].want :
		    cases[i].why) != 0)
			fail_msg("%s: %s\ngot:  %s\nwant: %s", cases[i].name,
			    cases[i].text, got, cases[i].want != NULL ?
			    cases[i].want : cases[i].why);
		assert_int_equal(s.count, cases[i].want != NULL);
		tlsa_clear(&s);
	}
}

static void
what_is_usable(void **state)
{
	static const struct {
		const char	*name, *text, *word, *reason;
	} cases[] = {
		{ "EE, key, SHA2-256", "3 1 1 " HEX32, "usable", "usable" },
		{ "TA, certificate, SHA2-512", "2 0 2 " HEX64, "usable",
		  "usable" },
		{ "PKIX-TA", "0 1 1 " HEX32, "pkix-usage",
		  "usage 0 (PKIX-TA) is not for SMTP; senders ignore it" },
		{ "PKIX-EE", "1 1 1 " HEX32, "pkix-usage",
		  "usage 1 (PKIX-EE) is not for SMTP; senders ignore it" },
		{ "usage 4", "4 1 1 " HEX32, "unknown-usage",
		  "usage 4 is not defined" },
		{ "private usage", "255 1 1 " HEX32, "private-use",
		  "255 is for private use and means nothing in DNS" },
		{ "private selector", "3 255 1 " HEX32, "private-use", NULL },
		{ "private matching type", "3 1 255 " HEX32, "private-use",
		  NULL },
		{ "selector 2", "3 2 1 " HEX32, "unknown-selector",
		  "selector 2 is not defined" },
		{ "matching type 3", "3 1 3 " HEX32, "unknown-matching-type",
		  "matching type 3 is not defined" },
		{ "a digest of 31 octets", "3 1 1 " HEX8 HEX8 HEX8
		  "00112233445566", "digest-length",
		  "a SHA2-256 digest has 32 octets, not 31" },
		{ "a digest of 33 octets", "2 1 1 " HEX32 "00",
		  "digest-length", "a SHA2-256 digest has 32 octets, not 33" },
		{ "SHA2-256 called SHA2-512", "3 1 2 " HEX32, "digest-length",
		  "a SHA2-512 digest has 64 octets, not 32" },
		{ "no data", "3 1 1", "no-data", "has no association data" },
		{ "no data, in full", "3 0 0", "no-data", NULL },
		{ "no certificate", "3 0 0 3000", "no-certificate",
		  "its data is not a certificate" },
		{ "no key", "2 1 0 3000", "no-key",
		  "its data is not a public key" },
	};
	char reason[TLSA_FAULT_TEXT_MAX], why[TLSA_TEXT_WHY_MAX];
	struct tlsa_set s = { 0 };
	const char *word;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_true(tlsa_text_add(&s, span_text(cases[i].text), why));
		word = tlsa_fault_word(s.list[0].fault);
		tlsa_fault_text(&s.list[0], reason);
		if (strcmp(word, cases[i].word) != 0 ||
		    (cases[i].reason != NULL &&
		    strcmp(reason, cases[i].reason) != 0))
			fail_msg("%s\ngot:  %s, %s\nwant: %s, %s",
			    cases[i].name, word, reason, cases[i].word,
			    cases[i].reason);
		assert_int_equal(tlsa_usable(&s),
		    strcmp(cases[i].word, "usable") == 0);
		tlsa_clear(&s);
	}
}

/* In full: usable as it is, and not when cut or with an octet behind it. */
static void
data_in_full(void **state)
{
	static const struct {
		uint8_t	selector;
		int	change;
		enum tlsa_fault want;
	} cases[] = {
		{ TLSA_CERT, 0, TLSA_USABLE },
		{ TLSA_CERT, -1, TLSA_FAULT_CERTIFICATE },
		{ TLSA_CERT, 1, TLSA_FAULT_CERTIFICATE },
		{ TLSA_SPKI, 0, TLSA_USABLE },
		{ TLSA_SPKI, -1, TLSA_FAULT_KEY },
		{ TLSA_SPKI, 1, TLSA_FAULT_KEY },
	};
	uint8_t octets[4096] = { 0 };
	struct tlsa_set s = { 0 };
	struct span der;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		der = cases[i].selector == TLSA_CERT ? leaf.der : leaf.spki;
		len = (size_t)((int)der.len + 3 + cases[i].change);
		octets[0] = TLSA_DANE_EE;
		octets[1] = cases[i].selector;
		octets[2] = TLSA_FULL;
		memset(octets + 3, 0, sizeof(octets) - 3);
		memcpy(octets + 3, der.at, der.len);
		assert_true(tlsa_add_rdata(&s, span_of(octets, len)));
		assert_int_equal(s.list[0].fault, cases[i].want);
		tlsa_clear(&s);
	}
}

static void
octets_of_an_answer(void **state)
{
	static const uint8_t octets[] = { 3, 1, 1, 0xab, 0xcd };
	struct tlsa_set s = { 0 };
	char text[32];

	(void)state;
	for (size_t len = 0; len < 3; len++)
		assert_false(tlsa_add_rdata(&s, span_of(octets, len)));
	assert_int_equal(s.count, 0);
	assert_true(tlsa_add_rdata(&s, span_of(octets, 3)));
	assert_int_equal(s.list[0].fault, TLSA_FAULT_EMPTY);
	assert_true(tlsa_add_rdata(&s, span_of(octets, sizeof(octets))));
	assert_int_equal(tlsa_text(&s.list[1], text, sizeof(text)), 10);
	assert_string_equal(text, "3 1 1 abcd");
	assert_int_equal(tlsa_text_generic(&s.list[1], text, sizeof(text)),
	    15);
	assert_string_equal(text, "\\# 5 030101abcd");
	/* cut to the room there is, the length told in whole */
	assert_int_equal(tlsa_text(&s.list[1], text, 9), 10);
	assert_string_equal(text, "3 1 1 ab");
	tlsa_clear(&s);
	assert_int_equal(s.count, 0);
}

static void
a_set_has_a_limit(void **state)
{
	static const uint8_t octets[] = { 3, 1, 1, 0xab };
	static uint8_t huge[TLSA_DATA_MAX + 4];
	struct tlsa_set s = { 0 };

	(void)state;
	for (int i = 0; i < TLSA_RECORDS_MAX + 5; i++)
		assert_true(tlsa_add_rdata(&s,
		    span_of(octets, sizeof(octets))));
	assert_int_equal(s.count, TLSA_RECORDS_MAX);
	assert_int_equal(s.left_out, 5);
	tlsa_clear(&s);
	assert_true(tlsa_add_rdata(&s, span_of(huge, sizeof(huge))));
	assert_int_equal(s.count, 0);
	assert_int_equal(s.left_out, 1);
}

/* RFC 7671 section 9 */
static void
stronger_digests_count(void **state)
{
	static const struct {
		const char	*name, *records[4], *want;
	} cases[] = {
		{ "one alone", { "3 1 1 " HEX32 }, "1" },
		{ "the stronger of two", { "3 1 1 " HEX32, "3 1 2 " HEX64 },
		  "01" },
		{ "two of the stronger", { "3 1 2 " HEX64, "3 1 1 " HEX32,
		  "3 1 2 " HEX64 }, "101" },
		{ "per selector", { "3 1 1 " HEX32, "3 0 2 " HEX64 }, "11" },
		{ "per usage", { "3 1 1 " HEX32, "2 1 2 " HEX64 }, "11" },
		{ "unusable ones are dropped first",
		  { "3 1 1 " HEX32, "3 1 2 " HEX32 }, "10" },
		{ "neither do PKIX usages weigh",
		  { "1 1 2 " HEX64, "3 1 1 " HEX32 }, "01" },
	};
	char got[TLSA_RECORDS_MAX + 1], why[TLSA_TEXT_WHY_MAX];
	struct tlsa_set s = { 0 };
	unsigned n;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (n = 0; n < 4 && cases[i].records[n] != NULL; n++)
			assert_true(tlsa_text_add(&s,
			    span_text(cases[i].records[n]), why));
		for (n = 0; n < s.count; n++)
			got[n] = tlsa_counts(&s, n) ? '1' : '0';
		got[n] = '\0';
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\ngot:  %s\nwant: %s", cases[i].name, got,
			    cases[i].want);
		tlsa_clear(&s);
	}
}

/* Data in full is never outranked, nor does it outrank. */
static void
full_always_counts(void **state)
{
	struct tlsa_record full = { .usage = 3, .selector = 1 };
	struct tlsa_set s = { 0 };
	char why[TLSA_TEXT_WHY_MAX];

	(void)state;
	full.data = leaf.spki;
	assert_int_equal(tlsa_add(&s, &full), 0);
	assert_true(tlsa_text_add(&s, span_text("3 1 1 " HEX32), why));
	assert_true(tlsa_counts(&s, 0) && tlsa_counts(&s, 1));
	assert_true(tlsa_text_add(&s, span_text("3 1 2 " HEX64), why));
	assert_true(tlsa_counts(&s, 0) && !tlsa_counts(&s, 1) &&
	    tlsa_counts(&s, 2));
	tlsa_clear(&s);
}

/* Every combination describes its certificate, and no other. */
static void
records_made(void **state)
{
	struct tlsa_record kind = { 0 };
	struct tlsa_set s = { 0 };
	struct made other;
	unsigned n = 0;

	(void)state;
	make_certificate(&other, &(struct card){ .cn = "other.example" });
	for (kind.usage = 0; kind.usage <= 3; kind.usage++)
		for (kind.selector = 0; kind.selector <= 1; kind.selector++)
			for (kind.matching = 0; kind.matching <= 2;
			    kind.matching++, n++)
				assert_true(tlsa_add_made(&s, &kind, leaf.der,
				    false));
	assert_int_equal(s.count, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(s.list[i].fault, s.list[i].usage < 2 ?
		    TLSA_FAULT_PKIX : TLSA_USABLE);
		assert_true(tlsa_describes(&s.list[i], leaf.der, leaf.spki));
		assert_false(tlsa_describes(&s.list[i], other.der,
		    other.spki));
		assert_int_equal(tlsa_describes(&s.list[i],
		    span_of(NULL, 0), leaf.spki), s.list[i].selector == 1);
	}
	tlsa_clear(&s);
	made_free(&other);
}

static void
records_not_made(void **state)
{
	static const struct tlsa_record ee = { 3, 1, 1, 0, { NULL, 0 } };
	struct tlsa_record kind = ee;
	struct tlsa_set s = { 0 };

	(void)state;
	assert_true(tlsa_add_made(&s, &ee, leaf.spki, true));
	assert_true(tlsa_describes(&s.list[0], leaf.der, leaf.spki));
	assert_false(tlsa_add_made(&s, &ee, leaf.spki, false));
	assert_false(tlsa_add_made(&s, &ee, leaf.der, true));
	assert_false(tlsa_add_made(&s, &ee, span_of(leaf.der.at,
	    leaf.der.len - 1), false));
	assert_false(tlsa_add_made(&s, &ee, span_of(NULL, 0), false));
	kind.selector = 0;
	assert_false(tlsa_add_made(&s, &kind, leaf.spki, true));
	kind.selector = 2;
	assert_false(tlsa_add_made(&s, &kind, leaf.der, false));
	kind = ee;
	kind.matching = 3;
	assert_false(tlsa_add_made(&s, &kind, leaf.der, false));
	kind = ee;
	kind.usage = 4;
	assert_false(tlsa_add_made(&s, &kind, leaf.der, false));
	assert_int_equal(s.count, 1);
	tlsa_clear(&s);
}

/* What is written is read again as the same record, in both forms. */
static void
written_and_read(void **state)
{
	struct tlsa_record kind = { .usage = 2 };
	struct tlsa_set s = { 0 }, again = { 0 };
	char text[8192], why[TLSA_TEXT_WHY_MAX];

	(void)state;
	for (kind.selector = 0; kind.selector <= 1; kind.selector++)
		for (kind.matching = 0; kind.matching <= 2; kind.matching++)
			assert_true(tlsa_add_made(&s, &kind, leaf.der,
			    false));
	for (unsigned i = 0; i < s.count; i++) {
		tlsa_text(&s.list[i], text, sizeof(text));
		assert_true(tlsa_text_add(&again, span_text(text), why));
		tlsa_text_generic(&s.list[i], text, sizeof(text));
		assert_true(tlsa_text_add(&again, span_text(text), why));
		for (unsigned j = 0; j < 2; j++)
			assert_int_equal(tlsa_compare(&s.list[i],
			    &again.list[2 * i + j]), 0);
	}
	/* a certificate is more than a digest, whatever its octets */
	assert_true(tlsa_compare(&s.list[0], &s.list[1]) < 0);
	assert_true(tlsa_compare(&s.list[4], &s.list[3]) > 0);
	tlsa_clear(&s);
	tlsa_clear(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_text_means),
		cmocka_unit_test(what_is_usable),
		cmocka_unit_test(data_in_full),
		cmocka_unit_test(octets_of_an_answer),
		cmocka_unit_test(a_set_has_a_limit),
		cmocka_unit_test(stronger_digests_count),
		cmocka_unit_test(full_always_counts),
		cmocka_unit_test(records_made),
		cmocka_unit_test(records_not_made),
		cmocka_unit_test(written_and_read),
	};
	int failed;

	make_certificate(&leaf, &(struct card){ .cn = "mx.example",
	    .san = "DNS:mx.example" });
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	made_free(&leaf);
	return failed;
}
