/* SPDX-License-Identifier: ISC */
/*
 * Which policy was promised, by the evidence that the sensor stored: DANE is
 * before MTA-STS, and that before none (RFC 8461 section 2).
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/report.h"
#include "policy/lookup.h"
#include "policy/sts_store.h"
#include "schema/names.h"

/* domain -> its MTA-STS line, see policy/sts_store.h */
struct report_sts {
	json_t	*lines;
};

struct report_sts *
report_sts_new(struct database *d, unsigned file)
{
	struct query *q = query_new(d->sql);
	struct report_sts *s = calloc(1, sizeof(*s));
	sqlite3_stmt *stmt;

	query_add(q, "SELECT domain, line FROM %s.sts_policy",
	    database_name(file));
	stmt = query_prepare(q);
	query_free(q);
	if (stmt == NULL || s == NULL ||
	    (s->lines = json_object()) == NULL) {
		sqlite3_finalize(stmt);
		free(s);
		return NULL;
	}
	while (sqlite3_step(stmt) == SQLITE_ROW)
		json_object_set_new(s->lines,
		    (const char *)sqlite3_column_text(stmt, 0),
		    json_string((const char *)sqlite3_column_text(stmt, 1)));
	if (sqlite3_finalize(stmt) == SQLITE_OK)
		return s;
	warnx("%s: %s", d->paths[file], sqlite3_errmsg(d->sql));
	report_sts_free(s);
	return NULL;
}

void
report_sts_free(struct report_sts *s)
{
	if (s == NULL)
		return;
	json_decref(s->lines);
	free(s);
}

/* Its lines, "mx: *.example", and its patterns, if the file still has the
 * policy of that id: RFC 8460 section 4.4. */
static void
tell_sts(struct report_promise *p, const struct report_sts *sts,
    const char *id)
{
	const char *line = p->domain == NULL ? NULL :
	    page_text(sts->lines, p->domain);
	struct sts_line l;
	size_t len;

	if (line == NULL || id == NULL || !sts_line_read(line, &l) ||
	    strcmp(l.id, id) != 0)
		return;
	json_decref(p->hosts);
	p->hosts = json_array();
	json_array_append_new(p->strings, json_string("version: STSv1"));
	json_array_append_new(p->strings, json_sprintf("mode: %s", l.mode));
	for (const char *mx = l.mx; *mx != '\0';
	    mx += len + (mx[len] == ',')) {
		len = strcspn(mx, ",");
		json_array_append_new(p->strings, json_sprintf("mx: %.*s",
		    (int)len, mx));
		json_array_append_new(p->hosts, json_stringn(mx, len));
	}
	json_array_append_new(p->strings, json_sprintf("max_age: %u",
	    l.max_age));
}

static const json_t *
find_lookup(const json_t *evidence, const char *type, const char *name,
    const char *status)
{
	const json_t *l;
	size_t i;

	json_array_foreach(json_object_get(evidence, "lookups"), i, l) {
		const char *t = page_text(l, "type"), *n = page_text(l, "name");
		const char *s = page_text(l, "status");

		if ((type == NULL || (t != NULL && strcmp(t, type) == 0)) &&
		    (name == NULL || (n != NULL && strcmp(n, name) == 0)) &&
		    s != NULL && strcmp(s, status) == 0)
			return l;
	}
	return NULL;
}

static int
compare_words(const void *one, const void *two)
{
	const char *const *a = one, *const *b = two;

	return strcmp(*a, *b);
}

/* The records in their order: answers come in any. */
static void
tell_tlsa(struct report_promise *p, const json_t *records)
{
	const char *list[TLSRPT_LIST_MAX];
	const json_t *one;
	size_t n = 0, i;

	json_array_foreach(records, i, one)
		if (json_is_string(one) && n < TLSRPT_LIST_MAX)
			list[n++] = json_string_value(one);
	qsort(list, n, sizeof(*list), compare_words);
	for (i = 0; i < n; i++)
		json_array_append_new(p->strings, json_string(list[i]));
}

static enum report_left
read_dane(struct report_promise *p, const struct report_row *row,
    const json_t *evidence, const char *base)
{
	char owner[LOOKUP_NAME_MAX + 16];

	if (base == NULL)
		return REPORT_UNKNOWN;
	p->type = TLSRPT_TLSA;
	p->domain = base;
	snprintf(owner, sizeof(owner), "_%d._tcp.%.*s",
	    (int)row->server_port, LOOKUP_NAME_MAX, base);
	tell_tlsa(p, json_object_get(find_lookup(evidence, "TLSA", owner,
	    "secure"), "records"));
	return REPORT_COUNTED;
}

/* What fails for a time need not be told (RFC 8460 section 4.3.4); what is
 * bogus is. */
static enum report_left
read_bogus(struct report_promise *p, const json_t *evidence,
    const char *base, const char *why)
{
	const json_t *l = find_lookup(evidence, NULL, NULL, "bogus");

	if (why == NULL || strstr(why, "-bogus") == NULL)
		return REPORT_FAILED;
	p->type = TLSRPT_TLSA;
	if (base != NULL)
		p->domain = base;
	p->failure = "dnssec-invalid";
	snprintf(p->failure_reason, sizeof(p->failure_reason), "bogus");
	if (json_object_get(l, "ede") != NULL)
		snprintf(p->failure_reason, sizeof(p->failure_reason),
		    "EDE-%d", (int)page_number(l, "ede"));
	return REPORT_COUNTED;
}

static enum report_left
read_sts(struct report_promise *p, const json_t *sts,
    const struct report_sts *known)
{
	const char *mode = page_text(sts, "mode"), *mx = page_text(sts, "mx");
	const char *why = page_text(sts, "why");
	bool rules = mode != NULL && (strcmp(mode, "testing") == 0 ||
	    strcmp(mode, "enforce") == 0);

	if (why != NULL && strcmp(why, "lookup-failed") == 0)
		return REPORT_FAILED;
	if (why != NULL && strcmp(why, "fetch-failed") == 0)
		p->failure = "sts-policy-fetch-error";
	if (why != NULL && strcmp(why, "policy-invalid") == 0)
		p->failure = "sts-policy-invalid";
	if (p->failure == NULL && !rules)
		return REPORT_COUNTED;
	p->type = TLSRPT_STS;
	p->mismatch = mx != NULL && strcmp(mx, "mismatch") == 0;
	if (p->failure == NULL)
		tell_sts(p, known, page_text(sts, "id"));
	return REPORT_COUNTED;
}

/* Banners are anybody's to choose, and a name that is none in the DNS cannot
 * stand in a report, which has A-labels alone. */
static const char *
host_of(const struct report_row *row, const json_t *verdict)
{
	const char *host = page_text(verdict, "host");

	if (host == NULL && row->server_name_from != NULL &&
	    strcmp(row->server_name_from, "banner") != 0)
		host = row->server_name;
	return host != NULL && lookup_name_ok(host) ? host : NULL;
}

static enum report_left
read_verdict(struct report_promise *p, const struct report_row *row,
    const json_t *evidence, const json_t *verdict,
    const struct report_sts *sts)
{
	const char *state = page_text(verdict, "state");
	const char *base = page_text(verdict, "base");
	int number = state != NULL ? policy_of(state) : -1;

	switch (number) {
	case POLICY_DANE_AUTH:
	case POLICY_DANE_HALF:
	case POLICY_DANE_TLS:
		p->unusable = number == POLICY_DANE_TLS;
		return read_dane(p, row, evidence, base);
	case POLICY_MUST_NOT_DELIVER:
		return read_bogus(p, evidence, base, page_text(verdict,
		    "why"));
	case POLICY_NONE_SECURE:
	case POLICY_NONE_INSECURE:
		return read_sts(p, json_object_get(verdict, "sts"), sts);
	case POLICY_NOT_APPLICABLE:
		return REPORT_RELAY;
	default:
		return REPORT_UNKNOWN;
	}
}

enum report_left
report_promise_read(struct report_promise *p, const struct report_row *row,
    const json_t *evidence, const json_t *verdict, struct report_sts *sts)
{
	enum report_left left;

	*p = (struct report_promise){ .type = TLSRPT_NONE,
	    .domain = page_text(verdict, "domain"),
	    .host = host_of(row, verdict), .strings = json_array(),
	    .hosts = json_array() };
	/* recipients are not to be seen under TLS: then it is the server's
	 * policy that is told */
	if (p->domain == NULL)
		p->domain = p->host;
	if (p->host != NULL)
		json_array_append_new(p->hosts, json_string(p->host));
	left = read_verdict(p, row, evidence, verdict, sts);
	if (left == REPORT_COUNTED &&
	    (p->domain == NULL || !lookup_name_ok(p->domain)))
		left = REPORT_UNKNOWN;
	if (left != REPORT_COUNTED)
		report_promise_drop(p);
	return left;
}

void
report_promise_drop(struct report_promise *p)
{
	json_decref(p->strings);
	json_decref(p->hosts);
}
