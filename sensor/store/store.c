/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "baseline/baseline.h"
#include "schema/schema.h"
#include "store/again.h"
#include "store/confirm_row.h"
#include "store/dictionary.h"
#include "store/early_rows.h"
#include "store/evidence_file.h"
#include "store/finding_row.h"
#include "store/incidents.h"
#include "store/json_lines.h"
#include "store/run_row.h"
#include "store/session_row.h"
#include "store/store.h"
#include "store/sts_rows.h"

#define BUSY_MS		10000	/* another writer's transaction may last */

/*
 * WAL, so that analysts read while we write; NORMAL, because what a power
 * cut can take is the last transactions, never the database.  Nearly all is
 * appended: the cache holds the pages of indexes that sessions of late are
 * in, and more of it would only be memory to fill with rows that nobody
 * reads.  Appended pages go once to where they belong, soon or late; what the
 * WAL has of them at the end keeps us from closing, so soon.
 * Debian overwrites what is deleted unless told not to, at each page split.
 */
static const char tuning[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA wal_autocheckpoint = 1024;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -16384;"
    "PRAGMA secure_delete = OFF;"
    "PRAGMA temp_store = MEMORY";

struct store {
	sqlite3			*db;
	char			*path;
	struct dictionary	*dictionary;
	struct session_row	*sessions;
	struct finding_row	*findings;
	struct incidents	*incidents;
	struct baseline		*baseline;
	struct early_rows	*early;
	struct confirm_row	*confirm;
	struct unanswered_row	*unanswered;
	struct sts_rows		*sts;
	char			*sensor_name;
	int64_t			 sensor;
	struct store_totals	 totals;
	uint64_t		 committed;	/* of totals.new_sessions */
	bool			 open;		/* in a transaction */
	bool			 failed;	/* takes no more */
	struct json_lines	*lines;		/* NULL: not wanted */
	bool			 lines_failed;
	bool			 evidence_failed;
	char			*evidence;	/* folder; NULL: not wanted */
	int64_t			*fresh;		/* sessions not yet committed */
	unsigned		 nfresh;
};

/* What SQLite, or the system below it, has against it. */
static const char *
reason(sqlite3 *db, char *buffer, size_t size)
{
	int error;

	if (sqlite3_errcode(db) == SQLITE_OK)
		return "out of memory";
	error = sqlite3_system_errno(db);
	switch (sqlite3_errcode(db)) {
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_FULL:
		if (error == 0)
			break;
		snprintf(buffer, size, "%s (%s)", sqlite3_errmsg(db),
		    strerror(error));
		return buffer;
	}
	return sqlite3_errmsg(db);
}

/* The transaction is lost, all before it is safe: say so, once. */
static int
fail(struct store *s)
{
	char buffer[256];

	log_warnx("store %s: %s; stopped, the %llu sessions stored before "
	    "are safe", s->path, reason(s->db, buffer, sizeof(buffer)),
	    (unsigned long long)s->committed);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* may be done */
	s->totals.new_sessions = s->committed;
	s->failed = true;
	s->open = false;
	s->nfresh = 0;
	return -1;
}

static int
begin(struct store *s)
{
	if (s->failed)
		return -1;
	if (s->open)
		return 0;
	if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) !=
	    SQLITE_OK)
		return fail(s);
	s->open = true;
	if (dictionary_begin(s->dictionary) == -1 ||
	    session_row_begin(s->sessions) == -1 ||
	    baseline_begin(s->baseline) == -1 ||
	    incidents_begin(s->incidents, clock_wall_us()) == -1)
		return fail(s);
	return 0;
}

static int
open_database(struct store *s)
{
	char why[SCHEMA_WHY_MAX], buffer[256];

	/* Nobody asks how much memory it uses; counting takes a lock at each
	 * piece.  Too late, and of no harm, if it was used before. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		log_warnx("store %s: %s", s->path, s->db == NULL ?
		    "out of memory" : reason(s->db, buffer, sizeof(buffer)));
		return -1;
	}
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (schema_apply(s->db, why) == -1) {
		log_warnx("store %s: %s", s->path, why);
		return -1;
	}
	/* SQLite falls back to reading alone, without a word. */
	if (sqlite3_db_readonly(s->db, "main") == 1) {
		log_warnx("store %s: the database is read-only", s->path);
		return -1;
	}
	return 0;
}

static int
prepare(struct store *s, const char *sensor)
{
	const struct baseline_limits limits = BASELINE_LIMITS_DEFAULT;

	if (sqlite3_exec(s->db, tuning, NULL, NULL, NULL) != SQLITE_OK ||
	    dictionary_new(s->db, &s->dictionary) == -1 ||
	    session_row_new(s->db, s->dictionary, sensor,
	    &s->sessions) == -1 ||
	    finding_row_new(s->db, s->dictionary, s->sessions,
	    &s->findings) == -1 ||
	    incidents_new(s->db, s->dictionary, s->findings,
	    &s->incidents) == -1 ||
	    (s->baseline = baseline_new(s->db, &limits)) == NULL ||
	    early_rows_new(s->db, &s->early) == -1 ||
	    confirm_row_new(s->db, s->findings, &s->confirm) == -1 ||
	    unanswered_row_new(s->db, s->dictionary,
	    &s->unanswered) == -1 ||
	    sts_rows_new(s->db, &s->sts) == -1 ||
	    (s->sensor_name = strdup(sensor)) == NULL ||
	    (s->sensor = dictionary_sensor(s->dictionary, sensor)) == -1 ||
	    confirm_row_abandon(s->confirm, s->sensor, clock_wall_us()) == -1 ||
	    unanswered_row_abandon(s->unanswered, s->sensor,
	    clock_wall_us()) == -1)
		return -1;
	s->fresh = calloc(STORE_BATCH_MAX, sizeof(*s->fresh));
	return s->fresh != NULL ? 0 : -1;
}

static int
release(struct store *s)
{
	int rc;

	rc = json_lines_close(s->lines);
	sts_rows_free(s->sts);
	unanswered_row_free(s->unanswered);
	confirm_row_free(s->confirm);
	early_rows_free(s->early);
	baseline_free(s->baseline);
	incidents_free(s->incidents);
	finding_row_free(s->findings);
	session_row_free(s->sessions);
	dictionary_free(s->dictionary);
	sqlite3_close(s->db);		/* the last one out empties the WAL */
	free(s->evidence);
	free(s->sensor_name);
	free(s->fresh);
	free(s->path);
	free(s);
	return rc;
}

struct store *
store_open(const char *path, const char *sensor)
{
	char buffer[256];
	struct store *s;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->path = strdup(path)) == NULL) {
		log_warn("store %s", path);
		free(s);
		return NULL;
	}
	if (open_database(s) == -1)	/* said why itself */
		goto fail;
	if (prepare(s, sensor) == -1) {
		log_warnx("store %s: %s", path, reason(s->db, buffer,
		    sizeof(buffer)));
		goto fail;
	}
	return s;

fail:
	release(s);
	return NULL;
}

int
store_close(struct store *s)
{
	int rc;

	if (s == NULL)
		return 0;
	rc = store_commit(s);
	if (s->lines_failed || s->evidence_failed)
		rc = -1;
	if (release(s) == -1)
		rc = -1;
	return rc;
}

static void
count_findings(struct store_totals *t, const struct findings *f)
{
	if (f->verdict == VERDICT_UNDECIDED)
		t->undecided++;
	for (unsigned i = 0; i < f->count; i++)
		t->findings[f->list[i].severity]++;
	for (unsigned i = 0; i < f->postures; i++)
		if (posture_is_news(&f->posture[i]))
			t->findings[f->posture[i].finding.severity]++;
}

/* Shown in a capture what a finding says.  Where MAIL or AUTH begins it
 * ends, and where commands begin that somebody injected: they name people
 * as well.  A reordered capture may have brought them earlier than we
 * heard. */
static int
put_evidence(struct store *s, int64_t id, const struct session_record *r,
    const struct findings *f)
{
	const struct smtp_facts *smtp;

	if (s->evidence == NULL || r->evidence == NULL ||
	    findings_gravest(f) < SEVERITY_LOW)
		return 0;
	if (r->smtp != NULL) {
		smtp = smtp_facts(r->smtp);
		evidence_cut(r->evidence, smtp_mail(smtp)->first_mail.packet);
		evidence_cut(r->evidence, smtp_rare(smtp)->auth_at.packet);
		evidence_cut(r->evidence,
		    smtp_rare(smtp)->client_early_at.packet);
	}
	return evidence_write(s->evidence, id, evidence_first(r->evidence));
}

void
store_foresee(const struct store *s, const struct session_record *r,
    unsigned depth)
{
	baseline_foresee(s->baseline, r, depth);
	if (depth == 0)
		session_row_foresee_place(s->sessions, r);
	else if (depth == STORE_DEPTHS - 1)
		session_row_foresee_texts(s->sessions, r);
}

int
store_note(struct store *s, const struct session_record *r)
{
	if (begin(s) == -1)
		return -1;
	return baseline_note(s->baseline, r) == 0 ? 0 : fail(s);
}

int
store_place(struct store *s, const struct session_record *r,
    enum store_place *place, int64_t *id, struct past *past)
{
	if (begin(s) == -1)
		return -1;
	switch (session_row_place(s->sessions, r, id)) {
	case PLACE_FAILED:
		return fail(s);
	case PLACE_KNOWN:
		if (early_rows_has(s->early, *id))
			break;
		s->totals.sessions += r->stage == RECORD_FINAL;
		*place = STORE_KNOWN;
		return 0;
	case PLACE_NONE:
		s->totals.lost += r->stage == RECORD_FINAL;
		*place = STORE_NO_ROOM;
		return 0;
	case PLACE_NEW:
		break;
	}
	*place = STORE_NEW;
	return baseline_recall(s->baseline, r, past) == 0 ? 0 : fail(s);
}

/* The rows of the session, in the place of earlier ones. */
static int
put_rows(struct store *s, int64_t id, const struct store_case *c,
    struct findings *f)
{
	struct incident_share share = { .r = c->r, .f = f, .past = c->past,
	    .sensor = s->sensor_name, .session = id };
	struct confirm_before before;
	int64_t row;

	if (early_rows_has(s->early, id)) {
		share.again = true;
		share.mails_before = early_rows_mails(s->early, id);
		if (confirm_row_look_back(s->confirm, id, &before) == -1 ||
		    early_rows_remove(s->early, id) == -1 ||
		    session_row_begin(s->sessions) == -1)
			return -1;
		share.before = before.incident;
	}
	if (incidents_take(s->incidents, &share, f) == -1 ||
	    incidents_take_posture(s->incidents, &share, f) == -1 ||
	    (row = session_row_put(s->sessions, id, c->r, f,
	    c->promise)) == -1)
		return -1;
	return finding_row_put(s->findings, row, c->r, f);
}

/* What is found while the connection goes on. */
static int
store_early(struct store *s, int64_t id, const struct store_case *c,
    struct findings *f)
{
	bool grave = f->count > 0 && f->list[0].severity >= SEVERITY_MEDIUM;
	uint64_t mails = c->r->smtp != NULL ?
	    smtp_facts(c->r->smtp)->mails_accepted : 0;

	if (!grave && !early_rows_has(s->early, id))
		return 0;
	if (put_rows(s, id, c, f) == -1 ||
	    early_rows_add(s->early, id, mails) == -1)
		return fail(s);
	return 0;
}

int
store_session(struct store *s, int64_t id, const struct store_case *c,
    struct findings *f)
{
	if (c->r->stage == RECORD_EARLY)
		return store_early(s, id, c, f);
	if (baseline_learn(s->baseline, &(struct lesson){ .taken = f->taken,
	    .pressed = f->pressed }) == -1 ||
	    put_rows(s, id, c, f) == -1)
		return fail(s);
	if (put_evidence(s, id, c->r, f) == -1)
		s->evidence_failed = true;
	s->totals.sessions++;
	count_findings(&s->totals, f);
	s->totals.new_sessions++;
	s->totals.incidents = incidents_opened(s->incidents);
	s->fresh[s->nfresh++] = id;
	return s->nfresh < STORE_BATCH_MAX ? 0 : store_commit(s);
}

int
store_doubt(struct store *s, const struct store_doubt *d)
{
	if (begin(s) == -1)
		return -1;
	return confirm_row_open(s->confirm, d) == 0 ? 0 : fail(s);
}

/* The totals, too, are those of how it is judged now. */
static void
recount(struct store_totals *t, const struct confirm_before *b,
    const struct findings *f)
{
	for (int i = 0; i < SEVERITIES; i++)
		t->findings[i] -= b->findings[i];
	t->undecided -= b->verdict == VERDICT_UNDECIDED;
	count_findings(t, f);
}

int
store_revise(struct store *s, const struct store_revision *v)
{
	char words[CONFIRM_WORDS_MAX];
	struct confirm_before before;
	struct incident_revision i;

	if (begin(s) == -1)
		return -1;
	if (confirm_row_revise(s->confirm, v, &before) == -1)
		return fail(s);
	if (!before.there)
		return 0;
	recount(&s->totals, &before, v->findings);
	confirm_row_words(v, &before, words);
	i = (struct incident_revision){ .incident = before.incident,
	    .at = v->at, .text = words, .again = v->answer == CONFIRM_REAL };
	if (incidents_revise(s->incidents, &i) == -1)
		return fail(s);
	s->fresh[s->nfresh++] = v->session;
	return s->nfresh < STORE_BATCH_MAX ? 0 : store_commit(s);
}

int
store_unanswered(struct store *s, const struct store_unanswered *u)
{
	if (begin(s) == -1)
		return -1;
	return session_row_flush(s->sessions) == 0 &&
	    unanswered_row_open(s->unanswered, u) == 0 ? 0 : fail(s);
}

int
store_left(struct store *s, const struct store_left *l)
{
	if (begin(s) == -1)
		return -1;
	return unanswered_row_leave(s->unanswered, l) == 0 ? 0 : fail(s);
}

int
store_again(struct store *s, const struct store_again *a)
{
	const struct again_rows rows = { s->confirm, s->unanswered,
	    s->incidents, s->findings, s->sensor_name };
	struct confirm_before before;

	if (begin(s) == -1)
		return -1;
	if (again_put(&rows, a, &before) == -1)
		return fail(s);
	if (!before.there)
		return 0;
	recount(&s->totals, &before, a->findings);
	s->totals.incidents = incidents_opened(s->incidents);
	if (put_evidence(s, a->session, a->of.r, a->findings) == -1)
		s->evidence_failed = true;
	s->fresh[s->nfresh++] = a->session;
	return s->nfresh < STORE_BATCH_MAX ? 0 : store_commit(s);
}

int
store_sts_keep(struct store *s, const char *line)
{
	if (begin(s) == -1)
		return -1;
	return sts_rows_keep(s->sts, line, clock_wall_us()) == 0 ? 0 : fail(s);
}

int
store_sts_tell(struct store *s, void (*tell)(void *context, const char *line),
    void *context)
{
	if (s->failed)
		return -1;
	return sts_rows_tell(s->sts, clock_wall_us(), tell, context) == 0 ? 0 :
	    fail(s);
}

bool
store_is_open(const struct store *s)
{
	return s->open;
}

static void
write_lines(struct store *s)
{
	for (unsigned i = 0; i < s->nfresh && !s->lines_failed; i++)
		if (json_lines_session(s->lines, s->fresh[i]) == -1)
			s->lines_failed = true;
	if (!s->lines_failed && json_lines_flush(s->lines) == -1)
		s->lines_failed = true;
}

int
store_commit(struct store *s)
{
	if (s->failed)
		return -1;
	if (!s->open)
		return 0;
	if (baseline_flush(s->baseline, clock_wall_us()) == -1 ||
	    incidents_flush(s->incidents, clock_wall_us()) == -1 ||
	    dictionary_flush(s->dictionary) == -1 ||
	    finding_row_flush(s->findings) == -1 ||
	    sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return fail(s);
	s->open = false;
	s->committed = s->totals.new_sessions;
	if (s->lines != NULL && !s->lines_failed)
		write_lines(s);
	s->nfresh = 0;
	return 0;
}

int64_t
store_run_begin(struct store *s, const char *source, int64_t at)
{
	int64_t id, run;

	if (begin(s) == -1)
		return -1;
	if ((id = dictionary_source(s->dictionary, source)) == -1 ||
	    (run = run_row_begin(s->db, s->sensor, id, at)) == -1)
		return fail(s);
	return run;
}

int
store_run_end(struct store *s, int64_t run, const struct counters *c,
    int64_t first, int64_t last, const char *damage)
{
	struct run_end end = {
		.first = first, .last = last, .counters = c, .damage = damage,
	};

	if (begin(s) == -1)
		return -1;
	return run_row_end(s->db, run, &end) == 0 ? 0 : fail(s);
}

const struct store_totals *
store_totals(const struct store *s)
{
	return &s->totals;
}

int
store_jsonl(struct store *s, const char *path)
{
	assert(s->lines == NULL);
	return (s->lines = json_lines_open(s->db, path)) != NULL ? 0 : -1;
}

int
store_evidence(struct store *s, const char *dir)
{
	if (evidence_folder(dir) == -1)
		return -1;
	if ((s->evidence = strdup(dir)) != NULL)
		return 0;
	log_warn("evidence %s", dir);
	return -1;
}
