/* SPDX-License-Identifier: ISC */
/*
 * analyzer/columns.h -- which columns a listing shows, and in which order
 * its rows come.
 *
 * A listing knows all columns of its view by name, and some of its own,
 * made of several ("server" is a name or else address and port).
 */
#ifndef ANALYZER_COLUMNS_H
#define ANALYZER_COLUMNS_H

#include "analyzer/database.h"
#include "analyzer/query.h"
#include "analyzer/render.h"

#define COLUMNS_MAX	128	/* of one listing */

/* A column of a listing's own, or what a table makes of one of the view.
 * SQL is about the row `s`. */
struct column_rule {
	const char		*name;
	const char		*heading;	/* NULL: the name, upper case */
	enum column_style	 style;
	const char		*sql;		/* NULL: the view's column */
	const char		*order;		/* to sort by; NULL: as is */
};

/* A server in few words: its name, or its address, and a port but 25. */
#define COLUMN_SERVER							\
	"coalesce(s.server_name, CASE WHEN s.server_port = 25 "		\
	"THEN s.server_ip WHEN instr(s.server_ip, ':') "		\
	"THEN '[' || s.server_ip || ']:' || s.server_port "		\
	"ELSE s.server_ip || ':' || s.server_port END)"

struct column_rules {
	const char			*command;	/* "sessions" */
	const char			*view;		/* without the v_ */
	const struct column_rule	*list;
	size_t				 count;
};

struct columns;			/* opaque: those chosen */

/*
 * Choose by name: a list with commas, or NULL for all the view has.  NULL
 * after saying why, with *status set (wrong use or error).
 */
struct columns		*columns_choose(const struct column_rules *rules,
			    const struct database *d, const char *names,
			    int *status);
void			 columns_free(struct columns *c); /* NULL is fine */

const struct column	*columns_list(const struct columns *c, size_t *count);

/* "s.id AS "id", ...". */
void	columns_select(const struct columns *c, struct query *q);

/*
 * " ORDER BY ..." for a list of names with commas, '-' before those that
 * descend.  STATUS_DONE, or STATUS_MISUSE after saying what is known.
 */
int	columns_order(const struct columns *c, struct query *q,
	    const char *names);

#endif
