/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/incident_load.h"
#include "analyzer/incident_page.h"

static const struct full_kind kind = {
	.command = "incident",
	.listing = "incidents",
	.limited = true,
	.load = incident_load,
	.draw = incident_page,
};

static int
run(const struct options *o)
{
	return full_run(&kind, o);
}

const struct command cmd_incident = {
	.name = "incident",
	.arguments = "ID...",
	.summary = "one incident in full: why, who, since when, next steps",
	.help =
"Shows what was seen and what was expected, where it seems to be and how sure\n"
"that is; clients, servers and recipients with the sessions of each; what to\n"
"do next; what decided the gravest session; the gravest findings (--limit N,\n"
"by default 10, 0 for all); and who did what with it.  As json or jsonl: the\n"
"fields of v_incidents and \"parts\", \"findings\", \"findings_total\",\n"
"\"decisive\" (the gravest session's gravest finding) and \"log\".\n"
"\n"
"  striptls-analyzer incident 12\n"
"  striptls-analyzer -o json incident 12 --limit 0\n",
	.filters = NULL,
	.run = run,
};
