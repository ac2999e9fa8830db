/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "policy/sts_fetch.h"
#include "policy/sts_store.h"

static struct lookup_answer *
txt(const char *one, const char *two)
{
	static const struct lookup_question q = { "_mta-sts.example",
	    LOOKUP_TXT };
	struct lookup_answer *a = lookup_answer_new(&q);

	a->status = LOOKUP_INSECURE;
	a->found = LOOKUP_DATA;
	lookup_answer_add(a, 0, span_text(one));
	if (two != NULL)
		lookup_answer_add(a, 0, span_text(two));
	return a;
}

/* RFC 8461 section 3.1 */
static void
one_valid_record_has_an_id(void **state)
{
	static const struct {
		const char	*name, *one, *two, *id;
	} cases[] = {
		{ "as in the RFC", "v=STSv1; id=20160831085700Z;", NULL,
		    "20160831085700Z" },
		{ "no semicolon at the end", "v=STSv1; id=1", NULL, "1" },
		{ "blanks around", "v=STSv1 ;  id=1 ; ", NULL, "1" },
		{ "another field", "v=STSv1; x=y; id=1;", NULL, "1" },
		{ "another record that is not ours", "v=spf1 -all",
		    "v=STSv1; id=2;", "2" },
		{ "two records", "v=STSv1; id=1;", "v=STSv1; id=2;", NULL },
		{ "no semicolon behind the version", "v=STSv1", NULL, NULL },
		{ "another version", "v=STSv2; id=1;", NULL, NULL },
		{ "a longer word", "v=STSv1x; id=1;", NULL, NULL },
		{ "lower case", "v=stsv1; id=1;", NULL, NULL },
		{ "no id", "v=STSv1;", NULL, NULL },
		{ "an empty id", "v=STSv1; id=;", NULL, NULL },
		{ "two ids", "v=STSv1; id=1; id=2;", NULL, NULL },
		{ "33 letters",
		    "v=STSv1; id=abcdefghijklmnopqrstuvwxyz0123456;",
		    NULL, NULL },
		{ "32 letters", "v=STSv1; id=abcdefghijklmnopqrstuvwxyz012345;",
		    NULL, "abcdefghijklmnopqrstuvwxyz012345" },
		{ "an id with a dash", "v=STSv1; id=a-b;", NULL, NULL },
		{ "nothing", "", NULL, NULL },
	};
	char id[STS_ID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lookup_answer *a = txt(cases[i].one, cases[i].two);
		bool found = sts_record_id(a, id);

		if (found != (cases[i].id != NULL) ||
		    (found && strcmp(id, cases[i].id) != 0))
			fail_msg("%s: got %s", cases[i].name,
			    found ? id : "none");
		lookup_answer_give(a);
	}
}

#define HEAD	"version: STSv1\n"

/* RFC 8461 section 3.2 */
static void
a_policy_is_read_or_refused_whole(void **state)
{
	static const struct {
		const char	*name, *text;
		bool		 ok;
		enum sts_mode	 mode;
		uint32_t	 age;
		unsigned	 nmx;
	} cases[] = {
		{ "as in the RFC", "version: STSv1\r\nmode: enforce\r\n"
		    "mx: mail.example.com\r\nmx: *.example.net\r\n"
		    "max_age: 604800\r\n", true, STS_ENFORCE, 604800, 2 },
		{ "bare newlines, no blank, none at the end", "version:STSv1\n"
		    "mode:testing\nmx:a.example\nmax_age:1", true,
		    STS_TESTING, 1, 1 },
		{ "keys nobody knows", HEAD "x: y\nmode: enforce\nmx: a.b\n"
		    "max_age: 5\n", true, STS_ENFORCE, 5, 1 },
		{ "a key twice: the first", HEAD "mode: testing\n"
		    "mode: enforce\nmx: a.b\nmax_age: 5\nmax_age: 6\n", true,
		    STS_TESTING, 5, 1 },
		{ "none needs no mx", HEAD "mode: none\nmax_age: 5\n", true,
		    STS_NONE, 5, 0 },
		{ "enforce does", HEAD "mode: enforce\nmax_age: 5\n",
		    .ok = false },
		{ "no version", "mode: none\nmax_age: 5\n", .ok = false },
		{ "another version", "version: STSv2\nmode: none\n"
		    "max_age: 5\n", .ok = false },
		{ "no mode", HEAD "mx: a.b\nmax_age: 5\n", .ok = false },
		{ "a mode nobody knows", HEAD "mode: strict\nmx: a.b\n"
		    "max_age: 5\n", .ok = false },
		{ "no age", HEAD "mode: enforce\nmx: a.b\n", .ok = false },
		{ "too old", HEAD "mode: enforce\nmx: a.b\n"
		    "max_age: 31557601\n", .ok = false },
		{ "as old as can be", HEAD "mode: enforce\nmx: a.b\n"
		    "max_age: 31557600\n", true, STS_ENFORCE, 31557600, 1 },
		{ "an age that is no number", HEAD "mode: enforce\nmx: a.b\n"
		    "max_age: 1d\n", .ok = false },
		{ "a star in the middle", HEAD "mode: enforce\nmx: a.*.b\n"
		    "max_age: 5\n", .ok = false },
		{ "a line that is none", HEAD "mode: enforce\nhello\n"
		    "mx: a.b\nmax_age: 5\n", .ok = false },
		{ "HTML", "<html><body>404</body></html>\n", .ok = false },
		{ "nothing", "", .ok = false },
	};
	static struct sts_policy p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = sts_policy_read(&p, span_text(cases[i].text));

		if (ok != cases[i].ok || (ok && (p.mode != cases[i].mode ||
		    p.max_age != cases[i].age || p.nmx != cases[i].nmx)))
			fail_msg("%s: got %d, %s, %u, %u", cases[i].name, ok,
			    sts_word(p.mode), p.max_age, p.nmx);
	}
}

/* RFC 8461 section 4.1 */
static void
a_star_is_one_label(void **state)
{
	static const struct {
		const char	*pattern, *host;
		bool		 match;
	} cases[] = {
		{ "mx.example.net", "mx.example.net", true },
		{ "MX.Example.NET", "mx.example.net", true },
		{ "*.example.net", "a.example.net", true },
		{ "*.example.net", "a.b.example.net", false },
		{ "*.example.net", "example.net", false },
		{ "*.example.net", "aexample.net", false },
		{ "mx.example.net", "mx.example.org", false },
		{ "example.net", "mx.example.net", false },
	};
	static struct sts_policy p;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), HEAD "mode: enforce\nmx: %s\n"
		    "max_age: 9\n", cases[i].pattern);
		assert_true(sts_policy_read(&p, span_text(text)));
		if (sts_policy_matches(&p, cases[i].host) != cases[i].match)
			fail_msg("%s and %s", cases[i].pattern, cases[i].host);
	}
}

static struct sts_store *
open_store(unsigned limit)
{
	struct sts_options o = STS_OPTIONS_DEFAULT;
	struct sts_store *s;

	o.limit = limit;
	s = sts_store_new(&o);
	assert_non_null(s);
	return s;
}

#define NOW	INT64_C(1000000000)	/* seconds */
#define FAR	"99999999999"

static void
only_lines_that_still_hold_are_loaded(void **state)
{
	static const struct {
		const char	*name, *line;
		bool		 ok;
	} cases[] = {
		{ "as written", "STSv1 example.com 1 1000000100 enforce 3600 "
		    "mx.example.com,*.example.net", true },
		{ "no patterns, mode none", "STSv1 example.com 1 1000000100 "
		    "none 3600 ", true },
		{ "over", "STSv1 example.com 1 1000000000 enforce 3600 a.b",
		    .ok = false },
		{ "longer than any may be", "STSv1 example.com 1 " FAR
		    " enforce 3600 a.b", .ok = false },
		{ "an age beyond the limit", "STSv1 example.com 1 1000000100 "
		    "enforce 31557601 a.b", .ok = false },
		{ "a mode nobody knows", "STSv1 example.com 1 1000000100 "
		    "strict 3600 a.b", .ok = false },
		{ "a domain that is none", "STSv1 exa$mple 1 1000000100 "
		    "enforce 3600 a.b", .ok = false },
		{ "a pattern that is none", "STSv1 example.com 1 1000000100 "
		    "enforce 3600 a..b", .ok = false },
		{ "another version", "STSv2 example.com 1 1000000100 "
		    "enforce 3600 a.b", .ok = false },
		{ "cut", "STSv1 example.com 1 1000000100", .ok = false },
		{ "nothing", "", .ok = false },
	};
	struct sts_store *s = open_store(16);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (sts_store_load(s, cases[i].line, NOW * 1000000) !=
		    cases[i].ok)
			fail_msg("%s", cases[i].name);
	sts_store_free(s);
}

/* A policy that was loaded rules though its record is gone. */
static void
a_kept_policy_rules_until_it_is_over(void **state)
{
	static struct inquiry i;
	struct sts_store *s = open_store(2);
	struct sts_verdict v;
	struct lookup_answer *a;
	bool fetching = false;
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "STSv1 example 7 %lld enforce 3600 "
	    "*.mx.example", (long long)time(NULL) + 1000);
	assert_true(sts_store_load(s, line, (int64_t)time(NULL) * 1000000));
	/* the record must be asked for first */
	assert_false(sts_judge(&v, s, "example", "a.mx.example", &i, NULL,
	    NULL, &fetching));
	assert_false(fetching);
	assert_string_equal(i.lines[0].question.name, "_mta-sts.example");
	a = txt("not ours", NULL);
	inquiry_tell(inquiry_next(&i), a);
	lookup_answer_give(a);
	assert_true(sts_judge(&v, s, "example", "a.mx.example", &i, NULL,
	    NULL, &fetching));
	assert_int_equal(v.mode, STS_ENFORCE);
	assert_int_equal(v.match, STS_MATCH_YES);
	assert_string_equal(v.id, "7");
	assert_true(sts_judge(&v, s, "example", "mx.example", &i, NULL, NULL,
	    &fetching));
	assert_int_equal(v.match, STS_MATCH_NO);
	/* the limit pushes it out */
	for (int n = 0; n < 2; n++) {
		snprintf(line, sizeof(line), "STSv1 other%d 7 %lld enforce "
		    "3600 a.b", n, (long long)time(NULL) + 1000);
		assert_true(sts_store_load(s, line,
		    (int64_t)time(NULL) * 1000000));
	}
	assert_true(sts_judge(&v, s, "example", "a.mx.example", &i, NULL,
	    NULL, &fetching));
	assert_int_equal(v.mode, STS_NONE);
	assert_int_equal(v.why, STS_WHY_ABSENT);
	inquiry_clear(&i);
	sts_store_free(s);
}

/* Strangers choose where policies are fetched from. */
static void
nothing_is_fetched_from_private_addresses(void **state)
{
	static const struct {
		const char	*address;
		bool		 public;
	} cases[] = {
		{ "192.0.1.1", true }, { "8.8.8.8", true },
		{ "127.0.0.1", false }, { "10.1.2.3", false },
		{ "172.16.0.1", false }, { "172.31.255.255", false },
		{ "172.32.0.1", true }, { "192.168.1.1", false },
		{ "169.254.169.254", false }, { "100.64.0.1", false },
		{ "0.0.0.0", false }, { "224.0.0.1", false },
		{ "255.255.255.255", false }, { "::1", false }, { "::", false },
		{ "fe80::1", false }, { "fd00::1", false },
		{ "ff02::1", false },
		{ "2001:4860:4860::8888", true },
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(addr_parse(&a, cases[i].address), 0);
		if (sts_fetch_is_public(&a) != cases[i].public)
			fail_msg("%s", cases[i].address);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_valid_record_has_an_id),
		cmocka_unit_test(a_policy_is_read_or_refused_whole),
		cmocka_unit_test(a_star_is_one_label),
		cmocka_unit_test(only_lines_that_still_hold_are_loaded),
		cmocka_unit_test(a_kept_policy_rules_until_it_is_over),
		cmocka_unit_test(nothing_is_fetched_from_private_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
