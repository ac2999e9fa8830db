/* SPDX-License-Identifier: ISC */
/*
 * analyzer/sheet.h -- rows that come from no database, in the forms that
 * rows of one have.
 *
 * They are kept in SQLite's memory, so that all renderers (render.h) can
 * show them: for answers of some dozen rows.
 */
#ifndef ANALYZER_SHEET_H
#define ANALYZER_SHEET_H

#include <stdint.h>

#include "analyzer/options.h"
#include "analyzer/render.h"

struct sheet_column {
	const char		*name;
	const char		*heading;	/* NULL: not shown in a table */
	enum column_style	 style;
};

struct sheet;			/* opaque */

/* `columns` must outlive it.  NULL after saying why. */
struct sheet	*sheet_new(const struct sheet_column *columns, size_t count);
void		 sheet_free(struct sheet *r);	/* NULL is fine */

#define SHEET_UNKNOWN	INT64_MIN

/*
 * Add a row, of each column in order: 't' a const char * (NULL: unknown),
 * 'i' an int64_t (or SHEET_UNKNOWN); columns behind the last are unknown.  The
 * first failure is said, and sticks.
 */
void	sheet_add(struct sheet *r, const char *types, ...);

/* All rows, in their order, to standard output; STATUS_DONE, or
 * STATUS_ERROR after saying why. */
int	sheet_show(struct sheet *r, enum form form);

#endif
