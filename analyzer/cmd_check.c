/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/check.h"
#include "analyzer/commands.h"
#include "analyzer/exam.h"
#include "analyzer/page.h"
#include "analyzer/server_find.h"
#include "analyzer/sheet.h"
#include "analyzer/text.h"
#include "analyzer/when.h"
#include "schema/moment.h"

#define SECONDS_DEFAULT	10

static const struct sheet_column columns[] = {
	{ "name", NULL, COLUMN_PLAIN },
	{ "host", NULL, COLUMN_PLAIN },
	{ "address", NULL, COLUMN_PLAIN },
	{ "about", NULL, COLUMN_PLAIN },
	{ "verdict", NULL, COLUMN_PLAIN },
	{ "word", NULL, COLUMN_PLAIN },
	{ "text", NULL, COLUMN_PLAIN },
};

/* --- the command line --- */

static int
read_number(const struct options *o, enum extra e, long most, long none,
    unsigned *out)
{
	const struct extra_words *w = &o->extras[e];
	long number = none;
	char *end;

	if (w->count > 1)
		return options_misuse(o->command, "--%s may be given once",
		    options_extra_word(e));
	if (w->count == 1) {
		errno = 0;
		number = strtol(w->list[0], &end, 10);
		if (errno != 0 || end == w->list[0] || *end != '\0' ||
		    number < 1 || number > most)
			return options_misuse(o->command, "--%s %s: not a "
			    "number from 1 to %ld", options_extra_word(e),
			    w->list[0], most);
	}
	*out = (unsigned)number;
	return STATUS_DONE;
}

static int
read_name(struct exam *e, const struct options *o)
{
	struct addr literal;

	if (o->words_count != 1)
		return options_misuse("check", "check: %s", o->words_count ==
		    0 ? "which domain or mail server?" :
		    "one domain or mail server at a time");
	if (addr_parse(&literal, o->words[0]) == 0)
		return options_misuse("check", "check %s: an address has no "
		    "promise in the DNS; a name, please", o->words[0]);
	for (const char *c = o->words[0]; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			return options_misuse("check", "check: this name is "
			    "to be given as A-labels (xn--...)");
	if (!lookup_name_copy(e->name, o->words[0]))
		return options_misuse("check", "check: not the name of a "
		    "domain or host");
	return STATUS_DONE;
}

static int
read_options(struct exam *e, const struct options *o)
{
	int status;

	if ((status = read_name(e, o)) != STATUS_DONE ||
	    (status = read_number(o, EXTRA_PORT, 65535, 25, &e->port)) !=
	    STATUS_DONE ||
	    (status = read_number(o, EXTRA_TIMEOUT, 600, SECONDS_DEFAULT,
	    &e->seconds)) != STATUS_DONE)
		return status;
	if (o->limit != -1 || o->sort != NULL || o->columns != NULL)
		return options_misuse("check", "check takes no --limit, "
		    "--sort or --columns");
	if (o->extras[EXTRA_RESOLVER].count > 1 ||
	    o->extras[EXTRA_POLICY].count > 1)
		return options_misuse("check", "--resolver and --policy may "
		    "be given once");
	if ((e->dns = answers_open(o, &status)) == NULL)
		return status;
	if (o->extras[EXTRA_STS].count > 0 && !answers_are_live(e->dns))
		return options_misuse("check", "--sts needs a live resolver, "
		    "not --policy file:");
	return STATUS_DONE;
}

/* --- what comes out --- */

static void
finish_facts(struct exam *e)
{
	char at[MOMENT_TEXT];
	json_t *counts = json_object();

	moment_format(e->now, at);
	exam_keep(e->facts, "at", at);
	exam_keep(e->facts, "kind", e->is_domain ? "domain" : "host");
	/* notes leave nothing to mend */
	exam_keep(e->facts, "verdict", exam_level_word(e->worst ==
	    EXAM_NOTE ? EXAM_GOOD : e->worst));
	for (int i = 0; i < EXAM_LEVELS; i++)
		json_object_set_new(counts, exam_level_word(
		    (enum exam_level)i), json_integer(e->counts[i]));
	json_object_set_new(e->facts, "counts", counts);
}

static void
add_lines(struct sheet *s, const struct exam *e, const json_t *of,
    const char *host, const char *address)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(of, "lines"), i, line)
		sheet_add(s, "ttttttt", e->name, host, address,
		    page_text(line, "about"), page_text(line, "verdict"),
		    page_text(line, "word"), page_text(line, "text"));
}

/* The remarks, one a row. */
static int
show_rows(const struct exam *e)
{
	const json_t *host, *address;
	struct sheet *s;
	size_t i, k;
	int status;

	s = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	if (s == NULL)
		return STATUS_ERROR;
	add_lines(s, e, e->facts, NULL, NULL);
	json_array_foreach(json_object_get(e->facts, "hosts"), i, host) {
		add_lines(s, e, host, page_text(host, "name"), NULL);
		json_array_foreach(json_object_get(host, "addresses"), k,
		    address)
			add_lines(s, e, address, page_text(host, "name"),
			    page_text(address, "address"));
	}
	status = sheet_show(s, e->o->form);
	sheet_free(s);
	return status;
}

static int
show_object(const struct exam *e)
{
	char *text = json_dumps(e->facts, JSON_COMPACT);

	if (text == NULL) {
		warnx("memory is short");
		return STATUS_ERROR;
	}
	text_put_json(stdout, text, strlen(text));
	putchar('\n');
	free(text);
	return STATUS_DONE;
}

static int
show_page(const struct exam *e)
{
	struct render_style style = render_style_of(FORM_TABLE);

	exam_page(&(struct page){ .style = &style, .facts = e->facts });
	return STATUS_DONE;
}

static int
say_check(const struct exam *e)
{
	enum check_status status = CHECK_OK;

	switch (e->worst) {
	case EXAM_GOOD:
	case EXAM_NOTE:
	case EXAM_LEVELS:
		break;
	case EXAM_WARNING:
		status = CHECK_WARNING;
		break;
	case EXAM_UNKNOWN:
		status = CHECK_UNKNOWN;
		break;
	case EXAM_FAULT:
		status = CHECK_CRITICAL;
		break;
	}
	printf("%s: %s: %s | faults=%u;;;0 warnings=%u;;;0 unknown=%u;;;0 "
	    "notes=%u;;;0 good=%u;;;0\n", status == CHECK_OK ? "OK" :
	    status == CHECK_WARNING ? "WARNING" : status == CHECK_CRITICAL ?
	    "CRITICAL" : "UNKNOWN", e->name, status == CHECK_OK ?
	    "nothing to mend" : e->worst_text, e->counts[EXAM_FAULT],
	    e->counts[EXAM_WARNING], e->counts[EXAM_UNKNOWN],
	    e->counts[EXAM_NOTE], e->counts[EXAM_GOOD]);
	return STATUS_CHECKED | (int)status;
}

static int
show(const struct exam *e)
{
	if (e->o->check)
		return say_check(e);
	switch (e->o->form) {
	case FORM_TABLE:
		return show_page(e);
	case FORM_JSON:
		return show_object(e);
	case FORM_JSONL:
	case FORM_CSV:
		break;
	}
	return show_rows(e);
}

/* --- */

static void
clear(struct exam *e)
{
	for (unsigned i = 0; i < e->naddresses; i++)
		for (unsigned n = 0; n < EXAM_CHAINS_MAX; n++) {
			if (e->addresses[i].shown[n] == NULL)
				continue;
			starttls_forget(e->addresses[i].shown[n]);
			free(e->addresses[i].shown[n]);
		}
	for (unsigned i = 0; i < e->nhosts; i++)
		tlsa_clear(&e->hosts[i].records);
	json_decref(e->facts);
	answers_close(e->dns);
	inquiry_clear(&e->inquiry);
	free(e);
}

static int
examine(struct exam *e)
{
	int status;

	exam_keep(e->facts, "name", e->name);
	exam_keep(e->facts, "dns", answers_source(e->dns));
	json_object_set_new(e->facts, "port", json_integer(e->port));
	if (exam_dns(e) == -1 || exam_live(e) == -1 ||
	    exam_judge(e) == -1 || exam_sts(e) == -1 || exam_seen(e) == -1)
		return STATUS_ERROR;
	finish_facts(e);
	if (e->failed) {
		warnx("memory is short");
		return STATUS_ERROR;
	}
	status = show(e);
	if (status == STATUS_DONE && e->mx->status == LOOKUP_UNKNOWN)
		status = STATUS_ERROR;		/* nobody was there to ask */
	return status;
}

static int
run(const struct options *o)
{
	struct exam *e;
	int status;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->facts = json_object()) == NULL) {
		warnx("memory is short");
		free(e);
		return STATUS_ERROR;
	}
	e->o = o;
	e->now = when_now();
	if ((status = read_options(e, o)) == STATUS_DONE)
		status = examine(e);
	clear(e);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "NAME",
	.summary = "test a domain or mail server now: DNS, TLSA, STARTTLS",
	.help =
"Looks NAME up and talks to its mail servers now: MX hosts and whether DNSSEC\n"
"signs them, addresses, TLSA records; at each address STARTTLS, TLS version,\n"
"certificates, and which record they match; the scheme of two records, 3 1 1\n"
"and 2 1 1; MTA-STS.  Each line has a verdict: good, note, warning, fault, or\n"
"unknown.  A name without MX is looked at as a mail server.  Where sensors saw\n"
"something else at the same addresses (-d, or striptls.db if there is one),\n"
"that is a line too.  No mail is sent.\n"
"\n"
"  striptls-analyzer check example.org\n"
"  striptls-analyzer check mx.example.org --check    for monitoring\n"
"\n"
"The resolver must validate: --resolver ADDRESS[@PORT], by default 127.0.0.1;\n"
"one that is not on this machine needs --trust-resolver.  --policy file:PATH\n"
"takes the DNS from a zone file instead.  --sts fetches the MTA-STS policy.\n"
"--timeout is of one server, in seconds.  -o json has all of it in one object,\n"
"-o jsonl one line for each remark.\n",
	.filters = &server_find_filters,
	.extras = EXTRA_BIT(EXTRA_RESOLVER) | EXTRA_BIT(EXTRA_POLICY) |
	    EXTRA_BIT(EXTRA_TRUST_RESOLVER) | EXTRA_BIT(EXTRA_STS) |
	    EXTRA_BIT(EXTRA_PORT) | EXTRA_BIT(EXTRA_TIMEOUT),
	.run = run,
};
