/* SPDX-License-Identifier: ISC */
/*
 * baseline/baseline.h -- what servers and clients did before.
 *
 * Memories live in table `past` and, bounded, in a cache.  They are fed in
 * the order in which records come, and everything in them carries packet
 * time: a capture of last week that is read today is judged by what was
 * before it, as far as hours tell that apart.
 *
 * Nobody teaches it silence: rules judge a session before it is learnt,
 * and what a forger said over the server's words (a conflict) is not
 * learnt at all.
 *
 * The clerk's alone.  All calls come inside a transaction of the same
 * database; -1 means that SQLite failed and it must be given up.
 */
#ifndef BASELINE_BASELINE_H
#define BASELINE_BASELINE_H

#include <sqlite3.h>

#include "baseline/past.h"
#include "session/record.h"

struct baseline_limits {
	unsigned	servers, clients, networks;	/* in the cache; > 0 */
	unsigned	rows;		/* of each of the three in the database */
	unsigned	days;		/* what is remembered of one, back from
					 * its own latest session */
	unsigned	row_days;	/* a row whose latest is so long before
					 * the newest of all goes: archives are
					 * read after live traffic, too */
};

#define BASELINE_LIMITS_DEFAULT	{	\
	.servers = 20000,		\
	.clients = 50000,		\
	.networks = 20000,		\
	.rows = 1000000,		\
	.days = 60,			\
	.row_days = 400,		\
}

struct baseline;		/* opaque */

/* `db` has the schema and outlives it.  NULL: memory or SQLite failed. */
struct baseline	*baseline_new(sqlite3 *db,
		    const struct baseline_limits *limits);
/* What was not flushed is lost.  NULL is fine. */
void		 baseline_free(struct baseline *b);

/* Behind BEGIN: another program may have written since. */
int		 baseline_begin(struct baseline *b);

/* Into the caches ahead of time what recalling a session will touch: depth 0
 * where its memories are looked for, and once that is there, depths 1 to 3
 * what that leads to.  The record itself is there. */
#define BASELINE_DEPTHS	4
void		 baseline_foresee(const struct baseline *b,
		    const struct session_record *r, unsigned depth);

/* What was before this session. */
int		 baseline_recall(struct baseline *b,
		    const struct session_record *r, struct past *past);
/* What rules said of a session before it is learnt. */
struct lesson {
	bool	taken;		/* a known offer is gone in it */
	bool	pressed;	/* its TLS is less than both agree on */
};

/* Learn the session that baseline_recall() was last asked about. */
int		 baseline_learn(struct baseline *b,
		    const struct lesson *lesson);

/* A note (RECORD_NOTE): the client's memory learns ahead of the record that
 * TLS failed. */
int		 baseline_note(struct baseline *b,
		    const struct session_record *r);

/* Ahead of COMMIT; `now` is the clock's: old is what is that before the
 * latest session learnt, and before now. */
int		 baseline_flush(struct baseline *b, int64_t now);

#endif
