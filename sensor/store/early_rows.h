/* SPDX-License-Identifier: ISC */
/*
 * store/early_rows.h -- sessions that were stored before they ended.
 *
 * Remembered by number while the process lives: the final record takes the
 * place of the early one.  Bounded; what is forgotten stays as it was
 * stored, and the final record is then taken for a known session.
 */
#ifndef STORE_EARLY_ROWS_H
#define STORE_EARLY_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define EARLY_ROWS_MAX	65536

struct early_rows;		/* opaque */

/* -1 and NULL in *out: SQLite or memory failed. */
int	early_rows_new(sqlite3 *db, struct early_rows **out);
void	early_rows_free(struct early_rows *e);		/* NULL is fine */

bool	early_rows_has(struct early_rows *e, int64_t id);
/* Mails in clear that the rows of this one count. */
uint64_t	early_rows_mails(struct early_rows *e, int64_t id);

/* -1: memory is short. */
int	early_rows_add(struct early_rows *e, int64_t id, uint64_t mails);
/* Take the rows away, and forget.  -1: SQLite failed. */
int	early_rows_remove(struct early_rows *e, int64_t id);

#endif
