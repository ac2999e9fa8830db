/* SPDX-License-Identifier: ISC */
/*
 * store/unanswered_row.h -- sessions judged without their policy, which could
 * not be looked up, and what came of asking again: table unanswered, and the
 * session's columns that change with it.
 */
#ifndef STORE_UNANSWERED_ROW_H
#define STORE_UNANSWERED_ROW_H

#include <sqlite3.h>

#include "store/dictionary.h"
#include "store/store.h"

struct unanswered_row;		/* opaque */

/* -1 and NULL in *out: SQLite or memory failed, as -1 below.  The dictionary
 * must outlive it. */
int	unanswered_row_new(sqlite3 *db, struct dictionary *d,
	    struct unanswered_row **out);
void	unanswered_row_free(struct unanswered_row *row);	/* NULL is fine */

/* Those that this sensor left open when it ended: it has the records no
 * more. */
int	unanswered_row_abandon(struct unanswered_row *row, int64_t sensor,
	    int64_t now);

/* How the session is judged without. */
int	unanswered_row_open(struct unanswered_row *row,
	    const struct store_unanswered *u);
int	unanswered_row_leave(struct unanswered_row *row,
	    const struct store_left *l);

/* Policy, verdict and number of findings, whose rows are there, are those of
 * `a` now. */
int	unanswered_row_settle(struct unanswered_row *row,
	    const struct store_again *a);

/* "judged again: the lookup had failed at first (mx-failed) and ...": for the
 * incident's log. */
#define UNANSWERED_WORDS_MAX	300
int	unanswered_row_words(struct unanswered_row *row,
	    const struct store_again *a, char out[UNANSWERED_WORDS_MAX]);

#endif
