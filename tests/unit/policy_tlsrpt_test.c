/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "policy/tlsrpt.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* RFC 8460 appendix B, figure 2 (its folded string made whole). */
static const char example[] =
"{ \"organization-name\": \"Company-X\","
"  \"date-range\": {"
"    \"start-datetime\": \"2016-04-01T00:00:00Z\","
"    \"end-datetime\": \"2016-04-01T23:59:59Z\" },"
"  \"contact-info\": \"sts-reporting@company-x.example\","
"  \"report-id\": \"5065427c-23d3-47ca-b6e0-946ea0e8c4be\","
"  \"policies\": [{"
"    \"policy\": {"
"      \"policy-type\": \"sts\","
"      \"policy-string\": [\"version: STSv1\",\"mode: testing\","
"        \"mx: *.mail.company-y.example\",\"max_age: 86400\"],"
"      \"policy-domain\": \"company-y.example\","
"      \"mx-host\": \"*.mail.company-y.example\" },"
"    \"summary\": {"
"      \"total-successful-session-count\": 5326,"
"      \"total-failure-session-count\": 303 },"
"    \"failure-details\": [{"
"      \"result-type\": \"certificate-expired\","
"      \"sending-mta-ip\": \"2001:db8:abcd:0012::1\","
"      \"receiving-mx-hostname\": \"mx1.mail.company-y.example\","
"      \"failed-session-count\": 100 }, {"
"      \"result-type\": \"starttls-not-supported\","
"      \"sending-mta-ip\": \"2001:db8:abcd:0013::1\","
"      \"receiving-mx-hostname\": \"mx2.mail.company-y.example\","
"      \"receiving-ip\": \"203.0.113.56\","
"      \"failed-session-count\": 200,"
"      \"additional-information\": \"https://reports.company-x.example/"
"report_info?id=5065427c-23d3#StarttlsNotSupported\" }, {"
"      \"result-type\": \"validation-failure\","
"      \"sending-mta-ip\": \"198.51.100.62\","
"      \"receiving-ip\": \"203.0.113.58\","
"      \"receiving-mx-hostname\": \"mx-backup.mail.company-y.example\","
"      \"failed-session-count\": 3,"
"      \"failure-reason-code\": \"X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED\""
"    }] }] }";

#define HEAD	"{\"organization-name\":\"x\",\"date-range\":{"		\
    "\"start-datetime\":\"2016-04-01T00:00:00Z\","			\
    "\"end-datetime\":\"2016-04-01T23:59:59Z\"},\"policies\":"
#define POLICY(more)	"{\"policy\":{\"policy-type\":\"tlsa\","	\
    "\"policy-domain\":\"a.example\"" more "},"
#define SUMMARY		"\"summary\":{\"total-successful-session-count\":1,"\
    "\"total-failure-session-count\":2}"

static json_t *
read_text(const char *text, char why[TLSRPT_WHY_MAX])
{
	return tlsrpt_read(span_text(text), why);
}

/* A string, an array, or nothing: section 4.4, and appendix B. */
static void
mx_host_is_always_an_array(void **state)
{
	static const struct {
		const char	*name, *text, *want;
	} cases[] = {
		{ "the RFC's own example", example,
		    "[\"*.mail.company-y.example\"]" },
		{ "an array", HEAD "[" POLICY(",\"mx-host\":[\"a\",\"b\"]")
		    SUMMARY "}]}", "[\"a\", \"b\"]" },
		{ "a string", HEAD "[" POLICY(",\"mx-host\":\"a\"") SUMMARY
		    "}]}", "[\"a\"]" },
		{ "null", HEAD "[" POLICY(",\"mx-host\":null") SUMMARY "}]}",
		    NULL },
		{ "nothing", HEAD "[" POLICY("") SUMMARY "}]}", NULL },
	};
	char why[TLSRPT_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *report = read_text(cases[i].text, why);
		json_t *hosts = json_object_get(json_object_get(
		    json_array_get(json_object_get(report, "policies"), 0),
		    "policy"), "mx-host");
		char *got = json_dumps(hosts, 0);

		if (report == NULL)
			fail_msg("%s: refused: %s", cases[i].name, why);
		if (got == NULL ? cases[i].want != NULL :
		    cases[i].want == NULL || strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name,
			    got != NULL ? got : "nothing",
			    cases[i].want != NULL ? cases[i].want :
			    "nothing");
		free(got);
		json_decref(report);
	}
}

/* All that the RFC names is kept, and read again it is the same. */
static void
the_example_is_kept_whole(void **state)
{
	char why[TLSRPT_WHY_MAX];
	json_t *report = read_text(example, why), *again, *want;
	char *text = json_dumps(report, 0);

	(void)state;
	assert_non_null(text);
	want = json_loads(example, 0, NULL);
	json_object_set_new(json_object_get(json_array_get(json_object_get(
	    want, "policies"), 0), "policy"), "mx-host",
	    json_pack("[s]", "*.mail.company-y.example"));
	assert_true(json_equal(report, want));
	again = read_text(text, why);
	assert_true(json_equal(again, report));
	json_decref(again);
	json_decref(want);
	json_decref(report);
	free(text);
}

static void
what_is_of_a_wrong_type_is_refused(void **state)
{
	static const struct {
		const char	*name, *text, *why;
	} cases[] = {
		{ "nothing", "", "not JSON, in line 1" },
		{ "no JSON", "{\n\n  x", "not JSON, in line 3" },
		{ "an array", "[]", "the report: not an object" },
		{ "a number", "7", "not JSON, in line 1" },
		{ "no head", "{}", "organization-name: is missing" },
		{ "an organization of no name", "{\"organization-name\":[]}",
		    "organization-name: not a string" },
		{ "a member twice", "{\"policies\":[],\"policies\":[]}",
		    "not JSON, in line 1" },
		{ "no date", "{\"organization-name\":\"x\"}",
		    "date-range: is missing" },
		{ "a date in words", "{\"organization-name\":\"x\","
		    "\"date-range\":{\"start-datetime\":\"yesterday\"}}",
		    "start-datetime: not a time of RFC 3339" },
		{ "a date with an end of its own", "{\"organization-name\":"
		    "\"x\",\"date-range\":{\"start-datetime\":"
		    "\"2016-04-01T00:00:00Z;\"}}",
		    "start-datetime: not a time of RFC 3339" },
		{ "policies that are none", HEAD "{}}",
		    "policies: not an array" },
		{ "no policy", HEAD "[[]]}", "policies[0].it: not an object" },
		{ "no summary", HEAD "[" POLICY("") "\"x\":0}]}",
		    "policies[0].summary: is missing" },
		{ "another type", HEAD "[{\"policy\":{\"policy-type\":\"x\"}"
		    "}]}", "policies[0].policy-type: none of tlsa, sts, "
		    "no-policy-found" },
		{ "a number as host", HEAD "[" POLICY(",\"mx-host\":7") SUMMARY
		    "}]}", "policies[0].mx-host: not an array of strings" },
		{ "... among hosts", HEAD "[" POLICY(",\"mx-host\":[\"a\",7]")
		    SUMMARY "}]}", "policies[0].mx-host: not a string" },
		{ "a count in words", HEAD "[" POLICY("") "\"summary\":{"
		    "\"total-successful-session-count\":\"1\"}}]}",
		    "policies[0].total-successful-session-count: not a count"
		    },
		{ "a count below nothing", HEAD "[" POLICY("") "\"summary\":{"
		    "\"total-successful-session-count\":-1}}]}",
		    "policies[0].total-successful-session-count: not a count"
		    },
		{ "a fraction", HEAD "[" POLICY("") "\"summary\":{"
		    "\"total-successful-session-count\":1.5}}]}",
		    "policies[0].total-successful-session-count: not a count"
		    },
		{ "more than I-JSON has (RFC 7493 2.2)", HEAD "[" POLICY("")
		    "\"summary\":{\"total-successful-session-count\":"
		    "9007199254740992}}]}",
		    "policies[0].total-successful-session-count: not a count"
		    },
		{ "details in an object", HEAD "[" POLICY("") SUMMARY
		    ",\"failure-details\":{}}]}",
		    "policies[0].failure-details: not an array" },
		{ "a detail without its count", HEAD "[" POLICY("") SUMMARY
		    ",\"failure-details\":[{\"result-type\":\"x\"}]}]}",
		    "policies[0].failure-details[0].failed-session-count: is "
		    "missing" },
		{ "an address that is none", HEAD "[" POLICY("") SUMMARY
		    ",\"failure-details\":[{\"result-type\":\"x\","
		    "\"sending-mta-ip\":{}}]}]}",
		    "policies[0].failure-details[0].sending-mta-ip: not a "
		    "string" },
	};
	char why[TLSRPT_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *report = read_text(cases[i].text, why);

		if (report != NULL)
			fail_msg("%s: was read", cases[i].name);
		if (strcmp(why, cases[i].why) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"",
			    cases[i].name, why, cases[i].why);
	}
}

/* `count` times `text` between two others; the caller frees it. */
static char *
repeat(const char *before, const char *text, size_t count,
    const char *behind)
{
	size_t len = strlen(text), used = strlen(before);
	char *all = malloc(used + count * (len + 1) + strlen(behind) + 1);

	memcpy(all, before, used);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			all[used++] = ',';
		memcpy(all + used, text, len);
		used += len;
	}
	strcpy(all + used, behind);
	return all;
}

static void
what_is_too_long_is_refused(void **state)
{
	static const char policy[] = POLICY("") SUMMARY "}";
	static const char detail[] = "{\"result-type\":\"x\","
	    "\"failed-session-count\":1}";
	static const struct {
		const char	*before, *text;
		size_t		 most;
		const char	*behind, *why;
	} cases[] = {
		{ HEAD "[", policy, TLSRPT_POLICIES_MAX, "]}",
		    "policies: more than 4096" },
		{ HEAD "[" POLICY("") SUMMARY ",\"failure-details\":[",
		    detail, TLSRPT_DETAILS_MAX, "]}]}",
		    "policies[0].failure-details: more than 16384 in all" },
		{ HEAD "[{\"policy\":{\"policy-type\":\"tlsa\","
		    "\"policy-domain\":\"a\",\"mx-host\":[", "\"a\"",
		    TLSRPT_LIST_MAX, "]}," SUMMARY "}]}",
		    "policies[0].mx-host: more than 256 strings" },
	};
	char why[TLSRPT_WHY_MAX], *text;
	json_t *report;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		text = repeat(cases[i].before, cases[i].text, cases[i].most,
		    cases[i].behind);
		if ((report = read_text(text, why)) == NULL)
			fail_msg("%zu: the most was refused: %s", i, why);
		json_decref(report);
		free(text);
		text = repeat(cases[i].before, cases[i].text,
		    cases[i].most + 1, cases[i].behind);
		assert_null(read_text(text, why));
		assert_string_equal(why, cases[i].why);
		free(text);
	}
}

/* `len` octets packed; the caller frees them. */
static uint8_t *
packed(const void *text, size_t len, size_t *out)
{
	size_t size = compressBound(len) + 32;
	uint8_t *to = malloc(size);
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)text;
	z.avail_in = (unsigned)len;
	z.next_out = to;
	z.avail_out = (unsigned)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*out = z.total_out;
	deflateEnd(&z);
	return to;
}

static void
gzip_is_unpacked_and_bounded(void **state)
{
	char why[TLSRPT_WHY_MAX];
	size_t len, half = sizeof(example) / 2, more;
	uint8_t *gz = packed(example, sizeof(example) - 1, &len), *bomb;
	json_t *report;
	char *blanks;

	(void)state;
	report = tlsrpt_read(span_of(gz, len), why);
	assert_non_null(report);
	json_decref(report);
	assert_null(tlsrpt_read(span_of(gz, len - 9), why));
	assert_string_equal(why, "gzip that ends early");
	gz[len / 2] ^= 0x55;
	assert_null(tlsrpt_read(span_of(gz, len), why));
	assert_string_equal(why, "damaged gzip");
	free(gz);

	/* two members are one text (RFC 1952 section 2.2) */
	gz = packed(example, half, &len);
	bomb = packed(example + half, sizeof(example) - 1 - half, &more);
	gz = realloc(gz, len + more);
	memcpy(gz + len, bomb, more);
	report = tlsrpt_read(span_of(gz, len + more), why);
	assert_non_null(report);
	json_decref(report);
	free(gz);
	free(bomb);

	/* 64 MiB of blanks in 64 KiB */
	blanks = malloc(64 << 20);
	memset(blanks, ' ', 64 << 20);
	bomb = packed(blanks, 64 << 20, &len);
	assert_true(len < 100000);
	assert_null(tlsrpt_read(span_of(bomb, len), why));
	assert_string_equal(why, "more than 8388608 octets when unpacked");
	free(bomb);
	assert_null(tlsrpt_read(span_of(blanks, TLSRPT_OCTETS_MAX + 1),
	    why));
	assert_string_equal(why, "more than 8388608 octets");
	free(blanks);
}

static void
add(struct tlsrpt *t, enum tlsrpt_type type, const char *domain,
    const char *record, const char *result, int64_t count)
{
	json_t *strings = record != NULL ? json_pack("[s]", record) : NULL;
	json_t *hosts = json_pack("[s]", "mx.example");

	assert_int_equal(tlsrpt_add(t, &(struct tlsrpt_sessions){
	    .type = type, .domain = domain, .strings = strings,
	    .hosts = hosts, .count = count, .result = result,
	    .sender = "192.0.2.1", .host = "mx.example",
	    .reason = result != NULL ? "why" : NULL }), 0);
	json_decref(strings);
	json_decref(hosts);
}

/* What is alike is counted together, whatever its order; what is written is
 * read to the same. */
static void
sessions_become_a_report(void **state)
{
	static const char want[] = "{\"organization-name\":\"us\","
	    "\"date-range\":{\"start-datetime\":\"2026-03-01T00:00:00Z\","
	    "\"end-datetime\":\"2026-03-01T23:59:59Z\"},\"report-id\":\"1\","
	    "\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-string\":[],\"policy-domain\":\"a.example\","
	    "\"mx-host\":[\"mx.example\"]},\"summary\":{"
	    "\"total-successful-session-count\":2,"
	    "\"total-failure-session-count\":0}},{\"policy\":{"
	    "\"policy-type\":\"tlsa\",\"policy-string\":[\"3 1 1 00\"],"
	    "\"policy-domain\":\"mx.example\",\"mx-host\":[\"mx.example\"]},"
	    "\"summary\":{\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":7},\"failure-details\":[{"
	    "\"result-type\":\"starttls-not-supported\","
	    "\"sending-mta-ip\":\"192.0.2.1\",\"receiving-mx-hostname\":"
	    "\"mx.example\",\"failed-session-count\":7,"
	    "\"failure-reason-code\":\"why\"}]},{\"policy\":{\"policy-type\":"
	    "\"tlsa\",\"policy-string\":[\"3 1 1 11\"],\"policy-domain\":"
	    "\"mx.example\",\"mx-host\":[\"mx.example\"]},\"summary\":{"
	    "\"total-successful-session-count\":4,"
	    "\"total-failure-session-count\":0}}]}";
	struct tlsrpt *t = tlsrpt_new();
	char why[TLSRPT_WHY_MAX];
	json_t *report, *again;
	char *text;

	(void)state;
	add(t, TLSRPT_TLSA, "mx.example", "3 1 1 11", NULL, 4);
	add(t, TLSRPT_TLSA, "mx.example", "3 1 1 00",
	    "starttls-not-supported", 2);
	add(t, TLSRPT_TLSA, "mx.example", "3 1 1 00", NULL, 1);
	add(t, TLSRPT_NONE, "a.example", NULL, NULL, 2);
	add(t, TLSRPT_TLSA, "mx.example", "3 1 1 00",
	    "starttls-not-supported", 5);
	assert_int_equal(tlsrpt_policies(t), 3);
	report = tlsrpt_take(t, &(struct tlsrpt_head){ .organization = "us",
	    .id = "1", .start = INT64_C(1772323200000000),
	    .end = INT64_C(1772409600000000) });
	tlsrpt_free(t);
	text = json_dumps(report, JSON_COMPACT);
	assert_string_equal(text, want);
	again = read_text(text, why);
	assert_true(json_equal(again, report));
	json_decref(again);
	json_decref(report);
	free(text);
}

static void
a_report_has_an_end(void **state)
{
	struct tlsrpt *t = tlsrpt_new();
	char name[32];

	(void)state;
	for (int i = 0; i < TLSRPT_POLICIES_MAX; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		add(t, TLSRPT_NONE, name, NULL, NULL, 1);
	}
	assert_null(tlsrpt_full(t));
	assert_int_equal(tlsrpt_add(t, &(struct tlsrpt_sessions){
	    .type = TLSRPT_NONE, .domain = "one.more", .count = 1 }), -1);
	assert_string_equal(tlsrpt_full(t), "policies");
	tlsrpt_free(t);

	t = tlsrpt_new();
	for (int i = 0; i < TLSRPT_DETAILS_MAX; i++) {
		snprintf(name, sizeof(name), "type-%d", i);
		add(t, TLSRPT_NONE, "a.example", NULL, name, 1);
	}
	assert_int_equal(tlsrpt_add(t, &(struct tlsrpt_sessions){
	    .type = TLSRPT_NONE, .domain = "a.example", .count = 1,
	    .result = "one more" }), -1);
	assert_string_equal(tlsrpt_full(t), "failure details");
	tlsrpt_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mx_host_is_always_an_array),
		cmocka_unit_test(the_example_is_kept_whole),
		cmocka_unit_test(what_is_of_a_wrong_type_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(gzip_is_unpacked_and_bounded),
		cmocka_unit_test(sessions_become_a_report),
		cmocka_unit_test(a_report_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
