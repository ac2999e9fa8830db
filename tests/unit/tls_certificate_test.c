/* SPDX-License-Identifier: ISC */
/*
 * Certificates read and kept.  Those read stand in the fuzzer's seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tls/certificate.h"

#define SEEDS	"tests/fuzz/seeds/tls_certificate/"
#define MX_SHA	"5805f8fa5d1032a7b6372d5f1b667f1a" \
		"9183856192d8fa2df4197ab79d52e136"
#define MX_KEY	"7c42f14e6da180e08516cfe47589f80d" \
		"80dc143cabc444dff3f80b23707c03b4"
#define ODD_SHA	"b4855538f4e357f3a76f4bff9a90e3a3" \
		"3abebda9cfa407230ac87e1f9a3883a5"

static struct digest *digest;
static uint8_t octets[CERTIFICATE_MAX + 1];

static struct span
seed(const char *name)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), SEEDS "%s", name);
	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("%s cannot be opened", path);
	n = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	return span_of(octets, n);
}

static void
expect_hex(const char *name, const char *what, const uint8_t *got,
    const char *want)
{
	char hex[2 * DIGEST_SHA256 + 1];

	digest_hex(span_of(got, DIGEST_SHA256), hex);
	if (strcmp(hex, want) != 0)
		fail_msg("%s, %s\ngot:  %s\nwant: %s", name, what, hex, want);
}

static void
what_is_read(void **state)
{
	static const struct {
		const char	*name, *file;
		const char	*sha256, *spki, *subject, *issuer, *san;
		int64_t		 not_before, not_after;
	} cases[] = {
		{ "an ordinary one, dates in both forms", "mx.example.der",
		  MX_SHA, MX_KEY,
		  "CN=mx.example,O=Mail \\\"Example\\\"",
		  "CN=Example Root,O=Example\\, Inc.,C=XX",
		  "mx.example mx2.example 192.0.2.25 2001:db8::25",
		  1795452144000000, 3523452144000000 },
		{ "fractions, an offset, UTF-8, names that are none",
		  "odd.der",
		  ODD_SHA, MX_KEY,
		  "CN=mx odd,O=B\\C3\\BCcher\\, \\\"S\\C3\\B6hne\\\"\\0A",
		  "CN=\\#odd\\; \\<root\\>\\ ",
		  "two?names.example a\\nb.example 192.0.2.1 2001:db8::1",
		  1583020799123456, 2524602600000000 },
	};
	struct certificate_cache *cache = certificate_cache_new(4, digest);
	struct certificate *c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = certificate_get(cache, seed(cases[i].file));
		assert_true(c->readable);
		expect_hex(cases[i].name, "sha256", c->sha256,
		    cases[i].sha256);
		expect_hex(cases[i].name, "spki", c->spki_sha256,
		    cases[i].spki);
		assert_string_equal(c->subject, cases[i].subject);
		assert_string_equal(c->issuer, cases[i].issuer);
		assert_string_equal(c->san, cases[i].san);
		assert_int_equal(c->not_before, cases[i].not_before);
		assert_int_equal(c->not_after, cases[i].not_after);
		certificate_drop(c);
	}
	certificate_cache_free(cache);
}

static void
expect_unreadable(const char *name, struct certificate_cache *cache,
    struct span der)
{
	struct certificate *c = certificate_get(cache, der);
	uint8_t sha256[DIGEST_SHA256];

	digest_sha256(digest, der, sha256);
	if (c == NULL || c->readable || c->subject != NULL ||
	    c->issuer != NULL || c->san != NULL || c->not_after != 0 ||
	    memcmp(c->sha256, sha256, sizeof(sha256)) != 0)
		fail_msg("%s: not as unreadable as it should be", name);
	certificate_drop(c);
}

static void
what_cannot_be_read(void **state)
{
	struct certificate_cache *cache = certificate_cache_new(4, digest);
	struct span der = seed("mx.example.der");

	(void)state;
	expect_unreadable("nothing", cache, span_of(NULL, 0));
	expect_unreadable("text", cache, span_text("no certificate"));
	expect_unreadable("the last octet cut off", cache,
	    span_first(der, der.len - 1));
	octets[der.len] = 0;
	expect_unreadable("an octet behind it", cache,
	    span_of(octets, der.len + 1));
	expect_unreadable("beyond the limit", cache,
	    span_of(octets, sizeof(octets)));
	certificate_cache_free(cache);
}

static struct certificate *
get(struct certificate_cache *cache, const char *text)
{
	return certificate_get(cache, span_text(text));
}

static void
read_once(void **state)
{
	struct certificate_cache *cache = certificate_cache_new(4, digest);
	struct certificate *first, *again;

	(void)state;
	first = certificate_get(cache, seed("mx.example.der"));
	again = certificate_get(cache, seed("mx.example.der"));
	assert_ptr_equal(first, again);
	certificate_drop(again);
	/* it outlives the cache while somebody holds it */
	again = certificate_take(first);
	certificate_cache_free(cache);
	certificate_drop(first);
	assert_string_equal(again->subject,
	    "CN=mx.example,O=Mail \\\"Example\\\"");
	certificate_drop(again);
}

static void
the_least_recent_goes(void **state)
{
	struct certificate_cache *cache = certificate_cache_new(2, digest);
	struct certificate *a = get(cache, "a"), *b = get(cache, "b");
	struct certificate *c, *again;

	(void)state;
	again = get(cache, "a");		/* now b is the oldest */
	assert_ptr_equal(a, again);
	certificate_drop(again);
	assert_int_equal(certificate_cache_forgotten(cache), 0);
	c = get(cache, "c");
	assert_int_equal(certificate_cache_forgotten(cache), 1);
	again = get(cache, "a");
	assert_ptr_equal(a, again);
	certificate_drop(again);
	again = get(cache, "b");		/* read anew; c goes */
	assert_ptr_not_equal(b, again);
	certificate_drop(again);
	certificate_drop(a);
	certificate_drop(b);
	certificate_drop(c);
	certificate_cache_free(cache);
}

/* Octets are limited too, not only entries. */
static void
large_ones_go_sooner(void **state)
{
	struct certificate_cache *cache = certificate_cache_new(16, digest);

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		memset(octets, (int)i, 16384);
		certificate_drop(certificate_get(cache,
		    span_of(octets, 16384)));
	}
	assert_int_equal(certificate_cache_forgotten(cache), 4);
	certificate_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(read_once),
		cmocka_unit_test(the_least_recent_goes),
		cmocka_unit_test(large_ones_go_sooner),
	};
	int failed;

	digest = digest_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	digest_free(digest);
	return failed;
}
