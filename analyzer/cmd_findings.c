/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/listing.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.at >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.at < @", NULL },
	{ FILTER_SEVERITY, FILTER_MIN_SEVERITY, "s.severity IN (@)", NULL },
	{ FILTER_CONFIDENCE, FILTER_MIN_CONFIDENCE, "s.confidence IN (@)",
	    NULL },
	{ FILTER_KIND, FILTER_KINDS, "s.kind IN (@)", NULL },
	{ FILTER_VERDICT, FILTER_VERDICTS, "s.verdict IN (@)", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_CLIENT, FILTER_PARTY, "EXISTS (SELECT 1 FROM all_sessions "
	    "AS c WHERE c.db = s.db AND c.id = s.session_id AND "
	    "name_fits(c.hello_name, @))", "s.client" },
	{ FILTER_DOMAIN, FILTER_TEXT, "EXISTS (SELECT 1 FROM (SELECT value "
	    "FROM json_each(s.rcpt_domains) UNION ALL "
	    "SELECT s.mail_from_domain) WHERE name_fits(value, @))", NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SOURCE, FILTER_TEXT, "s.source = @", NULL },
	{ FILTER_SESSION, FILTER_NUMBER, "s.session_id = @", NULL },
	{ FILTER_INCIDENT, FILTER_NUMBER, "s.incident_id = @", NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

static const struct column_rule columns[] = {
	{ "client", "CLIENT", COLUMN_PLAIN, "s.client_ip",
	    "address_key(s.client_ip)" },
	{ "server", "SERVER", COLUMN_CUT, COLUMN_SERVER,
	    NULL },
	{ "path", "CLIENT -> SERVER", COLUMN_CUT, "s.client_ip || ' -> ' || "
	    COLUMN_SERVER, NULL },
	{ "file", "FILE", COLUMN_CUT, "file_name(s.db)", NULL },
	{ "session_id", "SESSION", COLUMN_PLAIN, NULL, NULL },
	{ "incident_id", "INCIDENT", COLUMN_NUMBER, NULL, NULL },
	{ "at", "AT (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "severity", NULL, COLUMN_SEVERITY, NULL, NULL },
	{ "confidence", NULL, COLUMN_CONFIDENCE, NULL, NULL },
	{ "verdict", NULL, COLUMN_VERDICT, NULL, NULL },
	{ "summary", NULL, COLUMN_WRAP, NULL, NULL },
	{ "evidence", NULL, COLUMN_WRAP, NULL, NULL },
	{ "client_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.client_ip)" },
	{ "server_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.server_ip)" },
	{ "server_name", NULL, COLUMN_CUT, NULL, NULL },
	{ "rcpt_domains", NULL, COLUMN_CUT, NULL, NULL },
};

static const struct listing listing = {
	.one = "finding",
	.many = "findings",
	.walk = LISTING_BY_ID,
	.columns = { "findings", "findings", columns, LENGTH(columns) },
	.shown = {
		{ 150, "incident_id,session_id,at,severity,confidence,kind,"
		    "because,path,summary" },
		{ 110, "incident_id,session_id,at,severity,kind,summary" },
		{ 0, "session_id,severity,kind,summary" },
	},
	.order = "-at",
	.filters = { rules, LENGTH(rules) },
	.worst = "(CASE WHEN s.severity IN (@) THEN CASE s.severity "
	    "WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 "
	    "WHEN 'critical' THEN 4 ELSE 0 END END)",
	.hint = "'striptls-analyzer session SESSION' shows what was said",
	.none = "What could not be seen is not cleared by that: see "
	    "'striptls-analyzer sessions --verdict undecided'.",
};

static int
run(const struct options *o)
{
	return listing_run(&listing, o);
}

const struct command cmd_findings = {
	.name = "findings",
	.arguments = "",
	.summary = "what went wrong, one by one",
	.help =
"Lists findings, the latest first.  Useful beginnings:\n"
"\n"
"  findings --since 1d --severity high\n"
"  findings --kind starttls-masked --server 198.51.100.0/24\n"
"  findings --sort -severity,-at --limit 20\n"
"  findings --check --since 1h --severity high   for a monitoring system\n"
"\n"
"--verdict, --client, --server and --domain are of the finding's session;\n"
"--session ID and --incident ID take those of one.\n",
	.filters = &filters,
	.run = run,
};
