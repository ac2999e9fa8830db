/* SPDX-License-Identifier: ISC */
/*
 * analyzer/query.h -- one SQL statement, put together piece by piece.
 *
 * The pieces are our own text; what a user typed comes in as a value behind
 * a '?', never as a part of the statement.  The first failure sticks, that
 * of query_new() included: add all, then ask once, in query_prepare().
 */
#ifndef ANALYZER_QUERY_H
#define ANALYZER_QUERY_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct query;			/* opaque */

struct query	*query_new(sqlite3 *db);
void		 query_free(struct query *q);	/* NULL is fine */

/* Text of ours, as printf(3). */
void		 query_add(struct query *q, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

/* A '?' and its value, which is copied. */
void		 query_add_text(struct query *q, const char *value);
void		 query_add_int(struct query *q, int64_t value);
void		 query_add_blob(struct query *q, const void *value,
		    size_t len);

/* The caller finalizes it.  NULL after saying why. */
sqlite3_stmt	*query_prepare(struct query *q);

#endif
