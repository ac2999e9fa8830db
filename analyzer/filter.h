/* SPDX-License-Identifier: ISC */
/*
 * analyzer/filter.h -- what a command's filters mean to its rows.
 *
 * A rule says how the word behind a filter is read, and which condition it
 * makes.  In the condition '@' stands for the value, or for each of several
 * (words may be given as a list with commas).
 */
#ifndef ANALYZER_FILTER_H
#define ANALYZER_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/options.h"
#include "analyzer/query.h"

enum filter_type {
	FILTER_TIME,		/* microseconds */
	FILTER_TIME_AS_ID,	/* least session id of its second */
	FILTER_TIME_PAST_ID,	/* ... of the second behind it */
	FILTER_TEXT,		/* as typed */
	FILTER_NUMBER,
	FILTER_PARTY,		/* address, network or name */
	FILTER_PARTY_WORD,	/* likewise, as typed, for party_meets() */
	FILTER_MIN_SEVERITY,	/* this and all graver ones */
	FILTER_MIN_CONFIDENCE,
	FILTER_KINDS,
	FILTER_VERDICTS,
	FILTER_STATES,		/* and "open", "all" */
	FILTER_OFFERS,
	FILTER_STARTTLSES,
	FILTER_TLSES,
	FILTER_PROTECTIONS,
	FILTER_PROTOCOLS,
	FILTER_CAPTURES,
};

struct filter_rule {
	enum filter		 filter;
	enum filter_type	 type;
	const char		*sql;	/* of PARTY: for a name */
	const char		*party;	/* column before "_ip" and "_port" */
};

/* Rules of one command; a filter may have more than one. */
struct filter_rules {
	const struct filter_rule	*list;
	size_t				 count;
};

/* Does any rule read this filter? */
bool	filter_known(const struct filter_rules *r, enum filter f);

/* Was any filter given? */
bool	filter_given(const struct options *o);

/*
 * Add " AND condition" for each filter given.  STATUS_DONE, or STATUS_MISUSE
 * after saying which word is wrong and which are known.
 */
int	filter_apply(struct query *q, const struct filter_rules *r,
	    const struct options *o, int64_t now);

#endif
