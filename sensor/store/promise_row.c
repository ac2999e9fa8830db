/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "store/promise_row.h"
#include "store/statement.h"

struct promise_row {
	sqlite3_stmt	*find, *insert;
	sqlite3		*db;
};

int
promise_row_new(sqlite3 *db, struct promise_row **out)
{
	struct promise_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->db = db;
	if (statement_prepare(db, "SELECT id FROM promise WHERE digest = ?1",
	    &row->find) == -1 ||
	    statement_prepare(db, "INSERT INTO promise (digest, evidence) "
	    "VALUES (?1, ?2)", &row->insert) == -1) {
		promise_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
promise_row_free(struct promise_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->find);
	sqlite3_finalize(row->insert);
	free(row);
}

int
promise_row_put(struct promise_row *row, const struct policy_answer *a,
    int64_t *id)
{
	bool there;

	sqlite3_bind_text(row->find, 1, a->evidence_id, -1, SQLITE_STATIC);
	there = sqlite3_step(row->find) == SQLITE_ROW;
	if (there)
		*id = sqlite3_column_int64(row->find, 0);
	if (sqlite3_reset(row->find) != SQLITE_OK)
		return -1;
	if (there)
		return 0;
	sqlite3_bind_text(row->insert, 1, a->evidence_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(row->insert, 2, a->evidence, -1, SQLITE_STATIC);
	sqlite3_step(row->insert);
	if (sqlite3_reset(row->insert) != SQLITE_OK)
		return -1;
	*id = sqlite3_last_insert_rowid(row->db);
	return 0;
}

static void
fill_match(const struct match_result *m, struct session_values *v)
{
	int64_t matching = 0;

	for (unsigned i = 0; i < m->count; i++)
		matching += m->verdicts[i].outcome == MATCH_MATCHED;
	if (match_promise(m->outcome) == MATCH_UNDECIDED)
		return;		/* nothing was to be seen */
	v->integer[COLUMN_tlsa] = matching << 8 | m->count;
}

int
promise_row_fill(struct promise_row *row, const struct promise *p,
    struct session_values *v)
{
	const struct policy_answer *a = p != NULL ? p->answer : NULL;

	if (a == NULL)
		return 0;
	v->integer[COLUMN_policy] = a->state | a->sts << 4;
	if (p->match != NULL)
		fill_match(p->match, v);
	return a->evidence == NULL ? 0 : promise_row_put(row, a,
	    &v->integer[COLUMN_promise]);
}
