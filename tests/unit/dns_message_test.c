/* SPDX-License-Identifier: ISC */
/* Names, sections, records: the honest, the odd and the hostile. */
#include "tests/unit/dns_build.h"

#define TEN	"aaaaaaaaaa"
#define LABEL63	TEN TEN TEN TEN TEN TEN "aaa"

struct name_case {
	const char	*name;
	const char	*octets;
	size_t		 len, at;
	const char	*want;		/* NULL: none */
	size_t		 behind;
};

#define OCTETS(text)	text, sizeof(text) - 1

static const struct name_case names[] = {
	{ "the root", OCTETS("\0"), 0, ".", 1 },
	{ "two labels", OCTETS("\2mx\7example\0"), 0, "mx.example", 12 },
	{ "capitals are small letters", OCTETS("\2Mx\2eX\0"), 0, "mx.ex", 7 },
	{ "a pointer back", OCTETS("\2ex\0\2mx\xc0\0"), 4, "mx.ex", 9 },
	{ "only a pointer", OCTETS("\2ex\0\xc0\0"), 4, "ex", 6 },
	{ "a pointer to a pointer", OCTETS("\2ex\0\2mx\xc0\0\xc0\4"), 9,
	  "mx.ex", 11 },
	{ "a dot in a label is no dot between labels",
	  OCTETS("\3a.b\2ex\0"), 0, "a\\.b.ex", 8 },
	{ "a backslash, a blank, control octets, and beyond ASCII",
	  OCTETS("\5\\ \1\x7f\xe4\0"), 0, "\\\\\\032\\001\\127\\228", 7 },
	{ "a pointer to itself", OCTETS("\xc0\0"), 0, NULL, 0 },
	{ "a label and a pointer to that label", OCTETS("\2ex\xc0\0"), 0,
	  NULL, 0 },
	{ "two pointers to each other", OCTETS("\xc0\2\xc0\0"), 2, NULL, 0 },
	{ "a pointer forward", OCTETS("\xc0\2\2ex\0"), 0, NULL, 0 },
	{ "a pointer beyond the end", OCTETS("\2ex\0\xc1\0"), 4, NULL, 0 },
	{ "half a pointer", OCTETS("\2ex\0\xc0"), 4, NULL, 0 },
	{ "a label of the kinds nobody uses", OCTETS("\x41" "a\0"), 0, NULL,
	  0 },
	{ "a label beyond the end", OCTETS("\5ex\0"), 0, NULL, 0 },
	{ "no end", OCTETS("\2ex"), 0, NULL, 0 },
	{ "nothing", OCTETS(""), 0, NULL, 0 },
	{ "a label of 63 octets", OCTETS("\x3f" LABEL63 "\0"), 0, LABEL63,
	  65 },
	{ "255 octets on the wire and no more",
	  OCTETS("\x3f" LABEL63 "\x3f" LABEL63 "\x3f" LABEL63
	  "\x3d" TEN TEN TEN TEN TEN TEN "a\0"), 0,
	  LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN TEN "a",
	  255 },
	{ "256 octets", OCTETS("\x3f" LABEL63 "\x3f" LABEL63 "\x3f" LABEL63
	  "\x3e" TEN TEN TEN TEN TEN TEN "aa\0"), 0, NULL, 0 },
	{ "a name whose text is too long is left empty",
	  OCTETS("\x3f" LABEL63 "\x3f" LABEL63 "\x3f" LABEL63
	  "\x20\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
	  "\1\0"), 0, "", 226 },
};

static void
names_are_read(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct name_case *c = &names[i];
		char got[DNS_NAME_MAX + 1];
		uint8_t *copy = malloc(c->len + 1);	/* exact, for ASan */
		size_t behind;

		assert_non_null(copy);
		memcpy(copy, c->octets, c->len);
		behind = dns_name_read(span_of(copy, c->len), c->at, got);
		free(copy);
		if (behind == c->behind && strcmp(got, c->want != NULL ?
		    c->want : "") == 0)
			continue;
		print_error("%s: got \"%s\" %zu, want \"%s\" %zu\n", c->name,
		    got, behind, c->want != NULL ? c->want : "-", c->behind);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* Each pointer leads to the one before it: no honest name has more of them
 * than labels. */
static void
a_long_chain_of_pointers_ends(void **state)
{
	uint8_t octets[1 + 2 * 200];
	char name[DNS_NAME_MAX + 1];

	(void)state;
	octets[0] = 0;
	for (size_t at = 1; at + 2 <= sizeof(octets); at += 2) {
		size_t to = at == 1 ? 0 : at - 2;

		octets[at] = (uint8_t)(0xc0 | to >> 8);
		octets[at + 1] = (uint8_t)to;
	}
	assert_int_equal(dns_name_read(span_of(octets, sizeof(octets)),
	    1 + 2 * 127, name), 1 + 2 * 128);
	assert_string_equal(name, ".");
	assert_int_equal(dns_name_read(span_of(octets, sizeof(octets)),
	    1 + 2 * 128, name), 0);
}

/* A message with all there is. */
static void
build_rich(struct build *b)
{
	build_header(b, 0xabcd, FLAG_RESPONSE | 0x0400 | 0x0180 |
	    FLAG_AUTHENTIC | 0x0010, (const unsigned[]){ 1, 6, 1, 2 });
	build_name(b, "Rcpt.Example");
	build_16(b, DNS_MX);
	build_16(b, 1);
	build_record(b, "@ MX 10 mx1.rcpt.example", 300);
	build_record(b, "@ MX 20 .", 301);
	build_record(b, "@ RRSIG signed", 300);
	build_record(b, "@ TXT \x4text", 300);
	build_record(b, "+mx1.rcpt.example A 192.0.2.25", 60);
	build_record(b, "+mx1.rcpt.example AAAA 2001:db8::25", 60);
	build_record(b, "@ CNAME elsewhere.example", 300);	/* authority */
	build_record(b, "@ A 192.0.2.26", 300);			/* additional */
	build_opt(b, 1232, 1, true);
}

static void
all_of_a_message_is_read(void **state)
{
	struct build b;
	struct dns_message m;
	char name[DNS_NAME_MAX + 1];
	uint16_t preference;
	struct addr a, want;

	(void)state;
	build_rich(&b);
	assert_int_equal(dns_message_read(&m, span_of(b.at, b.len), b.len),
	    DNS_READ_GOOD);
	assert_int_equal(m.id, 0xabcd);
	assert_true(m.response && m.authoritative && m.recursion_desired &&
	    m.recursion_available && m.authentic && m.checking_disabled);
	assert_false(m.truncated || m.damaged);
	assert_int_equal(m.opcode, 0);
	assert_int_equal(m.rcode, 16);		/* EDNS: BADVERS */
	assert_true(m.edns && m.dnssec_ok && m.asked && m.answer_whole);
	assert_int_equal(m.udp_size, 1232);
	assert_string_equal(m.name, "rcpt.example");
	assert_int_equal(m.type, DNS_MX);
	assert_int_equal(m.class, 1);
	assert_int_equal(m.signatures, 1);
	assert_int_equal(m.texts, 1);
	assert_int_equal(m.kept, 6);
	assert_true(dns_record_owner(&m, &m.answers[0], name));
	assert_string_equal(name, "rcpt.example");
	assert_true(dns_record_target(&m, &m.answers[0], name, &preference));
	assert_string_equal(name, "mx1.rcpt.example");
	assert_int_equal(preference, 10);
	assert_int_equal(m.answers[1].ttl, 301);
	assert_true(dns_record_target(&m, &m.answers[1], name, &preference));
	assert_string_equal(name, ".");
	assert_false(dns_record_address(&m, &m.answers[3], &a));
	assert_false(dns_record_target(&m, &m.answers[4], name, &preference));
	assert_true(dns_record_address(&m, &m.answers[4], &a));
	addr_parse(&want, "192.0.2.25");
	assert_true(addr_equal(&a, &want));
	assert_true(dns_record_address(&m, &m.answers[5], &a));
	addr_parse(&want, "2001:db8::25");
	assert_true(addr_equal(&a, &want));
	assert_int_equal(dns_record_data(&m, &m.answers[3]).len, 5);
}

/* Cut short at each octet it is cut, or (all of it is there) bad; what was
 * read before stands. */
static void
cut_at_each_octet(void **state)
{
	struct build b;
	struct dns_message m, whole;
	size_t question = 12 + 14 + 4;

	(void)state;
	build_rich(&b);
	dns_message_read(&whole, span_of(b.at, b.len), b.len);
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *copy = malloc(len + 1);
		enum dns_read got;

		assert_non_null(copy);
		memcpy(copy, b.at, len);
		got = dns_message_read(&m, span_of(copy, len), b.len);
		assert_int_equal(got, DNS_READ_CUT);
		assert_int_equal(m.asked, len >= question);
		assert_true(m.kept <= whole.kept);
		got = dns_message_read(&m, span_of(copy, len), len);
		assert_int_equal(got, len >= question ? DNS_READ_GOOD :
		    DNS_READ_BAD);
		assert_int_equal(m.damaged, len >= question);
		assert_true(!m.answer_whole || m.kept == whole.kept);
		free(copy);
	}
}

static void
records_that_do_not_say_it(void **state)
{
	static const struct {
		const char	*name;
		const char	*record;	/* behind its owner */
		size_t		 len;
	} cases[] = {
		{ "an address of three octets",
		  OCTETS("\0\1\0\1\0\0\0\0\0\3abc") },
		{ "an IPv6 address of four",
		  OCTETS("\0\x1c\0\1\0\0\0\0\0\4abcd") },
		{ "an MX without a name",
		  OCTETS("\0\x0f\0\1\0\0\0\0\0\2\0\1") },
		{ "an MX of one octet", OCTETS("\0\x0f\0\1\0\0\0\0\0\1\0") },
		{ "an MX with something behind its name",
		  OCTETS("\0\x0f\0\1\0\0\0\0\0\6\0\1\1a\0x") },
		{ "an MX whose name goes on beyond it",
		  OCTETS("\0\x0f\0\1\0\0\0\0\0\4\0\1\1a\0") },
		{ "a CNAME that points at itself",
		  OCTETS("\0\5\0\1\0\0\0\0\0\2\xc0\x1e") },
	};
	char name[DNS_NAME_MAX + 1];
	struct dns_message m;
	uint16_t preference;
	struct build b;
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		build_header(&b, 1, FLAG_RESPONSE,
		    (const unsigned[]){ 1, 1, 0, 0 });
		build_name(&b, "a");
		build_16(&b, DNS_A);
		build_16(&b, 1);
		build_octets(&b, "", 1);		/* owner: the root */
		build_octets(&b, cases[i].record, cases[i].len);
		dns_message_read(&m, span_of(b.at, b.len), b.len);
		assert_int_equal(m.kept, 1);
		if (dns_record_address(&m, &m.answers[0], &a) ||
		    dns_record_target(&m, &m.answers[0], name, &preference))
			fail_msg("%s: was read", cases[i].name);
	}
}

static void
many_records(void **state)
{
	struct dns_message m;
	struct build b;

	(void)state;
	build_header(&b, 1, FLAG_RESPONSE,
	    (const unsigned[]){ 1, DNS_ANSWERS_MAX + 44, 0, 0 });
	build_name(&b, "a.example");
	build_16(&b, DNS_A);
	build_16(&b, 1);
	for (unsigned i = 0; i < DNS_ANSWERS_MAX + 44; i++)
		build_record(&b, "@ A 192.0.2.1", i);
	assert_int_equal(dns_message_read(&m, span_of(b.at, b.len), b.len),
	    DNS_READ_GOOD);
	assert_true(m.answer_whole);
	assert_int_equal(m.kept, DNS_ANSWERS_MAX);
	assert_int_equal(m.dropped, 44);
	assert_int_equal(m.answers[DNS_ANSWERS_MAX - 1].ttl,
	    DNS_ANSWERS_MAX - 1);
}

static void
questions_none_and_two(void **state)
{
	struct dns_message m;
	struct build b;

	(void)state;
	build_header(&b, 1, 0x0100, (const unsigned[]){ 0, 0, 0, 0 });
	assert_int_equal(dns_message_read(&m, span_of(b.at, b.len), b.len),
	    DNS_READ_GOOD);
	assert_false(m.asked);
	build_header(&b, 1, 0x0100, (const unsigned[]){ 2, 0, 0, 0 });
	for (int i = 0; i < 2; i++) {
		build_name(&b, "a.example");
		build_16(&b, DNS_A);
		build_16(&b, 1);
	}
	assert_int_equal(dns_message_read(&m, span_of(b.at, b.len), b.len),
	    DNS_READ_GOOD);
	assert_false(m.asked);
	assert_string_equal(m.name, "");
}

/* Another class is another world: CHAOS tells versions, no addresses. */
static void
other_classes_are_not_kept(void **state)
{
	struct dns_message m;
	struct build b;

	(void)state;
	build_answer(&b, 1, "a.example", "A", "@ A 192.0.2.1",
	    (struct build_how){ 0 });
	b.at[b.len - 11] = 3;
	assert_int_equal(dns_message_read(&m, span_of(b.at, b.len), b.len),
	    DNS_READ_GOOD);
	assert_int_equal(m.kept, 0);
	assert_true(m.answer_whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(a_long_chain_of_pointers_ends),
		cmocka_unit_test(all_of_a_message_is_read),
		cmocka_unit_test(cut_at_each_octet),
		cmocka_unit_test(records_that_do_not_say_it),
		cmocka_unit_test(many_records),
		cmocka_unit_test(questions_none_and_two),
		cmocka_unit_test(other_classes_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
