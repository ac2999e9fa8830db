/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "baseline/shelf.h"
#include "store/early_rows.h"
#include "store/statement.h"

struct early_rows {
	sqlite3_stmt	*session, *findings;
	struct shelf	*shelf;		/* by id; memory: mails, as a number */
};

static void
leave(void *context, struct shelf_item *item)
{
	(void)context;
	free(item->memory);
}

int
early_rows_new(sqlite3 *db, struct early_rows **out)
{
	struct early_rows *e;

	*out = NULL;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -1;
	if (statement_prepare(db, "DELETE FROM session WHERE id = ?1",
	    &e->session) == -1 ||
	    statement_prepare(db, "DELETE FROM finding WHERE id "
	    FINDINGS_OF("(SELECT row FROM session WHERE id = ?1)", ALL_RANKS),
	    &e->findings) == -1 ||
	    (e->shelf = shelf_new(EARLY_ROWS_MAX, 0, leave, NULL)) == NULL) {
		early_rows_free(e);
		return -1;
	}
	*out = e;
	return 0;
}

void
early_rows_free(struct early_rows *e)
{
	if (e == NULL)
		return;
	sqlite3_finalize(e->session);
	sqlite3_finalize(e->findings);
	shelf_free(e->shelf);
	free(e);
}

static struct shelf_item *
find(struct early_rows *e, int64_t id)
{
	return shelf_find(e->shelf, (const uint8_t *)&id, sizeof(id));
}

bool
early_rows_has(struct early_rows *e, int64_t id)
{
	return find(e, id) != NULL;
}

uint64_t
early_rows_mails(struct early_rows *e, int64_t id)
{
	const struct shelf_item *item = find(e, id);

	return item != NULL ? *(const uint64_t *)item->memory : 0;
}

int
early_rows_add(struct early_rows *e, int64_t id, uint64_t mails)
{
	struct shelf_item *item;
	uint64_t *memory;

	if ((memory = malloc(sizeof(*memory))) == NULL)
		return -1;
	if ((item = shelf_add(e->shelf, (const uint8_t *)&id,
	    sizeof(id))) == NULL) {
		free(memory);
		return -1;
	}
	*memory = mails;
	item->memory = memory;
	return 0;
}

static int
run(sqlite3_stmt *stmt, int64_t id)
{
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

int
early_rows_remove(struct early_rows *e, int64_t id)
{
	shelf_remove(e->shelf, (const uint8_t *)&id, sizeof(id));
	if (run(e->findings, id) == -1)
		return -1;
	return run(e->session, id);
}
