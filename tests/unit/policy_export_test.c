/* SPDX-License-Identifier: ISC */
/*
 * Whole destinations are exported and judged again in tests/lab/dns/; here
 * is what stands between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/export.h"
#include "policy/snapshot.h"

#define L(name, type, rest)	"{\"name\":\"" name "\",\"type\":\"" type \
				"\"," rest "}"
#define SECURE			"\"status\":\"secure\",\"found\":\"data\"," \
				"\"ttl\":60"

struct exported {
	const char	*name;
	const char	*grounds[2];
	const char	*want;
};

static void
each_text_becomes_these_lines(void **state)
{
	static const struct exported cases[] = {
		{ "data", { L("a.test", "MX", SECURE
		    ",\"records\":[\"10 mx.a.test.\"]"), NULL },
		    ";! zone a.test: secure\n"
		    "a.test. 60 IN MX 10 mx.a.test.\n" },
		{ "a denial", { L("_25._tcp.a.test", "TLSA",
		    "\"status\":\"insecure\",\"found\":\"nxdomain\","
		    "\"ttl\":60"), NULL },
		    ";! zone _25._tcp.a.test: insecure\n" },
		{ "a failure", { L("a.test", "MX", "\"status\":\"failed\","
		    "\"failure\":\"timeout\""), NULL },
		    ";! zone a.test: bogus\n" },
		{ "nothing that was known", { L("a.test", "MX",
		    "\"status\":\"unknown\""), NULL }, "" },
		{ "the later of two answers", {
		    L("a.test", "A", SECURE ",\"at\":\"2026-01-02T00:00:00Z\","
		    "\"records\":[\"192.0.2.2\"]"),
		    L("a.test", "A", "\"status\":\"insecure\","
		    "\"found\":\"data\",\"ttl\":60,\"at\":\"2026-01-01T00:00:00Z\","
		    "\"records\":[\"192.0.2.1\"]") },
		    ";! zone a.test: secure\n;! asked 2026-01-02T00:00:00Z\n"
		    "a.test. 60 IN A 192.0.2.2\n" },
		{ "an alias leaves its chain's end behind", {
		    L("a.test", "A", "\"status\":\"insecure\","
		    "\"found\":\"data\",\"ttl\":60,"
		    "\"canonical\":\"b.test\",\"records\":[\"192.0.2.1\"]"),
		    L("a.test", "CNAME", SECURE
		    ",\"records\":[\"b.test.\"]") },
		    ";! zone a.test: secure\n;! zone b.test: insecure\n"
		    "a.test. 60 IN CNAME b.test.\n"
		    "b.test. 60 IN A 192.0.2.1\n" },
		{ "two ways to one set: once, as it was answered last", {
		    L("a.test", "TLSA", SECURE ",\"at\":\"2026-01-01T00:00:00Z\","
		    "\"canonical\":\"b.test\",\"records\":[\"3 1 1 aa\"]"),
		    L("b.test", "TLSA", SECURE ",\"at\":\"2026-01-02T00:00:00Z\","
		    "\"records\":[\"3 1 1 bb\"]") },
		    ";! zone a.test: secure\n;! zone b.test: secure\n"
		    ";! asked 2026-01-01T00:00:00Z\n"
		    "a.test. 60 IN CNAME b.test.\n"
		    ";! asked 2026-01-02T00:00:00Z\n"
		    "b.test. 60 IN TLSA 3 1 1 bb\n" },
		{ "no time, and one that is none", {
		    L("a.test", "A", SECURE ",\"at\":\"2026-13-01T00:00:00Z\","
		    "\"records\":[\"192.0.2.1\"]"),
		    L("b.test", "A", SECURE ",\"at\":\"x\\n;! zone x\","
		    "\"records\":[\"192.0.2.2\"]") },
		    ";! zone a.test: secure\n;! zone b.test: secure\n"
		    "a.test. 60 IN A 192.0.2.1\nb.test. 60 IN A 192.0.2.2\n" },
		{ "of a chain of aliases the end, not the next", {
		    L("a.test", "A", SECURE ",\"canonical\":\"c.test\","
		    "\"records\":[\"192.0.2.1\"]"),
		    L("a.test", "CNAME", SECURE ",\"at\":\"2026-01-02T00:00:00Z\","
		    "\"records\":[\"b.test.\"]") },
		    ";! zone a.test: secure\n;! zone c.test: secure\n"
		    "a.test. 60 IN CNAME c.test.\n"
		    "c.test. 60 IN A 192.0.2.1\n" },
		{ "types that differ: the weaker, and no failure", {
		    L("a.test", "A", SECURE ",\"records\":[\"192.0.2.1\"]"),
		    L("a.test", "AAAA", "\"status\":\"bogus\"") },
		    ";! zone a.test: secure\n; a.test AAAA was bogus\n"
		    "a.test. 60 IN A 192.0.2.1\n" },
		{ "a record that would begin a line", { L("a.test", "MX",
		    SECURE ",\"records\":[\"10 a.\\n;! zone x: secure\"]"),
		    NULL }, ";! zone a.test: secure\n" },
		{ "a set that was cut", { L("a.test", "A", SECURE
		    ",\"records\":[\"192.0.2.1\"],\"cut\":true"), NULL },
		    ";! zone a.test: secure\n" },
		{ "a name that is none", { L("a\\n.test", "A", SECURE), NULL },
		    "" },
		{ "a type that is not written", { L("a.test", "TXT", SECURE),
		    NULL }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct export *e = export_new();
		char text[2048], *got = NULL;
		char why[SNAPSHOT_WHY_MAX];
		struct snapshot *s;
		size_t size;
		FILE *f;

		for (int n = 0; n < 2 && cases[i].grounds[n] != NULL; n++) {
			snprintf(text, sizeof(text), "{\"lookups\":[%s]}",
			    cases[i].grounds[n]);
			assert_true(export_add(e, text));
		}
		f = open_memstream(&got, &size);
		assert_int_equal(export_write(e, f), 0);
		fclose(f);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got\n%s", cases[i].name, got);
		/* whatever it is, it can be read */
		s = snapshot_read(span_text(got), "x", why);
		if (s == NULL)
			fail_msg("%s: %s", cases[i].name, why);
		snapshot_free(s);
		free(got);
		export_free(e);
	}
}

static void
what_is_no_grounds_is_refused(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{}",
	    "{\"lookups\":1}" };
	struct export *e = export_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(export_add(e, texts[i]));
	assert_true(export_add(e, "{\"lookups\":[1,{},null]}"));
	export_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_becomes_these_lines),
		cmocka_unit_test(what_is_no_grounds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
