/* SPDX-License-Identifier: ISC */
/*
 * store/finding_row.h -- what the rules found into table `finding`.
 */
#ifndef STORE_FINDING_ROW_H
#define STORE_FINDING_ROW_H

#include <sqlite3.h>

#include "detect/detect.h"
#include "store/dictionary.h"
#include "store/session_row.h"

struct finding_row;		/* opaque */

/* -1 and NULL in *row on failure.  What it borrows must outlive it. */
int	finding_row_new(sqlite3 *db, struct dictionary *d,
	    struct session_row *sessions, struct finding_row **row);
void	finding_row_free(struct finding_row *row);	/* NULL is fine */

/* All findings of a session that was just written, its row being `of`, and
 * behind them what is news of its server's posture; the texts are copied.
 * -1: SQLite or memory failed. */
int	finding_row_put(struct finding_row *row, int64_t of,
	    const struct session_record *r, const struct findings *f);
/* Likewise of one judged again with all that is known of it: its postures of
 * before stay, and what is news goes behind them.  Once for a session. */
int	finding_row_put_again(struct finding_row *row, int64_t of,
	    const struct session_record *r, const struct findings *f);
/* What a session that was judged anew has instead, when its former findings
 * are gone; those of posture stay. */
int	finding_row_put_anew(struct finding_row *row, int64_t of,
	    const struct findings *f);
/* Rows wait for each other: ahead of COMMIT, and of reading them.  Those of
 * the sessions go first.  -1 as above. */
int	finding_row_flush(struct finding_row *row);

#endif
