/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "policy/tlsrpt.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define COUNT_MAX	INT64_C(9007199254740991)  /* I-JSON, RFC 7493 */
#define GZIP_FORMAT	(15 + 16)		/* as inflateInit2() has it */

enum kind { TEXT, TIME, TYPE, COUNT, STRINGS };

/* A member, and whether a report without it is one. */
struct member {
	const char	*name;
	enum kind	 kind;
	bool		 needed;
};

static const struct member head_members[] = {
	{ "organization-name", TEXT, true },
	{ "contact-info", TEXT, false },
	{ "report-id", TEXT, false },
};

static const struct member range_members[] = {
	{ "start-datetime", TIME, true },
	{ "end-datetime", TIME, true },
};

/* The text of section 4.4 has mx-host as an array, the example of appendix B
 * as a string: both are sent. */
static const struct member policy_members[] = {
	{ "policy-type", TYPE, true },
	{ "policy-string", STRINGS, false },
	{ "policy-domain", TEXT, true },
	{ "mx-host", STRINGS, false },
};

static const struct member summary_members[] = {
	{ "total-successful-session-count", COUNT, true },
	{ "total-failure-session-count", COUNT, true },
};

static const struct member detail_members[] = {
	{ "result-type", TEXT, true },
	{ "sending-mta-ip", TEXT, false },
	{ "receiving-mx-hostname", TEXT, false },
	{ "receiving-mx-helo", TEXT, false },
	{ "receiving-ip", TEXT, false },
	{ "failed-session-count", COUNT, true },
	{ "additional-information", TEXT, false },
	{ "failure-reason-code", TEXT, false },
};

struct reader {
	char	*why;
	char	 at[96];	/* "policies[3].", put before a member's name */
	size_t	 details;
};

static bool	refuse(struct reader *r, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

static bool
refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	int len = snprintf(r->why, TLSRPT_WHY_MAX, "%s", r->at);

	va_start(ap, fmt);
	vsnprintf(r->why + len, TLSRPT_WHY_MAX - (size_t)len, fmt, ap);
	va_end(ap);
	return false;
}

static const char *const types[TLSRPT_TYPES] = {
	[TLSRPT_TLSA] = "tlsa",
	[TLSRPT_STS] = "sts",
	[TLSRPT_NONE] = "no-policy-found",
};

const char *
tlsrpt_type_word(enum tlsrpt_type t)
{
	return (unsigned)t < TLSRPT_TYPES ? types[t] : "?";
}

static bool
type_known(const char *word)
{
	for (size_t i = 0; i < TLSRPT_TYPES; i++)
		if (strcmp(types[i], word) == 0)
			return true;
	return false;
}

/* RFC 3339 as far as its shape goes: 2016-04-01T00:00:00Z, or with a fraction
 * or an offset behind the seconds. */
static bool
time_shaped(const char *word)
{
	static const char shape[] = "0000-00-00T00:00:00";
	size_t len = strlen(word);

	if (len < sizeof(shape) || len > 40)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '0' ? word[i] < '0' || word[i] > '9' :
		    word[i] != shape[i])
			return false;
	return strspn(word + sizeof(shape) - 1, "0123456789.:+-Zz") ==
	    len - (sizeof(shape) - 1);
}

static bool
take_text(struct reader *r, const struct member *m, const json_t *value)
{
	if (!json_is_string(value))
		return refuse(r, "%s: not a string", m->name);
	if (json_string_length(value) > TLSRPT_TEXT_MAX)
		return refuse(r, "%s: more than %d octets", m->name,
		    TLSRPT_TEXT_MAX);
	if (m->kind == TIME && !time_shaped(json_string_value(value)))
		return refuse(r, "%s: not a time of RFC 3339", m->name);
	if (m->kind == TYPE && !type_known(json_string_value(value)))
		return refuse(r, "%s: none of tlsa, sts, no-policy-found",
		    m->name);
	return true;
}

static bool
take_count(struct reader *r, const struct member *m, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > COUNT_MAX)
		return refuse(r, "%s: not a count", m->name);
	return true;
}

/* An array of strings into `to`, or one string as an array of one. */
static bool
take_strings(struct reader *r, const struct member *m, json_t *value,
    json_t *to)
{
	json_t *list = json_array(), *one;
	bool good = list != NULL;
	size_t i;

	if (json_is_string(value)) {
		good = good && take_text(r, m, value) &&
		    json_array_append(list, value) == 0;
	} else if (!json_is_array(value)) {
		good = refuse(r, "%s: not an array of strings", m->name);
	} else if (json_array_size(value) > TLSRPT_LIST_MAX) {
		good = refuse(r, "%s: more than %d strings", m->name,
		    TLSRPT_LIST_MAX);
	} else {
		json_array_foreach(value, i, one)
			good = good && take_text(r, m, one) &&
			    json_array_append(list, one) == 0;
	}
	if (good)
		return json_object_set_new(to, m->name, list) == 0;
	json_decref(list);
	return false;
}

static bool
take_member(struct reader *r, const struct member *m, json_t *value,
    json_t *to)
{
	switch (m->kind) {
	case TEXT:
	case TIME:
	case TYPE:
		return take_text(r, m, value) &&
		    json_object_set(to, m->name, value) == 0;
	case COUNT:
		return take_count(r, m, value) &&
		    json_object_set(to, m->name, value) == 0;
	case STRINGS:
		return take_strings(r, m, value, to);
	}
	return false;
}

/* The members that we know, of object `from`; null is as good as absent. */
static json_t *
take_members(struct reader *r, const char *name, const json_t *from,
    const struct member *list, size_t count)
{
	json_t *to = json_object(), *value;
	bool good = to != NULL;

	if (!json_is_object(from))
		good = refuse(r, "%s: %s", name, from == NULL ? "is missing" :
		    "not an object");
	for (size_t i = 0; good && i < count; i++) {
		value = json_object_get(from, list[i].name);
		if (value != NULL && !json_is_null(value))
			good = take_member(r, &list[i], value, to);
		else if (list[i].needed)
			good = refuse(r, "%s: is missing", list[i].name);
	}
	if (good)
		return to;
	json_decref(to);
	return NULL;
}

static bool
take_details(struct reader *r, const json_t *from, json_t *policy)
{
	json_t *list, *one;
	const json_t *value;
	char at[sizeof(r->at)];
	size_t i;

	if (from == NULL || json_is_null(from))
		return true;
	if (!json_is_array(from))
		return refuse(r, "failure-details: not an array");
	if (json_array_size(from) > TLSRPT_DETAILS_MAX - r->details)
		return refuse(r, "failure-details: more than %d in all",
		    TLSRPT_DETAILS_MAX);
	r->details += json_array_size(from);
	if (json_array_size(from) == 0)
		return true;
	if ((list = json_array()) == NULL ||
	    json_object_set_new(policy, "failure-details", list) == -1)
		return false;
	memcpy(at, r->at, sizeof(at));
	json_array_foreach(from, i, value) {
		snprintf(r->at, sizeof(r->at), "%.30sfailure-details[%zu].",
		    at, i);
		one = take_members(r, "it", value, detail_members,
		    LENGTH(detail_members));
		if (one == NULL || json_array_append_new(list, one) == -1)
			return false;
	}
	memcpy(r->at, at, sizeof(at));
	return true;
}

static bool
take_policy(struct reader *r, const json_t *from, json_t *policies)
{
	json_t *to = json_object(), *part;

	if (to == NULL || json_array_append_new(policies, to) == -1)
		return false;
	if (!json_is_object(from))
		return refuse(r, "it: not an object");
	part = take_members(r, "policy", json_object_get(from, "policy"),
	    policy_members, LENGTH(policy_members));
	if (part == NULL || json_object_set_new(to, "policy", part) == -1)
		return false;
	part = take_members(r, "summary", json_object_get(from, "summary"),
	    summary_members, LENGTH(summary_members));
	if (part == NULL || json_object_set_new(to, "summary", part) == -1)
		return false;
	return take_details(r, json_object_get(from, "failure-details"), to);
}

static bool
take_policies(struct reader *r, const json_t *from, json_t *report)
{
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	if (list == NULL ||
	    json_object_set_new(report, "policies", list) == -1)
		return false;
	if (!json_is_array(from))
		return refuse(r, "policies: %s", from == NULL ? "is missing" :
		    "not an array");
	if (json_array_size(from) > TLSRPT_POLICIES_MAX)
		return refuse(r, "policies: more than %d",
		    TLSRPT_POLICIES_MAX);
	json_array_foreach(from, i, one) {
		snprintf(r->at, sizeof(r->at), "policies[%zu].", i);
		if (!take_policy(r, one, list))
			return false;
	}
	r->at[0] = '\0';
	return true;
}

static json_t *
take_report(struct reader *r, const json_t *from)
{
	json_t *report = take_members(r, "the report", from, head_members,
	    LENGTH(head_members));
	json_t *range;

	if (report == NULL)
		return NULL;
	range = take_members(r, "date-range", json_object_get(from,
	    "date-range"), range_members, LENGTH(range_members));
	if (range != NULL &&
	    json_object_set_new(report, "date-range", range) == 0 &&
	    take_policies(r, json_object_get(from, "policies"), report))
		return report;
	json_decref(report);
	return NULL;
}

static json_t *
read_json(struct reader *r, const uint8_t *at, size_t len)
{
	json_error_t error;
	json_t *all, *report;

	/* its error text would have octets of the report in it */
	all = json_loadb((const char *)at, len, JSON_REJECT_DUPLICATES,
	    &error);
	if (all == NULL) {
		refuse(r, "not JSON, in line %d", error.line);
		return NULL;
	}
	report = take_report(r, all);
	json_decref(all);
	return report;
}

/* Unpack into `out`, of TLSRPT_OCTETS_MAX.  Members behind the first count,
 * as gzip(1) has it (RFC 1952 section 2.2). */
static bool
inflate_all(struct reader *r, z_stream *z, uint8_t *out, size_t *len)
{
	int rc;

	z->next_out = out;
	z->avail_out = TLSRPT_OCTETS_MAX;
	for (;;) {
		rc = inflate(z, Z_FINISH);
		*len = TLSRPT_OCTETS_MAX - z->avail_out;
		if (rc == Z_STREAM_END && z->avail_in == 0)
			return true;
		if (rc == Z_STREAM_END) {
			if (inflateReset(z) != Z_OK)
				return refuse(r, "damaged gzip");
			continue;
		}
		if (z->avail_out == 0)
			return refuse(r, "more than %u octets when unpacked",
			    TLSRPT_OCTETS_MAX);
		return refuse(r, z->avail_in == 0 ? "gzip that ends early" :
		    "damaged gzip");
	}
}

static json_t *
read_gzip(struct reader *r, struct span octets)
{
	uint8_t *out = malloc(TLSRPT_OCTETS_MAX);
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)octets.at,
	    .avail_in = (unsigned)octets.len };
	json_t *report = NULL;
	size_t len;

	if (out != NULL && inflateInit2(&z, GZIP_FORMAT) == Z_OK) {
		if (inflate_all(r, &z, out, &len))
			report = read_json(r, out, len);
		inflateEnd(&z);
	}
	free(out);
	return report;
}

json_t *
tlsrpt_read(struct span octets, char why[TLSRPT_WHY_MAX])
{
	struct reader r = { .why = why };

	snprintf(why, TLSRPT_WHY_MAX, "memory is short");
	if (octets.len > TLSRPT_OCTETS_MAX) {
		refuse(&r, "more than %u octets", TLSRPT_OCTETS_MAX);
		return NULL;
	}
	if (octets.len >= 2 && octets.at[0] == 0x1f && octets.at[1] == 0x8b)
		return read_gzip(&r, octets);
	return read_json(&r, octets.at, octets.len);
}
