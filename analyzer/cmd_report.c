/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/report.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HEAD_EXTRAS	(EXTRA_BIT(EXTRA_ORGANIZATION) |		\
    EXTRA_BIT(EXTRA_CONTACT) | EXTRA_BIT(EXTRA_REPORT_ID))

/* Of sessions; --domain is the policy's, which SQL does not know. */
static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_CLIENT, FILTER_PARTY, "name_fits(s.hello_name, @)",
	    "s.client" },
	{ FILTER_DOMAIN, FILTER_TEXT, "@ IS NOT NULL", NULL },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SOURCE, FILTER_TEXT, "s.source = @", NULL },
};

static const struct filter_rules filters = { rules, LENGTH(rules) };

static int
check_read(const struct options *o)
{
	if (filter_given(o))
		return options_misuse("report", "report --read has no "
		    "filters: it reads files, not a database");
	for (enum extra e = 0; e < EXTRAS; e++)
		if ((HEAD_EXTRAS & EXTRA_BIT(e)) != 0 &&
		    o->extras[e].count > 0)
			return options_misuse("report", "report --read has "
			    "no --%s", options_extra_word(e));
	if (o->files_given)
		return options_misuse("report", "report --read reads no "
		    "database: -d is of no use");
	if (o->words_count == 0)
		return options_misuse("report", "report --read: which files? "
		    "- is standard input");
	return STATUS_DONE;
}

static int
check_write(const struct options *o)
{
	if (o->words_count > 0)
		return options_misuse("report", "report --tls-rpt takes no "
		    "argument: %s", o->words[0]);
	if (o->form_given && (o->form == FORM_TABLE || o->form == FORM_CSV))
		return options_misuse("report", "report --tls-rpt writes "
		    "JSON, in no other form");
	return STATUS_DONE;
}

static int
run(const struct options *o)
{
	bool write = o->extras[EXTRA_TLS_RPT].count > 0;
	bool read = o->extras[EXTRA_READ].count > 0;
	int status;

	if (write == read)
		return options_misuse("report", "report: --tls-rpt or "
		    "--read?");
	if (o->limit != -1 || o->sort != NULL || o->columns != NULL)
		return options_misuse("report", "report takes no --limit, "
		    "--sort or --columns");
	if (o->check)
		return options_misuse("report", "report has no --check");
	status = write ? check_write(o) : check_read(o);
	if (status != STATUS_DONE)
		return status;
	return write ? report_write(o, &filters) : report_read(o);
}

const struct command cmd_report = {
	.name = "report",
	.arguments = "",
	.summary = "TLS-RPT (RFC 8460): a period as senders report it; others'",
	.help =
"  report --tls-rpt  what sensors saw from --since T to --until T, as a TLS-RPT\n"
"                    report; --domain D for one policy domain; --client NET\n"
"                    for your own senders, --organization, --contact and\n"
"                    --report-id for its head\n"
"  report --read     reports of others: FILE ..., - being standard input, with\n"
"                    or without gzip.  Status 1: one of them is no report\n"
"\n"
"  striptls-analyzer report --tls-rpt --since 2026-03-01 --until 2026-03-02 \\\n"
"      --client 192.0.2.0/24 --organization Example --contact soc@example.org\n"
"  striptls-analyzer report --read google.com!example.org!1.json.gz\n"
"\n"
"Such a report tells of the senders in it: keep those of others out, and it to\n"
"yourself.  A session counts as success if its sender could know it was one: of\n"
"a policy that asks for a certificate, those that showed the right one.  Those\n"
"where that was not to be seen are left out; how many, standard error says.\n",
	.filters = &filters,
	.extras = HEAD_EXTRAS | EXTRA_BIT(EXTRA_TLS_RPT) |
	    EXTRA_BIT(EXTRA_READ),
	.run = run,
};
