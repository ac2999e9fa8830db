/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/listing.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_SEVERITY, FILTER_MIN_SEVERITY, "s.kinds <> '[]' AND EXISTS "
	    "(SELECT 1 FROM all_findings AS f WHERE f.db = s.db "
	    "AND f.session_id = s.id AND f.severity IN (@))", NULL },
	{ FILTER_KIND, FILTER_KINDS, "EXISTS (SELECT 1 FROM "
	    "json_each(s.kinds) AS k WHERE k.value IN (@))", NULL },
	{ FILTER_VERDICT, FILTER_VERDICTS, "s.verdict IN (@)", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_CLIENT, FILTER_PARTY, "name_fits(s.hello_name, @)",
	    "s.client" },
	{ FILTER_DOMAIN, FILTER_TEXT, "EXISTS (SELECT 1 FROM (SELECT value "
	    "FROM json_each(s.rcpt_domains) UNION ALL "
	    "SELECT s.mail_from_domain) WHERE name_fits(value, @))", NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SOURCE, FILTER_TEXT, "s.source = @", NULL },
	{ FILTER_PROTOCOL, FILTER_PROTOCOLS, "s.protocol IN (@)", NULL },
	{ FILTER_OFFER, FILTER_OFFERS, "s.offer IN (@)", NULL },
	{ FILTER_STARTTLS, FILTER_STARTTLSES, "s.starttls IN (@)", NULL },
	{ FILTER_TLS, FILTER_TLSES, "s.tls IN (@)", NULL },
	{ FILTER_PROTECTION, FILTER_PROTECTIONS, "s.protection IN (@)",
	    NULL },
	{ FILTER_CAPTURE, FILTER_CAPTURES, "s.capture IN (@)", NULL },
	{ FILTER_COMMUNITY_ID, FILTER_TEXT, "s.community_id = @", NULL },
};

const struct filter_rules sessions_filters = { rules, LENGTH(rules) };

static const struct column_rule columns[] = {
	{ "client", "CLIENT", COLUMN_PLAIN, "s.client_ip",
	    "address_key(s.client_ip)" },
	{ "server", "SERVER", COLUMN_CUT, COLUMN_SERVER,
	    NULL },
	{ "tls_seen", "TLS", COLUMN_PLAIN, "CASE s.tls WHEN 'established' "
	    "THEN coalesce(s.tls_version, s.tls) WHEN 'failed' THEN "
	    "coalesce('failed: ' || s.tls_failure, s.tls) ELSE s.tls END",
	    NULL },
	{ "mails", "MAILS", COLUMN_NUMBER, "CASE WHEN s.mails_in_clear > 0 OR "
	    "s.protection = 'cleartext' THEN s.mails_in_clear END", NULL },
	{ "worst", "WORST FINDING", COLUMN_CUT, "s.kinds ->> '$[0]'",
	    NULL },
	{ "file", "FILE", COLUMN_CUT, "file_name(s.db)", NULL },
	{ "started_at", "STARTED (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "client_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.client_ip)" },
	{ "server_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.server_ip)" },
	{ "server_name", NULL, COLUMN_CUT, NULL, NULL },
	{ "banner", NULL, COLUMN_CUT, NULL, NULL },
	{ "capabilities", NULL, COLUMN_CUT, NULL, NULL },
	{ "ehlo_reply", NULL, COLUMN_CUT, NULL, NULL },
	{ "rcpt_domains", NULL, COLUMN_CUT, NULL, NULL },
	{ "offer", NULL, COLUMN_OFFER, NULL, NULL },
	{ "protection", NULL, COLUMN_PROTECTION, NULL, NULL },
	{ "verdict", NULL, COLUMN_VERDICT, NULL, NULL },
	{ "mails_in_clear", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "packets", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "octets_client", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "octets_server", NULL, COLUMN_NUMBER, NULL, NULL },
};

static const struct listing listing = {
	.one = "session",
	.many = "sessions",
	.walk = LISTING_BY_TIME,
	.columns = { "sessions", "sessions", columns, LENGTH(columns) },
	.shown = {
		{ 145, "id,started_at,client,server,offer,starttls,tls_seen,"
		    "protection,mails,verdict,worst" },
		{ 125, "id,started_at,client,server,offer,tls_seen,"
		    "protection,worst" },
		{ 100, "id,started_at,client,server,offer,protection,"
		    "worst" },
		{ 0, "id,started_at,server,protection,worst" },
	},
	.order = "-started_at",
	.filters = { rules, LENGTH(rules) },
	.worst = "(SELECT max(CASE f.severity WHEN 'low' THEN 1 "
	    "WHEN 'medium' THEN 2 WHEN 'high' THEN 3 WHEN 'critical' THEN 4 "
	    "ELSE 0 END) FROM all_findings AS f WHERE f.db = s.db "
	    "AND f.session_id = s.id AND f.severity IN (@))",
	.hint = "'striptls-analyzer session ID' shows one in full",
};

static int
run(const struct options *o)
{
	return listing_run(&listing, o);
}

const struct command cmd_sessions = {
	.name = "sessions",
	.arguments = "",
	.summary = "connections that carried bytes on an SMTP port",
	.help =
"Lists connections, the latest first.  Useful beginnings:\n"
"\n"
"  sessions --since 2h --protection cleartext    mail or passwords in clear\n"
"  sessions --offer absent,masked                STARTTLS was not to be had\n"
"  sessions --verdict undecided --columns id,server,capture_gaps\n"
"                                                what could not be seen\n"
"  sessions --server '*.example.org' --sort server\n"
"\n"
"--severity and --kind ask for sessions with such a finding; --client takes a\n"
"name for what the client called itself in EHLO; --domain is a recipient's or\n"
"the sender's.  --check counts sessions with findings.\n",
	.filters = &sessions_filters,
	.run = run,
};
