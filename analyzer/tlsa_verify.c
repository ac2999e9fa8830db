/* SPDX-License-Identifier: ISC */
/*
 * tlsa verify: records against certificates: each record, each chain, and
 * what should be mended.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/check.h"
#include "analyzer/sheet.h"
#include "analyzer/tlsa_task.h"
#include "policy/certificates.h"
#include "policy/lint.h"

static const struct sheet_column columns[] = {
	{ "about", "ABOUT", COLUMN_PLAIN },
	{ "verdict", "VERDICT", COLUMN_PLAIN },
	{ "level", NULL, COLUMN_PLAIN },
	{ "record", "RECORD", COLUMN_CUT },
	{ "counts", NULL, COLUMN_PLAIN },
	{ "depth", NULL, COLUMN_NUMBER },
	{ "reason", "REASON", COLUMN_WRAP },
	{ "source", NULL, COLUMN_PLAIN },
	{ "certificate_sha256", NULL, COLUMN_PLAIN },
	{ "certificate_not_after", NULL, COLUMN_PLAIN },
	{ "at", NULL, COLUMN_PLAIN },
};

struct verification {
	struct tlsa_task	*task;
	struct match_result	 results[CHAINS_MAX];
	struct lint_list	 advice;
	struct sheet		*sheet;
};

struct row {
	const char	*about, *verdict, *level;
	int		 record;		/* -1: none */
	const struct match_verdict *of;		/* of a record; NULL */
	const char	*reason;
	const struct chain *chain;		/* NULL: of all */
};

static void
add_row(struct verification *v, const struct row *row)
{
	const struct chain *c = row->chain;
	struct certificate_facts f;
	bool known = c != NULL && certificates_describe(c->list[0], &f);
	char *text = NULL;

	if (row->record != -1)
		text = task_record_text(&v->task->records.list[row->record],
		    false);
	sheet_add(v->sheet, "ttttiitttii", row->about, row->verdict,
	    row->level, text, row->of != NULL ?
	    (int64_t)row->of->counts : SHEET_UNKNOWN,
	    row->of != NULL && row->of->depth >= 0 ?
	    (int64_t)row->of->depth : SHEET_UNKNOWN, row->reason,
	    c != NULL ? c->source : NULL, known ? f.sha256 : NULL,
	    known ? f.not_after : SHEET_UNKNOWN,
	    c != NULL ? task_time(v->task, c) : SHEET_UNKNOWN);
	free(text);
}

static void
add_records(struct verification *v, const struct chain *c,
    const struct match_result *r)
{
	const struct tlsa_set *s = &v->task->records;
	char reason[TASK_REASON_MAX];

	for (unsigned i = 0; i < s->count; i++) {
		task_explain(&s->list[i], &r->verdicts[i], reason);
		add_row(v, &(struct row){ .about = "record", .verdict =
		    s->list[i].fault != TLSA_USABLE ?
		    tlsa_fault_word(s->list[i].fault) :
		    match_word(r->verdicts[i].outcome), .record = (int)i,
		    .of = &r->verdicts[i], .reason = reason, .chain = c });
	}
}

static void
add_chain(struct verification *v, const struct chain *c,
    const struct match_result *r)
{
	char reason[TASK_REASON_MAX];
	struct certificate_facts f;

	if (!certificates_describe(c->list[0], &f))
		f.subject[0] = '\0';
	snprintf(reason, sizeof(reason), "%s%s%s%s (%.100s)",
	    match_text(r->outcome), r->error != NULL ? ": " : "",
	    r->error != NULL ? r->error : "", r->weaker_only ?
	    "; only under a weaker digest, which does not count" : "",
	    f.subject);
	add_row(v, &(struct row){ .about = "chain", .verdict =
	    match_word(r->outcome), .record = -1, .reason = reason,
	    .chain = c });
}

static void
add_advice(struct verification *v)
{
	const struct lint_remark *r;

	for (unsigned i = 0; i < v->advice.count; i++) {
		r = &v->advice.list[i];
		add_row(v, &(struct row){ .about = "advice",
		    .verdict = lint_word(r->kind),
		    .level = lint_weight_word(r->weight),
		    .record = r->record, .reason = r->text });
	}
}

static void
judge(struct verification *v)
{
	const struct match_result *shown[CHAINS_MAX];
	struct tlsa_task *t = v->task;
	struct lint_question q = { .records = &t->records,
	    .is_signed = true, .ttl = t->ttl, .shown = shown,
	    .shown_count = t->chains.count };

	for (unsigned i = 0; i < t->chains.count; i++) {
		task_ask(t, &t->chains.list[i], &v->results[i]);
		shown[i] = &v->results[i];
	}
	q.now = task_time(t, &t->chains.list[0]);
	lint_server(&q, &v->advice);
}

static unsigned
count(const struct verification *v, enum match_promise p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->task->chains.count; i++)
		n += match_promise(v->results[i].outcome) == p;
	return n;
}

/* The gravest of what was found, for a monitoring system. */
static int
say_check(const struct verification *v)
{
	const struct lint_remark *worst = NULL, *r;
	unsigned broken = count(v, MATCH_BROKEN);
	unsigned undecided = count(v, MATCH_UNDECIDED);
	enum check_status status = CHECK_OK;
	const char *text = "all certificates match";

	for (unsigned i = 0; i < v->advice.count; i++) {
		r = &v->advice.list[i];
		if (r->weight >= LINT_WARNING &&
		    (worst == NULL || r->weight > worst->weight))
			worst = r;
	}
	if (broken > 0 || (worst != NULL && worst->weight == LINT_FAULT))
		status = CHECK_CRITICAL;
	else if (undecided > 0)
		status = CHECK_UNKNOWN;
	else if (worst != NULL)
		status = CHECK_WARNING;
	if (worst != NULL)
		text = worst->text;
	else if (status == CHECK_UNKNOWN)
		text = "what would tell could not be seen";
	printf("%s: %s%s%s | matched=%u;;;0 broken=%u;;;0\n",
	    status == CHECK_OK ? "OK" : status == CHECK_WARNING ? "WARNING" :
	    status == CHECK_CRITICAL ? "CRITICAL" : "UNKNOWN",
	    v->task->host, v->task->host[0] != '\0' ? ": " : "", text,
	    count(v, MATCH_KEPT), broken);
	return STATUS_CHECKED | (int)status;
}

static int
show(struct verification *v)
{
	struct tlsa_task *t = v->task;
	int status;

	v->sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	if (v->sheet == NULL)
		return STATUS_ERROR;
	for (unsigned i = 0; i < t->chains.count; i++) {
		add_chain(v, &t->chains.list[i], &v->results[i]);
		add_records(v, &t->chains.list[i], &v->results[i]);
	}
	add_advice(v);
	status = sheet_show(v->sheet, t->o->form);
	sheet_free(v->sheet);
	if (status == STATUS_DONE && count(v, MATCH_BROKEN) +
	    count(v, MATCH_UNDECIDED) > 0)
		status = STATUS_ERROR;
	return status;
}

int
tlsa_verify(struct tlsa_task *t)
{
	struct verification *v;
	int status;

	if ((status = task_read_records(t)) != STATUS_DONE)
		return status;
	if ((v = calloc(1, sizeof(*v))) == NULL) {
		warnx("memory is short");
		return STATUS_ERROR;
	}
	v->task = t;
	judge(v);
	status = t->o->check ? say_check(v) : show(v);
	free(v);
	return status;
}
