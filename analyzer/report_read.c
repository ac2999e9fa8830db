/* SPDX-License-Identifier: ISC */
/*
 * report --read: what other senders saw of our domains.  Each file is read
 * whole or not at all; one that cannot be read does not hide the others.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/report.h"
#include "analyzer/sheet.h"
#include "analyzer/slurp.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct sheet_column columns[] = {
	{ "policy_domain", "DOMAIN", COLUMN_CUT },
	{ "policy_type", "POLICY", COLUMN_PLAIN },
	{ "organization", "REPORTER", COLUMN_CUT },
	{ "start", "FROM", COLUMN_PLAIN },
	{ "end", "TO", COLUMN_PLAIN },
	{ "successes", "SUCCESSES", COLUMN_NUMBER },
	{ "failures", "FAILURES", COLUMN_NUMBER },
	{ "result_types", "RESULT TYPES", COLUMN_WRAP },
	{ "policy_string", NULL, COLUMN_PLAIN },
	{ "mx_host", NULL, COLUMN_PLAIN },
	{ "failure_details", NULL, COLUMN_PLAIN },
	{ "contact", NULL, COLUMN_PLAIN },
	{ "report_id", NULL, COLUMN_PLAIN },
	{ "source", NULL, COLUMN_PLAIN },
};

struct total {
	const char	*type;
	int64_t		 count;
};

static int
compare_totals(const void *one, const void *two)
{
	const struct total *a = one, *b = two;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->type, b->type);
}

/* Counts of strangers, whose sum is only to sort by. */
static int64_t
sum(int64_t a, int64_t b)
{
	return a + b < INT64_C(1) << 53 ? a + b : INT64_C(1) << 53;
}

/* Types by their sessions, most first; the caller drops it. */
static json_t *
result_types(const json_t *details)
{
	json_t *counts = json_object(), *list = json_array(), *number;
	struct total *totals;
	const json_t *one;
	const char *type;
	size_t n = 0, i;

	json_array_foreach(details, i, one) {
		type = page_text(one, "result-type");
		number = json_object_get(counts, type);
		json_object_set_new(counts, type, json_integer(sum(
		    json_integer_value(number),
		    page_number(one, "failed-session-count"))));
	}
	totals = calloc(json_object_size(counts) + 1, sizeof(*totals));
	json_object_foreach(counts, type, number)
		if (totals != NULL)
			totals[n++] = (struct total){ type,
			    json_integer_value(number) };
	if (totals != NULL)
		qsort(totals, n, sizeof(*totals), compare_totals);
	for (i = 0; i < n; i++)
		json_array_append_new(list, json_string(totals[i].type));
	free(totals);
	json_decref(counts);
	return list;
}

static void
add_policy(struct sheet *s, const char *path, const json_t *report,
    const json_t *entry)
{
	const json_t *policy = json_object_get(entry, "policy");
	const json_t *summary = json_object_get(entry, "summary");
	const json_t *range = json_object_get(report, "date-range");
	const json_t *details = json_object_get(entry, "failure-details");
	json_t *types = result_types(details);
	char *result = json_dumps(types, JSON_COMPACT);
	char *strings = json_dumps(json_object_get(policy, "policy-string"),
	    JSON_COMPACT);
	char *hosts = json_dumps(json_object_get(policy, "mx-host"),
	    JSON_COMPACT);
	char *all = json_dumps(details, JSON_COMPACT);

	sheet_add(s, "tttttiittttttt", page_text(policy, "policy-domain"),
	    page_text(policy, "policy-type"),
	    page_text(report, "organization-name"),
	    page_text(range, "start-datetime"),
	    page_text(range, "end-datetime"),
	    (int64_t)page_number(summary, "total-successful-session-count"),
	    (int64_t)page_number(summary, "total-failure-session-count"),
	    result, strings != NULL ? strings : "[]",
	    hosts != NULL ? hosts : "[]", all != NULL ? all : "[]",
	    page_text(report, "contact-info"),
	    page_text(report, "report-id"), path);
	free(result);
	free(strings);
	free(hosts);
	free(all);
	json_decref(types);
}

static int
read_one(struct sheet *s, const char *path)
{
	char why[TLSRPT_WHY_MAX];
	const json_t *entry;
	char *octets;
	json_t *report;
	size_t len, i;

	if ((octets = slurp(path, TLSRPT_OCTETS_MAX + 1, &len)) == NULL)
		return STATUS_ERROR;
	report = tlsrpt_read(span_of(octets, len), why);
	free(octets);
	if (report == NULL) {
		warnx("%s: not a TLS-RPT report: %s", path, why);
		return STATUS_ERROR;
	}
	json_array_foreach(json_object_get(report, "policies"), i, entry)
		add_policy(s, path, report, entry);
	json_decref(report);
	return STATUS_DONE;
}

int
report_read(const struct options *o)
{
	int status = STATUS_DONE, shown;
	struct sheet *s;

	if ((s = sheet_new(columns, LENGTH(columns))) == NULL)
		return STATUS_ERROR;
	for (int i = 0; i < o->words_count; i++)
		if (read_one(s, o->words[i]) != STATUS_DONE)
			status = STATUS_ERROR;
	shown = sheet_show(s, o->form);
	sheet_free(s);
	return shown != STATUS_DONE ? shown : status;
}
