/* SPDX-License-Identifier: ISC */
/*
 * analyzer/full.h -- what commands have in common that show single things
 * in full: as a page for reading, or as JSON objects.
 */
#ifndef ANALYZER_FULL_H
#define ANALYZER_FULL_H

#include <jansson.h>
#include <stdint.h>

#include "analyzer/database.h"
#include "analyzer/options.h"
#include "analyzer/page.h"

/* Things going out, one after another. */
struct full_output {
	const struct options	*o;
	struct render_style	 style;
	unsigned		 count;		/* given out */
};

void	full_begin(struct full_output *out, const struct options *o);
/* In the chosen form; `draw` makes the page.  -1 after saying why. */
int	full_put(struct full_output *out, const struct page *about,
	    void (*draw)(const struct page *p));
void	full_end(struct full_output *out);

/* A thing, loaded. */
struct full_thing {
	json_t	*facts;
	char	*damage;	/* of its source, as the sensor says; NULL */
};

/* Things that have an id. */
struct full_kind {
	const char	*command;	/* and what it is called: "session" */
	const char	*listing;	/* the command that lists their ids */
	bool		 limited;	/* takes --limit */
	/* 1 if file `i` has it, 0 if not, -1 after saying why. */
	int	(*load)(struct full_thing *t, const struct database *d,
		    unsigned i, int64_t id, const struct options *o);
	void	(*draw)(const struct page *p);
};

/* Show those named on the command line.  The exit status. */
int	full_run(const struct full_kind *k, const struct options *o);

/* Wrong use that is common to them: STATUS_DONE, or STATUS_MISUSE. */
int	full_check_options(const struct options *o, bool limited);

/* An id; STATUS_MISUSE after saying that `word` is none. */
int	full_read_id(const char *command, const char *what, const char *word,
	    int64_t *id);

void	full_unload(struct full_thing *t);

#endif
