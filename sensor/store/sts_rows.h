/* SPDX-License-Identifier: ISC */
/*
 * store/sts_rows.h -- MTA-STS policies in table sts_policy.
 */
#ifndef STORE_STS_ROWS_H
#define STORE_STS_ROWS_H

#include <sqlite3.h>
#include <stdint.h>

#define STS_ROWS_MAX	4096	/* as many as policy/sts_store.h knows */

struct sts_rows;		/* opaque */

/* -1 and NULL in *out: SQLite or memory failed, as -1 below. */
int	sts_rows_new(sqlite3 *db, struct sts_rows **out);
void	sts_rows_free(struct sts_rows *r);	/* NULL is fine */

/* A line in the place of the domain's earlier one.  What is no such line, has
 * expired, or would last longer than a policy can, is not kept. */
int	sts_rows_keep(struct sts_rows *r, const char *line, int64_t now);

/* The line is good during the call only. */
int	sts_rows_tell(struct sts_rows *r, int64_t now,
	    void (*tell)(void *context, const char *line), void *context);

#endif
