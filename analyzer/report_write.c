/* SPDX-License-Identifier: ISC */
/*
 * report --tls-rpt: what sensors saw in a period, as a sender would report
 * it, for whoever answers for the senders.  Sessions that are alike are one
 * row of the database, however many they are.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/party.h"
#include "analyzer/report.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

struct writing {
	const struct options	*o;
	const struct filter_rules *filters;
	struct database		 d;
	unsigned		 file;
	struct report_sts	*sts;		/* of this file */
	struct tlsrpt		*report;
	int64_t			 promise;	/* whose evidence it is */
	json_t			*evidence;	/* NULL: none, or damaged */
	int64_t			 counted, left[REPORT_LEFTS];
};

static const char *const lefts[REPORT_LEFTS] = {
	[REPORT_UNKNOWN] = "whose policy is not known",
	[REPORT_FAILED] = "whose policy could not be looked up",
	[REPORT_RELAY] = "to which no policy applies",
	[REPORT_UNDECIDED] = "not seen whole, or undecided",
	[REPORT_HIDDEN] = "under TLS, with a certificate that could not be "
	    "judged",
	[REPORT_UNASKED] = "in which the sender did not ask for STARTTLS",
	[REPORT_REPORTS] = "with TLS-RPT reports",
};

static const char *
word(const struct options *o, enum extra e)
{
	return o->extras[e].count > 0 ? o->extras[e].list[0] : NULL;
}

/* Sessions that are alike, by their promise. */
static sqlite3_stmt *
ask(struct writing *w, int *status)
{
	struct query *q = query_new(w->d.sql);
	const char *db = database_name(w->file);
	sqlite3_stmt *stmt = NULL;

	*status = STATUS_ERROR;
	query_add(q, "SELECT g.*, (SELECT evidence FROM %s.promise WHERE id = "
	    "g.promise) FROM (SELECT t.promise AS promise, s.client_ip, "
	    "s.server_ip, s.server_port, s.server_name, s.server_name_from, "
	    "s.hello, s.offer, s.starttls, s.starttls_reply, s.tls, "
	    "s.tls_failure, s.tls_alert, s.verdict, "
	    "json_extract(s.more, '$.tlsa'), "
	    "coalesce(json_extract(s.more, '$.mails_tls_report'), 0) > 0, "
	    "count(*) FROM %s.v_sessions AS s JOIN %s.session AS t ON t.id = "
	    "s.id WHERE s.protocol = 'smtp'", db, db, db);
	*status = filter_apply(q, w->filters, w->o, when_now());
	query_add(q, " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, "
	    "14, 15, 16) AS g ORDER BY g.promise");
	if (*status == STATUS_DONE && (stmt = query_prepare(q)) == NULL)
		*status = STATUS_ERROR;
	query_free(q);
	return stmt;
}

static const char *
text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static struct report_row
read_row(sqlite3_stmt *stmt)
{
	return (struct report_row){
		.promise = sqlite3_column_int64(stmt, 0),
		.client_ip = text(stmt, 1),
		.server_ip = text(stmt, 2),
		.server_port = sqlite3_column_int64(stmt, 3),
		.server_name = text(stmt, 4),
		.server_name_from = text(stmt, 5),
		.hello = text(stmt, 6),
		.offer = text(stmt, 7),
		.starttls = text(stmt, 8),
		.starttls_reply = sqlite3_column_int64(stmt, 9),
		.tls = text(stmt, 10),
		.tls_failure = text(stmt, 11),
		.tls_alert = text(stmt, 12),
		.verdict = text(stmt, 13),
		.tlsa = text(stmt, 14),
		.reports = sqlite3_column_int(stmt, 15) != 0,
		.count = sqlite3_column_int64(stmt, 16),
	};
}

/* Rows come by their promise, so each is read once. */
static void
take_evidence(struct writing *w, const struct report_row *row,
    const char *evidence)
{
	if (w->evidence != NULL && row->promise == w->promise)
		return;
	json_decref(w->evidence);
	w->evidence = evidence != NULL ? json_loads(evidence, 0, NULL) : NULL;
	w->promise = row->promise;
}

/* Several recipients' domains with one policy are one session of it. */
struct told {
	char		names[16][PARTY_NAME_MAX];
	unsigned	count;
};

static bool
told_before(const struct report_promise *p, struct told *told)
{
	char name[PARTY_NAME_MAX];

	snprintf(name, sizeof(name), "%d%s", (int)p->type, p->domain);
	for (unsigned i = 0; i < told->count; i++)
		if (strcmp(told->names[i], name) == 0)
			return true;
	if (told->count < 16)
		memcpy(told->names[told->count++], name, sizeof(name));
	return false;
}

/* Is it the one asked for?  Of a session without one nobody knows. */
static bool
is_domain(const struct writing *w, const char *name)
{
	const char *domain = w->o->filters[FILTER_DOMAIN];

	return domain == NULL || (name != NULL &&
	    party_name_fits(name, domain));
}

static int
add(struct writing *w, const struct report_row *row,
    const struct report_promise *p, const struct report_outcome *o)
{
	const struct tlsrpt_sessions s = {
		.type = p->type, .domain = p->domain, .strings = p->strings,
		.hosts = p->hosts, .count = row->count, .result = o->result,
		.sender = row->client_ip, .host = p->host,
		.receiver = row->server_ip,
		.reason = o->reason[0] != '\0' ? o->reason : NULL,
	};

	if (tlsrpt_add(w->report, &s) == 0)
		return STATUS_DONE;
	if (tlsrpt_full(w->report) != NULL)
		warnx("report: more %s than a report can have; take a shorter "
		    "period, or --domain", tlsrpt_full(w->report));
	else
		warnx("memory is short");
	return STATUS_ERROR;
}

/* What came of one verdict, and REPORT_LEFTS if it is not asked for, or was
 * told of another recipient. */
static enum report_left
add_verdict(struct writing *w, const struct report_row *row,
    const json_t *verdict, struct told *told, int *status)
{
	struct report_promise p;
	struct report_outcome o;
	enum report_left left = report_promise_read(&p, row, w->evidence,
	    verdict, w->sts);

	if (left != REPORT_COUNTED)
		return is_domain(w, page_text(verdict, "domain")) ? left :
		    REPORT_LEFTS;
	if (!is_domain(w, p.domain) || told_before(&p, told))
		left = REPORT_LEFTS;
	else if ((left = report_outcome(&o, row, &p)) == REPORT_COUNTED)
		*status = add(w, row, &p, &o);
	report_promise_drop(&p);
	return left;
}

/* Counted if any recipient's domain was; else for the first one's reason. */
static int
add_row(struct writing *w, const struct report_row *row)
{
	const json_t *verdicts = json_object_get(w->evidence, "verdicts");
	const json_t *verdict;
	enum report_left left, first = REPORT_LEFTS;
	struct told told = { .count = 0 };
	int status = STATUS_DONE;
	size_t i;

	json_array_foreach(verdicts, i, verdict) {
		left = add_verdict(w, row, verdict, &told, &status);
		if (status != STATUS_DONE)
			return status;
		if (first == REPORT_LEFTS || left == REPORT_COUNTED)
			first = left;
	}
	if (i == 0 && is_domain(w, NULL))
		first = REPORT_UNKNOWN;
	if (first == REPORT_COUNTED)
		w->counted += row->count;
	else if (first != REPORT_LEFTS)
		w->left[first] += row->count;
	return STATUS_DONE;
}

static int
add_file(struct writing *w)
{
	sqlite3_stmt *stmt;
	int status;

	if ((stmt = ask(w, &status)) == NULL)
		return status;
	if ((w->sts = report_sts_new(&w->d, w->file)) == NULL) {
		sqlite3_finalize(stmt);
		return STATUS_ERROR;
	}
	while (status == STATUS_DONE && sqlite3_step(stmt) == SQLITE_ROW) {
		const struct report_row row = read_row(stmt);

		take_evidence(w, &row, text(stmt, 17));
		status = add_row(w, &row);
	}
	json_decref(w->evidence);
	w->evidence = NULL;
	report_sts_free(w->sts);
	if (sqlite3_finalize(stmt) == SQLITE_OK || status != STATUS_DONE)
		return status;
	warnx("%s: %s", w->d.paths[w->file], sqlite3_errmsg(w->d.sql));
	return STATUS_ERROR;
}

/* What is not in it must be known: who reads only successes of TLS 1.2
 * would take the rest for nothing. */
static void
say_counts(const struct writing *w)
{
	unsigned policies = tlsrpt_policies(w->report);

	fprintf(stderr, "%lld session%s in %u polic%s\n",
	    (long long)w->counted, w->counted == 1 ? "" : "s", policies,
	    policies == 1 ? "y" : "ies");
	if (w->o->filters[FILTER_CLIENT] == NULL)
		fputs("of all clients; --client takes your own senders\n",
		    stderr);
	for (unsigned i = 0; i < REPORT_LEFTS; i++)
		if (w->left[i] > 0)
			fprintf(stderr, "left out: %lld %s\n",
			    (long long)w->left[i], lefts[i]);
}

/* Line by line: what a terminal would obey is escaped, and that is what
 * stands between the lines, too. */
static void
put_json(const char *json)
{
	size_t len;

	for (; *json != '\0'; json += len + (json[len] == '\n')) {
		len = strcspn(json, "\n");
		text_put_json(stdout, json, len);
		putchar('\n');
	}
}

static int
write_json(const struct writing *w, const struct tlsrpt_head *head)
{
	bool compact = w->o->form_given && w->o->form == FORM_JSONL;
	json_t *report = tlsrpt_take(w->report, head);
	char *json = report != NULL ? json_dumps(report,
	    compact ? JSON_COMPACT : JSON_INDENT(2)) : NULL;

	json_decref(report);
	if (json == NULL) {
		warnx("report: memory is short, or it is longer than %u "
		    "octets; take a shorter period, or --domain",
		    TLSRPT_OCTETS_MAX);
		return STATUS_ERROR;
	}
	put_json(json);
	free(json);
	return STATUS_DONE;
}

/* The same question about the same period makes the same report: so says its
 * id, unless another is given. */
static int
finish(const struct writing *w, int64_t start, int64_t end)
{
	const char *organization = word(w->o, EXTRA_ORGANIZATION);
	const char *id = word(w->o, EXTRA_REPORT_ID);
	const char *domain = w->o->filters[FILTER_DOMAIN];
	char made[400];

	snprintf(made, sizeof(made), "%lld-%lld%s%.300s",
	    (long long)(start / 1000000), (long long)(end / 1000000),
	    domain != NULL ? "-" : "", domain != NULL ? domain : "");
	say_counts(w);
	return write_json(w, &(struct tlsrpt_head){
	    .organization = organization != NULL ? organization : "unnamed",
	    .contact = word(w->o, EXTRA_CONTACT),
	    .id = id != NULL ? id : made, .start = start, .end = end });
}

static int
read_period(const struct options *o, int64_t *start, int64_t *end)
{
	int64_t now = when_now();
	const char *since = o->filters[FILTER_SINCE];
	const char *until = o->filters[FILTER_UNTIL];

	*start = *end = 0;
	if (since == NULL || until == NULL)
		return options_misuse("report", "report --tls-rpt: of which "
		    "period? --since T --until T");
	/* what cannot be read is told by the filter */
	if (when_read(since, now, start) && when_read(until, now, end) &&
	    *start >= *end)
		return options_misuse("report", "report --tls-rpt: --until "
		    "%s is not behind --since %s", until, since);
	return STATUS_DONE;
}

int
report_write(const struct options *o, const struct filter_rules *filters)
{
	struct writing w = { .o = o, .filters = filters };
	int64_t start, end;
	int status;

	if ((status = read_period(o, &start, &end)) != STATUS_DONE)
		return status;
	if (database_open(&w.d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	if ((w.report = tlsrpt_new()) == NULL) {
		warnx("memory is short");
		status = STATUS_ERROR;
	}
	for (; status == STATUS_DONE && w.file < w.d.count; w.file++)
		status = add_file(&w);
	if (status == STATUS_DONE)
		status = finish(&w, start, end);
	tlsrpt_free(w.report);
	database_close(&w.d);
	return status;
}
