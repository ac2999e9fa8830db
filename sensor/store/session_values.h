/* SPDX-License-Identifier: ISC */
/*
 * store/session_values.h -- a record in the numbers of table `session`.
 */
#ifndef STORE_SESSION_VALUES_H
#define STORE_SESSION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "detect/promise.h"
#include "session/record.h"
#include "store/dictionary.h"

enum session_column {
#define INTEGER(name)	COLUMN_##name,
#define OCTETS(name)	COLUMN_##name,
#define COMMON(name)	COLUMN_##name,
#include "store/session_columns.def"
#undef INTEGER
#undef OCTETS
#undef COMMON
	COLUMNS
};

/* Of table `session`; behind them are those of table `common`. */
#define SESSION_COLUMNS	(COLUMN_dialogue + 1)
#define COMMON_FIRST	SESSION_COLUMNS
#define COMMON_COLUMNS	(COLUMNS - SESSION_COLUMNS)

#define VALUE_NULL	INT64_MIN	/* no time step is stored as that */
#define COMMUNITY_MAX	32
#define COUNT_SHARED_MAX 3	/* higher ones are a session's own */
#define COUNTS_TEXT_MAX	96	/* "[1,2,3,4]" */
#define RCPT_TEXT_MAX	(SMTP_DOMAINS_MAX * 21 + 2)	/* "[1,2]" */

/* Lines of the dialogue (0: none) that are this text behind a reply code: it
 * needs no line of its own. */
struct said {
	int64_t		banner, ehlo_first;
};

struct session_values {
	struct said	 said;
	const struct book	*book;		/* of the record at hand */
	int64_t	 integer[COLUMNS];		/* of all but the OCTETS */
	char	 community[COMMUNITY_MAX];	/* "": NULL, as below */
	char	 rcpt_domains[RCPT_TEXT_MAX];
	char	 counts[COUNTS_TEXT_MAX];
	char	*more;				/* owned; NULL: nothing */
	bool	 more_shared;			/* and is table common's */
	bool	 failed;			/* SQLite or memory */
};

static inline void
value_bind(sqlite3_stmt *stmt, int parameter, int64_t value)
{
	if (value == VALUE_NULL)
		sqlite3_bind_null(stmt, parameter);
	else
		sqlite3_bind_int64(stmt, parameter, value);
}

/* From one time to another.  Captures claim any time: wraps, never NULL. */
static inline int64_t
value_step(int64_t from, int64_t to)
{
	int64_t step = (int64_t)((uint64_t)to - (uint64_t)from);

	return step != VALUE_NULL ? step : step + 1;
}

/*
 * All but what the row has of its own: id, identity, started, verdict,
 * findings, common, sensor, dialogue.  v->said must be set; `p` may be NULL:
 * not asked.  Stores new words on the way.  -1: SQLite or memory failed.
 */
int	session_values_fill(struct session_values *v, struct dictionary *d,
	    const struct session_record *r, const struct promise *p);
void	session_values_clear(struct session_values *v);

#endif
