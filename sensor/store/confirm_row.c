/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "store/confirm_row.h"
#include "store/promise_row.h"
#include "store/statement.h"

enum statement {
	OPEN, SETTLE, FIRST, BEFORE, VERDICT_OF, VERDICT, FORGET, LEFT_WORDS,
	LEFT, STATEMENTS
};

static const char *const sql[STATEMENTS] = {
	[OPEN] = "INSERT OR REPLACE INTO confirmation (session, answer, due, "
	    "settled, why, verdict, severity, confidence, summary) VALUES "
	    "(?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7, ?8, ?9)",
	[SETTLE] = "UPDATE confirmation SET answer = ?2, settled = ?3, "
	    "why = ?4, promise = nullif(?5, 0) WHERE session = ?1",
	[FIRST] = "SELECT severity, confidence FROM confirmation "
	    "WHERE session = ?1",
	[BEFORE] = "SELECT severity, incident FROM finding "
	    "WHERE id " FINDINGS_OF("?1", "?2"),
	[VERDICT_OF] = "SELECT verdict, row FROM session WHERE id = ?1",
	[VERDICT] = "UPDATE session SET verdict = ?2, findings = "
	    "(SELECT count(*) FROM finding WHERE finding.id "
	    FINDINGS_OF("?1", ALL_RANKS) ") WHERE row = ?1",
	/* posture is no judgement of this session */
	[FORGET] = "DELETE FROM finding WHERE id " FINDINGS_OF("?1", "?2"),
	[LEFT_WORDS] = "UPDATE finding SET wording = NULL, summary = "
	    "replace((SELECT v.summary FROM v_findings AS v "
	    "WHERE v.id = finding.id), ?2, ?3) WHERE id IN (SELECT f.id "
	    "FROM session AS s CROSS JOIN finding AS f ON f.id "
	    FINDINGS_OF("s.row", ALL_RANKS) " WHERE s.id IN "
	    OPEN_OF_SENSOR("confirmation") ")",
	[LEFT] = "UPDATE confirmation SET answer = 5, settled = ?2, "
	    "why = 'the sensor ended before' WHERE session IN "
	    OPEN_OF_SENSOR("confirmation"),
};

struct confirm_row {
	struct finding_row	*findings;	/* borrowed */
	struct promise_row	*promises;
	sqlite3_stmt		*stmt[STATEMENTS];
};

int
confirm_row_new(sqlite3 *db, struct finding_row *findings,
    struct confirm_row **out)
{
	struct confirm_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->findings = findings;
	if (statements_prepare(db, sql, row->stmt, STATEMENTS) == -1 ||
	    promise_row_new(db, &row->promises) == -1) {
		confirm_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
confirm_row_free(struct confirm_row *row)
{
	if (row == NULL)
		return;
	promise_row_free(row->promises);
	statements_finalize(row->stmt, STATEMENTS);
	free(row);
}

int
confirm_row_abandon(struct confirm_row *row, int64_t sensor, int64_t now)
{
	sqlite3_stmt *words = row->stmt[LEFT_WORDS], *left = row->stmt[LEFT];

	sqlite3_bind_int64(words, 1, sensor);
	sqlite3_bind_text(words, 2, MISMATCH_WAITS, -1, SQLITE_STATIC);
	sqlite3_bind_text(words, 3, MISMATCH_UNDECIDED, -1, SQLITE_STATIC);
	if (statement_run(words) == -1)
		return -1;
	sqlite3_bind_int64(left, 1, sensor);
	sqlite3_bind_int64(left, 2, now);
	return statement_run(left);
}

int
confirm_row_open(struct confirm_row *row, const struct store_doubt *d)
{
	sqlite3_stmt *stmt = row->stmt[OPEN];

	sqlite3_bind_int64(stmt, 1, d->session);
	sqlite3_bind_int(stmt, 2, d->answer);
	sqlite3_bind_int64(stmt, 3, d->due);
	sqlite3_bind_int64(stmt, 4, d->answer == CONFIRM_WAIT ? 0 : d->at);
	sqlite3_bind_text(stmt, 5, d->why, -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 6, d->verdict);
	sqlite3_bind_int(stmt, 7, d->finding->severity);
	sqlite3_bind_int(stmt, 8, d->finding->confidence);
	sqlite3_bind_text(stmt, 9, d->finding->summary, -1, SQLITE_STATIC);
	return statement_run(stmt);
}

int
confirm_row_look_back(struct confirm_row *row, int64_t session,
    struct confirm_before *b)
{
	sqlite3_stmt *verdict = row->stmt[VERDICT_OF];
	sqlite3_stmt *first = row->stmt[FIRST];
	sqlite3_stmt *found = row->stmt[BEFORE];
	int severity;

	*b = (struct confirm_before){ 0 };
	if (finding_row_flush(row->findings) == -1)
		return -1;
	sqlite3_bind_int64(verdict, 1, session);
	if (sqlite3_step(verdict) == SQLITE_ROW) {
		b->there = true;
		b->verdict = (enum verdict)sqlite3_column_int(verdict, 0);
		b->row = sqlite3_column_int64(verdict, 1);
	}
	if (sqlite3_reset(verdict) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(first, 1, session);
	if (sqlite3_step(first) == SQLITE_ROW) {
		b->severity = (enum severity)sqlite3_column_int(first, 0);
		b->confidence = (enum confidence)sqlite3_column_int(first, 1);
	}
	if (sqlite3_reset(first) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(found, 1, b->row);
	sqlite3_bind_int(found, 2, FINDINGS_MAX);
	while (sqlite3_step(found) == SQLITE_ROW) {
		severity = sqlite3_column_int(found, 0);
		if (severity >= 0 && severity < SEVERITIES)
			b->findings[severity]++;
		if (sqlite3_column_type(found, 1) != SQLITE_NULL)
			b->incident = sqlite3_column_int64(found, 1);
	}
	return sqlite3_reset(found) == SQLITE_OK ? 0 : -1;
}

int
confirm_row_forget(struct confirm_row *row, const struct confirm_before *b)
{
	sqlite3_bind_int64(row->stmt[FORGET], 1, b->row);
	sqlite3_bind_int(row->stmt[FORGET], 2, FINDINGS_MAX);
	return statement_run(row->stmt[FORGET]);
}

/* A mismatch that was taken back stays in its incident, where it is told. */
static void
put_incident(struct findings *f, int64_t incident)
{
	for (unsigned i = 0; i < f->count; i++)
		f->list[i].incident = f->list[i].severity > SEVERITY_INFO ||
		    f->list[i].kind == KIND_CERTIFICATE_MISMATCH ?
		    incident : 0;
}

static int
settle(struct confirm_row *row, const struct store_revision *v)
{
	sqlite3_stmt *stmt = row->stmt[SETTLE];
	int64_t promise = 0;

	if (v->later != NULL && v->later->evidence != NULL &&
	    promise_row_put(row->promises, v->later, &promise) == -1)
		return -1;
	sqlite3_bind_int64(stmt, 1, v->session);
	sqlite3_bind_int(stmt, 2, v->answer);
	sqlite3_bind_int64(stmt, 3, v->at);
	sqlite3_bind_text(stmt, 4, v->why, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 5, promise);
	return statement_run(stmt);
}

int
confirm_row_revise(struct confirm_row *row, const struct store_revision *v,
    struct confirm_before *before)
{
	sqlite3_stmt *verdict = row->stmt[VERDICT];

	if (confirm_row_look_back(row, v->session, before) == -1)
		return -1;
	if (!before->there)
		return 0;
	if (confirm_row_forget(row, before) == -1)
		return -1;
	put_incident(v->findings, before->incident);
	if (finding_row_put_anew(row->findings, before->row,
	    v->findings) == -1 || finding_row_flush(row->findings) == -1)
		return -1;
	sqlite3_bind_int64(verdict, 1, before->row);
	sqlite3_bind_int(verdict, 2, v->findings->verdict);
	if (statement_run(verdict) == -1)
		return -1;
	return settle(row, v);
}

void
confirm_row_words(const struct store_revision *v,
    const struct confirm_before *before, char out[CONFIRM_WORDS_MAX])
{
	static const char *const words[CONFIRM_ANSWERS] = {
		[CONFIRM_REAL] = "confirmed, records looked up after their "
		    "TTL say the same",
		[CONFIRM_RACE] = "taken back, newer records fit the same "
		    "certificate: a rollover caught in the act",
		[CONFIRM_WITHDRAWN] = "not confirmed, the promise has been "
		    "withdrawn since",
		[CONFIRM_UNDECIDED] = "still unconfirmed",
	};

	snprintf(out, CONFIRM_WORDS_MAX, "%s, %s and %s at first: %s%s%s",
	    kind_word(KIND_CERTIFICATE_MISMATCH),
	    severity_word(before->severity),
	    confidence_word(before->confidence), words[v->answer] != NULL ?
	    words[v->answer] : "?", v->why != NULL ? ", " : "",
	    v->why != NULL ? v->why : "");
}
