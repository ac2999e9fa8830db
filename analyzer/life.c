/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/full.h"
#include "analyzer/life.h"
#include "analyzer/rows.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

#define TEXT_MAX	4096	/* octets of a note */
#define WHO_MAX		256

struct doing {
	const struct life_deed	*deed;
	const struct options	*o;
	const char		*path;		/* the database */
	int64_t			 id;
	char			 who[WHO_MAX];
	char			 text[TEXT_MAX];	/* "": none */
	bool			 changed;
};

/* --as, else who logged in, else whose process this is. */
static int
find_who(struct doing *a)
{
	const struct passwd *pw;

	if (a->o->as != NULL) {
		if (*a->o->as == '\0' || strlen(a->o->as) >= sizeof(a->who))
			return options_misuse(a->deed->command, "--as: a name "
			    "has 1 to %d octets", WHO_MAX - 1);
		strcpy(a->who, a->o->as);
		return STATUS_DONE;
	}
	if (getlogin_r(a->who, sizeof(a->who)) == 0 && a->who[0] != '\0')
		return STATUS_DONE;
	if ((pw = getpwuid(getuid())) != NULL)
		snprintf(a->who, sizeof(a->who), "%s", pw->pw_name);
	else
		snprintf(a->who, sizeof(a->who), "uid %u",
		    (unsigned)getuid());
	return STATUS_DONE;
}

static int
read_words(struct doing *a)
{
	const char *command = a->deed->command;
	size_t len = 0;
	int status;

	if (a->o->words_count == 0)
		return options_misuse(command, "%s: which incident?  "
		    "'striptls-analyzer incidents' lists their ids", command);
	status = full_read_id(command, "an incident's", a->o->words[0],
	    &a->id);
	if (status != STATUS_DONE)
		return status;
	for (int i = 1; i < a->o->words_count; i++) {
		len += (size_t)snprintf(a->text + len, sizeof(a->text) - len,
		    "%s%s", i > 1 ? " " : "", a->o->words[i]);
		if (len >= sizeof(a->text))
			return options_misuse(command, "%s: the text is "
			    "longer than %d octets", command, TEXT_MAX - 1);
	}
	if (a->deed->needs_text && len == 0)
		return options_misuse(command, "%s: what is there to note?",
		    command);
	return find_who(a);
}

/* Which of the files has it?  -1 after saying why, with *status set. */
static int
find_file(struct doing *a, const struct database *d, int *status)
{
	struct query *q;
	json_t *row;
	int found = -1;

	*status = STATUS_ERROR;
	for (unsigned i = 0; i < d->count; i++) {
		q = query_new(d->sql);
		query_add(q, "SELECT id FROM %s.incident WHERE id = ",
		    database_name(i));
		query_add_int(q, a->id);
		if (rows_take_one(d, d->paths[i], q, &row) == -1)
			return -1;
		if (row == NULL)
			continue;
		json_decref(row);
		if (found != -1) {
			*status = options_misuse(a->deed->command,
			    "incident %lld is in %s and in %s: name one "
			    "database with -d", (long long)a->id,
			    d->paths[found], d->paths[i]);
			return -1;
		}
		found = (int)i;
	}
	if (found == -1 && d->count == 1)
		warnx("%s: has no incident %lld", d->paths[0],
		    (long long)a->id);
	else if (found == -1)
		warnx("no file has an incident %lld", (long long)a->id);
	return found;
}

static int
say_sql(const struct doing *a, sqlite3 *db)
{
	switch (sqlite3_errcode(db)) {
	case SQLITE_BUSY:
		warnx("%s: another program is writing to it; try again",
		    a->path);
		break;
	case SQLITE_READONLY:
		warnx("%s: may not be written by you: incidents are changed "
		    "as its owner", a->path);
		break;
	default:
		warnx("%s: %s", a->path, sqlite3_errmsg(db));
		break;
	}
	return -1;
}

static int
run_one(sqlite3 *db, struct query *q)
{
	sqlite3_stmt *stmt = query_prepare(q);
	int rc;

	query_free(q);
	if (stmt == NULL)
		return -1;
	sqlite3_step(stmt);
	rc = sqlite3_finalize(stmt);
	(void)db;
	return rc == SQLITE_OK ? 0 : -1;
}

/* -1: SQLite said no.  -2: it is gone since we looked. */
static int
state_now(const struct doing *a, sqlite3 *db)
{
	struct query *q = query_new(db);
	sqlite3_stmt *stmt;
	int state = -1;

	query_add(q, "SELECT state FROM incident WHERE id = ");
	query_add_int(q, a->id);
	stmt = query_prepare(q);
	query_free(q);
	if (stmt == NULL)
		return -1;
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		state = sqlite3_column_int(stmt, 0);
		break;
	case SQLITE_DONE:
		state = -2;
		break;
	}
	sqlite3_finalize(stmt);
	return state;
}

/* Would it say nothing new?  Reopening what is open does not either, though
 * it may be acknowledged. */
static bool
is_so_already(const struct doing *a, int state)
{
	if (!a->deed->moves || a->text[0] != '\0')
		return false;
	if (a->deed->state == STATE_NEW)
		return state == STATE_NEW || state == STATE_ACKNOWLEDGED;
	return state == (int)a->deed->state;
}

static int
write_rows(const struct doing *a, sqlite3 *db)
{
	struct query *q = query_new(db);

	if (a->deed->moves) {
		query_add(q, "UPDATE incident SET state = %d WHERE id = ",
		    (int)a->deed->state);
		query_add_int(q, a->id);
		if (run_one(db, q) == -1)
			return -1;
		q = query_new(db);
	}
	query_add(q, "INSERT INTO incident_log (incident, at, who, action, "
	    "text) VALUES (");
	query_add_int(q, a->id);
	query_add(q, ", ");
	query_add_int(q, when_now());
	query_add(q, ", ");
	query_add_text(q, a->who);
	query_add(q, ", '%s', ", a->deed->action);
	if (a->text[0] != '\0')
		query_add_text(q, a->text);
	else
		query_add(q, "NULL");
	query_add(q, ")");
	return run_one(db, q);
}

/* Inside the transaction. */
static int
do_it(struct doing *a, sqlite3 *db)
{
	int state = state_now(a, db);

	if (state == -2) {
		warnx("%s: has no incident %lld any more; the sensor may have "
		    "made it part of another", a->path, (long long)a->id);
		return -1;
	}
	if (state == -1)
		return say_sql(a, db);
	if (is_so_already(a, state))
		return 0;
	a->changed = true;
	return write_rows(a, db) == -1 ? say_sql(a, db) : 0;
}

static int
change(struct doing *a)
{
	sqlite3 *db = database_open_to_write(a->path);
	int rc;

	if (db == NULL)
		return -1;
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) !=
	    SQLITE_OK) {
		rc = say_sql(a, db);
	} else if ((rc = do_it(a, db)) == -1) {
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	} else if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) !=
	    SQLITE_OK) {
		rc = say_sql(a, db);
	}
	sqlite3_close(db);
	return rc;
}

/* "Incident 3 is now closed: STARTTLS vanished ..." */
static void
say_state(const struct page *p, const struct doing *a)
{
	const char *state = page_text(p->facts, "state");
	const char *title = page_text(p->facts, "title");
	char *line;

	if (asprintf(&line, "Incident %lld %s %s%s: %s", (long long)a->id,
	    !a->deed->moves ? "is noted and stays" : a->changed ? "is now" :
	    "is", state != NULL ? state : "?", a->changed ? "" : " already",
	    title != NULL ? title : "?") == -1)
		return;
	page_wrapped(p, line, 0);
	free(line);
}

/* The incident's row as it is now, or a line about it. */
static int
answer(const struct doing *a)
{
	struct render_style style = render_style_of(a->o->form);
	struct page page = { .style = &style, .path = a->path };
	struct full_output out;
	struct database d;
	struct query *q;
	json_t *row;
	int rc = STATUS_ERROR;

	if (database_open(&d, &a->path, 1) == -1)
		return STATUS_ERROR;
	q = query_new(d.sql);
	query_add(q, "SELECT * FROM v_incidents WHERE id = ");
	query_add_int(q, a->id);
	if (rows_take_one(&d, a->path, q, &row) == 0 && row != NULL) {
		page.facts = row;
		rc = STATUS_DONE;
		if (a->o->form == FORM_TABLE) {
			say_state(&page, a);
		} else {
			full_begin(&out, a->o);
			if (full_put(&out, &page, NULL) == -1)
				rc = STATUS_ERROR;
			full_end(&out);
		}
		json_decref(row);
	}
	database_close(&d);
	return rc;
}

int
life_run(const struct life_deed *deed, const struct options *o)
{
	struct doing a = { .deed = deed, .o = o };
	struct database d;
	int status, file;

	if ((status = full_check_options(o, false)) != STATUS_DONE ||
	    (status = read_words(&a)) != STATUS_DONE)
		return status;
	if (database_open(&d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	file = find_file(&a, &d, &status);
	database_close(&d);
	if (file == -1)
		return status;
	a.path = o->files[file];
	return change(&a) == -1 ? STATUS_ERROR : answer(&a);
}
