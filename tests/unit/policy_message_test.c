/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/policy_message_build.h"

static const struct lookup_question ask_a = { "mx.example", LOOKUP_A };
static const struct lookup_question ask_tlsa = { "_25._tcp.mx.example",
    LOOKUP_TLSA };
static const uint8_t four[] = { 192, 0, 2, 1 };
static struct build b;

static struct span
built(void)
{
	return span_of(b.octets, b.len);
}

static struct lookup_answer *
read_it(const struct lookup_question *q, bool trusted)
{
	struct lookup_answer *a = lookup_answer_new(q);

	assert_non_null(a);
	assert_int_equal(message_read(a, q, built(), trusted), 0);
	return a;
}

static void
a_query_asks_for_validation_and_for_proof(void **state)
{
	struct message_query m;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 0x1234, false));
	assert_int_equal(m.octets[0], 0x12);
	assert_int_equal(m.octets[1], 0x34);
	assert_int_equal(m.octets[2], 0x01);		/* RD */
	assert_int_equal(m.octets[3], 0x20);		/* AD */
	assert_int_equal(m.octets[5], 1);
	assert_int_equal(m.octets[11], 1);		/* OPT */
	assert_memory_equal(m.octets + m.len - 11, "\0\0\x29\x04\xd0\0\0\x80\0"
	    "\0\0", 11);				/* 1232, DO */
	assert_true(message_ask(&m, &ask_a, 0x1234, true));
	assert_int_equal(m.octets[3], 0x30);		/* AD, CD */
}

static void
names_that_are_none_are_not_asked_for(void **state)
{
	static const char *const names[] = { "", ".", ".host", "a..b",
	    "a b", "a.", "\xc3\xbc.example", "a\\.b",
	    "a1234567890123456789012345678901234567890123456789012345678901234",
	};
	struct message_query m;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct lookup_question q = { "", LOOKUP_A };

		snprintf(q.name, sizeof(q.name), "%s", names[i]);
		if (message_ask(&m, &q, 1, false))
			fail_msg("%s was asked for", names[i]);
	}
}

/* RFC 5452 section 9.1 */
static void
only_the_reply_to_this_query_is_looked_at(void **state)
{
	static const struct {
		const char	*name;
		size_t		 at;
		uint8_t		 flip;
		bool		 ours;
	} cases[] = {
		{ "as it is", 0, 0, true },
		{ "another identifier", 1, 0x01, false },
		{ "a query", 2, 0x80, false },
		{ "another opcode", 2, 0x08, false },
		{ "two questions", 5, 0x03, false },
		{ "no question", 5, 0x01, false },
		{ "another name", 13, 0x01, false },
		{ "another case of the name", 13, 0x20, true },
		{ "another type", 25, 0x10, false },
		{ "another class", 27, 0x02, false },
		{ "a pointer in the question", 12, 0xc0, false },
	};
	struct message_query m;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		build_reply(&b, &m, BUILD_REPLY);
		b.octets[cases[i].at] ^= cases[i].flip;
		if (message_is_reply(&m, built()) != cases[i].ours)
			fail_msg("%s", cases[i].name);
	}
	build_reply(&b, &m, BUILD_REPLY);
	for (size_t n = 0; n < b.len; n++)
		assert_false(message_is_reply(&m, span_of(b.octets, n)));
}

static void
ad_counts_when_it_may_be_believed(void **state)
{
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	for (int ad = 0; ad < 2; ad++)
		for (int trusted = 0; trusted < 2; trusted++) {
			build_reply(&b, &m, BUILD_REPLY |
			    (ad ? BUILD_AD : 0));
			build_record(&b, 0, NULL, LOOKUP_A, 300, four, 4);
			a = read_it(&ask_a, trusted);
			assert_int_equal(a->status, ad && trusted ?
			    LOOKUP_SECURE : LOOKUP_INSECURE);
			assert_int_equal(a->untrusted, ad && !trusted);
			assert_int_equal(a->nrecords, 1);
			assert_int_equal(a->ttl, 300);
			lookup_answer_give(a);
		}
}

static void
records_of_others_are_nobodys_business(void **state)
{
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	build_reply(&b, &m, BUILD_REPLY | BUILD_AD);
	build_record(&b, 0, "other.example", LOOKUP_A, 1, four, 4);
	build_record(&b, 0, NULL, LOOKUP_TLSA, 1, "\3\1\1x", 4);
	build_record(&b, 2, NULL, LOOKUP_A, 1, four, 4);
	a = read_it(&ask_a, true);
	assert_int_equal(a->status, LOOKUP_SECURE);
	assert_int_equal(a->found, LOOKUP_NODATA);
	assert_int_equal(a->nrecords, 0);
	lookup_answer_give(a);
}

static void
aliases_are_followed_in_any_order_and_not_in_circles(void **state)
{
	struct message_query m;
	struct lookup_answer *a;
	char from[16], to[16];

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	build_record(&b, 0, "Third.example", LOOKUP_A, 60, four, 4);
	build_cname(&b, "second.example", "third.example");
	build_cname(&b, NULL, "SECOND.example");
	a = read_it(&ask_a, true);
	assert_int_equal(a->found, LOOKUP_DATA);
	assert_int_equal(a->aliases, 2);
	assert_int_equal(a->ttl, 60);
	assert_string_equal(a->canonical, "third.example");
	lookup_answer_give(a);

	build_reply(&b, &m, BUILD_REPLY);
	build_cname(&b, NULL, "second.example");
	build_cname(&b, "second.example", "mx.example");
	a = read_it(&ask_a, true);
	assert_int_equal(a->status, LOOKUP_FAILED);
	assert_int_equal(a->failure, LOOKUP_LOOP);
	lookup_answer_give(a);

	for (unsigned length =
	    LOOKUP_ALIASES_MAX; length <= LOOKUP_ALIASES_MAX + 1;
	    length++) {
		build_reply(&b, &m, BUILD_REPLY);
		for (unsigned i = 0; i < length; i++) {
			snprintf(from, sizeof(from), "n%u", i);
			snprintf(to, sizeof(to), "n%u", i + 1);
			build_cname(&b, i == 0 ? NULL : from, to);
		}
		snprintf(to, sizeof(to), "n%u", length);
		build_record(&b, 0, to, LOOKUP_A, 60, four, 4);
		a = read_it(&ask_a, true);
		assert_int_equal(a->failure, length > LOOKUP_ALIASES_MAX ?
		    LOOKUP_LOOP : LOOKUP_NO_FAILURE);
		lookup_answer_give(a);
	}
}

/* RFC 2308 section 5 */
static void
a_denial_is_an_answer_with_a_time(void **state)
{
	static const uint8_t soa[] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 2,
	    0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 42 };
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_tlsa, 7, false));
	build_reply(&b, &m, BUILD_REPLY | BUILD_AD | 3);
	build_record(&b, 1, "example", 6, 300, soa, sizeof(soa));
	a = read_it(&ask_tlsa, true);
	assert_int_equal(a->status, LOOKUP_SECURE);
	assert_int_equal(a->found, LOOKUP_NXDOMAIN);
	assert_int_equal(a->ttl, 42);
	lookup_answer_give(a);
	build_reply(&b, &m, BUILD_REPLY);
	a = read_it(&ask_tlsa, true);
	assert_int_equal(a->status, LOOKUP_INSECURE);
	assert_int_equal(a->found, LOOKUP_NODATA);
	assert_int_equal(a->ttl, 0);
	lookup_answer_give(a);
}

static void
an_error_keeps_its_reason(void **state)
{
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	for (int rcode = 1; rcode < 16; rcode++) {
		if (rcode == 3)
			continue;
		build_reply(&b, &m, BUILD_REPLY | BUILD_AD | (unsigned)rcode);
		build_opt(&b, rcode == 2 ? 7 : -1);
		a = read_it(&ask_a, true);
		assert_int_equal(a->status, LOOKUP_FAILED);
		assert_int_equal(a->failure, LOOKUP_RCODE);
		assert_int_equal(a->rcode, rcode);
		assert_int_equal(a->ede, rcode == 2 ? 7 : LOOKUP_NO_EDE);
		lookup_answer_give(a);
	}
}

static void
every_kind_of_record_is_taken(void **state)
{
	static const uint8_t mx[] = "\0\12\2mx\7example", null_mx[] = "\0\0";
	static const uint8_t text[] = "\10v=STSv1;\5 id=1";
	struct lookup_question q = { "mx.example", LOOKUP_MX };
	struct message_query m;
	struct lookup_answer *a;
	char out[64];

	(void)state;
	assert_true(message_ask(&m, &q, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	build_record(&b, 0, NULL, LOOKUP_MX, 9, mx, sizeof(mx));
	build_record(&b, 0, NULL, LOOKUP_MX, 9, null_mx, sizeof(null_mx));
	a = read_it(&q, true);
	assert_int_equal(a->nrecords, 2);
	assert_string_equal(lookup_record_text(LOOKUP_MX, &a->records[0], out,
	    sizeof(out)), "10 mx.example.");
	assert_string_equal(lookup_record_text(LOOKUP_MX, &a->records[1], out,
	    sizeof(out)), "0 .");
	lookup_answer_give(a);

	q.type = LOOKUP_TXT;
	assert_true(message_ask(&m, &q, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	build_record(&b, 0, NULL, LOOKUP_TXT, 9, text, sizeof(text) - 1);
	a = read_it(&q, true);
	assert_string_equal(lookup_record_text(LOOKUP_TXT, &a->records[0], out,
	    sizeof(out)), "v=STSv1; id=1");
	lookup_answer_give(a);

	assert_true(message_ask(&m, &ask_tlsa, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	build_record(&b, 0, NULL, LOOKUP_TLSA, 9, "\3\1\1\xab\xcd", 5);
	a = read_it(&ask_tlsa, true);
	assert_string_equal(lookup_record_text(LOOKUP_TLSA, &a->records[0], out,
	    sizeof(out)), "3 1 1 abcd");
	lookup_answer_give(a);

	q.type = LOOKUP_AAAA;
	assert_true(message_ask(&m, &q, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	build_record(&b, 0, NULL, LOOKUP_AAAA, 9,
	    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	a = read_it(&q, true);
	assert_string_equal(lookup_record_text(LOOKUP_AAAA, &a->records[0], out,
	    sizeof(out)), "2001:db8::1");
	lookup_answer_give(a);
}

static void
what_would_hurt_the_parser_does_not_reach_it(void **state)
{
	static const uint8_t tsig[17];	/* as short as it can be */
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	for (int what = 0; what < 6; what++) {
		build_reply(&b, &m, BUILD_REPLY | BUILD_AD |
		    (what == 5 ? BUILD_TC : 0));
		build_record(&b, 0, NULL, LOOKUP_A, 300, four, 4);
		if (what == 0)			/* repeated TSIG leaks */
			build_record(&b, 2, "key", 250, 0, tsig, 17);
		if (what == 1) {
			build_opt(&b, -1);
			build_opt(&b, -1);
		}
		if (what == 2)			/* more than there is */
			b.octets[7] = 200;
		if (what == 3)
			b.len -= 2;
		if (what == 4)			/* 65535 of them */
			b.octets[10] = b.octets[11] = 0xff;
		a = read_it(&ask_a, true);
		assert_int_equal(a->status, LOOKUP_FAILED);
		assert_int_equal(a->failure, LOOKUP_MALFORMED);
		assert_int_equal(a->nrecords, 0);
		lookup_answer_give(a);
	}
}

static void
sixty_four_kibibytes_are_bounded(void **state)
{
	struct message_query m;
	struct lookup_answer *a;

	(void)state;
	assert_true(message_ask(&m, &ask_a, 7, false));
	build_reply(&b, &m, BUILD_REPLY);
	while (b.len + 16 <= sizeof(b.octets))
		build_record(&b, 0, NULL, LOOKUP_A, 300, four, 4);
	a = read_it(&ask_a, true);
	assert_int_equal(a->found, LOOKUP_DATA);
	assert_int_equal(a->nrecords, LOOKUP_RECORDS_MAX);
	assert_true(a->cut);
	lookup_answer_give(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_asks_for_validation_and_for_proof),
		cmocka_unit_test(names_that_are_none_are_not_asked_for),
		cmocka_unit_test(only_the_reply_to_this_query_is_looked_at),
		cmocka_unit_test(ad_counts_when_it_may_be_believed),
		cmocka_unit_test(records_of_others_are_nobodys_business),
		cmocka_unit_test(
		    aliases_are_followed_in_any_order_and_not_in_circles),
		cmocka_unit_test(a_denial_is_an_answer_with_a_time),
		cmocka_unit_test(an_error_keeps_its_reason),
		cmocka_unit_test(every_kind_of_record_is_taken),
		cmocka_unit_test(what_would_hurt_the_parser_does_not_reach_it),
		cmocka_unit_test(sixty_four_kibibytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
