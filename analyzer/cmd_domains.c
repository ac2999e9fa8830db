/* SPDX-License-Identifier: ISC */
#include <err.h>

#include "analyzer/commands.h"
#include "analyzer/listing.h"
#include "analyzer/when.h"
#include "schema/names.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define DAY		"86400000000"

/* Of sessions; beside them `e` is one recipient domain. */
static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_CLIENT, FILTER_PARTY, "name_fits(s.hello_name, @)",
	    "s.client" },
	{ FILTER_DOMAIN, FILTER_TEXT, "name_fits(e.value, @)", NULL },
	{ FILTER_VERDICT, FILTER_VERDICTS, "s.verdict IN (@)", NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SOURCE, FILTER_TEXT, "s.source = @", NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

/* Of all sessions of a server, whoever the recipients were. */
static const struct filter_rule server_rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_CLIENT, FILTER_PARTY, "name_fits(s.hello_name, @)",
	    "s.client" },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SOURCE, FILTER_TEXT, "s.source = @", NULL },
};

static const struct filter_rules server_filters = { server_rules,
	LENGTH(server_rules) };

static const struct column_rule columns[] = {
	{ "domain", NULL, COLUMN_CUT, NULL, NULL },
	{ "sessions", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "servers", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "mails_in_clear", "IN CLEAR", COLUMN_NUMBER, NULL, NULL },
	{ "tls_percent", "TLS %", COLUMN_NUMBER, NULL, NULL },
	{ "server_sessions", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "verdict", NULL, COLUMN_VERDICT, NULL, "s.verdict_rank" },
	{ "policy", NULL, COLUMN_PLAIN, NULL, "s.policy_rank" },
	{ "sts", "STS", COLUMN_PLAIN, NULL, "s.sts_rank" },
	{ "incidents", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "first_seen", "FIRST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "last_seen", "LAST SEEN (UTC)", COLUMN_PLAIN, NULL, NULL },
};

static int
run_sql(struct database *d, struct query *q)
{
	sqlite3_stmt *stmt = query_prepare(q);
	int rc;

	query_free(q);
	if (stmt == NULL)
		return STATUS_ERROR;
	sqlite3_step(stmt);
	if ((rc = sqlite3_finalize(stmt)) == SQLITE_OK)
		return STATUS_DONE;
	warnx("%s: %s", d->paths[0], sqlite3_errmsg(d->sql));
	return STATUS_ERROR;
}

static const char *
policy_of_number(int n)
{
	return policy_word((enum policy_state)n);
}

static const char *
sts_of_number(int n)
{
	return sts_word((enum sts_mode)n);
}

static const char *
verdict_of_number(int n)
{
	return verdict_word((enum verdict)n);
}

/* Words rank as their numbers do; a word of the future is the least. */
static void
add_rank(struct query *q, const char *column, const char *(*word)(int),
    int count)
{
	query_add(q, ", CASE %s", column);
	for (int i = 0; i < count; i++)
		query_add(q, " WHEN '%s' THEN %d", word(i), i);
	query_add(q, " ELSE 0 END");
}

static void
add_word(struct query *q, const char *name, const char *(*word)(int),
    int count)
{
	query_add(q, ", CASE %s_rank", name);
	for (int i = 0; i < count; i++)
		query_add(q, " WHEN %d THEN '%s'", i, word(i));
	query_add(q, " END AS %s, %s_rank", name, name);
}

/* One row for each session and each domain of its recipients. */
static int
gather(struct database *d, const struct options *o)
{
	struct query *q = query_new(d->sql);
	int status;

	query_add(q, "CREATE TEMP TABLE received AS SELECT lower(e.value) "
	    "AS domain, s.server_ip || ' ' || s.server_port AS server, "
	    "s.started_at AS at, s.mails_in_clear AS mails");
	add_rank(q, "s.verdict", verdict_of_number, VERDICTS);
	query_add(q, " AS verdict");
	add_rank(q, "s.policy", policy_of_number, POLICY_STATES);
	query_add(q, " AS policy");
	add_rank(q, "s.sts", sts_of_number, STS_MODES);
	query_add(q, " AS sts FROM all_sessions AS s, "
	    "json_each(s.rcpt_domains) AS e WHERE s.rcpt_domains <> '[]'");
	if ((status = filter_apply(q, &filters, o, when_now())) ==
	    STATUS_DONE)
		return run_sql(d, q);
	query_free(q);
	return status;
}

/* How much of what goes to these servers goes under TLS, where recipients
 * are not to be seen. */
static int
gather_servers(struct database *d, const struct options *o)
{
	struct query *q = query_new(d->sql);
	int status;

	query_add(q, "CREATE TEMP TABLE reached AS SELECT server, count(*) "
	    "AS sessions, sum(tls) AS tls FROM (SELECT s.server_ip || ' ' "
	    "|| s.server_port AS server, s.tls = 'established' AS tls "
	    "FROM all_sessions AS s WHERE 1");
	status = filter_apply(q, &server_filters, o, when_now());
	query_add(q, ") WHERE server IN (SELECT server FROM received) "
	    "GROUP BY server");
	if (status == STATUS_DONE)
		return run_sql(d, q);
	query_free(q);
	return status;
}

static int
gather_incidents(struct database *d)
{
	struct query *q = query_new(d->sql);

	query_add(q, "CREATE TEMP TABLE working AS SELECT lower(j.value) AS "
	    "domain, count(*) AS incidents FROM all_incidents AS i, "
	    "json_each(i.rcpt_domains) AS j WHERE i.state IN ('new', "
	    "'acknowledged') GROUP BY 1");
	return run_sql(d, q);
}

/* The policy is the strictest of the domain's last day: it may change. */
static int
sum_up(struct database *d)
{
	struct query *q = query_new(d->sql);

	query_add(q, "CREATE TEMP TABLE v_domains AS SELECT domain, "
	    "sessions, servers, mails_in_clear, (SELECT round(100.0 * "
	    "sum(r.tls) / sum(r.sessions), 1) FROM temp.reached AS r WHERE "
	    "r.server IN (SELECT server FROM temp.received AS v WHERE "
	    "v.domain = m.domain)) AS tls_percent, (SELECT sum(r.sessions) "
	    "FROM temp.reached AS r WHERE r.server IN (SELECT server FROM "
	    "temp.received AS v WHERE v.domain = m.domain)) AS "
	    "server_sessions");
	add_word(q, "verdict", verdict_of_number, VERDICTS);
	add_word(q, "policy", policy_of_number, POLICY_STATES);
	add_word(q, "sts", sts_of_number, STS_MODES);
	query_add(q, ", coalesce((SELECT w.incidents FROM temp.working AS w "
	    "WHERE w.domain = m.domain), 0) AS incidents, first_seen, "
	    "last_seen FROM (SELECT r.domain, count(*) AS sessions, "
	    "count(DISTINCT r.server) AS servers, sum(r.mails) AS "
	    "mails_in_clear, max(r.verdict) AS verdict_rank, "
	    "max(r.policy) FILTER (WHERE r.at >= l.at - " DAY ") "
	    "AS policy_rank, max(r.sts) FILTER (WHERE r.at >= l.at - " DAY
	    ") AS sts_rank, min(r.at) AS first_seen, max(r.at) AS last_seen "
	    "FROM temp.received AS r JOIN (SELECT domain, max(at) AS at FROM "
	    "temp.received GROUP BY domain) AS l ON l.domain = r.domain "
	    "GROUP BY r.domain) AS m");
	return run_sql(d, q);
}

static int
run_text(struct database *d, const char *sql)
{
	struct query *q = query_new(d->sql);

	query_add(q, "%s", sql);
	return run_sql(d, q);
}

static int
prepare(const struct options *o, struct database *d)
{
	int status;

	if ((status = gather(d, o)) != STATUS_DONE ||
	    (status = run_text(d, "CREATE INDEX temp.received_domain ON "
	    "received (domain, server)")) != STATUS_DONE ||
	    (status = gather_servers(d, o)) != STATUS_DONE ||
	    (status = gather_incidents(d)) != STATUS_DONE ||
	    (status = sum_up(d)) != STATUS_DONE)
		return status;
	return run_text(d, "CREATE TEMP VIEW all_domains AS SELECT 0 AS db, "
	    "v.* FROM temp.v_domains AS v");
}

static const struct listing listing = {
	.one = "domain",
	.many = "domains",
	.walk = LISTING_DIRECT,
	.columns = { "domains", "domains", columns, LENGTH(columns) },
	.shown = {
		{ 110, "domain,sessions,servers,mails_in_clear,tls_percent,"
		    "policy,sts,verdict,incidents,last_seen" },
		{ 0, "domain,sessions,mails_in_clear,tls_percent,policy,"
		    "verdict,incidents" },
	},
	.order = "-mails_in_clear,-sessions,domain",
	.prepare = prepare,
	.hint = "'striptls-analyzer sessions --domain DOMAIN' shows its mail",
};

static int
run(const struct options *o)
{
	return listing_run(&listing, o);
}

const struct command cmd_domains = {
	.name = "domains",
	.arguments = "",
	.summary = "recipient domains: their policy, and mails in clear",
	.help =
"Lists the domains of recipients, as far as these were to be seen: in clear.\n"
"TLS % is the share of all sessions with the same servers in which TLS came up.\n"
"policy and sts are what DNS and MTA-STS promised in the domain's last day, the\n"
"strictest; a session with recipients of several domains counts for each, and\n"
"so do its mails.  verdict is the worst of its sessions, incidents are open.\n"
"\n"
"  domains --since 7d\n"
"  domains --sort -policy,-mails_in_clear    who is promised protection first\n"
"  domains --domain '*.example.org'\n",
	.filters = &filters,
	.run = run,
};
