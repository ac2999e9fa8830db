/* SPDX-License-Identifier: ISC */
/*
 * store/run_row.h -- what was read, and how well: table `run`.
 */
#ifndef STORE_RUN_ROW_H
#define STORE_RUN_ROW_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/counters.h"

/* The run's number, or -1: SQLite failed. */
int64_t	run_row_begin(sqlite3 *db, int64_t sensor, int64_t source,
	    int64_t at);

struct run_end {
	int64_t			 first, last;	/* packets; 0: none */
	const struct counters	*counters;
	const char		*damage;	/* NULL: none */
};

/*
 * Reading the same packets again leaves one row: the former, if it says the
 * same, or else this one.  -1: SQLite or memory failed.
 */
int	run_row_end(sqlite3 *db, int64_t run, const struct run_end *end);

#endif
