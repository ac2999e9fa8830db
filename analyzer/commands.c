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
	&cmd_domains,
	&cmd_rates,
	&cmd_check,
	&cmd_tlsa,
	&cmd_policy,
	&cmd_report,
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

static void
add_other(char others[128], const char *name)
{
	size_t used = strlen(others);

	snprintf(others + used, 128 - used, "%s%s", used == 0 ? "" : ", ",
	    name);
}

static int
refuse(const struct command *c, enum filter f)
{
	char others[128] = "";

	for (size_t i = 0; commands[i] != NULL; i++)
		if (knows(commands[i], f))
			add_other(others, commands[i]->name);
	if (others[0] == '\0')
		return options_misuse(c->name, "%s has no --%s, nor has any "
		    "command of this version", c->name,
		    options_filter_word(f));
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

static int
refuse_extra(const struct command *c, enum extra e)
{
	char others[128] = "";

	for (size_t i = 0; commands[i] != NULL; i++)
		if ((commands[i]->extras & EXTRA_BIT(e)) != 0)
			add_other(others, commands[i]->name);
	return options_misuse(c->name, "%s has no --%s; it is an option of: "
	    "%s", c->name, options_extra_word(e), others);
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
	for (enum extra e = 0; e < EXTRAS; e++)
		if (o->extras[e].count > 0 &&
		    (c->extras & EXTRA_BIT(e)) == 0)
			return refuse_extra(c, e);
	return STATUS_DONE;
}
