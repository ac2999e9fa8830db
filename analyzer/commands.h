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
	/* options beside filters that only some have */
	bool				 takes_by, takes_as, takes_geoip;
	unsigned			 extras;	/* EXTRA_BIT()s */
	int	(*run)(const struct options *o);	/* the exit status */
};

extern const struct command cmd_ack;
extern const struct command cmd_check;
extern const struct command cmd_close;
extern const struct command cmd_domains;
extern const struct command cmd_findings;
extern const struct command cmd_incident;
extern const struct command cmd_incidents;
extern const struct command cmd_note;
extern const struct command cmd_policy;
extern const struct command cmd_rates;
extern const struct command cmd_reopen;
extern const struct command cmd_report;
extern const struct command cmd_server;
extern const struct command cmd_servers;
extern const struct command cmd_session;
extern const struct command cmd_sessions;
extern const struct command cmd_suppress;
extern const struct command cmd_tlsa;

/* Filters of sessions, for whoever counts them. */
extern const struct filter_rules sessions_filters;

/* The i-th, in the order of their help; NULL behind the last. */
const struct command	*commands_at(size_t i);
const struct command	*commands_find(const char *name);	/* or NULL */

/* STATUS_MISUSE, after saying which commands have it, if a filter or option
 * was given that this command does not know; else STATUS_DONE. */
int	commands_check(const struct command *c,
	    const struct options *o);

#endif
