/* SPDX-License-Identifier: ISC */
/*
 * TLSA records found in zone files and in dig's answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/tlsa_zone.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* Wanted: a line per record ("owner ttl record"), or "! reason". */
static const struct {
	const char	*name, *text, *want;
} cases[] = {
	{ "absolute names", "_25._tcp.mx.example. 600 IN TLSA 3 1 1 00ff\n",
	  "_25._tcp.mx.example. 600 3 1 1 00ff\n" },
	{ "no line end, class before TTL",
	  "_25._tcp.mx.example. IN 600 TLSA 3 1 1 00ff",
	  "_25._tcp.mx.example. 600 3 1 1 00ff\n" },
	{ "neither TTL nor class", "mx.example. TLSA 3 1 1 00",
	  "mx.example. 0 3 1 1 00\n" },
	{ "an origin, a default TTL with units",
	  "$TTL 1h30m\n$ORIGIN Example.\n_25._tcp.mx TLSA 3 1 1 00\n"
	  "@ TLSA 3 1 1 01\n", "_25._tcp.mx.example. 5400 3 1 1 00\n"
	  "example. 5400 3 1 1 01\n" },
	{ "an owner inherited, other types between",
	  "a.example. 60 IN A 192.0.2.1\n\tIN TLSA 3 1 1 00\n"
	  "b.example. MX 10 a.example.\n   TLSA 2 1 1 01\n",
	  "a.example. 0 3 1 1 00\nb.example. 0 2 1 1 01\n" },
	{ "parentheses over lines, comments",
	  "; all of ours\na. 5 IN TLSA ( 3 1 1 ; leaf\n 00\n 11 )\n"
	  "b. TLSA 3 1 1 22 ; (\n",
	  "a. 5 3 1 1 0011\nb. 0 3 1 1 22\n" },
	{ "parentheses in quotes are none",
	  "a. TXT \"( ; \\\" (\"\nb. TLSA 3 1 1 00\n",
	  "b. 0 3 1 1 00\n" },
	{ "by number", "a. TYPE52 \\# 4 03010100\n", "a. 0 3 1 1 00\n" },
	{ "dig +short", "3 1 1 0011 2233\n2 1 1 44\n",
	  " 0 3 1 1 00112233\n 0 2 1 1 44\n" },
	{ "dig +short of unknown types", "\\# 4 03010100\n",
	  " 0 3 1 1 00\n" },
	{ "short, and indented", "  3 1 1 0011\n", " 0 3 1 1 0011\n" },
	{ "nothing", "\n\n;x\n   \n", "" },
	{ "the line of what is wrong is told, and reading goes on",
	  "a. A 192.0.2.1\n\na. TLSA 3 1 1 0\nb. TLSA 3 1 1 00\n",
	  "! line 3: an odd number of hexadecimal digits\n"
	  "b. 0 3 1 1 00\n" },
	{ "of several lines the first", "a. (\n TLSA\n 3 1 x )\nb. TLSA 9\n",
	  "! line 1: x: not a matching type (0 to 255)\n"
	  "! line 4: the selector is missing\n" },
	{ "includes", "$INCLUDE other.zone\n",
	  "! line 1: $INCLUDE is not followed\n" },
	{ "an origin that is none", "$ORIGIN\n$TTL x\n",
	  "! line 1: $ORIGIN: not a name\n! line 2: $TTL: not a time\n" },
	{ "a letter", "Dear Sir,\n", "" },
	{ "numbers of something else", "10 20 30 40\n",
	  " 0 10 20 30 40\n" },
	{ "a TTL too large is no TTL", "a. 4294967296 TLSA 3 1 1 00\n",
	  "! line 1: 4294967296: not a type; and as a record alone: a.: not "
	  "a usage (0 to 255)\n" },
};

static void
read_all(const char *text, char *out, size_t size)
{
	struct tlsa_set s = { 0 };
	enum tlsa_zone_step step;
	struct tlsa_zone z;
	size_t n = 0;

	out[0] = '\0';
	tlsa_zone_begin(&z, span_text(text));
	while ((step = tlsa_zone_next(&z, &s)) != TLSA_ZONE_END) {
		if (step == TLSA_ZONE_BAD) {
			n += (size_t)snprintf(out + n, size - n, "! %s\n",
			    z.why);
			continue;
		}
		n += (size_t)snprintf(out + n, size - n, "%s %u ", z.owner,
		    z.ttl);
		n += tlsa_text(&s.list[s.count - 1], out + n, size - n);
		n += (size_t)snprintf(out + n, size - n, "\n");
	}
	tlsa_clear(&s);
}

static void
each_case(void **state)
{
	char got[1024];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		read_all(cases[i].text, got, sizeof(got));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\ngot:\n%swant:\n%s", cases[i].name, got,
			    cases[i].want);
	}
}

static void
long_names(void **state)
{
	char text[1024], got[1024];

	(void)state;
	memset(text, 'a', 300);
	strcpy(text + 300, " TLSA 3 1 1 00\n");
	read_all(text, got, sizeof(got));
	assert_string_equal(got, "! line 1: a name that is too long\n");
	memcpy(text, "$ORIGIN ", 8);
	strcpy(text + 200, "\n");
	memset(text + 201, 'b', 100);
	strcpy(text + 301, " TLSA 3 1 1 00\n");
	read_all(text, got, sizeof(got));
	assert_string_equal(got, "! line 2: a name that is too long\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
