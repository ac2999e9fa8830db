/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/options.h"

/* Values of long options without a letter; filters follow from FIRST on. */
enum {
	OPTION_COLUMNS = 256,
	OPTION_SORT,
	OPTION_LIMIT,
	OPTION_CHECK,
	OPTION_BY,
	OPTION_AS,
	OPTION_GEOIP,
	OPTION_VERSION,
	OPTION_FILTER_FIRST,
	OPTION_EXTRA_FIRST = OPTION_FILTER_FIRST + FILTERS,
};

#define FILTER_OPTION(word, filter)	\
	{ word, required_argument, NULL, OPTION_FILTER_FIRST + filter }

#define EXTRA_OPTION(word, extra)	\
	{ word, required_argument, NULL, OPTION_EXTRA_FIRST + extra }

#define FLAG_OPTION(word, extra)	\
	{ word, no_argument, NULL, OPTION_EXTRA_FIRST + extra }

static const struct option long_options[] = {
	FILTER_OPTION("since", FILTER_SINCE),
	FILTER_OPTION("until", FILTER_UNTIL),
	FILTER_OPTION("severity", FILTER_SEVERITY),
	FILTER_OPTION("confidence", FILTER_CONFIDENCE),
	FILTER_OPTION("kind", FILTER_KIND),
	FILTER_OPTION("verdict", FILTER_VERDICT),
	FILTER_OPTION("state", FILTER_STATE),
	FILTER_OPTION("server", FILTER_SERVER),
	FILTER_OPTION("client", FILTER_CLIENT),
	FILTER_OPTION("domain", FILTER_DOMAIN),
	FILTER_OPTION("sensor", FILTER_SENSOR),
	FILTER_OPTION("source", FILTER_SOURCE),
	FILTER_OPTION("protocol", FILTER_PROTOCOL),
	FILTER_OPTION("offer", FILTER_OFFER),
	FILTER_OPTION("starttls", FILTER_STARTTLS),
	FILTER_OPTION("tls", FILTER_TLS),
	FILTER_OPTION("protection", FILTER_PROTECTION),
	FILTER_OPTION("capture", FILTER_CAPTURE),
	FILTER_OPTION("session", FILTER_SESSION),
	FILTER_OPTION("incident", FILTER_INCIDENT),
	FILTER_OPTION("community-id", FILTER_COMMUNITY_ID),
	EXTRA_OPTION("pem", EXTRA_PEM),
	EXTRA_OPTION("live", EXTRA_LIVE),
	EXTRA_OPTION("next", EXTRA_NEXT),
	EXTRA_OPTION("host", EXTRA_HOST),
	EXTRA_OPTION("name", EXTRA_NAME),
	EXTRA_OPTION("port", EXTRA_PORT),
	EXTRA_OPTION("ttl", EXTRA_TTL),
	EXTRA_OPTION("type", EXTRA_TYPE),
	EXTRA_OPTION("record", EXTRA_RECORD),
	EXTRA_OPTION("records", EXTRA_RECORDS),
	EXTRA_OPTION("published", EXTRA_PUBLISHED),
	EXTRA_OPTION("at", EXTRA_AT),
	EXTRA_OPTION("timeout", EXTRA_TIMEOUT),
	EXTRA_OPTION("resolver", EXTRA_RESOLVER),
	EXTRA_OPTION("policy", EXTRA_POLICY),
	EXTRA_OPTION("organization", EXTRA_ORGANIZATION),
	EXTRA_OPTION("contact", EXTRA_CONTACT),
	EXTRA_OPTION("report-id", EXTRA_REPORT_ID),
	FLAG_OPTION("generic", EXTRA_GENERIC),
	FLAG_OPTION("trust-resolver", EXTRA_TRUST_RESOLVER),
	FLAG_OPTION("sts", EXTRA_STS),
	FLAG_OPTION("tls-rpt", EXTRA_TLS_RPT),
	FLAG_OPTION("read", EXTRA_READ),
	{ "columns", required_argument, NULL, OPTION_COLUMNS },
	{ "sort", required_argument, NULL, OPTION_SORT },
	{ "limit", required_argument, NULL, OPTION_LIMIT },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "by", required_argument, NULL, OPTION_BY },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "geoip", required_argument, NULL, OPTION_GEOIP },
	{ "database", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 }
};

static const char *
word_of(int option)
{
	for (size_t i = 0; long_options[i].name != NULL; i++)
		if (long_options[i].val == option)
			return long_options[i].name;
	return "?";
}

const char *
options_filter_word(enum filter f)
{
	return word_of(OPTION_FILTER_FIRST + (int)f);
}

const char *
options_extra_word(enum extra e)
{
	return word_of(OPTION_EXTRA_FIRST + (int)e);
}

int
options_misuse(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarnx(fmt, ap);
	va_end(ap);
	if (command != NULL)
		fprintf(stderr, "Try 'striptls-analyzer help %s'.\n", command);
	else
		fputs("Try 'striptls-analyzer --help'.\n", stderr);
	return STATUS_MISUSE;
}

bool
options_are_check(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--check") == 0)
			return true;
	return false;
}

static int
read_form(struct options *o, const char *word)
{
	static const char *const words[] = {
		[FORM_TABLE] = "table", [FORM_JSONL] = "jsonl",
		[FORM_JSON] = "json", [FORM_CSV] = "csv",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			o->form = (enum form)i;
			o->form_given = true;
			return STATUS_DONE;
		}
	}
	return options_misuse(NULL, "-o %s: unknown form; known are table, "
	    "jsonl, json, csv", word);
}

static int
read_file(struct options *o, const char *word)
{
	if (strncmp(word, "clickhouse:", 11) == 0)
		return options_misuse(NULL, "-d %s: this build reads SQLite "
		    "files only", word);
	if (o->files_count == OPTIONS_FILES_MAX)
		return options_misuse(NULL, "-d %s: more than the %d files "
		    "that SQLite reads together", word, OPTIONS_FILES_MAX);
	o->files[o->files_count++] = word;
	return STATUS_DONE;
}

static int
read_limit(struct options *o, const char *word)
{
	char *end;

	errno = 0;
	o->limit = strtol(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || o->limit < 0)
		return options_misuse(NULL, "--limit %s: not a number of rows "
		    "(0 means all)", word);
	return STATUS_DONE;
}

static int
read_geoip(struct options *o, const char *word)
{
	if (o->geoip_count == OPTIONS_GEOIP_MAX)
		return options_misuse(NULL, "--geoip %s: more than %d files",
		    word, OPTIONS_GEOIP_MAX);
	o->geoip[o->geoip_count++] = word;
	return STATUS_DONE;
}

static int
read_extra(struct options *o, enum extra e)
{
	struct extra_words *w = &o->extras[e];

	if (w->count == OPTIONS_EXTRA_MAX)
		return options_misuse(NULL, "--%s: more than %d times",
		    options_extra_word(e), OPTIONS_EXTRA_MAX);
	w->list[w->count++] = optarg != NULL ? optarg : "";
	return STATUS_DONE;
}

static int
read_option(struct options *o, int option)
{
	if (option >= OPTION_EXTRA_FIRST)
		return read_extra(o, (enum extra)(option -
		    OPTION_EXTRA_FIRST));
	if (option >= OPTION_FILTER_FIRST) {
		o->filters[option - OPTION_FILTER_FIRST] = optarg;
		return STATUS_DONE;
	}
	switch (option) {
	case 'd':
		return read_file(o, optarg);
	case 'o':
		return read_form(o, optarg);
	case OPTION_LIMIT:
		return read_limit(o, optarg);
	case OPTION_COLUMNS:
		o->columns = optarg;
		return STATUS_DONE;
	case OPTION_SORT:
		o->sort = optarg;
		return STATUS_DONE;
	case OPTION_CHECK:
		o->check = true;
		return STATUS_DONE;
	case OPTION_BY:
		o->by = optarg;
		return STATUS_DONE;
	case OPTION_AS:
		o->as = optarg;
		return STATUS_DONE;
	case OPTION_GEOIP:
		return read_geoip(o, optarg);
	case OPTION_VERSION:
		o->version = true;
		return STATUS_DONE;
	case 'h':
		o->help = true;
		return STATUS_DONE;
	default:		/* '?': getopt has said why */
		fputs("Try 'striptls-analyzer --help'.\n", stderr);
		return STATUS_MISUSE;
	}
}

int
options_read(struct options *o, int argc, char **argv)
{
	static char name[] = "striptls-analyzer";
	int option;

	*o = (struct options){
		.form = isatty(STDOUT_FILENO) ? FORM_TABLE : FORM_JSONL,
		.limit = -1,
	};
	if (argc > 0)
		argv[0] = name;		/* getopt(3) says it in messages */
	while ((option = getopt_long(argc, argv, "d:o:h", long_options,
	    NULL)) != -1)
		if (read_option(o, option) != STATUS_DONE)
			return STATUS_MISUSE;
	o->files_given = o->files_count > 0;
	if (o->files_count == 0)
		o->files[o->files_count++] = "striptls.db";
	if (optind < argc) {
		o->command = argv[optind];
		o->words = argv + optind + 1;
		o->words_count = argc - optind - 1;
	}
	return STATUS_DONE;
}
