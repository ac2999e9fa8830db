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
#include "baseline/baseline.h"
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

/* Into the caches ahead of time what placing and storing a record will touch,
 * by depths: see baseline/baseline.h.  What it points to is there at the
 * last. */
#define STORE_DEPTHS	BASELINE_DEPTHS
void		 store_foresee(const struct store *s,
		    const struct session_record *r, unsigned depth);

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

/*
 * A session of this run whose certificate-mismatch is to be asked about again
 * (CONFIRM_WAIT), or cannot be: behind its store_session().
 */
struct store_doubt {
	int64_t			 session;
	enum confirm_answer	 answer;
	int64_t			 at, due;	/* now, and when to ask */
	const char		*why;		/* it cannot; or NULL */
	enum verdict		 verdict;
	const struct finding	*finding;	/* the mismatch */
};
int		 store_doubt(struct store *s, const struct store_doubt *d);

/*
 * What became of it: the session's verdict and findings are replaced, and its
 * incident says so.  One `at` for all that one answer settles: an incident's
 * log tells it once.  Of a session that is not there any more nothing is
 * kept.
 */
struct store_revision {
	int64_t			 session;
	enum confirm_answer	 answer;
	int64_t			 at;
	const char		*why;		/* of CONFIRM_UNDECIDED */
	struct findings		*findings;	/* their incidents are set */
	const struct policy_answer *later;	/* NULL: there was none */
};
int		 store_revise(struct store *s,
		    const struct store_revision *v);

/*
 * A session of this run whose policy could not be looked up, and which is to
 * be judged again when it can; or cannot, for the reason `why_left`.  Behind
 * its store_session().
 */
struct store_unanswered {
	int64_t			 session;
	int64_t			 at, due;	/* now, and when to ask */
	const char		*why;		/* the lookup failed */
	const char		*why_left;	/* or NULL */
	const struct findings	*findings;
};
int		 store_unanswered(struct store *s,
		    const struct store_unanswered *u);

/* It will not be. */
struct store_left {
	int64_t			 session, at;
	unsigned		 tries;
	const char		*why;
};
int		 store_left(struct store *s, const struct store_left *l);

/*
 * It is: policy, findings and verdict are replaced, what of them is news is
 * put into an incident, and that one and the one they were in say so, once for
 * each `at`.  Nothing is learnt of it again.  Of a session that is not there
 * any more nothing is kept.
 */
struct store_again {
	int64_t			 session;
	struct store_case	 of;
	struct findings		*findings;
	int64_t			 at;
	unsigned		 tries;
};
int		 store_again(struct store *s, const struct store_again *a);

/*
 * MTA-STS policies, as lines of policy/sts_store.h: keep one, and have those
 * told that have not expired.  Those that have, and the first to expire
 * beyond a limit, are dropped.  -1 as above.
 */
int		 store_sts_keep(struct store *s, const char *line);
int		 store_sts_tell(struct store *s,
		    void (*tell)(void *context, const char *line),
		    void *context);

/* Is there something that store_commit() would commit? */
bool		 store_is_open(const struct store *s);
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
 * v_findings behind a "type", after its commit; once more if it is revised.
 * -1 after saying why.  When writing fails later the database goes on, and
 * store_close() says -1.  The caller ignores SIGPIPE. */
int		 store_jsonl(struct store *s, const char *path);

#endif
