/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "analyzer/commands.h"

static const struct command *const commands[] = {
	&cmd_incidents,
	&cmd_incident,
	&cmd_ack,
	&cmd_close,
	&cmd_reopen,
	&cmd_note,
	&cmd_suppress,
	&cmd_sessions,
	&cmd_session,
	&cmd_findings,
	&cmd_servers,
	&cmd_server,
	&cmd_rates,
	NULL
};

const struct command *
commands_at(size_t i)
{
	return commands[i];
}

const struct command *
commands_find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool
knows(const struct command *c, enum filter f)
{
	return c->filters != NULL && filter_known(c->filters, f);
}

static int
refuse(const struct command *c, enum filter f)
{
	char others[128] = "";
	size_t used = 0;

	for (size_t i = 0; commands[i] != NULL; i++)
		if (knows(commands[i], f) && used < sizeof(others))
			used += (size_t)snprintf(others + used,
			    sizeof(others) - used, "%s%s",
			    used == 0 ? "" : ", ", commands[i]->name);
	return options_misuse(c->name, "%s has no --%s; it is a filter of: %s",
	    c->name, options_filter_word(f), others);
}

static int
refuse_option(const struct command *c, const char *option,
    const char *others)
{
	return options_misuse(c->name, "%s has no %s; it is an option of: %s",
	    c->name, option, others);
}

int
commands_check(const struct command *c, const struct options *o)
{
	for (enum filter f = 0; f < FILTERS; f++)
		if (o->filters[f] != NULL && !knows(c, f))
			return refuse(c, f);
	if (o->by != NULL && !c->takes_by)
		return refuse_option(c, "--by", "rates");
	if (o->geoip_count > 0 && !c->takes_geoip)
		return refuse_option(c, "--geoip", "rates");
	if (o->as != NULL && !c->takes_as)
		return refuse_option(c, "--as", "ack, close, reopen, note, "
		    "suppress");
	return STATUS_DONE;
}
