/* SPDX-License-Identifier: ISC */
/*
 * policy export: what sensors learnt of the DNS, as a snapshot by which a
 * capture can be judged elsewhere.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/commands.h"
#include "analyzer/database.h"
#include "analyzer/when.h"
#include "policy/export.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* Of the sessions whose policy rests on it. */
static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_DOMAIN, FILTER_TEXT, "EXISTS (SELECT 1 FROM "
	    "json_each(s.rcpt_domains) AS e WHERE name_fits(e.value, @))",
	    NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SESSION, FILTER_NUMBER, "s.id = @", NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

struct exporting {
	const struct options	*o;
	struct database		 d;
	struct export		*e;
	unsigned		 count;
	bool			 damaged;
};

/* Those of sessions by number: each text is read once, however many
 * sessions rest on it. */
static int
add_filters(const struct exporting *x, struct query *q, const char *name)
{
	int status;

	if (!filter_given(x->o))
		return STATUS_DONE;
	query_add(q, " WHERE p.id IN (SELECT promise FROM %s.session WHERE id "
	    "IN (SELECT s.id FROM %s.v_sessions AS s WHERE 1", name, name);
	if ((status = filter_apply(q, &filters, x->o, when_now())) !=
	    STATUS_DONE)
		return status;
	query_add(q, ") UNION ALL SELECT promise FROM %s.confirmation WHERE "
	    "session IN (SELECT s.id FROM %s.v_sessions AS s WHERE 1", name,
	    name);
	status = filter_apply(q, &filters, x->o, when_now());
	query_add(q, "))");
	return status;
}

static void
add_one(struct exporting *x, unsigned i, const char *grounds)
{
	if (grounds != NULL && export_add(x->e, grounds)) {
		x->count++;
		return;
	}
	if (!x->damaged)
		warnx("%s: a promise that cannot be read is left out",
		    x->d.paths[i]);
	x->damaged = true;
}

static int
add_file(struct exporting *x, unsigned i)
{
	struct query *q = query_new(x->d.sql);
	sqlite3_stmt *stmt;
	int status;

	query_add(q, "SELECT p.evidence FROM %s.promise AS p",
	    database_name(i));
	if ((status = add_filters(x, q, database_name(i))) != STATUS_DONE) {
		query_free(q);
		return status;
	}
	query_add(q, " ORDER BY p.id");
	stmt = query_prepare(q);
	query_free(q);
	if (stmt == NULL)
		return STATUS_ERROR;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		add_one(x, i, (const char *)sqlite3_column_text(stmt, 0));
	if (sqlite3_finalize(stmt) == SQLITE_OK)
		return STATUS_DONE;
	warnx("%s: %s", x->d.paths[i], sqlite3_errmsg(x->d.sql));
	return STATUS_ERROR;
}

/* An empty snapshot says of everything that it promises nothing: rather none
 * at all. */
static int
export_all(struct exporting *x)
{
	int status;

	for (unsigned i = 0; i < x->d.count; i++)
		if ((status = add_file(x, i)) != STATUS_DONE)
			return status;
	if (x->count == 0) {
		warnx(filter_given(x->o) ? "nothing is known of the DNS of such "
		    "sessions" : "nothing is known of the DNS: the sensor "
		    "learns it with --policy live or file:PATH");
		return STATUS_ERROR;
	}
	printf("; What %u answer%s of policy rest%s on, the latest of each "
	    "question;\n; for striptls-sensor --policy file:PATH.\n",
	    x->count, x->count == 1 ? "" : "s", x->count == 1 ? "s" : "");
	if (export_write(x->e, stdout) == -1) {
		warnx("policy export: not all could be written");
		return STATUS_ERROR;
	}
	return x->damaged ? STATUS_ERROR : STATUS_DONE;
}

static int
check_options(const struct options *o)
{
	if (o->words_count == 0)
		return options_misuse("policy", "policy: export?");
	if (strcmp(o->words[0], "export") != 0)
		return options_misuse("policy", "policy: unknown; known is "
		    "export");
	if (o->words_count > 1)
		return options_misuse("policy", "policy export takes no "
		    "argument: %s", o->words[1]);
	if (o->limit != -1 || o->sort != NULL || o->columns != NULL)
		return options_misuse("policy", "policy takes no --limit, "
		    "--sort or --columns");
	if (o->check)
		return options_misuse("policy", "policy has no --check");
	if (o->form_given)
		return options_misuse("policy", "policy export writes a zone "
		    "file, in no other form");
	return STATUS_DONE;
}

static int
run(const struct options *o)
{
	struct exporting x = { .o = o };
	int status;

	if ((status = check_options(o)) != STATUS_DONE)
		return status;
	if (database_open(&x.d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	if ((x.e = export_new()) == NULL) {
		warnx("policy export: memory is short");
		status = STATUS_ERROR;
	} else
		status = export_all(&x);
	export_free(x.e);
	database_close(&x.d);
	return status;
}

const struct command cmd_policy = {
	.name = "policy",
	.arguments = "export",
	.summary = "what sensors learnt of the DNS, to judge elsewhere by",
	.help =
"Writes a snapshot: a zone file with the MX, address, CNAME and TLSA records\n"
"that sessions were judged by, and their DNSSEC state.  With it a capture is\n"
"judged where its DNS cannot be asked, or not any more:\n"
"\n"
"  striptls-analyzer policy export > known.zone\n"
"  striptls-sensor -r mail.pcap --policy file:known.zone\n"
"\n"
"Of each question the latest answer counts; filters say which sessions'.\n"
"A snapshot has no MTA-STS, and gives a name one state: where its types\n"
"differed, the weaker.  Status 1: nothing is known, or not all can be read.\n",
	.filters = &filters,
	.run = run,
};
