/* SPDX-License-Identifier: ISC */
/*
 * analyzer/life.h -- what an analyst does with an incident: the one part of
 * this program that writes to a database.
 *
 * Table incident has the state, incident_log who did what and when.  The
 * sensor leaves the state alone, but reopens what is closed and goes on.
 */
#ifndef ANALYZER_LIFE_H
#define ANALYZER_LIFE_H

#include <stdbool.h>

#include "analyzer/options.h"
#include "schema/names.h"

struct life_deed {
	const char	*command;	/* "ack" */
	const char	*action;	/* as logged: "acknowledged" */
	bool		 moves;		/* to this state: */
	enum state	 state;
	bool		 needs_text;
};

/* "ID [TEXT...]" of the command line.  The exit status. */
int	life_run(const struct life_deed *deed, const struct options *o);

#endif
