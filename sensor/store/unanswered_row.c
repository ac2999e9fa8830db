/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "store/promise_row.h"
#include "store/statement.h"
#include "store/unanswered_row.h"

enum statement { OPEN, LEAVE, SETTLE, SESSION, FIRST, ABANDON, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[OPEN] = "INSERT OR REPLACE INTO unanswered (session, answer, why, "
	    "at, due, tries, settled, why_left, policy, promise, verdict, "
	    "kinds, severity, summary) SELECT id, iif(?6 IS NULL, 1, 3), ?2, "
	    "?3, ?4, 0, iif(?6 IS NULL, NULL, ?3), ?6, policy, promise, "
	    "verdict, ?5, ?7, ?8 FROM session WHERE id = ?1",
	[LEAVE] = "UPDATE unanswered SET answer = 3, settled = ?2, "
	    "tries = ?3, why_left = ?4 WHERE session = ?1",
	[SETTLE] = "UPDATE unanswered SET answer = 2, settled = ?2, "
	    "tries = ?3 WHERE session = ?1",
	[SESSION] = "UPDATE session SET policy = ?2, promise = ?3, tlsa = ?4, "
	    "verdict = ?5, more = ?6, findings = (SELECT count(*) FROM finding "
	    "WHERE finding.id " FINDINGS_OF("row", ALL_RANKS) ") WHERE id = ?1",
	[FIRST] = "SELECT why, policy & 15, verdict FROM unanswered "
	    "WHERE session = ?1",
	[ABANDON] = "UPDATE unanswered SET answer = 3, settled = ?2, "
	    "why_left = 'the sensor ended before' WHERE session IN "
	    OPEN_OF_SENSOR("unanswered"),
};

struct unanswered_row {
	struct dictionary	*dictionary;	/* borrowed */
	struct promise_row	*promises;
	struct session_values	 values;
	sqlite3_stmt		*stmt[STATEMENTS];
};

int
unanswered_row_new(sqlite3 *db, struct dictionary *d,
    struct unanswered_row **out)
{
	struct unanswered_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->dictionary = d;
	if (statements_prepare(db, sql, row->stmt, STATEMENTS) == -1 ||
	    promise_row_new(db, &row->promises) == -1) {
		unanswered_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
unanswered_row_free(struct unanswered_row *row)
{
	if (row == NULL)
		return;
	promise_row_free(row->promises);
	statements_finalize(row->stmt, STATEMENTS);
	free(row);
}

int
unanswered_row_abandon(struct unanswered_row *row, int64_t sensor,
    int64_t now)
{
	sqlite3_bind_int64(row->stmt[ABANDON], 1, sensor);
	sqlite3_bind_int64(row->stmt[ABANDON], 2, now);
	return statement_run(row->stmt[ABANDON]);
}

int
unanswered_row_open(struct unanswered_row *row,
    const struct store_unanswered *u)
{
	sqlite3_stmt *stmt = row->stmt[OPEN];
	const struct findings *f = u->findings;
	struct json_text kinds = { .at = NULL };
	int rc = -1;

	json_text_raw(&kinds, "[");
	for (unsigned i = 0; i < f->count; i++) {
		json_text_raw(&kinds, i == 0 ? "" : ",");
		json_text_string(&kinds, kind_word(f->list[i].kind));
	}
	json_text_raw(&kinds, "]");
	if (kinds.failed)
		goto out;
	sqlite3_bind_int64(stmt, 1, u->session);
	sqlite3_bind_text(stmt, 2, u->why, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, u->at);
	sqlite3_bind_int64(stmt, 4, u->due);
	sqlite3_bind_text(stmt, 5, kinds.at, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 6, u->why_left, -1, SQLITE_STATIC);
	sqlite3_bind_null(stmt, 7);
	sqlite3_bind_null(stmt, 8);
	if (f->count > 0) {
		sqlite3_bind_int(stmt, 7, f->list[0].severity);
		sqlite3_bind_text(stmt, 8, f->list[0].summary, -1,
		    SQLITE_STATIC);
	}
	rc = statement_run(stmt);
out:
	json_text_free(&kinds);
	return rc;
}

int
unanswered_row_leave(struct unanswered_row *row, const struct store_left *l)
{
	sqlite3_stmt *stmt = row->stmt[LEAVE];

	sqlite3_bind_int64(stmt, 1, l->session);
	sqlite3_bind_int64(stmt, 2, l->at);
	sqlite3_bind_int64(stmt, 3, l->tries);
	sqlite3_bind_text(stmt, 4, l->why, -1, SQLITE_STATIC);
	return statement_run(stmt);
}

/* What of the session's own row rests on the promise. */
static int
put_session(struct unanswered_row *row, const struct store_again *a)
{
	sqlite3_stmt *stmt = row->stmt[SESSION];
	struct session_values *v = &row->values;
	int rc = -1;

	if (session_values_fill(v, row->dictionary, a->of.r,
	    a->of.promise) == 0 &&
	    promise_row_fill(row->promises, a->of.promise, v) == 0) {
		sqlite3_bind_int64(stmt, 1, a->session);
		value_bind(stmt, 2, v->integer[COLUMN_policy]);
		value_bind(stmt, 3, v->integer[COLUMN_promise]);
		value_bind(stmt, 4, v->integer[COLUMN_tlsa]);
		sqlite3_bind_int(stmt, 5, a->findings->verdict);
		sqlite3_bind_text(stmt, 6, v->more, -1, SQLITE_STATIC);
		rc = statement_run(stmt);
	}
	session_values_clear(v);
	return rc;
}

int
unanswered_row_settle(struct unanswered_row *row,
    const struct store_again *a)
{
	sqlite3_stmt *stmt = row->stmt[SETTLE];

	if (put_session(row, a) == -1)
		return -1;
	sqlite3_bind_int64(stmt, 1, a->session);
	sqlite3_bind_int64(stmt, 2, a->at);
	sqlite3_bind_int64(stmt, 3, a->tries);
	return statement_run(stmt);
}

int
unanswered_row_words(struct unanswered_row *row, const struct store_again *a,
    char out[UNANSWERED_WORDS_MAX])
{
	sqlite3_stmt *stmt = row->stmt[FIRST];
	const struct policy_answer *now = a->of.promise->answer;

	out[0] = '\0';
	sqlite3_bind_int64(stmt, 1, a->session);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		snprintf(out, UNANSWERED_WORDS_MAX, "judged again: the lookup "
		    "had failed at first (%s) and works now: %s became %s, "
		    "%s became %s", (const char *)sqlite3_column_text(stmt, 0),
		    policy_word((enum policy_state)sqlite3_column_int(stmt,
		    1)), policy_word(now->state),
		    verdict_word((enum verdict)sqlite3_column_int(stmt, 2)),
		    verdict_word(a->findings->verdict));
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}
