/* SPDX-License-Identifier: ISC */
/*
 * analyzer/listing.h -- what the listing commands have in common.
 *
 * A command says which view its rows come from, what its filters mean and
 * what a table shows; listing_run() does the rest.
 */
#ifndef ANALYZER_LISTING_H
#define ANALYZER_LISTING_H

#include "analyzer/columns.h"
#include "analyzer/filter.h"
#include "analyzer/options.h"

/* How rows are found. */
enum listing_walk {
	LISTING_DIRECT,		/* one statement gives them */
	LISTING_BY_ID,		/* keys first, in order; then each by its id */
	LISTING_BY_TIME,	/* likewise, and ids grow with started_at */
};

struct listing {
	const char		*one, *many;	/* "session", "sessions" */
	enum listing_walk	 walk;
	struct column_rules	 columns;
	/* Columns of a table unless chosen: the first set that goes with its
	 * width; the last has none to ask for. */
	struct {
		size_t		 width;
		const char	*names;
	}			 shown[4];
	const char		*order;		/* unless chosen */
	struct filter_rules	 filters;
	/* For --check: a row's gravest finding at or above a severity, as
	 * rank; '@' takes the severities.  NULL: has no --check. */
	const char		*worst;
	/* What a table shows and --check counts unless --state is given,
	 * as a condition, and a word for the others.  NULL: all. */
	const char		*standing, *others;
	/* Makes the view, if it is none of the schema's.  NULL: it is. */
	int	(*prepare)(const struct options *o, struct database *d);
	const char		*hint;		/* what to do with an answer */
	const char		*none;		/* ... of no answer; NULL */
};

/* Does `standing` hold? */
bool	listing_stands(const struct listing *l, const struct options *o);

/* The exit status. */
int	listing_run(const struct listing *l, const struct options *o);

#endif
