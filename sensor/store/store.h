/* SPDX-License-Identifier: ISC */
/*
 * store/store.h -- records into rows.
 *
 * The clerk's alone: one thread, one database.  Rows gather in a
 * transaction until store_commit(), or until STORE_BATCH_MAX sessions are
 * in it.  The same record twice changes nothing.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/counters.h"
#include "baseline/past.h"
#include "detect/detect.h"
#include "session/record.h"

#define STORE_BATCH_MAX	262144

struct store;			/* opaque */

struct store_totals {
	uint64_t	sessions;	/* given to the store by this run */
	uint64_t	new_sessions;	/* ... that were not there before */
	uint64_t	undecided;
	uint64_t	lost;		/* no id free: 2 million a second */
	uint64_t	findings[SEVERITIES];	/* of the new ones */
	uint64_t	incidents;	/* opened by this run */
};

/* Create, open or upgrade.  NULL after saying why; an existing file that is
 * not ours or newer is left as it was. */
struct store	*store_open(const char *path, const char *sensor);
/* Commits.  -1 after saying why; then what was committed before is safe. */
int		 store_close(struct store *s);	/* NULL is fine: 0 */

/* A note (RECORD_NOTE): learnt, and nothing of it is stored. */
int		 store_note(struct store *s, const struct session_record *r);

/*
 * Is this session new?  Then *id is its number and *past what was before
 * it: judge it, and give it to store_session() next, which also has it
 * learnt and its findings put into incidents.  A known one is counted and
 * changes nothing.
 *
 * An early record (RECORD_EARLY) is stored if it has a finding of medium
 * severity or more, and is not learnt; the next one of its session, and the
 * final one, take its place.
 *
 * Both return -1 after saying why (disk full): the transaction is rolled
 * back and the store takes no more.
 */
enum store_place { STORE_NEW, STORE_KNOWN, STORE_NO_ROOM };
int		 store_place(struct store *s, const struct session_record *r,
		    enum store_place *place, int64_t *id, struct past *past);
struct store_case {
	const struct session_record	*r;
	const struct past		*past;
	const struct promise		*promise;	/* NULL: not asked */
};
int		 store_session(struct store *s, int64_t id,
		    const struct store_case *c, struct findings *f);
int		 store_commit(struct store *s);

/* One row of table `run` per source: what was read and how well.  `first`
 * and `last` are packets' times, 0: there was none.  -1 after saying why. */
int64_t		 store_run_begin(struct store *s, const char *source,
		    int64_t at);
int		 store_run_end(struct store *s, int64_t run,
		    const struct counters *c, int64_t first, int64_t last,
		    const char *damage);

const struct store_totals	*store_totals(const struct store *s);

/* A capture of its beginning, DIR/<session id>.pcap, for each new session
 * with a finding of low severity or more (store/evidence.c).  DIR is made if
 * it is missing.  -1 after saying why. */
int		 store_evidence(struct store *s, const char *dir);

/* Every session and finding stored from here on is also appended to `path`
 * as JSON lines ("-": standard output), with the columns of v_sessions and
 * v_findings behind a "type", after its commit.  -1 after saying why.  When
 * writing fails later the database goes on, and store_close() says -1.  The
 * caller ignores SIGPIPE. */
int		 store_jsonl(struct store *s, const char *path);

#endif
