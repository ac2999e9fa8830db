/* SPDX-License-Identifier: ISC */
/*
 * store/incidents.h -- the book of incidents: which one a session belongs
 * to, and their rows.
 *
 * Incidents of late are kept in memory and written at commit; older ones,
 * and what there is no room for, are read when a session needs them.  What
 * analysts did to one (table incident_log, incident.state) stays: only a
 * closed one that goes on is opened again, and the log says so.  Of two that
 * turn out to be one the elder stays, and its log names the other.
 */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

#include <sqlite3.h>

#include "detect/incident.h"
#include "store/dictionary.h"
#include "store/finding_row.h"

struct incidents;		/* opaque */

/* All borrowed.  -1 and NULL in *out: SQLite or memory failed. */
int	incidents_new(sqlite3 *db, struct dictionary *d,
	    struct finding_row *findings, struct incidents **out);
void	incidents_free(struct incidents *b);	/* NULL is fine */

/* Behind BEGIN: another program may have written since.  `now` is the
 * clock's, for the log, as below. */
int	incidents_begin(struct incidents *b, int64_t now);

/* Put a session where it belongs, and the incident's number into those of
 * its findings that are in it.  -1: SQLite failed. */
int	incidents_take(struct incidents *b, const struct incident_share *s,
	    struct findings *f);

/* Put what the session shows of its server's posture where it belongs, and
 * say in it what is known.  -1: SQLite failed. */
int	incidents_take_posture(struct incidents *b,
	    const struct incident_share *s, struct findings *f);

/* Ahead of COMMIT; `now` is the clock's, for the log.  -1: SQLite failed. */
int	incidents_flush(struct incidents *b, int64_t now);

/* A finding of it was judged anew, or is not of it any more, and its row says
 * so already. */
struct incident_revision {
	int64_t			 incident;	/* 0: of none */
	int64_t			 at;		/* the clock's */
	const char		*text;		/* for the log */
	bool			 again;		/* a closed one goes on */
};
/* Grave as its findings now are, and its log tells what changed, once for
 * each `at`.  -1: SQLite failed. */
int	incidents_revise(struct incidents *b,
	    const struct incident_revision *v);

/* How many were opened since incidents_new(), and not merged since. */
uint64_t	incidents_opened(const struct incidents *b);

#endif
