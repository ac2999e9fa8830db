/* SPDX-License-Identifier: ISC */
/*
 * analyzer/commands.h -- the commands: one each in cmd_<name>.c.
 */
#ifndef ANALYZER_COMMANDS_H
#define ANALYZER_COMMANDS_H

#include "analyzer/filter.h"
#include "analyzer/options.h"

struct command {
	const char			*name;
	const char			*arguments;	/* "ID ...", or "" */
	const char			*summary;	/* in one line */
	const char			*help;		/* what to know of it */
	const struct filter_rules	*filters;	/* NULL: none */
	unsigned			 extras;	/* EXTRA_BIT()s */
	int	(*run)(const struct options *o);	/* the exit status */
};

extern const struct command cmd_findings;
extern const struct command cmd_servers;
extern const struct command cmd_session;
extern const struct command cmd_sessions;
extern const struct command cmd_tlsa;

/* The i-th, in the order of their help; NULL behind the last. */
const struct command	*commands_at(size_t i);
const struct command	*commands_find(const char *name);	/* or NULL */

/* STATUS_MISUSE, after saying which commands have it, if a filter or an extra
 * was given that this command does not know; else STATUS_DONE. */
int	commands_check_filters(const struct command *c,
	    const struct options *o);

#endif
