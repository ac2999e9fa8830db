/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/listing.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.last_seen >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.first_seen < @", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_OFFER, FILTER_OFFERS, "s.last_offer IN (@)", NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

static const struct column_rule columns[] = {
	{ "server", "SERVER", COLUMN_PLAIN, "CASE WHEN "
	    "instr(s.server_ip, ':') THEN '[' || s.server_ip || ']' ELSE "
	    "s.server_ip END || ':' || s.server_port",
	    "address_key(s.server_ip)" },
	{ "file", "FILE", COLUMN_CUT, "file_name(s.db)", NULL },
	{ "server_ip", NULL, COLUMN_PLAIN, NULL, "address_key(s.server_ip)" },
	{ "server_name", "NAME", COLUMN_CUT, NULL, NULL },
	{ "sessions", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "offered", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "absent", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "masked", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "last_offer", NULL, COLUMN_OFFER, NULL, NULL },
	{ "tls_established", "TLS", COLUMN_NUMBER, NULL, NULL },
	{ "client_nets", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "certificates", NULL, COLUMN_CUT, NULL, NULL },
	{ "policy", NULL, COLUMN_PLAIN, NULL, NULL },
	{ "posture", NULL, COLUMN_CUT, NULL, NULL },
	{ "first_seen", "FIRST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "last_seen", "LAST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
};

static const struct listing listing = {
	.one = "server",
	.many = "servers",
	.walk = LISTING_DIRECT,
	.columns = { "servers", "servers", columns, LENGTH(columns) },
	.shown = {
		{ 120, "server,server_name,sessions,offered,absent,masked,"
		    "tls_established,last_offer,policy,posture,last_seen" },
		{ 0, "server,server_name,sessions,offered,absent,masked,"
		    "tls_established" },
	},
	.order = "-last_seen",
	.filters = { rules, LENGTH(rules) },
	.hint = "'striptls-analyzer server SERVER' shows the life of one",
};

static int
run(const struct options *o)
{
	return listing_run(&listing, o);
}

const struct command cmd_servers = {
	.name = "servers",
	.arguments = "",
	.summary = "what each mail server offered and showed",
	.help =
"Lists servers by address and port, the last seen first: how many of their\n"
"sessions offered STARTTLS, did not, or had the word masked, and in how many\n"
"TLS came up.  Useful beginnings:\n"
"\n"
"  servers --sort -masked,-absent\n"
"  servers --offer absent,masked --since 1d    as they were last seen\n"
"\n"
"--since and --until choose servers seen in that time; the numbers are those\n"
"of all the time recorded.  Of several databases each has its own row for a\n"
"server; --columns server,file,... tells which.\n",
	.filters = &filters,
	.run = run,
};
