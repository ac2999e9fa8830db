/* SPDX-License-Identifier: ISC */
/*
 * analyzer/render.h -- rows, in the form the reader wants.
 *
 * begin, row for each row of the statement, end.  Rows go out as they come
 * (a table holds back a screenful of hundreds to fit its columns): no form
 * keeps all of them.
 */
#ifndef ANALYZER_RENDER_H
#define ANALYZER_RENDER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#include "analyzer/options.h"
#include "schema/json_row.h"

/* How a table shows a column. */
enum column_style {
	COLUMN_PLAIN,
	COLUMN_NUMBER,		/* to the right */
	COLUMN_SEVERITY,	/* these with colours ... */
	COLUMN_CONFIDENCE,
	COLUMN_VERDICT,
	COLUMN_PROTECTION,
	COLUMN_OFFER,
	COLUMN_STATE,
	COLUMN_CUT,		/* may be cut short to fit */
	COLUMN_WRAP,		/* may take several lines */
};

/* One column of the result, in its order. */
struct column {
	const char		*name;
	const char		*heading;
	enum row_role		 role;
	enum column_style	 style;
};

struct render_style {
	FILE		*out;
	enum form	 form;
	size_t		 width;		/* octets of a table's line; 0: any */
	bool		 colour;
	bool		 wide;		/* UTF-8 may go out */
};

struct render {
	const struct render_style	*style;
	const struct column		*columns;
	size_t				 count;
	void				*state;	/* the form's own */
};

/* begin and row: -1 after saying why, or silently if `out` failed.
 * end: after a begin that went well, always. */
struct render_ops {
	int	(*begin)(struct render *r, sqlite3_stmt *stmt);
	int	(*row)(struct render *r, sqlite3_stmt *stmt);
	void	(*end)(struct render *r);
};

extern const struct render_ops render_table;
extern const struct render_ops render_json;	/* and jsonl */
extern const struct render_ops render_csv;

const struct render_ops	*render_ops_of(enum form form);

/* What standard output calls for: its width, colours, character set. */
struct render_style	 render_style_of(enum form form);

#endif
