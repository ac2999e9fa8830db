/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/grounds.h"
#include "policy/wire.h"

static struct wire w;

static int
begin(void **state)
{
	(void)state;
	w.at = malloc(WIRE_MAX);
	return w.at == NULL ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	free(w.at);
	return 0;
}

static struct span
written(void)
{
	return span_of(w.at, w.len);
}

static void
a_question_arrives_as_it_was_put(void **state)
{
	static struct policy_question q, got;
	char longest[LOOKUP_NAME_MAX];
	uint64_t ticket;

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (unsigned i = 0; i < POLICY_DOMAINS_MAX + 3; i++)
		policy_question_add_domain(&q, i == 0 ? longest :
		    "m\xc3\xbcller.example");
	for (unsigned i = 0; i < POLICY_NAMES_MAX + 3; i++)
		policy_question_add_name(&q, "mx.example");
	snprintf(q.sni, sizeof(q.sni), "mx.example");
	addr_parse(&q.server, "2001:db8::1");
	q.port = 2525;
	q.curious = true;
	wire_write_question(&w, UINT64_C(0x0102030405060708), &q);
	assert_false(w.full);
	assert_true(wire_read_question(written(), &ticket, &got));
	assert_true(ticket == UINT64_C(0x0102030405060708));
	assert_int_equal(got.ndomains, POLICY_DOMAINS_MAX);
	assert_int_equal(got.nnames, POLICY_NAMES_MAX);
	assert_string_equal(got.domains[0], longest);
	assert_string_equal(got.domains[1], "m\xc3\xbcller.example");
	assert_string_equal(got.sni, "mx.example");
	assert_string_equal(got.banner, "");
	assert_true(addr_equal(&got.server, &q.server));
	assert_int_equal(got.port, 2525);
	assert_true(got.curious);
	/* cut anywhere, or one octet more, it is none */
	for (size_t n = 0; n < w.len; n++)
		assert_false(wire_read_question(span_of(w.at, n), &ticket,
		    &got));
	w.at[w.len++] = 0;
	assert_false(wire_read_question(written(), &ticket, &got));
}

static struct policy_answer *
make_answer(unsigned records, size_t octets, size_t evidence)
{
	struct policy_answer *a = policy_answer_new(DANE_WHY_TLSA);
	uint8_t rdata[3 + 2048] = { 3, 1, 0 };

	a->state = POLICY_DANE_AUTH;
	a->by = DANE_BY_SNI;
	a->tags = 1U << DANE_TAG_MX_IS_ALIAS;
	a->sts = STS_ENFORCE;
	a->sts_match = STS_MATCH_NO;
	a->sts_why = STS_WHY_POLICY;
	a->hosts = 3;
	a->covered = 2;
	a->valid_until = INT64_MAX;
	a->looked_up = INT64_C(1795176715066175);
	a->ttl = 4000000000;
	snprintf(a->host, sizeof(a->host), "mx.example");
	snprintf(a->references[0], sizeof(a->references[0]), "mx.example");
	a->nreferences = 1;
	a->npromises = 1;
	snprintf(a->promises[0].domain, LOOKUP_NAME_MAX, "example");
	a->promises[0].state = POLICY_DANE_AUTH;
	for (unsigned i = 0; i < records; i++)
		tlsa_add_rdata(&a->tlsa, span_of(rdata, 3 + octets));
	if (evidence > 0) {
		a->evidence = malloc(evidence + 1);
		memset(a->evidence, 'x', evidence);
		memcpy(a->evidence, "{\"a\":\"", 6);
		memcpy(a->evidence + evidence - 2, "\"}", 3);
		snprintf(a->evidence_id, sizeof(a->evidence_id),
		    "0123456789abcdef0123456789abcdef");
	}
	return a;
}

static void
an_answer_arrives_as_it_was_given(void **state)
{
	struct policy_answer *a = make_answer(2, 32, 100), *got;
	uint64_t ticket;

	(void)state;
	wire_write_answer(&w, 7, a);
	got = wire_read_answer(written(), &ticket);
	assert_non_null(got);
	assert_int_equal(ticket, 7);
	assert_int_equal(got->state, a->state);
	assert_int_equal(got->why, a->why);
	assert_int_equal(got->by, a->by);
	assert_int_equal(got->tags, a->tags);
	assert_int_equal(got->sts, a->sts);
	assert_int_equal(got->sts_match, a->sts_match);
	assert_int_equal(got->hosts, 3);
	assert_int_equal(got->covered, 2);
	assert_true(got->valid_until == INT64_MAX);
	assert_true(got->looked_up == INT64_C(1795176715066175));
	assert_true(got->ttl == 4000000000);
	assert_string_equal(got->host, "mx.example");
	assert_string_equal(got->references[0], "mx.example");
	assert_string_equal(got->promises[0].domain, "example");
	assert_int_equal(got->tlsa.count, 2);
	assert_int_equal(got->tlsa.list[1].data.len, 32);
	assert_string_equal(got->evidence, a->evidence);
	assert_string_equal(got->evidence_id, a->evidence_id);
	policy_answer_free(got);
	policy_answer_free(a);
}

static void
what_is_too_long_loses_evidence_and_then_records(void **state)
{
	static const struct {
		unsigned	records;
		size_t		octets, evidence;
		bool		has_evidence, has_records;
	} cases[] = {
		{ 64, 1000, GROUNDS_MAX, true, true },
		{ 64, 1500, GROUNDS_MAX, false, true },
		{ 64, 2048, GROUNDS_MAX, false, false },
	};
	uint64_t ticket;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_answer *a = make_answer(cases[i].records,
		    cases[i].octets, cases[i].evidence), *got;

		wire_write_answer(&w, 7, a);
		assert_false(w.full);
		got = wire_read_answer(written(), &ticket);
		assert_non_null(got);
		assert_int_equal(got->state, POLICY_DANE_AUTH);
		assert_int_equal(got->evidence != NULL,
		    cases[i].has_evidence);
		assert_int_equal(got->tlsa.count > 0, cases[i].has_records);
		policy_answer_free(got);
		policy_answer_free(a);
	}
}

/* Offsets in an answer: kind 0, ticket 1, state 9, why 10, by 11, tags 12,
 * sts 16, match 17, why 18, hosts 19, covered 20, until 21, looked up 29,
 * ttl 37. */
static void
a_worker_that_is_not_ours_any_more_is_not_believed(void **state)
{
	static const struct {
		const char	*name;
		size_t		 at;
		uint8_t		 octet;
	} cases[] = {
		{ "another kind", 0, 'z' },
		{ "a state that there is not", 9, POLICY_STATES },
		{ "a reason that there is not", 10, DANE_WHYS },
		{ "a way that there is not", 11, DANE_BYS },
		{ "tags that there are not", 12, 0x80 },
		{ "a mode that there is not", 16, STS_MODES },
		{ "a match that there is not", 17, 9 },
		{ "too many hosts", 19, DANE_HOSTS_MAX + 1 },
		{ "more covered than there are", 20, 4 },
		{ "until before all time", 21, 0x80 },
		{ "looked up before all time", 29, 0x80 },
		{ "... or at its end", 29, 0x7f },
	};
	static const char *const bad[] = { "[1]", "{\"a\":1", "{\"a\":\"\1\"}",
	    "nothing" };
	struct policy_answer *a = make_answer(1, 32, 60);
	uint64_t ticket;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire_write_answer(&w, 7, a);
		w.at[cases[i].at] = cases[i].octet;
		if (wire_read_answer(written(), &ticket) != NULL)
			fail_msg("%s", cases[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		free(a->evidence);
		a->evidence = strdup(bad[i]);
		wire_write_answer(&w, 7, a);
		if (wire_read_answer(written(), &ticket) != NULL)
			fail_msg("evidence %s", bad[i]);
	}
	snprintf(a->evidence_id, sizeof(a->evidence_id), "../../etc");
	free(a->evidence);
	a->evidence = strdup("{}");
	wire_write_answer(&w, 7, a);
	assert_null(wire_read_answer(written(), &ticket));
	policy_answer_free(a);
}

static void
lines_are_printable_or_none(void **state)
{
	char line[16];

	(void)state;
	wire_write_line(&w, WIRE_STS_KEEP, "STSv1 x");
	assert_int_equal(wire_kind_of(written()), WIRE_STS_KEEP);
	assert_true(wire_read_line(written(), line, sizeof(line)));
	assert_string_equal(line, "STSv1 x");
	assert_false(wire_read_line(written(), line, 7));
	assert_false(wire_read_line(span_of("k", 1), line, sizeof(line)));
	assert_false(wire_read_line(span_of("ka\nb", 4), line, sizeof(line)));
	assert_false(wire_read_line(span_of("ka\0b", 4), line, sizeof(line)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_arrives_as_it_was_put),
		cmocka_unit_test(an_answer_arrives_as_it_was_given),
		cmocka_unit_test(
		    what_is_too_long_loses_evidence_and_then_records),
		cmocka_unit_test(
		    a_worker_that_is_not_ours_any_more_is_not_believed),
		cmocka_unit_test(lines_are_printable_or_none),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
