/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>

#include "policy/sts.h"

static struct span
trim(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = span_skip(s, 1);
	while (s.len > 0 && (s.at[s.len - 1] == ' ' ||
	    s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* What is before the next `end`, and `rest` behind it. */
static struct span
take_until(struct span *rest, char end)
{
	const uint8_t *at = rest->len == 0 ? NULL :
	    memchr(rest->at, end, rest->len);
	struct span got = span_first(*rest, at == NULL ? rest->len :
	    (size_t)(at - rest->at));

	*rest = span_skip(*rest, got.len + 1);
	return got;
}

/* Splits at the first `by`; false if there is none. */
static bool
split(struct span all, char by, struct span *key, struct span *value)
{
	struct span rest = all;

	*key = take_until(&rest, by);
	if (key->len == all.len)
		return false;
	*key = trim(*key);
	*value = trim(rest);
	return key->len > 0;
}

static bool
copy_id(struct span value, char id[STS_ID_MAX])
{
	if (value.len == 0 || value.len >= STS_ID_MAX)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (!isalnum(value.at[i]) || value.at[i] >= 0x80)
			return false;
	memcpy(id, value.at, value.len);
	id[value.len] = '\0';
	return true;
}

/* "v=STSv1;" first, then fields; exactly one valid id among them. */
static bool
read_record(struct span text, char id[STS_ID_MAX])
{
	struct span key, value, rest = text;
	bool found = false;

	take_until(&rest, ';');
	while (rest.len > 0) {
		struct span f = trim(take_until(&rest, ';'));

		if (f.len == 0)
			continue;
		if (!split(f, '=', &key, &value))
			return false;
		if (!span_equal(key, span_text("id")))
			continue;
		if (found || !copy_id(value, id))
			return false;
		found = true;
	}
	return found;
}

/* To the letter, and a semicolon: without one it is no STS record. */
static bool
is_sts(struct span text)
{
	struct span version = span_text("v=STSv1"), rest;

	rest = trim(span_skip(text, version.len));
	return span_equal(span_first(text, version.len), version) &&
	    rest.len > 0 && rest.at[0] == ';';
}

bool
sts_record_id(const struct lookup_answer *txt, char id[STS_ID_MAX])
{
	struct span only = span_of(NULL, 0);
	unsigned n = 0;

	if (!lookup_has_data(txt))
		return false;
	for (unsigned i = 0; i < txt->nrecords; i++)
		if (is_sts(txt->records[i].data)) {
			only = txt->records[i].data;
			n++;
		}
	return n == 1 && read_record(only, id);
}

/* Which keys were seen; all but mx count once, the first time. */
struct reading {
	struct sts_policy	*policy;
	bool			 version, mode, max_age, wrong;
};

static void
take_age(struct reading *r, struct span value)
{
	uint64_t n = 0;

	r->max_age = true;
	if (value.len == 0 || value.len > 10)
		r->wrong = true;
	for (size_t i = 0; i < value.len && !r->wrong; i++) {
		if (!isdigit(value.at[i]))
			r->wrong = true;
		n = n * 10 + value.at[i] - '0';
	}
	if (n > STS_AGE_MAX)
		r->wrong = true;
	r->policy->max_age = r->wrong ? 0 : (uint32_t)n;
}

static void
take_mode(struct reading *r, struct span value)
{
	r->mode = true;
	if (span_equal(value, span_text("enforce")))
		r->policy->mode = STS_ENFORCE;
	else if (span_equal(value, span_text("testing")))
		r->policy->mode = STS_TESTING;
	else if (span_equal(value, span_text("none")))
		r->policy->mode = STS_NONE;
	else
		r->wrong = true;
}

static void
take_mx(struct reading *r, struct span value)
{
	struct sts_policy *p = r->policy;
	char text[LOOKUP_NAME_MAX + 2], *to;
	const char *name = text;

	if (value.len == 0 || value.len >= sizeof(text) ||
	    memchr(value.at, '\0', value.len) != NULL ||
	    p->nmx == STS_MX_MAX) {
		r->wrong = true;
		return;
	}
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	to = p->mx[p->nmx];
	if (strncmp(text, "*.", 2) == 0)
		name += 2;
	if (!lookup_name_copy(to, name) || strlen(to) + 3 > LOOKUP_NAME_MAX) {
		r->wrong = true;
		return;
	}
	if (name != text) {
		memmove(to + 2, to, strlen(to) + 1);
		memcpy(to, "*.", 2);
	}
	p->nmx++;
}

static void
take_line(struct reading *r, struct span key, struct span value)
{
	if (span_equal(key, span_text("mx"))) {
		take_mx(r, value);
	} else if (span_equal(key, span_text("version"))) {
		if (!r->version && !span_equal(value, span_text("STSv1")))
			r->wrong = true;
		r->version = true;
	} else if (span_equal(key, span_text("mode"))) {
		if (!r->mode)
			take_mode(r, value);
	} else if (span_equal(key, span_text("max_age"))) {
		if (!r->max_age)
			take_age(r, value);
	}
}

bool
sts_policy_read(struct sts_policy *p, struct span text)
{
	struct reading r = { .policy = p };
	struct span key, value;

	memset(p, 0, sizeof(*p));
	if (text.len > STS_TEXT_MAX)
		return false;
	while (text.len > 0) {
		struct span line = take_until(&text, '\n');

		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (trim(line).len == 0)
			continue;
		if (!split(line, ':', &key, &value))
			return false;
		take_line(&r, key, value);
	}
	return !r.wrong && r.version && r.mode && r.max_age &&
	    (p->nmx > 0 || p->mode == STS_NONE);
}

bool
sts_policy_matches(const struct sts_policy *p, const char *host)
{
	const char *parent = strchr(host, '.');

	for (unsigned i = 0; i < p->nmx; i++) {
		const char *mx = p->mx[i];

		if (strcmp(mx, host) == 0)
			return true;
		if (mx[0] == '*' && parent != NULL &&
		    strcmp(mx + 1, parent) == 0)
			return true;
	}
	return false;
}

const char *
sts_why_word(enum sts_why w)
{
	switch (w) {
	case STS_WHY_POLICY:
		return "policy";
	case STS_WHY_ABSENT:
		return "absent";
	case STS_WHY_LOOKUP:
		return "lookup-failed";
	case STS_WHY_FETCH:
		return "fetch-failed";
	case STS_WHY_INVALID:
		return "policy-invalid";
	case STS_WHY_NOT_LOOKED:
		return "not-looked";
	}
	return "?";
}

const char *
sts_match_word(enum sts_match m)
{
	switch (m) {
	case STS_MATCH_NONE:
		return "";
	case STS_MATCH_YES:
		return "match";
	case STS_MATCH_NO:
		return "mismatch";
	}
	return "?";
}
