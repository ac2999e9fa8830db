/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "schema/schema.h"
#include "store/finding_row.h"

struct finding_row {
	sqlite3_stmt	*insert;
	int64_t		 kinds[KINDS];	/* this database's numbers */
};

int
finding_row_new(sqlite3 *db, struct finding_row **out)
{
	struct finding_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	if (sqlite3_prepare_v3(db, "INSERT INTO finding (session, rank, at, "
	    "kind, because, severity, confidence, summary, evidence) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", -1,
	    SQLITE_PREPARE_PERSISTENT, &row->insert, NULL) != SQLITE_OK ||
	    schema_kinds(db, row->kinds, NULL) == -1) {
		finding_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
finding_row_free(struct finding_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->insert);
	free(row);
}

static int
put_one(struct finding_row *row, int64_t session, unsigned rank,
    const struct finding *f)
{
	sqlite3_stmt *stmt = row->insert;

	sqlite3_bind_int64(stmt, 1, session);
	sqlite3_bind_int64(stmt, 2, rank);
	sqlite3_bind_int64(stmt, 3, f->at);
	sqlite3_bind_int64(stmt, 4, row->kinds[f->kind]);
	sqlite3_bind_int64(stmt, 5, f->because);
	sqlite3_bind_int64(stmt, 6, f->severity);
	sqlite3_bind_int64(stmt, 7, f->confidence);
	sqlite3_bind_text(stmt, 8, f->summary != NULL ? f->summary : "", -1,
	    SQLITE_STATIC);
	sqlite3_bind_text(stmt, 9, f->evidence.at != NULL ? f->evidence.at :
	    "{}", -1, SQLITE_STATIC);
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

int
finding_row_put(struct finding_row *row, int64_t session,
    const struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (put_one(row, session, i, &f->list[i]) == -1)
			return -1;
	return 0;
}
