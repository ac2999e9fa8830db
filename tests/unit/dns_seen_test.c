/* SPDX-License-Identifier: ISC */
/* What is remembered of the DNS that went by, and what is made of it. */
#include "tests/unit/dns_play.h"

#define MX_1		"@ MX 10 mx1.example"
#define MX_2		"@ MX 10 mx1.example / @ MX 20 mx2.example"
#define MX_2_TURNED	"@ MX 20 mx2.example / @ MX 10 MX1.Example"
#define TLSA_MX1	"_25._tcp.mx1.example"
#define QT(id)		Q(id, TLSA_MX1, "TLSA")
#define AT(id, answer)	A(id, TLSA_MX1, "TLSA", answer)
#define ADDRESS_OF_MX1	Q(1, "mx1.example", "A"), \
			A(1, "mx1.example", "A", "@ A 192.0.2.25")

static const struct seen_case names[] = {
	{ "the name that was asked for",
	  { Q(1, "www.example", "A"),
	    A(1, "www.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "dns www.example" } },
	{ "a mail server is known as one",
	  { Q(1, "example", "MX"), A(1, "example", "MX", MX_1),
	    Q(2, "mx1.example", "AAAA"),
	    A(2, "mx1.example", "AAAA", "@ AAAA 2001:db8::25") },
	  "2001:db8::25", NULL, NULL, 0, { "mx mx1.example" } },
	{ "a mail server before another host, though that is later",
	  { Q(1, "example", "MX"), A(1, "example", "MX", MX_1),
	    ADDRESS_OF_MX1,
	    QW(9, 4, "aaa.example", "A"),
	    A(4, "aaa.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "mx mx1.example" } },
	{ "the mail server of the recipient before another one",
	  { Q(1, "a.example", "MX"),
	    A(1, "a.example", "MX", "@ MX 1 mx.a.example"),
	    Q(2, "b.example", "MX"),
	    A(2, "b.example", "MX", "@ MX 1 mx.b.example"),
	    Q(3, "mx.b.example", "A"),
	    A(3, "mx.b.example", "A", "@ A 192.0.2.25"),
	    QW(9, 4, "mx.a.example", "A"),
	    A(4, "mx.a.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, "b.example", 0, { "mx mx.b.example" } },
	{ "of several hosts the latest",
	  { Q(1, "a.example", "A"), A(1, "a.example", "A", "@ A 192.0.2.25"),
	    QW(9, 2, "z.example", "A"),
	    A(2, "z.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "dns z.example" } },
	{ "of those told together the first in the alphabet",
	  { Q(1, "a.example", "A"), A(1, "a.example", "A", "@ A 192.0.2.25"),
	    Q(2, "z.example", "A"), A(2, "z.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "dns a.example" } },
	{ "through CNAMEs, in whatever order",
	  { Q(1, "mail.example", "A"),
	    A(1, "mail.example", "A", "+host.b.example A 192.0.2.25 / "
	    "+next.example CNAME host.b.example / @ CNAME next.example") },
	  "192.0.2.25", NULL, "mail.example", 0, { "dns mail.example" } },
	{ "CNAMEs that lead in a circle end",
	  { Q(1, "a.example", "A"),
	    A(1, "a.example", "A", "@ CNAME b.example / "
	    "+b.example CNAME a.example / @ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "dns a.example" } },
	{ "a name that nobody asked for is not learnt",
	  { Q(1, "a.example", "A"),
	    A(1, "a.example", "A", "@ A 192.0.2.1 / "
	    "+mx.bank.example A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "no name" } },
	{ "nor one of the additional section",
	  { Q(1, "example", "MX"), AX(1, "example", "MX", MX_1, 0, 300,
	    "+mx1.example A 192.0.2.25", 0) },
	  "192.0.2.25", NULL, NULL, 0, { "no name" } },
	{ "a domain that takes no mail has no mail server",
	  { Q(1, "example", "MX"), A(1, "example", "MX", "@ MX 0 .") },
	  "192.0.2.25", NULL, NULL, 0, { "no name" } },
	{ "after half an hour it is forgotten",
	  { ADDRESS_OF_MX1 }, "192.0.2.25", NULL, NULL, 1801, { "no name" } },
	{ "before that it is not",
	  { ADDRESS_OF_MX1 }, "192.0.2.25", NULL, NULL, 1799,
	  { "dns mx1.example" } },
	{ "what comes after the session is not told",
	  { ADDRESS_OF_MX1 }, "192.0.2.25", NULL, NULL, -0.001,
	  { "no name" } },
	{ "another address has no name",
	  { ADDRESS_OF_MX1 }, "192.0.2.26", NULL, NULL, 0, { "no name" } },
};

static const struct seen_case races[] = {
	{ "two mail servers for one domain, and not the same",
	  { Q(7, "example", "MX"),
	    AX(7, "example", "MX", "@ MX 5 mx.evil.example", 0, 300, NULL, 61),
	    AX(7, "example", "MX", MX_2, 0, 300, NULL, 57) },
	  "192.0.2.99", NULL, "example", 0,
	  { "MX example asked 1", "before 61 MX 5 mx.evil.example",
	    "after 57 MX 10 mx1.example, MX 20 mx2.example" } },
	{ "it concerns the server that the forged answer names",
	  { Q(7, "example", "MX"),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example"),
	    A(7, "example", "MX", MX_1), Q(8, "mx.evil.example", "A"),
	    A(8, "mx.evil.example", "A", "@ A 192.0.2.66") },
	  "192.0.2.66", NULL, NULL, 0, { "MX example asked 1" } },
	{ "and the one that calls itself so",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.66", "MX.Evil.Example.", NULL, 0, { "MX example asked 1" } },
	{ "but no other",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.66", "mx.other.example", "other.example", 0,
	  { "no conflict" } },
	{ "one MX more",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", MX_2) },
	  "192.0.2.99", NULL, "example", 0, { "MX example asked 1" } },
	{ "another preference",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 11 mx1.example") },
	  "192.0.2.99", NULL, "example", 0, { "MX example asked 1" } },
	{ "another address: concerns both servers",
	  { Q(7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.66"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0,
	  { "A mx1.example asked 1", "before 64 A 192.0.2.66" } },
	{ "the address of a recipient's mail server",
	  { Q(1, "example", "MX"), A(1, "example", "MX", MX_1),
	    Q(7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.66"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.99", NULL, "example", 0, { "A mx1.example asked 1" } },
	{ "a name that is said not to exist, and does",
	  { Q(7, "mx1.example", "A"), A(7, "mx1.example", "A", "NXDOMAIN"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0,
	  { "A mx1.example asked 1",
	    "before 64 no such name (NXDOMAIN)" } },
	{ "TLSA records that are said not to exist, and do",
	  { QT(7), AT(7, "NODATA"),
	    AT(7, "@ TLSA \3\1\1abcdefghijkl") },
	  "192.0.2.25", "mx1.example", NULL, 0,
	  { "TLSA _25._tcp.mx1.example asked 1",
	    "before 64 no such record",
	    "after 64 TLSA 3 1 1 6162636465666768..." } },
	{ "the end of a long TLSA record differs",
	  { QT(7), AT(7, "@ TLSA \3\1\1abcdefghijklmnopq"),
	    AT(7, "@ TLSA \3\1\1abcdefghijklmnopr") },
	  "192.0.2.25", "mx1.example", NULL, 0,
	  { "TLSA _25._tcp.mx1.example asked 1" } },
	{ "a CNAME instead of an address",
	  { Q(7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ CNAME evil.example"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "A mx1.example asked 1" } },
	{ "the question was not captured",
	  { A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.99", NULL, "example", 0, { "MX example unasked 1" } },
	{ "the question comes behind its answers",
	  { A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example"),
	    QW(0.01, 7, "example", "MX") },
	  "192.0.2.99", NULL, "example", 0, { "MX example asked 1" } },
	{ "three answers are one conflict, a second question another",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example"),
	    A(7, "example", "MX", "@ MX 5 mx.other.example"),
	    Q(8, "example", "MX"), A(8, "example", "MX", MX_1),
	    A(8, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.99", NULL, "example", 0, { "MX example asked 2" } },
	{ "it stays remembered until a session needs it",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.99", NULL, "example", 1700, { "MX example asked 1" } },
	{ "but not for ever",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.99", NULL, "example", 1801, { "no conflict" } },
	{ "a session that ended before the second answer does not know",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "@ MX 5 mx.evil.example") },
	  "192.0.2.99", NULL, "example", -0.001, { "no conflict" } },
};

static const struct seen_case look_alikes[] = {
	{ "the same packet twice",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_2),
	    A(7, "example", "MX", MX_2) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "in another order, with capitals and another hop limit",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_2),
	    AX(7, "Example", "MX", MX_2_TURNED, 0, 300, NULL, 63) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "with another time to live",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_2),
	    AX(7, "example", "MX", MX_2, 0, 17, NULL, 0) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "compressed otherwise",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", "+example MX 10 mx1.example") },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "one record twice in an answer",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    A(7, "example", "MX", MX_1 " / " MX_1) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "with signatures, and with additional records",
	  { Q(7, "example", "MX"), A(7, "example", "MX", MX_1),
	    AX(7, "example", "MX", MX_1 " / @ RRSIG signed",
	    FLAG_AUTHENTIC, 300, "+mx1.example A 192.0.2.25", 0) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "a question with an ID of its own",
	  { Q(7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.1"),
	    Q(8, "mx1.example", "A"),
	    A(8, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "no conflict" } },
	{ "another type under the same ID",
	  { Q(7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25"),
	    A(7, "mx1.example", "AAAA", "@ AAAA 2001:db8::25") },
	  "192.0.2.25", NULL, NULL, 0, { "no conflict" } },
	{ "asked again with the same ID: each has its answer",
	  { Q(7, "mx1.example", "A"), QW(1, 7, "mx1.example", "A"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.1"),
	    A(7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "no conflict" } },
	{ "the same ID and port seconds later",
	  { A(7, "mx1.example", "A", "@ A 192.0.2.1"),
	    AW(5, 7, "mx1.example", "A", "@ A 192.0.2.25") },
	  "192.0.2.25", NULL, NULL, 0, { "no conflict" } },
	{ "a truncated answer, the rest comes over TCP",
	  { Q(7, "example", "MX"),
	    AX(7, "example", "MX", "NODATA", FLAG_TRUNCATED, 0, NULL, 0),
	    A(7, "example", "MX", MX_1) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "an error, and then an answer",
	  { Q(7, "example", "MX"), A(7, "example", "MX", "SERVFAIL"),
	    A(7, "example", "MX", MX_1) },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "no such name and no such record: both say no",
	  { Q(7, "example", "MX"), A(7, "example", "MX", "NXDOMAIN"),
	    A(7, "example", "MX", "NODATA") },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
	{ "texts may change",
	  { Q(7, "example", "TXT"), A(7, "example", "TXT", "@ TXT \1a"),
	    A(7, "example", "TXT", "@ TXT \1b") },
	  "192.0.2.99", NULL, "example", 0, { "no conflict" } },
};

#define REFUSED_TLSA(id)	QT(id), AT(id, "SERVFAIL")

static const struct seen_case tlsa[] = {
	{ "refused twice while addresses are told",
	  { ADDRESS_OF_MX1, REFUSED_TLSA(2), REFUSED_TLSA(3) },
	  "192.0.2.25", NULL, NULL, 0, { "tlsa mx1.example 2 0 error 2" } },
	{ "the copies of one refusal are one",
	  { ADDRESS_OF_MX1, REFUSED_TLSA(2), AT(2, "SERVFAIL"),
	    QW(0.01, 2, TLSA_MX1, "TLSA") },
	  "192.0.2.25", NULL, NULL, 0, { "no tlsa" } },
	{ "refused once, which happens",
	  { ADDRESS_OF_MX1, REFUSED_TLSA(2) },
	  "192.0.2.25", NULL, NULL, 0, { "no tlsa" } },
	{ "never answered, three times",
	  { ADDRESS_OF_MX1, QT(2), QT(3), QT(4) },
	  "192.0.2.25", NULL, NULL, 6, { "tlsa mx1.example 0 3 error 0" } },
	{ "not answered yet",
	  { ADDRESS_OF_MX1, QT(2), QT(3), QT(4) },
	  "192.0.2.25", NULL, NULL, 4, { "no tlsa" } },
	{ "not answered twice: two packets may have been missed",
	  { ADDRESS_OF_MX1, QT(2), QT(3) },
	  "192.0.2.25", NULL, NULL, 6, { "no tlsa" } },
	{ "the question comes behind its answer, and was answered",
	  { ADDRESS_OF_MX1, AT(2, "SERVFAIL"),
	    QW(0.01, 2, TLSA_MX1, "TLSA"), QT(3) },
	  "192.0.2.25", NULL, NULL, 6, { "no tlsa" } },
	{ "refused, and then the word that there is none",
	  { ADDRESS_OF_MX1, REFUSED_TLSA(2), REFUSED_TLSA(3),
	    QT(4), AT(4, "NXDOMAIN") },
	  "192.0.2.25", NULL, NULL, 0, { "no tlsa" } },
	{ "the whole zone is broken",
	  { Q(1, "mx1.example", "A"), A(1, "mx1.example", "A", "SERVFAIL"),
	    REFUSED_TLSA(2), REFUSED_TLSA(3) },
	  "192.0.2.25", "mx1.example", NULL, 0, { "no tlsa" } },
	{ "another service's record",
	  { ADDRESS_OF_MX1, Q(2, "_443._udp.mx1.example", "TLSA"),
	    A(2, "_443._udp.mx1.example", "TLSA", "SERVFAIL"),
	    Q(3, "_443._udp.mx1.example", "TLSA"),
	    A(3, "_443._udp.mx1.example", "TLSA", "SERVFAIL") },
	  "192.0.2.25", NULL, NULL, 0, { "no tlsa" } },
	{ "another host's failure",
	  { ADDRESS_OF_MX1, REFUSED_TLSA(2), REFUSED_TLSA(3) },
	  "192.0.2.26", "mx2.example", NULL, 0, { "no tlsa" } },
};

#define CASES(name)					\
static void						\
all_##name(void **state)				\
{							\
	(void)state;					\
	check_all(name, sizeof(name) / sizeof((name)[0])); \
}
CASES(names)
CASES(races)
CASES(look_alikes)
CASES(tlsa)

/* ------------------------------------------------------------------ */

/* Many of everything: the limits hold, and what had to go was counted. */
static void
limits_hold(void **state)
{
	const struct dns_limits limits = { .questions = 32, .names = 64,
		.conflicts = 4, .remember_seconds = 1800, .seed = 1 };
	struct seen_case ask = { .server = "192.0.2.25" };
	char name[64], answer[64], told[TOLD] = "";
	struct play p;

	(void)state;
	play_begin(&p, &limits);
	for (unsigned i = 0; i < 500; i++) {
		struct step q = Q(i, name, "A"), a = A(i, name, "A", answer);

		q.after = 0.001;
		a.after = 0.001;
		snprintf(name, sizeof(name), "h%03u.example", i);
		snprintf(answer, sizeof(answer), "@ A 192.0.%u.%u", i / 250,
		    i % 250 + 1);
		play_step(&p, &q, 1);
		play_step(&p, &a, 1);
		snprintf(answer, sizeof(answer), "@ A 198.51.%u.%u", i / 250,
		    i % 250 + 1);
		play_step(&p, &a, 1);
	}
	assert_int_equal(counter_read(&p.counters, COUNT_dns_conflicts), 500);
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_conflicts_forgotten), 496);
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_questions_forgotten), 468);
	/* 1000 addresses and 500 hosts in 64 places each */
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_names_forgotten), 936 + 436);
	/* the oldest went first */
	ask.server = "198.51.1.250";
	dump(&p, &ask, told);
	assert_true(has_line(told, "dns h499.example"));
	assert_true(has_line(told, "A h499.example asked 1"));
	ask.server = "192.0.0.1";
	told[0] = '\0';
	dump(&p, &ask, told);
	assert_true(has_line(told, "no name"));
	assert_true(has_line(told, "no conflict"));
	dns_seen_free(p.seen);
}

/* A thousand names for one address, each told again: no long search. */
static void
many_names_for_one_address(void **state)
{
	const struct dns_limits limits = DNS_LIMITS_DEFAULT;
	struct seen_case ask = { .server = "192.0.2.25" };
	char name[64], told[TOLD] = "";
	struct play p;

	(void)state;
	play_begin(&p, &limits);
	for (unsigned i = 0; i < 1000; i++) {
		struct step a = AW(3, i, name, "A", "@ A 192.0.2.25");

		snprintf(name, sizeof(name), "h%03u.example", i);
		play_step(&p, &a, 1);
	}
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_names_forgotten) >= 1000 - 16 - 600, true);
	dump(&p, &ask, told);
	assert_true(has_line(told, "dns h999.example"));
	dns_seen_free(p.seen);
}

/* What is too old to matter makes room and is not missed. */
static void
old_things_go_uncounted(void **state)
{
	const struct dns_limits limits = { .questions = 16, .names = 16,
		.conflicts = 4, .remember_seconds = 60, .seed = 1 };
	char name[64], answer[64];
	struct play p;

	(void)state;
	play_begin(&p, &limits);
	for (unsigned i = 0; i < 200; i++) {
		struct step a = AW(20, i, name, "A", answer);

		snprintf(name, sizeof(name), "h%03u.example", i);
		snprintf(answer, sizeof(answer), "@ A 192.0.2.%u", i);
		play_step(&p, &a, 1);
	}
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_names_forgotten), 0);
	assert_int_equal(counter_read(&p.counters,
	    COUNT_dns_questions_forgotten), 0);
	dns_seen_free(p.seen);
}

static void
another_capture_begins(void **state)
{
	const struct dns_limits limits = DNS_LIMITS_DEFAULT;
	struct seen_case ask = { .server = "192.0.2.25", .called = "example" };
	const struct step steps[] = { ADDRESS_OF_MX1,
		A(1, "mx1.example", "A", "@ A 192.0.2.66") };
	char told[TOLD] = "";
	struct play p;

	(void)state;
	play_begin(&p, &limits);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		play_step(&p, &steps[i], 1);
	dns_seen_forget(p.seen);
	dump(&p, &ask, told);
	assert_true(has_line(told, "no name"));
	assert_true(has_line(told, "no conflict"));
	dns_seen_free(p.seen);
}

static void
what_is_no_dns_is_counted(void **state)
{
	const struct dns_limits limits = DNS_LIMITS_DEFAULT;
	struct build b;
	struct play p;

	(void)state;
	play_begin(&p, &limits);
	send_octets(&p, true, 1, 0, span_text("hello"));
	assert_int_equal(counter_read(&p.counters, COUNT_dns_bad), 1);
	build_answer(&b, 1, "example", "MX", MX_1, (struct build_how){ 0 });
	b.at[12] = 0xc0;		/* the question points at itself */
	b.at[13] = 12;
	send_octets(&p, true, 1, 0, span_of(b.at, b.len));
	assert_int_equal(counter_read(&p.counters, COUNT_dns_bad), 2);
	dns_seen_free(p.seen);
}

/* Nobody listens: nothing is known. */
static void
without_dns(void **state)
{
	struct addr server;
	struct dns_subject about = { .server = &server };
	char name[DNS_NAME_MAX + 1];
	bool mx;

	(void)state;
	addr_parse(&server, "192.0.2.25");
	assert_false(dns_seen_name(NULL, &about, name, &mx));
	assert_null(dns_seen_facts(NULL, &about));
	dns_seen_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names),
		cmocka_unit_test(all_races),
		cmocka_unit_test(all_look_alikes),
		cmocka_unit_test(all_tlsa),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(many_names_for_one_address),
		cmocka_unit_test(old_things_go_uncounted),
		cmocka_unit_test(another_capture_begins),
		cmocka_unit_test(what_is_no_dns_is_counted),
		cmocka_unit_test(without_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
