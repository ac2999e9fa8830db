/* SPDX-License-Identifier: ISC */
/* What the server is called, and what DNS said about it. */
#include "tests/unit/dns_build.h"
#include "tests/unit/session_talk.h"

#define GREETED	S("220 mx.banner.example ESMTP"), C("EHLO a.example"), \
		S("250-mx.banner.example"), S("250 STARTTLS")
#define MAIL	C("MAIL FROM:<x@a.example>"), S("250 ok"), \
		C("RCPT TO:<y@b.example>"), S("250 ok"), \
		C("DATA"), S("354 go"), C("text"), C("."), S("250 queued")
#define TLS	C("STARTTLS"), S("220 go"), CO(HELLO_12), \
		SO(ANSWER_12 CERTIFICATE_NO DONE), \
		CO(EXCHANGE CHANGE FINISHED), SO(CHANGE FINISHED)

/* The resolver answers the client, a second before the connection. */
static void
tell(struct talk *t, const char *name, const char *type, const char *answer)
{
	const struct dns_limits limits = DNS_LIMITS_DEFAULT;
	static const uint8_t client[4] = { 192, 0, 2, 1 };
	static const uint8_t resolver[4] = { 192, 0, 2, 53 };
	struct packet p = { .ttl = 64, .source_port = 53,
		.destination_port = 4000 };
	struct build b;

	if (t->world.dns == NULL)
		t->world.dns = dns_seen_new(&limits, &t->counters);
	assert_non_null(t->world.dns);
	build_answer(&b, 1, name, type, answer, (struct build_how){ 0 });
	p.mark = (struct mark){ t->time - 1000000, ++t->packets };
	p.source = addr_v4(resolver);
	p.destination = addr_v4(client);
	p.payload = span_of(b.at, b.len);
	p.payload_wire = (uint32_t)b.len;
	dns_seen_take(t->world.dns, &p);
}

static void
address(struct talk *t)
{
	tell(t, "mx.dns.example", "A", "@ A 198.51.100.25");
}

static void
mail_server(struct talk *t)
{
	tell(t, "b.example", "MX", "@ MX 10 mx.dns.example");
	address(t);
}

static void
two_mail_servers(struct talk *t)
{
	mail_server(t);
	tell(t, "b.example", "MX", "@ MX 10 mx.evil.example");
}

static void
other_conflict(struct talk *t)
{
	tell(t, "c.example", "MX", "@ MX 10 mx.c.example");
	tell(t, "c.example", "MX", "@ MX 10 mx.evil.example");
}

static void
something_else(struct talk *t)
{
	tell(t, "mx.dns.example", "A", "@ A 198.51.100.26");
}

static const struct {
	void		 (*before)(struct talk *);	/* NULL: no DNS */
	struct talk_case talk;
} cases[] = {
	{ NULL,
	  { "nobody listens to DNS: the greeting",
	    { GREETED, FINS },
	    { "name=mx.banner.example by banner", "!dns_conflicts" } } },
	{ something_else,
	  { "nothing in DNS leads here",
	    { GREETED, FINS },
	    { "name=mx.banner.example by banner" } } },
	{ address,
	  { "a name that leads here, before the greeting",
	    { GREETED, FINS },
	    { "name=mx.dns.example by dns" } } },
	{ mail_server,
	  { "a mail server's",
	    { GREETED, FINS },
	    { "name=mx.dns.example by mx", "!dns_conflicts" } } },
	{ mail_server,
	  { "TLS without a name in its hello",
	    { GREETED, TLS, FINS },
	    { "name=mx.dns.example by mx" } } },
	{ mail_server,
	  { "a greeting that names nobody",
	    { S("220 hello"), FINS },
	    { "name=mx.dns.example by mx" } } },
	{ two_mail_servers,
	  { "the recipient's MX was answered in two ways",
	    { GREETED, MAIL, FINS },
	    { "name=mx.dns.example by mx", "dns_conflicts=1" } } },
	{ two_mail_servers,
	  { "in TLS nobody sees the recipient, but who was led here",
	    { GREETED, TLS, FINS }, { "dns_conflicts=1" } } },
	{ other_conflict,
	  { "somebody else's MX was",
	    { GREETED, MAIL, FINS },
	    { "!dns_conflicts" } } },
};

static void
names_and_conflicts(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		talk_before = cases[i].before;
		failed += talk_check(&cases[i].talk);
	}
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_conflicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
