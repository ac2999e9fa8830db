/* SPDX-License-Identifier: ISC */
/*
 * store/confirm_row.h -- a judgement of before and what became of it: table
 * confirmation, and the rows of the session that change with it.
 */
#ifndef STORE_CONFIRM_ROW_H
#define STORE_CONFIRM_ROW_H

#include <sqlite3.h>

#include "store/finding_row.h"
#include "store/store.h"

struct confirm_row;		/* opaque */

/* -1 and NULL in *out: SQLite or memory failed, as -1 below. */
int	confirm_row_new(sqlite3 *db, struct finding_row *findings,
	    struct confirm_row **out);
void	confirm_row_free(struct confirm_row *row);	/* NULL is fine */

/* Those that this sensor left open when it ended: nobody will ask again. */
int	confirm_row_abandon(struct confirm_row *row, int64_t sensor,
	    int64_t now);

/* How the session is judged for now. */
int	confirm_row_open(struct confirm_row *row,
	    const struct store_doubt *d);

/* What a session's rows said before a revision. */
struct confirm_before {
	bool		 there;		/* or they were pruned */
	int64_t		 row;		/* session.row */
	int64_t		 incident;	/* that its findings are in; 0 */
	unsigned	 findings[SEVERITIES];	/* but those of posture */
	enum verdict	 verdict;
	enum severity	 severity;	/* of the mismatch, at first */
	enum confidence	 confidence;
};

/* Findings on their way are rows then. */
int	confirm_row_look_back(struct confirm_row *row, int64_t session,
	    struct confirm_before *before);
/* Its findings are gone, but for those of posture. */
int	confirm_row_forget(struct confirm_row *row,
	    const struct confirm_before *before);

/* Its verdict, its findings and its confirmation are those of `v` now; the
 * incident is told apart (store/incidents.h). */
int	confirm_row_revise(struct confirm_row *row,
	    const struct store_revision *v, struct confirm_before *before);

/* "certificate-mismatch, medium and circumstantial at first: confirmed, ...":
 * for the incident's log. */
#define CONFIRM_WORDS_MAX	400
void	confirm_row_words(const struct store_revision *v,
	    const struct confirm_before *before, char out[CONFIRM_WORDS_MAX]);

#endif
