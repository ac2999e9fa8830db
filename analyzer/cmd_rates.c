/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <string.h>

#include "analyzer/commands.h"
#include "analyzer/geoip.h"
#include "analyzer/listing.h"
#include "analyzer/when.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		"3600000000"
#define NAMES_MAX	512

#define ADDRESS_AND_PORT						\
	"CASE WHEN instr(s.server_ip, ':') THEN '[' || s.server_ip || ']' " \
	"ELSE s.server_ip END || ':' || s.server_port"

/* What sessions can be counted by. */
static const struct by {
	const char	*word;
	const char	*column, *sql;
	const char	*more, *more_sql;	/* goes with it; NULL */
	bool		 country, asn;		/* takes geoip files */
} known[] = {
	{ "server", "server", ADDRESS_AND_PORT, "server_name",
	    "max(s.server_name)", false, false },
	{ "client-net", "client_net", "network_of(s.client_ip)", NULL, NULL,
	    false, false },
	{ "sensor", "sensor", "s.sensor", NULL, NULL, false, false },
	{ "hour", "hour", "s.started_at / " HOUR " * " HOUR, NULL, NULL,
	    false, false },
	{ "day", "day", "date(s.started_at / 1000000, 'unixepoch')", NULL,
	    NULL, false, false },
	{ "country", "country", "country(s.client_ip)", NULL, NULL, true,
	    false },
	{ "asn", "asn", "asn(s.client_ip)", "as_name",
	    "max(as_name(s.client_ip))", false, true },
	{ "server-country", "server_country", "country(s.server_ip)", NULL,
	    NULL, true, false },
	{ "server-asn", "server_asn", "asn(s.server_ip)", "server_as_name",
	    "max(as_name(s.server_ip))", false, true },
};

/* Lost its encryption by somebody's hand, as far as can be told. */
#define STRIPPED							\
	"(s.verdict = 'attack' OR (s.kinds <> '[]' AND EXISTS (SELECT 1 " \
	"FROM all_findings AS f WHERE f.db = s.db AND f.session_id = s.id " \
	"AND f.kind IN ('starttls-absent', 'starttls-masked') "		\
	"AND f.because <> '[]')))"

static const struct {
	const char	*column, *sql;
} counts[] = {
	{ "offered", "s.offer = 'offered'" },
	{ "tls", "s.tls = 'established'" },
	{ "stripped", STRIPPED },
	{ "clear", "s.protection = 'cleartext'" },
};

/* What --by says, in its order. */
struct chosen {
	const struct by	*list[LENGTH(known)];
	size_t		 count;
};

static const struct column_rule columns[] = {
	{ "server", NULL, COLUMN_PLAIN, NULL, NULL },
	{ "server_name", "NAME", COLUMN_CUT, NULL, NULL },
	{ "client_net", "CLIENT NET", COLUMN_PLAIN, NULL, NULL },
	{ "hour", "HOUR (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "day", "DAY (UTC)", COLUMN_PLAIN, NULL, NULL },
	{ "asn", "ASN", COLUMN_NUMBER, NULL, NULL },
	{ "as_name", "RUN BY", COLUMN_CUT, NULL, NULL },
	{ "server_asn", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "server_as_name", "RUN BY", COLUMN_CUT, NULL, NULL },
	{ "sessions", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "offered", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "tls", "TLS", COLUMN_NUMBER, NULL, NULL },
	{ "stripped", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "clear", "IN CLEAR", COLUMN_NUMBER, NULL, NULL },
	{ "undecided", NULL, COLUMN_NUMBER, NULL, NULL },
	{ "offered_percent", "%", COLUMN_NUMBER, NULL, NULL },
	{ "tls_percent", "%", COLUMN_NUMBER, NULL, NULL },
	{ "stripped_percent", "%", COLUMN_NUMBER, NULL, NULL },
	{ "clear_percent", "%", COLUMN_NUMBER, NULL, NULL },
};

static const struct by *
find_by(const char *word, size_t len)
{
	for (size_t i = 0; i < LENGTH(known); i++)
		if (strlen(known[i].word) == len &&
		    memcmp(known[i].word, word, len) == 0)
			return &known[i];
	return NULL;
}

static int
read_by(struct chosen *c, const char *words)
{
	const struct by *by;
	size_t len;

	*c = (struct chosen){ 0 };
	while (words != NULL) {
		len = strcspn(words, ",");
		if ((by = find_by(words, len)) == NULL)
			return options_misuse("rates", "--by %.*s: unknown; "
			    "known are server, client-net, sensor, hour, day, "
			    "country, asn, server-country, server-asn",
			    (int)len, words);
		for (size_t i = 0; i < c->count; i++)
			if (c->list[i] == by)
				return options_misuse("rates", "--by %s: "
				    "named twice", by->word);
		c->list[c->count++] = by;
		words = words[len] == '\0' ? NULL : words + len + 1;
	}
	return STATUS_DONE;
}

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

static void
add_columns(struct query *q, const struct chosen *c)
{
	for (size_t i = 0; i < c->count; i++) {
		query_add(q, "%s AS %s, ", c->list[i]->sql,
		    c->list[i]->column);
		if (c->list[i]->more != NULL)
			query_add(q, "%s AS %s, ", c->list[i]->more_sql,
			    c->list[i]->more);
	}
	query_add(q, "count(*) AS sessions");
	for (size_t i = 0; i < LENGTH(counts); i++)
		query_add(q, ", sum(%s) AS %s", counts[i].sql,
		    counts[i].column);
	query_add(q, ", sum(s.verdict = 'undecided') AS undecided");
}

/* Table v_rates, and over it all_rates, which the listing reads. */
static int
count_up(struct database *d, const struct options *o,
    const struct chosen *c)
{
	struct query *q = query_new(d->sql);
	const char *between = " GROUP BY ";
	int status;

	query_add(q, "CREATE TEMP TABLE v_rates AS SELECT *");
	for (size_t i = 0; i < LENGTH(counts); i++)
		query_add(q, ", round(100.0 * %s / sessions, 1) "
		    "AS %s_percent", counts[i].column, counts[i].column);
	query_add(q, " FROM (SELECT ");
	add_columns(q, c);
	query_add(q, " FROM all_sessions AS s WHERE 1");
	if ((status = filter_apply(q, &sessions_filters, o, when_now())) !=
	    STATUS_DONE) {
		query_free(q);
		return status;
	}
	for (size_t i = 0; i < c->count; i++) {
		query_add(q, "%s%s", between, c->list[i]->sql);
		between = ", ";
	}
	query_add(q, ") WHERE sessions > 0");
	if ((status = run_sql(d, q)) != STATUS_DONE)
		return status;
	q = query_new(d->sql);
	query_add(q, "CREATE TEMP VIEW all_rates AS SELECT 0 AS db, v.* "
	    "FROM temp.v_rates AS v");
	return run_sql(d, q);
}

static int
prepare(const struct options *o, struct database *d)
{
	bool country = false, asn = false;
	struct geoip *g = NULL;
	struct chosen c;
	int status;

	if ((status = read_by(&c, o->by)) != STATUS_DONE)
		return status;
	for (size_t i = 0; i < c.count; i++) {
		country = country || c.list[i]->country;
		asn = asn || c.list[i]->asn;
	}
	if (country || asn) {
		if ((g = geoip_open(o, country, asn)) == NULL)
			return STATUS_ERROR;
		if (geoip_functions(g, d->sql) != SQLITE_OK) {
			warnx("%s", sqlite3_errmsg(d->sql));
			geoip_close(g);
			return STATUS_ERROR;
		}
	}
	status = count_up(d, o, &c);
	geoip_close(g);		/* nothing is looked up from here on */
	return status;
}

static void
add_name(char names[NAMES_MAX], const char *name)
{
	size_t len = strlen(names);

	snprintf(names + len, NAMES_MAX - len, "%s%s", len > 0 ? "," : "",
	    name);
}

static int
run(const struct options *o)
{
	static const struct {
		const char	*name;
		bool		 only;	/* where there is room */
	} wide[] = {
		{ "sessions", false }, { "offered", false },
		{ "offered_percent", true }, { "tls", false },
		{ "tls_percent", true }, { "stripped", false },
		{ "stripped_percent", false }, { "clear", false },
		{ "clear_percent", false }, { "undecided", true },
	};
	char names[2][NAMES_MAX] = { "", "" };
	struct chosen c;
	int status;

	if ((status = read_by(&c, o->by)) != STATUS_DONE)
		return status;
	for (size_t i = 0; i < c.count; i++) {
		add_name(names[0], c.list[i]->column);
		add_name(names[1], c.list[i]->column);
		if (c.list[i]->more != NULL)
			add_name(names[0], c.list[i]->more);
	}
	for (size_t i = 0; i < LENGTH(wide); i++) {
		add_name(names[0], wide[i].name);
		if (!wide[i].only)
			add_name(names[1], wide[i].name);
	}
	return listing_run(&(struct listing){
		.one = "group of sessions",
		.many = "groups of sessions",
		.walk = LISTING_DIRECT,
		.columns = { "rates", "rates", columns, LENGTH(columns) },
		.shown = { { 100, names[0] }, { 0, names[1] } },
		.order = c.count > 0 && strcmp(c.list[0]->word, "hour") == 0 ?
		    "hour,-stripped,-sessions" :
		    c.count > 0 && strcmp(c.list[0]->word, "day") == 0 ?
		    "day,-stripped,-sessions" : "-stripped,-sessions",
		.prepare = prepare,
		.hint = "'striptls-analyzer sessions' with the same filters "
		    "shows them",
	}, o);
}

const struct command cmd_rates = {
	.name = "rates",
	.arguments = "",
	.summary = "shares of sessions with STARTTLS, stripped, in clear",
	.help =
"Counts sessions: how many were offered STARTTLS, in how many TLS came up, how\n"
"many were stripped and how many passed mail or a password in clear, each also\n"
"in percent of all; and how many are undecided.  --by says for what each, with\n"
"commas between several: server, client-net (/24, /48), sensor, hour, day,\n"
"country and asn (of the client), server-country, server-asn; without it there\n"
"is one row.  Those with most stripped sessions come first.\n"
"\n"
"  rates --since 7d --by day\n"
"  rates --by client-net,server --sort -stripped_percent --limit 20\n"
"  rates --by country --geoip /usr/share/GeoIP/GeoLite2-Country.mmdb\n"
"\n"
"Stripped are sessions whose verdict is attack, or whose STARTTLS was absent or\n"
"masked against what DANE, MTA-STS, history, other clients or the operator led\n"
"to expect.  country and asn take MaxMind DB files: --geoip FILE, once for each,\n"
"or STRIPTLS_GEOIP, or those in /usr/share/GeoIP.\n",
	.filters = &sessions_filters,
	.takes_by = true,
	.takes_geoip = true,
	.run = run,
};
