/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/snapshot.h"

#define D	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

static const char zone[] =
    "; MX ( is a comment\n"
    ";! zone a.test: secure\n"
    ";! zone sub.a.test :insecure\n"
    "  ;!zone bogus.a.test: bogus\n"
    "$TTL 600\n"
    "$ORIGIN a.test.\r\n"
    "@ SOA ns hostmaster ( 1 ; serial\n"
    "      2 3 4 5 )\n"
    "  NS ns\n"
    "tlsa 1h IN CERT what this is nobody asks\n"
    "  IN TLSA 3 1 1 abcd\n"
    "@ 60 IN MX 10 Mx.A.Test.\n"
    "  MX 20 mx2\n"
    "mx A 192.0.2.1\n"
    "mx 30 IN AAAA 2001:db8::1\n"
    "_25._tcp.mx TLSA 3 1 1 ( 0123456789abcdef0123456789abcdef\n"
    "    0123456789abcdef 0123456789abcdef )\n"
    "_25._tcp.mx TYPE52 \\# 5 020001abcd\n"
    "_mta-sts TXT \"v=STSv1;\" \" id=1;\"\n"
    "*.wild A 192.0.2.2\n"
    "there.wild TXT \"a; b\"\n"
    "alias CNAME mx\n"
    "dangling CNAME nothing.a.test.\n"
    "away CNAME host.sub\n"
    "host.sub A 192.0.2.3\n"
    "tampered CNAME host.bogus\n"
    "host.bogus A 192.0.2.4\n"
    "far CNAME elsewhere.test.\n"
    "$ORIGIN .\n"
    "plain.test. A 192.0.2.5\n";

struct asked {
	const char	*name;
	enum lookup_type	 type;
	enum lookup_status	 status;
	enum lookup_found	 found;
	uint32_t	 ttl;
	const char	*records;	/* between commas */
	const char	*canonical;
};

static void
each_question_has_one_answer(void **state)
{
	static const struct asked cases[] = {
		{ "a.test", LOOKUP_MX, LOOKUP_SECURE, LOOKUP_DATA, 60,
		    "10 mx.a.test.,20 mx2.a.test.", "a.test" },
		{ "mx.a.test", LOOKUP_A, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "192.0.2.1",
		    "mx.a.test" },
		{ "mx.a.test", LOOKUP_AAAA, LOOKUP_SECURE, LOOKUP_DATA, 30,
		    "2001:db8::1", "mx.a.test" },
		{ "mx.a.test", LOOKUP_TXT, LOOKUP_SECURE, LOOKUP_NODATA, 0, "",
		    "mx.a.test" },
		{ "_25._tcp.mx.a.test", LOOKUP_TLSA, LOOKUP_SECURE, LOOKUP_DATA,
		    600,
		    "3 1 1 " D ",2 0 1 abcd", "_25._tcp.mx.a.test" },
		{ "_tcp.mx.a.test", LOOKUP_TLSA, LOOKUP_SECURE, LOOKUP_NODATA,
		    0, "",
		    "_tcp.mx.a.test" },
		{ "_26._tcp.mx.a.test", LOOKUP_TLSA, LOOKUP_SECURE,
		    LOOKUP_NXDOMAIN, 0,
		    "", "_26._tcp.mx.a.test" },
		/* named as a type, behind a record passed over */
		{ "tlsa.a.test", LOOKUP_TLSA, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "3 1 1 abcd", "tlsa.a.test" },
		{ "_mta-sts.a.test", LOOKUP_TXT, LOOKUP_SECURE, LOOKUP_DATA,
		    600,
		    "v=STSv1; id=1;", "_mta-sts.a.test" },
		{ "any.wild.a.test", LOOKUP_A, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "192.0.2.2", "any.wild.a.test" },
		{ "two.labels.wild.a.test", LOOKUP_A, LOOKUP_SECURE,
		    LOOKUP_DATA, 600,
		    "192.0.2.2", "two.labels.wild.a.test" },
		{ "there.wild.a.test", LOOKUP_A, LOOKUP_SECURE, LOOKUP_NODATA,
		    0, "",
		    "there.wild.a.test" },
		{ "there.wild.a.test", LOOKUP_TXT, LOOKUP_SECURE, LOOKUP_DATA,
		    600,
		    "a; b", "there.wild.a.test" },
		{ "alias.a.test", LOOKUP_A, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "192.0.2.1", "mx.a.test" },
		{ "alias.a.test", LOOKUP_CNAME, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "mx.a.test.", "alias.a.test" },
		{ "dangling.a.test", LOOKUP_A, LOOKUP_SECURE, LOOKUP_NXDOMAIN,
		    600, "",
		    "nothing.a.test" },
		{ "host.sub.a.test", LOOKUP_A, LOOKUP_INSECURE, LOOKUP_DATA,
		    600,
		    "192.0.2.3", "host.sub.a.test" },
		{ "away.a.test", LOOKUP_A, LOOKUP_INSECURE, LOOKUP_DATA, 600,
		    "192.0.2.3", "host.sub.a.test" },
		{ "away.a.test", LOOKUP_CNAME, LOOKUP_SECURE, LOOKUP_DATA, 600,
		    "host.sub.a.test.", "away.a.test" },
		{ "tampered.a.test", LOOKUP_A, LOOKUP_BOGUS, LOOKUP_DATA, 600,
		    "192.0.2.4", "host.bogus.a.test" },
		{ "none.a.test", LOOKUP_MX, LOOKUP_SECURE, LOOKUP_NXDOMAIN, 0,
		    "",
		    "none.a.test" },
		{ "plain.test", LOOKUP_A, LOOKUP_INSECURE, LOOKUP_DATA, 600,
		    "192.0.2.5", "plain.test" },
		{ "x.plain.test", LOOKUP_A, LOOKUP_INSECURE, LOOKUP_NXDOMAIN, 0,
		    "",
		    "x.plain.test" },
		/* nothing is known of these, which is no denial */
		{ "other.test", LOOKUP_MX, LOOKUP_UNKNOWN, LOOKUP_NODATA, 0, "",
		    "other.test" },
		{ "example.org", LOOKUP_MX, LOOKUP_UNKNOWN, LOOKUP_NODATA, 0,
		    "",
		    "example.org" },
		{ "far.a.test", LOOKUP_A, LOOKUP_UNKNOWN, LOOKUP_NODATA, 600,
		    "",
		    "elsewhere.test" },
	};
	char why[SNAPSHOT_WHY_MAX] = "";
	struct snapshot *s;

	(void)state;
	if ((s = snapshot_read(span_text(zone), "zone", why)) == NULL)
		fail_msg("%s", why);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct asked *c = &cases[i];
		struct lookup_question q = { .type = c->type };
		char got[512] = "", one[256];
		struct lookup_answer *a;

		snprintf(q.name, sizeof(q.name), "%s", c->name);
		a = snapshot_answer(s, &q);
		assert_non_null(a);
		for (unsigned r = 0; r < a->nrecords; r++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s%s", r > 0 ? "," : "", lookup_record_text(
			    c->type, &a->records[r], one, sizeof(one)));
		if (a->status != c->status || a->found != c->found ||
		    a->ttl != c->ttl || strcmp(got, c->records) != 0 ||
		    strcmp(a->canonical, c->canonical) != 0)
			fail_msg("%s %s: got %s, %s, %u, %s, %s", c->name,
			    lookup_type_word(c->type),
			    lookup_status_word(a->status),
			    lookup_found_word(a->found), a->ttl, got,
			    a->canonical);
		lookup_answer_give(a);
	}
	snapshot_free(s);
}

static void
what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char	*name, *text, *why;
	} cases[] = {
		{ "a usage of 256, which ldns takes for 0",
		    "a.test. 60 IN A 192.0.2.1\n_25._tcp.a.test. 60 IN TLSA "
		    "256 1 1 " D "\n", "line 2: TLSA" },
		{ "an odd number of digits", "_25._tcp.a.test. 60 IN TLSA "
		    "3 1 1 abc\n", "line 1: TLSA" },
		{ "no data", "_25._tcp.a.test. 60 IN TLSA 3 1 1\n",
		    "line 1: " },
		{ "a record of several lines", "\n\na.test. MX ( 10\n\n xx",
		    "line 3: a parenthesis is not closed" },
		{ "one too many", "a.test. MX 10 ) mx.a.test.\n",
		    "line 1: a parenthesis too many" },
		{ "an open quotation", "a.test. TXT \"x\n",
		    "line 1: a quotation mark" },
		{ "a type that there is not", "a.test. 60 IN MXX 10 b.\n",
		    "line 1: " },
		{ "an address that is none", "a.test. 60 IN A 192.0.2\n",
		    "line 1: " },
		{ "another file", "$INCLUDE /etc/passwd\n",
		    "line 1: a directive other than" },
		{ "a remark that is none", "\n;! zone a.test secure\n",
		    "line 2: not of the form" },
		{ "a status that is none", ";! zone a.test: safe\n",
		    "line 1: not of the form" },
		{ "a time that is none", ";! asked 2026-13-01T12:00:05Z\n",
		    "line 1: not of the form" },
		{ "a zone that is none", ";! zone a..test: secure\n",
		    "line 1: not of the form" },
	};
	char why[SNAPSHOT_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot *s = snapshot_read(span_text(cases[i].text),
		    "x", why);

		if (s != NULL)
			fail_msg("%s: was read", cases[i].name);
		if (strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s: got %s", cases[i].name, why);
	}
}

static void
an_empty_one_knows_nothing(void **state)
{
	static const struct lookup_question q = { "a.test", LOOKUP_MX };
	char why[SNAPSHOT_WHY_MAX];
	struct snapshot *s = snapshot_read(span_of(NULL, 0), "x", why);
	struct lookup_answer *a;

	(void)state;
	assert_non_null(s);
	a = snapshot_answer(s, &q);
	assert_int_equal(a->status, LOOKUP_UNKNOWN);
	assert_int_equal(a->failure, LOOKUP_NOT_COVERED);
	lookup_answer_give(a);
	assert_int_equal(snapshot_records(s), 0);
	snapshot_free(s);
}

static void
records_may_say_when_they_were_asked_for(void **state)
{
	static const struct {
		const char	*name;
		int64_t		 at;
	} cases[] = {
		{ "a.test", 0 },
		{ "b.test", INT64_C(1772366405000000) },
		{ "c.test", INT64_C(1772366405000000) },
		{ "d.test", 0 },
		{ "alias.test", INT64_C(1772366405000000) },
	};
	char why[SNAPSHOT_WHY_MAX];
	struct snapshot *s = snapshot_read(span_text(
	    "a.test. A 192.0.2.1\n;! asked 2026-03-01T12:00:05.000001Z\n"
	    "b.test. A 192.0.2.1\nc.test. A 192.0.2.1\n;! asked -\n"
	    "d.test. A 192.0.2.1\nalias.test. CNAME b.test.\n"), "x", why);

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lookup_question q = { .type = LOOKUP_A };
		struct lookup_answer *a;

		strcpy(q.name, cases[i].name);
		assert_non_null(a = snapshot_answer(s, &q));
		if (a->at != cases[i].at)
			fail_msg("%s: got %lld", q.name, (long long)a->at);
		lookup_answer_give(a);
	}
	snapshot_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_has_one_answer),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(an_empty_one_knows_nothing),
		cmocka_unit_test(records_may_say_when_they_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
