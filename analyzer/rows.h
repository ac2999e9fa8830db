/* SPDX-License-Identifier: ISC */
/*
 * analyzer/rows.h -- rows that come from no database, in the forms that
 * rows of one have.
 *
 * They are kept in SQLite's memory, so that all renderers (render.h) can
 * show them: for answers of some dozen rows.
 */
#ifndef ANALYZER_ROWS_H
#define ANALYZER_ROWS_H

#include <stdint.h>

#include "analyzer/options.h"
#include "analyzer/render.h"

struct rows_column {
	const char		*name;
	const char		*heading;	/* NULL: not shown in a table */
	enum column_style	 style;
};

struct rows;			/* opaque */

/* `columns` must outlive it.  NULL after saying why. */
struct rows	*rows_new(const struct rows_column *columns, size_t count);
void		 rows_free(struct rows *r);	/* NULL is fine */

#define ROWS_UNKNOWN	INT64_MIN

/*
 * Add a row, of each column in order: 't' a const char * (NULL: unknown),
 * 'i' an int64_t (or ROWS_UNKNOWN); columns behind the last are unknown.  The
 * first failure is said, and sticks.
 */
void	rows_add(struct rows *r, const char *types, ...);

/* All rows, in their order, to standard output; STATUS_DONE, or
 * STATUS_ERROR after saying why. */
int	rows_show(struct rows *r, enum form form);

#endif
