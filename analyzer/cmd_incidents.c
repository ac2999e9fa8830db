/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/listing.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* The sessions of incident `s`, in words that party_meets() reads, beside
 * `want`, which is the party. */
#define CLIENTS_LIKE							\
	"EXISTS (SELECT 1 FROM (SELECT @ AS want) AS w "		\
	"CROSS JOIN all_findings AS f CROSS JOIN all_sessions AS c "	\
	"WHERE f.db = s.db AND f.incident_id = s.id AND c.db = s.db "	\
	"AND c.id = f.session_id AND (party_meets(CASE "		\
	"WHEN instr(c.client_ip, ':') THEN '[' || c.client_ip || ']' "	\
	"ELSE c.client_ip END || ':' || c.client_port, w.want) "	\
	"OR party_meets(c.hello_name, w.want)))"

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.last_seen >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.first_seen < @", NULL },
	{ FILTER_SEVERITY, FILTER_MIN_SEVERITY, "s.severity IN (@)", NULL },
	{ FILTER_CONFIDENCE, FILTER_MIN_CONFIDENCE, "s.confidence IN (@)",
	    NULL },
	{ FILTER_KIND, FILTER_KINDS, "EXISTS (SELECT 1 FROM "
	    "json_each(s.kinds) AS k WHERE k.value IN (@))", NULL },
	{ FILTER_STATE, FILTER_STATES, "s.state IN (@)", NULL },
	{ FILTER_SERVER, FILTER_PARTY_WORD, "EXISTS (SELECT 1 FROM "
	    "(SELECT value FROM json_each(s.servers) UNION ALL SELECT value "
	    "FROM json_each(s.server_names)) WHERE party_meets(value, @))",
	    NULL },
	{ FILTER_CLIENT, FILTER_PARTY_WORD, CLIENTS_LIKE, NULL },
	{ FILTER_DOMAIN, FILTER_TEXT, "EXISTS (SELECT 1 FROM "
	    "json_each(s.rcpt_domains) WHERE name_fits(value, @))", NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "EXISTS (SELECT 1 FROM "
	    "json_each(s.sensors) WHERE value = @)", NULL },
	{ FILTER_SESSION, FILTER_NUMBER, "s.id IN (SELECT f.incident_id "
	    "FROM all_findings AS f WHERE f.db = s.db AND f.session_id = @)",
	    NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

static const struct column_rule columns[] = {
	{ "open", "OPEN", COLUMN_PLAIN, "(s.state IN ('new', "
	    "'acknowledged'))", NULL },
	{ "last", "LAST SEEN (UTC)", COLUMN_PLAIN, "strftime('%Y-%m-%d "
	    "%H:%M', s.last_seen / 1000000, 'unixepoch')", "s.last_seen" },
	{ "mails", "MAILS", COLUMN_NUMBER, "nullif(s.mails_in_clear, 0)",
	    "s.mails_in_clear" },
	{ "file", "FILE", COLUMN_CUT, "file_name(s.db)", NULL },
	{ "id", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "title", NULL, COLUMN_WRAP, NULL, NULL },
	{ "severity", NULL, COLUMN_SEVERITY, NULL, NULL },
	{ "confidence", NULL, COLUMN_CONFIDENCE, NULL, NULL },
	{ "state", NULL, COLUMN_STATE, NULL, NULL },
	{ "located", "WHERE", COLUMN_PLAIN, NULL, NULL },
	{ "first_seen", "FIRST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "last_seen", "LAST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "sessions", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "mails_in_clear", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "server_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.server_ip)" },
	{ "server_name", NULL, COLUMN_CUT, NULL, NULL },
	{ "server_names", NULL, COLUMN_CUT, NULL, NULL },
	{ "servers", NULL, COLUMN_CUT, NULL, NULL },
	{ "client_nets", NULL, COLUMN_CUT, NULL, NULL },
	{ "rcpt_domains", NULL, COLUMN_CUT, NULL, NULL },
	{ "kinds", NULL, COLUMN_CUT, NULL, NULL },
	{ "explanation", NULL, COLUMN_WRAP, NULL, NULL },
	{ "next_steps", NULL, COLUMN_WRAP, NULL, NULL },
};

static const struct listing listing = {
	.one = "incident",
	.many = "incidents",
	.walk = LISTING_BY_ID,
	.columns = { "incidents", "incidents", columns, LENGTH(columns) },
	.shown = {
		{ 150, "id,severity,confidence,state,located,first_seen,"
		    "last_seen,sessions,mails,title" },
		{ 110, "id,severity,confidence,state,last,sessions,mails,"
		    "title" },
		{ 0, "id,severity,state,last,title" },
	},
	.order = "-open,-severity,-last_seen",
	.filters = { rules, LENGTH(rules) },
	.worst = "(CASE WHEN s.severity IN (@) THEN CASE s.severity "
	    "WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 "
	    "WHEN 'critical' THEN 4 ELSE 0 END END)",
	.standing = "s.state IN ('new', 'acknowledged')",
	.others = "closed or suppressed",
	.hint = "'striptls-analyzer incident ID' shows one in full",
	.none = "What could not be seen is not cleared by that: see "
	    "'striptls-analyzer sessions --verdict undecided'.",
};

static int
run(const struct options *o)
{
	return listing_run(&listing, o);
}

const struct command cmd_incidents = {
	.name = "incidents",
	.arguments = "",
	.summary = "what is going on: findings with one cause, to work on",
	.help =
"Lists incidents: the gravest first, of these the latest, and open ones\n"
"(new, acknowledged) before the others.  Useful beginnings:\n"
"\n"
"  incidents --since 1d\n"
"  incidents --state new --severity high\n"
"  incidents --server mx.example.org --state all\n"
"  incidents --check --severity high           for a monitoring system\n"
"\n"
"A table leaves out closed and suppressed ones, and --check does not count\n"
"them, unless --state asks for them; json, jsonl and csv have all.  --state\n"
"takes new, acknowledged, closed, suppressed, open (the first two) and all.\n"
"--client takes a name for what a client called itself in EHLO; --domain is a\n"
"recipient's.\n",
	.filters = &filters,
	.run = run,
};
