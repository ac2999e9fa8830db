/* SPDX-License-Identifier: ISC */
/*
 * analyzer/options.h -- the command line, read once.
 *
 * Options may stand before or behind the command.  Filters are kept as the
 * words they were given as: which of them a command knows, and what they
 * mean to its rows, is said by the command (listing.h) and read by
 * filter.c.
 */
#ifndef ANALYZER_OPTIONS_H
#define ANALYZER_OPTIONS_H

#include <stdbool.h>

/* The first database is opened, the others attached: SQLite takes 10. */
#define OPTIONS_FILES_MAX	11
#define OPTIONS_GEOIP_MAX	8

/* What came of it: the exit status (contract). */
enum status {
	STATUS_DONE = 0,
	STATUS_ERROR = 1,	/* the world: no such file, no such session */
	STATUS_MISUSE = 2,	/* the command line */
	/* A bit: the others are a monitoring system's (check.h), which takes
	 * 1 and 2 for warning and critical. */
	STATUS_CHECKED = 16,
};

enum form { FORM_TABLE, FORM_JSONL, FORM_JSON, FORM_CSV };

enum filter {
	FILTER_SINCE,
	FILTER_UNTIL,
	FILTER_SEVERITY,
	FILTER_CONFIDENCE,
	FILTER_KIND,
	FILTER_VERDICT,
	FILTER_STATE,
	FILTER_SERVER,
	FILTER_CLIENT,
	FILTER_DOMAIN,
	FILTER_SENSOR,
	FILTER_SOURCE,
	FILTER_PROTOCOL,
	FILTER_OFFER,
	FILTER_STARTTLS,
	FILTER_TLS,
	FILTER_PROTECTION,
	FILTER_CAPTURE,
	FILTER_SESSION,
	FILTER_INCIDENT,
	FILTER_COMMUNITY_ID,
	FILTERS
};

/* Options that belong to single commands, as the words they were given as;
 * each may be given several times if the command allows it. */
enum extra {
	EXTRA_PEM,
	EXTRA_LIVE,
	EXTRA_NEXT,
	EXTRA_HOST,
	EXTRA_NAME,
	EXTRA_PORT,
	EXTRA_TTL,
	EXTRA_TYPE,
	EXTRA_RECORD,
	EXTRA_RECORDS,
	EXTRA_PUBLISHED,
	EXTRA_AT,
	EXTRA_TIMEOUT,
	EXTRA_RESOLVER,
	EXTRA_POLICY,
	EXTRA_ORGANIZATION,
	EXTRA_CONTACT,
	EXTRA_REPORT_ID,
	EXTRA_GENERIC,		/* these take no word: "" */
	EXTRA_TRUST_RESOLVER,
	EXTRA_STS,
	EXTRA_TLS_RPT,
	EXTRA_READ,
	EXTRAS
};

#define EXTRA_BIT(e)		(1u << (e))
#define OPTIONS_EXTRA_MAX	16	/* times that one may be given */

struct extra_words {
	const char	*list[OPTIONS_EXTRA_MAX];
	unsigned	 count;
};

struct options {
	const char	 *files[OPTIONS_FILES_MAX];
	unsigned	  files_count;
	bool		  files_given;	/* by -d */
	enum form	  form;
	bool		  form_given;	/* by -o */
	const char	 *command;	/* NULL: none was named */
	char		**words;	/* what follows the command */
	int		  words_count;
	const char	 *filters[FILTERS];	/* NULL: not given */
	struct extra_words extras[EXTRAS];
	const char	 *columns;	/* NULL: the command's own choice */
	const char	 *sort;		/* NULL: likewise */
	long		  limit;	/* 0: none; -1: not given */
	const char	 *by;		/* rates: what to group by; NULL */
	const char	 *as;		/* who changes an incident; NULL */
	const char	 *geoip[OPTIONS_GEOIP_MAX];
	unsigned	  geoip_count;
	bool		  check;
	bool		  help, version;
};

/* "--severity", for messages. */
const char	*options_filter_word(enum filter f);
const char	*options_extra_word(enum extra e);

/* STATUS_DONE, or STATUS_MISUSE after saying why.  `argv` is put in another
 * order and must outlive `o`. */
int		 options_read(struct options *o, int argc, char **argv);

/* One line about wrong use and a hint; always STATUS_MISUSE. */
int		 options_misuse(const char *command, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

/*
 * Is --check on this command line?  Asked before it is read in full, as a
 * monitoring system must be told "unknown" by any failure, wrong use too.
 */
bool		 options_are_check(int argc, char **argv);

#endif
