/* SPDX-License-Identifier: ISC */
/*
 * The rules of RFC 7672, over a zone that says how it is signed.  The same
 * cases meet real servers in tests/lab/dns/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/dane.h"
#include "policy/snapshot.h"

#define D	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"
#define E	"fedcba9876543210fedcba9876543210" \
		"fedcba9876543210fedcba9876543210"

static const char zone[] =
    ";! zone secure.test: secure\n"
    ";! zone insecure.test: insecure\n"
    ";! zone bogus.test: bogus\n"
    ";! zone _tcp.mx.badtlsa.secure.test: bogus\n"
    ";! zone badaddress.secure.test: bogus\n"
    "$TTL 300\n"
    "$ORIGIN secure.test.\n"
    "plain MX 10 mx\n"
    "mx A 192.0.2.1\n"
    "mx AAAA 2001:db8::1\n"
    "_25._tcp.mx TLSA 3 1 1 " D "\n"
    "none MX 10 none-mx\n"
    "none-mx A 192.0.2.2\n"
    "pkix MX 10 pkix-mx\n"
    "pkix-mx A 192.0.2.3\n"
    "_25._tcp.pkix-mx TLSA 1 1 1 " D "\n"
    "unsigned MX 10 mx.insecure.test.\n"
    "badtlsa MX 10 mx.badtlsa\n"
    "mx.badtlsa A 192.0.2.5\n"
    "_25._tcp.mx.badtlsa TLSA 3 1 1 " D "\n"
    "badaddress MX 10 mx.badaddress\n"
    "onebad MX 10 one.badaddress\n"
    "mx.badaddress A 192.0.2.6\n"
    "alias MX 10 to-target\n"
    "to-target CNAME target\n"
    "target A 192.0.2.7\n"
    "_25._tcp.to-target TLSA 3 1 1 " E "\n"
    "_25._tcp.target TLSA 3 1 1 " D "\n"
    "kept MX 10 at-alias\n"
    "at-alias CNAME bare\n"
    "bare A 192.0.2.8\n"
    "_25._tcp.at-alias TLSA 3 1 1 " E "\n"
    "between MX 10 first\n"
    "first CNAME second\n"
    "second CNAME third\n"
    "third A 192.0.2.9\n"
    "_25._tcp.second TLSA 3 1 1 " D "\n"
    "out MX 10 leads-out\n"
    "leads-out CNAME mx.insecure.test.\n"
    "_25._tcp.leads-out TLSA 3 1 1 " E "\n"
    "back MX 10 leads-back.insecure.test.\n"
    "nosecond MX 10 to-bad\n"
    "to-bad CNAME mx.badtlsa\n"
    "_25._tcp.to-bad TLSA 3 1 1 " E "\n"
    "circle MX 10 loop1\n"
    "loop1 CNAME loop2\n"
    "loop2 CNAME loop1\n"
    "shared MX 10 mx-shared\n"
    "mx-shared A 192.0.2.10\n"
    "_25._tcp.mx-shared CNAME _tlsa\n"
    "_tlsa TLSA 3 1 1 " D "\n"
    "lost MX 10 mx-lost\n"
    "mx-lost A 192.0.2.11\n"
    "_25._tcp.mx-lost CNAME _tlsa.insecure.test.\n"
    "wild MX 10 mx-wild\n"
    "mx-wild A 192.0.2.12\n"
    "*._tcp.mx-wild TLSA 3 1 1 " D "\n"
    "implicit A 192.0.2.13\n"
    "_25._tcp.implicit TLSA 3 1 1 " D "\n"
    "null MX 0 .\n"
    "nulls MX 0 .\n"
    "nulls MX 10 mx\n"
    "literal MX 10 192.0.2.14.\n"
    "three MX 10 mx\n"
    "three MX 20 none-mx\n"
    "three MX 30 mx-wild\n"
    "twice MX 20 mx\n"
    "twice MX 10 twin\n"
    "twin A 192.0.2.1\n"
    "relay A 192.0.2.15\n"
    "_25._tcp.relay TLSA 3 1 1 " D "\n"
    "$ORIGIN insecure.test.\n"
    "half MX 10 mx.secure.test.\n"
    "halfnone MX 10 none-mx.secure.test.\n"
    "mx A 192.0.2.4\n"
    "_25._tcp.mx TLSA 3 1 1 " D "\n"
    "_tlsa TLSA 3 1 1 " D "\n"
    "leads-back CNAME mx.secure.test.\n"
    "implicit A 192.0.2.16\n"
    "$ORIGIN bogus.test.\n"
    "@ MX 10 mx.secure.test.\n";

struct judged {
	const char		*name;
	const char		*domain;	/* NULL: RCPT not seen */
	const char		*server;
	enum policy_state	 state;
	enum dane_why		 why;
	const char		*host, *base;	/* NULL: not looked at */
	const char		*sni, *banner, *dns;
	uint16_t		 port;		/* 0: 25 */
	uint32_t		 tags;		/* that must be there */
	bool			 curious;
};

#define T(tag)	(1U << DANE_TAG_##tag)

static const struct judged cases[] = {
	{ "all secure", "plain.secure.test", "192.0.2.1", POLICY_DANE_AUTH,
	    DANE_WHY_TLSA, "mx.secure.test", "mx.secure.test", .port = 25 },
	{ "capitals and a dot at the end", "Plain.SECURE.test.",
	    "2001:db8::1", POLICY_DANE_AUTH, DANE_WHY_TLSA, .port = 25 },
	{ "no TLSA, proved", "none.secure.test", "192.0.2.2",
	    POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT, .port = 25 },
	{ "only usages that are not for SMTP", "pkix.secure.test",
	    "192.0.2.3", POLICY_DANE_TLS, DANE_WHY_TLSA_UNUSABLE, .port = 25 },
	{ "an unsigned host", "unsigned.secure.test", "192.0.2.4",
	    POLICY_NONE_INSECURE, DANE_WHY_ADDRESS_INSECURE, .port = 25 },
	{ "an unsigned host, looked at closely", "unsigned.secure.test",
	    "192.0.2.4", POLICY_NONE_INSECURE, DANE_WHY_ADDRESS_INSECURE,
	    .curious = true, .tags = T(TLSA_UNSIGNED) },
	{ "an unsigned MX to a secure host", "half.insecure.test",
	    "192.0.2.1", POLICY_DANE_HALF, DANE_WHY_MX_INSECURE, .port = 25 },
	{ "an unsigned MX to a secure host without TLSA",
	    "halfnone.insecure.test", "192.0.2.2", POLICY_NONE_INSECURE,
	    DANE_WHY_MX_INSECURE, .port = 25 },
	{ "a bogus MX", "bogus.test", "192.0.2.1", POLICY_MUST_NOT_DELIVER,
	    DANE_WHY_MX_BOGUS, .port = 25 },
	{ "a bogus TLSA", "badtlsa.secure.test", "192.0.2.5",
	    POLICY_MUST_NOT_DELIVER, DANE_WHY_TLSA_BOGUS, .port = 25 },
	{ "bogus addresses of the only host", "onebad.secure.test",
	    "192.0.2.6", POLICY_MUST_NOT_DELIVER, DANE_WHY_ADDRESS_BOGUS,
	    "one.badaddress.secure.test", .port = 25 },
	{ "an alias: TLSA of its target first", "alias.secure.test",
	    "192.0.2.7", POLICY_DANE_AUTH, DANE_WHY_TLSA,
	    "to-target.secure.test", "target.secure.test",
	    .tags = T(MX_IS_ALIAS) },
	{ "an alias with TLSA of its own", "kept.secure.test", "192.0.2.8",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, "at-alias.secure.test",
	    "at-alias.secure.test", .tags = T(MX_IS_ALIAS) },
	{ "TLSA at a name in between", "between.secure.test", "192.0.2.9",
	    POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT, .port = 25 },
	{ "a secure alias of an unsigned host", "out.secure.test",
	    "192.0.2.4", POLICY_DANE_AUTH, DANE_WHY_TLSA,
	    "leads-out.secure.test", "leads-out.secure.test", .port = 25 },
	{ "an insecure alias of a secure host", "back.secure.test",
	    "192.0.2.1", POLICY_NONE_INSECURE, DANE_WHY_ADDRESS_INSECURE,
	    .port = 25 },
	{ "a failure at the target's TLSA: the alias's is not tried",
	    "nosecond.secure.test", "192.0.2.5", POLICY_MUST_NOT_DELIVER,
	    DANE_WHY_TLSA_BOGUS, .port = 25 },
	{ "CNAMEs in a circle", "circle.secure.test", "192.0.2.1",
	    POLICY_MUST_NOT_DELIVER, DANE_WHY_ADDRESS_FAILED, .port = 25 },
	{ "TLSA behind a CNAME: the base domain stays", "shared.secure.test",
	    "192.0.2.10", POLICY_DANE_AUTH, DANE_WHY_TLSA,
	    "mx-shared.secure.test", "mx-shared.secure.test",
	    .tags = T(TLSA_ALIAS) },
	{ "TLSA behind a CNAME into an unsigned zone", "lost.secure.test",
	    "192.0.2.11", POLICY_NONE_INSECURE, DANE_WHY_TLSA_INSECURE,
	    .tags = T(TLSA_UNSIGNED) },
	{ "TLSA by a wildcard", "wild.secure.test", "192.0.2.12",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, .port = 25 },
	{ "no MX, proved", "implicit.secure.test", "192.0.2.13",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, "implicit.secure.test",
	    "implicit.secure.test", .tags = T(IMPLICIT_MX) },
	{ "no MX, unsigned", "implicit.insecure.test", "192.0.2.16",
	    POLICY_NONE_INSECURE, DANE_WHY_ADDRESS_INSECURE,
	    .tags = T(IMPLICIT_MX) },
	{ "null MX", "null.secure.test", "192.0.2.1", POLICY_NOT_APPLICABLE,
	    DANE_WHY_NULL_MX, .port = 25 },
	{ "null MX beside another", "nulls.secure.test", "192.0.2.1",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, .tags = T(NULL_AMONG_OTHERS) },
	{ "an MX that is an address", "literal.secure.test", "192.0.2.14",
	    POLICY_NOT_APPLICABLE, DANE_WHY_MX_IS_ADDRESS, .port = 25 },
	{ "an address literal", "[192.0.2.1]", "192.0.2.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_LITERAL, .port = 25 },
	{ "a domain beyond ASCII", "m\xc3\xbcller.secure.test", "192.0.2.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_IDN, .port = 25 },
	{ "a domain with a space", "a b.test", "192.0.2.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_BAD_NAME, .port = 25 },
	{ "no such domain", "nosuch.secure.test", "192.0.2.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_NO_DOMAIN, .port = 25 },
	{ "another port than the records'", "plain.secure.test", "192.0.2.1",
	    POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT, .port = 2525 },
	{ "three hosts, and the one without TLSA", "three.secure.test",
	    "192.0.2.2", POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT,
	    .curious = true, .tags = T(PARTIAL) },
	{ "two hosts at one address: the better one", "twice.secure.test",
	    "192.0.2.1", POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT,
	    "twin.secure.test", .tags = T(AMBIGUOUS) },
	{ "two hosts at one address, one named by SNI", "twice.secure.test",
	    "192.0.2.1", POLICY_DANE_AUTH, DANE_WHY_TLSA, "mx.secure.test",
	    .sni = "mx.secure.test" },
	{ "SNI says the target of an alias", "alias.secure.test",
	    "192.0.2.7", POLICY_DANE_AUTH, DANE_WHY_TLSA,
	    "to-target.secure.test", .sni = "target.secure.test" },
	{ "SNI names a relay that is there", "plain.secure.test",
	    "192.0.2.15", POLICY_DANE_AUTH, DANE_WHY_TLSA,
	    "relay.secure.test", .sni = "relay.secure.test",
	    .tags = T(NOT_AN_MX) },
	{ "SNI names a host that is elsewhere", "none.secure.test",
	    "192.0.2.15", POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX, "",
	    .sni = "mx.secure.test" },
	{ "a stranger's address", "plain.secure.test", "203.0.113.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX, "", .port = 25 },
	{ "a stranger's address that the capture's DNS named",
	    "plain.secure.test", "203.0.113.1", POLICY_DANE_AUTH,
	    DANE_WHY_TLSA, "mx.secure.test", .dns = "mx.secure.test" },
	{ "... as somebody else", "plain.secure.test", "203.0.113.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX, "",
	    .dns = "relay.secure.test" },
	{ "a banner that is confirmed names a stranger", "plain.secure.test",
	    "192.0.2.15", POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX,
	    "relay.secure.test", .banner = "relay.secure.test" },
	{ "a banner that lies", "plain.secure.test", "203.0.113.1",
	    POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX, "",
	    .banner = "mx.secure.test" },
	{ "RCPT not seen, and SNI", NULL, "192.0.2.1", POLICY_DANE_AUTH,
	    DANE_WHY_TLSA, "mx.secure.test", .sni = "mx.secure.test",
	    .tags = T(DOMAIN_UNKNOWN) },
	{ "RCPT not seen, and a name from DNS", NULL, "192.0.2.1",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, "mx.secure.test",
	    .dns = "mx.secure.test" },
	{ "RCPT not seen, and a banner", NULL, "192.0.2.2",
	    POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT,
	    "none-mx.secure.test", .banner = "none-mx.secure.test" },
	{ "RCPT not seen, and nothing", NULL, "192.0.2.1", POLICY_UNKNOWN,
	    DANE_WHY_NO_NAME, .port = 25 },
	{ "RCPT not seen, and its name cannot be validated", NULL,
	    "192.0.2.1", POLICY_UNKNOWN, DANE_WHY_ADDRESS_BOGUS, "",
	    .sni = "mx.bogus.test" },
	{ "... but another one leads there", NULL, "192.0.2.1",
	    POLICY_DANE_AUTH, DANE_WHY_TLSA, "mx.secure.test",
	    .sni = "mx.bogus.test", .banner = "mx.secure.test" },
	{ "a name the snapshot has not", "plain.elsewhere.test", "192.0.2.1",
	    POLICY_UNKNOWN, DANE_WHY_NOT_ASKED, .port = 25 },
};

static struct snapshot *
open_zone(void)
{
	char why[SNAPSHOT_WHY_MAX] = "";
	struct snapshot *s = snapshot_read(span_text(zone), "zone", why);

	if (s == NULL)
		fail_msg("%s", why);
	return s;
}

/* Ask until the rules are content. */
static void
judge(const struct snapshot *s, const struct judged *c, struct inquiry *i,
    struct dane_verdict *v)
{
	struct dane_question q = {
		.domain = c->domain,
		.port = c->port == 0 ? 25 : c->port,
		.sni = c->sni,
		.banner = c->banner,
		.names = &c->dns,
		.nnames = c->dns != NULL,
		.curious = c->curious,
	};
	struct inquiry_line *l;

	assert_int_equal(addr_parse(&q.server, c->server), 0);
	while (!dane_judge(v, &q, i)) {
		unsigned asked = 0;

		while ((l = inquiry_next(i)) != NULL) {
			struct lookup_answer *a = snapshot_answer(s,
			    &l->question);

			assert_non_null(a);
			inquiry_tell(l, a);
			lookup_answer_give(a);
			asked++;
		}
		if (asked == 0)
			fail_msg("%s: no end of it", c->name);
	}
}

static void
each_destination_asks_what_the_rfc_says(void **state)
{
	struct snapshot *s = open_zone();
	static struct inquiry i;
	struct dane_verdict v;

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		const struct judged *c = &cases[n];

		judge(s, c, &i, &v);
		if (v.state != c->state || v.why != c->why)
			fail_msg("%s: got %s (%s), want %s (%s)", c->name,
			    policy_word(v.state), dane_why_word(v.why),
			    policy_word(c->state), dane_why_word(c->why));
		if (c->host != NULL && strcmp(v.host, c->host) != 0)
			fail_msg("%s: got host %s, want %s", c->name, v.host,
			    c->host);
		if (c->base != NULL && strcmp(v.base, c->base) != 0)
			fail_msg("%s: got base %s, want %s", c->name, v.base,
			    c->base);
		if ((v.tags & c->tags) != c->tags)
			fail_msg("%s: got tags %x, want %x", c->name, v.tags,
			    c->tags);
		inquiry_clear(&i);
	}
	snapshot_free(s);
}

/* RFC 7672 section 3.2.2 */
static void
a_secure_mx_lets_a_trust_anchor_name_the_next_hop(void **state)
{
	static const struct {
		struct judged	 q;
		const char	*want;
	} names[] = {
		{ { "secure MX", "plain.secure.test", "192.0.2.1", .port = 25 },
		    "mx.secure.test plain.secure.test " },
		{ { "insecure MX", "half.insecure.test", "192.0.2.1",
		    .port = 25 },
		    "mx.secure.test " },
		{ { "alias", "alias.secure.test", "192.0.2.7", .port = 25 },
		    "target.secure.test alias.secure.test " },
		{ { "implicit MX", "implicit.secure.test", "192.0.2.13",
		    .port = 25 },
		    "implicit.secure.test " },
		{ { "relay", "plain.secure.test", "192.0.2.15",
		    .sni = "relay.secure.test" }, "relay.secure.test " },
		{ { "no TLSA", "none.secure.test", "192.0.2.2",
		    .port = 25 }, "" },
	};
	struct snapshot *s = open_zone();
	static struct inquiry i;
	struct dane_verdict v;

	(void)state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		char got[1024] = "";

		judge(s, &names[n].q, &i, &v);
		for (unsigned r = 0; r < v.nreferences; r++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s ", v.references[r]);
		if (strcmp(got, names[n].want) != 0)
			fail_msg("%s: got %s, want %s", names[n].q.name, got,
			    names[n].want);
		inquiry_clear(&i);
	}
	snapshot_free(s);
}

/* RFC 7672 section 2.2.2: unsigned zones may not even answer it. */
static void
tlsa_of_an_unsigned_host_is_not_asked_for(void **state)
{
	static const struct judged c = { "unsigned", "unsigned.secure.test",
	    "192.0.2.4", .port = 25 };
	struct snapshot *s = open_zone();
	static struct inquiry i;
	struct dane_verdict v;

	(void)state;
	judge(s, &c, &i, &v);
	assert_true(i.count > 0);
	for (unsigned n = 0; n < i.count; n++)
		assert_int_not_equal(i.lines[n].question.type, LOOKUP_TLSA);
	inquiry_clear(&i);
	snapshot_free(s);
}

static void
coverage_counts_every_host(void **state)
{
	static const struct judged c = { "three", "three.secure.test",
	    "192.0.2.2", .curious = true };
	struct snapshot *s = open_zone();
	static struct inquiry i;
	struct dane_verdict v;

	(void)state;
	judge(s, &c, &i, &v);
	assert_int_equal(v.hosts, 3);
	assert_int_equal(v.covered, 2);
	inquiry_clear(&i);
	snapshot_free(s);
}

/* Whatever a resolver may do: status by status, at each step. */
static void
failures_forbid_and_silence_says_nothing(void **state)
{
	static const struct {
		const char		*name;
		enum lookup_type		 at;
		enum lookup_status		 status;
		enum lookup_failure	 failure;
		enum policy_state	 want;
		enum dane_why		 why;
	} table[] = {
		{ "MX times out", LOOKUP_MX, LOOKUP_FAILED, LOOKUP_TIMEOUT,
		    POLICY_MUST_NOT_DELIVER, DANE_WHY_MX_FAILED },
		{ "MX SERVFAIL", LOOKUP_MX, LOOKUP_FAILED, LOOKUP_RCODE,
		    POLICY_MUST_NOT_DELIVER, DANE_WHY_MX_FAILED },
		{ "address malformed", LOOKUP_A, LOOKUP_FAILED,
		    LOOKUP_MALFORMED,
		    POLICY_MUST_NOT_DELIVER, DANE_WHY_ADDRESS_FAILED },
		{ "TLSA fails", LOOKUP_TLSA, LOOKUP_FAILED, LOOKUP_RCODE,
		    POLICY_MUST_NOT_DELIVER, DANE_WHY_TLSA_FAILED },
		{ "TLSA bogus", LOOKUP_TLSA, LOOKUP_BOGUS, LOOKUP_RCODE,
		    POLICY_MUST_NOT_DELIVER, DANE_WHY_TLSA_BOGUS },
		{ "MX: the resolver is dead", LOOKUP_MX, LOOKUP_UNKNOWN,
		    LOOKUP_UNREACHABLE, POLICY_UNKNOWN, DANE_WHY_NO_RESOLVER },
		{ "TLSA: the resolver died", LOOKUP_TLSA, LOOKUP_UNKNOWN,
		    LOOKUP_TIMEOUT, POLICY_UNKNOWN, DANE_WHY_NO_RESOLVER },
		{ "TLSA: over budget", LOOKUP_TLSA, LOOKUP_UNKNOWN,
		    LOOKUP_BUDGET,
		    POLICY_UNKNOWN, DANE_WHY_NOT_ASKED },
	};
	struct snapshot *s = open_zone();
	static struct inquiry i;

	(void)state;
	for (size_t n = 0; n < sizeof(table) / sizeof(table[0]); n++) {
		struct dane_question q = { .domain = "plain.secure.test",
		    .port = 25 };
		struct inquiry_line *l;
		struct dane_verdict v;

		addr_parse(&q.server, "192.0.2.1");
		while (!dane_judge(&v, &q, &i))
			while ((l = inquiry_next(&i)) != NULL) {
				struct lookup_answer *a = snapshot_answer(s,
				    &l->question);

				if (l->question.type == table[n].at) {
					a->status = table[n].status;
					a->failure = table[n].failure;
				}
				inquiry_tell(l, a);
				lookup_answer_give(a);
			}
		if (v.state != table[n].want || v.why != table[n].why)
			fail_msg("%s: got %s (%s)", table[n].name,
			    policy_word(v.state), dane_why_word(v.why));
		inquiry_clear(&i);
	}
	snapshot_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_destination_asks_what_the_rfc_says),
		cmocka_unit_test(
		    a_secure_mx_lets_a_trust_anchor_name_the_next_hop),
		cmocka_unit_test(tlsa_of_an_unsigned_host_is_not_asked_for),
		cmocka_unit_test(coverage_counts_every_host),
		cmocka_unit_test(failures_forbid_and_silence_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
