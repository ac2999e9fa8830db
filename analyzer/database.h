/* SPDX-License-Identifier: ISC */
/*
 * analyzer/database.h -- the files named with -d, opened to be read.
 *
 * Nothing is written to them so.  Several are read as one: over each view
 * v_NAME of the schema lies a temporary view all_NAME, with the rows of all
 * files and the number of their file in column `db`.
 */
#ifndef ANALYZER_DATABASE_H
#define ANALYZER_DATABASE_H

#include <sqlite3.h>

#include "analyzer/options.h"

#define DATABASE_FILES_MAX	OPTIONS_FILES_MAX

struct database {
	sqlite3		*sql;
	const char	*paths[DATABASE_FILES_MAX];
	unsigned	 count;
};

/* `d` must stay where it is, and the paths valid.  SQL function file_name(db)
 * is the path of a row's file.  -1 after saying why, in one line. */
int		 database_open(struct database *d, const char *const *paths,
		    unsigned count);
void		 database_close(struct database *d);

/* One file, to change incidents in it.  The caller closes it.  NULL after
 * saying why, in one line. */
sqlite3		*database_open_to_write(const char *path);

/* "main", "d1", ...: what SQL calls file `i`. */
const char	*database_name(unsigned i);

#endif
