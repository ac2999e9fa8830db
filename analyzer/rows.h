/* SPDX-License-Identifier: ISC */
/*
 * analyzer/rows.h -- rows of a statement, kept as JSON objects.
 *
 * For things shown in full, which are few; listings never keep their rows.
 */
#ifndef ANALYZER_ROWS_H
#define ANALYZER_ROWS_H

#include <jansson.h>

#include "analyzer/database.h"
#include "analyzer/query.h"

/* All rows as an array of objects, as JSON output has them.  Frees `q`.
 * NULL after saying why; `path` is the file to blame. */
json_t	*rows_take(const struct database *d, const char *path,
	    struct query *q);

/* The first row alone; *row is NULL if there is none.  -1 as above. */
int	 rows_take_one(const struct database *d, const char *path,
	    struct query *q, json_t **row);

#endif
