/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/rows.h"
#include "analyzer/session_load.h"
#include "schema/dialogue.h"
#include "schema/moment.h"
#include "schema/schema.h"

static int
say_sql(const struct database *d, unsigned i)
{
	warnx("%s: %s", d->paths[i], sqlite3_errmsg(d->sql));
	return -1;
}

static sqlite3_stmt *
prepare(struct query *q)
{
	sqlite3_stmt *stmt = query_prepare(q);

	query_free(q);
	return stmt;
}

static struct query *
select_facts(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT * FROM %s.v_sessions WHERE id = ",
	    database_name(i));
	query_add_int(q, id);
	return q;
}

static struct query *
select_findings(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT * FROM %s.v_findings WHERE session_id = ",
	    database_name(i));
	query_add_int(q, id);
	query_add(q, " ORDER BY id");
	return q;
}

/* The incidents its findings belong to, in few words. */
static struct query *
select_incidents(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "SELECT id, title, severity, state FROM %s.v_incidents "
	    "WHERE id IN (SELECT f.incident FROM %s.session AS s "
	    "JOIN %s.finding AS f ON f.id BETWEEN s.row * %d "
	    "AND s.row * %d + %d WHERE s.id = ", name, name, name, RANKS_MAX,
	    RANKS_MAX, RANKS_MAX - 1);
	query_add_int(q, id);
	query_add(q, ") ORDER BY id");
	return q;
}

static json_t *
line_object(const struct dialogue_line *line, const char *text)
{
	static const char *const who[] = {
		[SAID_BY_CLIENT] = "client",
		[SAID_BY_SERVER] = "server",
		[SAID_BY_US] = "sensor",
	};
	char when[MOMENT_TEXT];

	return json_pack("{s:s, s:s, s:I, s:s}", "who", who[line->who],
	    "at", moment_format(line->time, when),
	    "packet", (json_int_t)line->packet, "text", text);
}

/* The text of one line is asked for by its number in `texts`. */
static void
unpack_lines(json_t *lines, const uint8_t *in, size_t len, int64_t start,
    sqlite3_stmt *texts)
{
	struct dialogue_steps steps = { .time = start };
	struct dialogue_line line;
	const char *text;
	int64_t id;
	size_t used;

	for (; len > 0; in += used, len -= used) {
		used = dialogue_unpack(in, len, &steps, &id, &line);
		if (used == 0) {
			line.who = SAID_BY_US;
			line.time = steps.time;
			line.packet = steps.packet;
			json_array_append_new(lines, line_object(&line,
			    "the rest of the dialogue is damaged in the "
			    "database"));
			return;
		}
		sqlite3_bind_int64(texts, 1, id);
		text = sqlite3_step(texts) == SQLITE_ROW ?
		    (const char *)sqlite3_column_text(texts, 0) : NULL;
		json_array_append_new(lines, line_object(&line, text != NULL ?
		    text : "(a line missing in the database)"));
		sqlite3_reset(texts);
	}
}

/* What the views do not show: the packed dialogue, the exact start, and what
 * of the session's source could not be read, if anything. */
static sqlite3_stmt *
prepare_rest(const struct database *d, unsigned i, int64_t id)
{
	const char *name = database_name(i);
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT s.dialogue, v.started_at, (SELECT r.damage "
	    "FROM %s.run AS r WHERE r.source = s.source AND "
	    "r.sensor = k.sensor AND r.damage IS NOT NULL LIMIT 1) "
	    "FROM %s.session AS s CROSS JOIN %s.common AS k "
	    "ON k.id = s.common CROSS JOIN %s.v_sessions AS v "
	    "ON v.id = s.id WHERE s.id = ", name, name, name, name);
	query_add_int(q, id);
	return prepare(q);
}

static sqlite3_stmt *
prepare_texts(const struct database *d, unsigned i)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT text FROM %s.line WHERE id = ?1",
	    database_name(i));
	return prepare(q);
}

static int
load_rest(struct full_thing *t, const struct database *d, unsigned i,
    int64_t id)
{
	sqlite3_stmt *stmt = prepare_rest(d, i, id);
	sqlite3_stmt *texts = prepare_texts(d, i);
	json_t *lines = json_array();
	const char *damage;
	int rc = -1;

	if (stmt == NULL || texts == NULL)
		goto out;
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		say_sql(d, i);
		goto out;
	}
	unpack_lines(lines, sqlite3_column_blob(stmt, 0),
	    (size_t)sqlite3_column_bytes(stmt, 0),
	    sqlite3_column_int64(stmt, 1), texts);
	damage = (const char *)sqlite3_column_text(stmt, 2);
	if (damage != NULL)
		t->damage = strdup(damage);
	rc = json_object_set(t->facts, "dialogue", lines);
out:
	sqlite3_finalize(texts);
	sqlite3_finalize(stmt);
	json_decref(lines);
	return rc;
}

static int
load_lists(json_t *facts, const struct database *d, unsigned i, int64_t id)
{
	json_t *rows;

	if ((rows = rows_take(d, d->paths[i], select_findings(d, i, id))) ==
	    NULL || json_object_set_new(facts, "findings", rows) == -1)
		return -1;
	if ((rows = rows_take(d, d->paths[i], select_incidents(d, i, id))) ==
	    NULL || json_object_set_new(facts, "incidents", rows) == -1)
		return -1;
	return 0;
}

int
session_load(struct full_thing *t, const struct database *d, unsigned i,
    int64_t id, const struct options *o)
{
	(void)o;
	*t = (struct full_thing){ 0 };
	if (rows_take_one(d, d->paths[i], select_facts(d, i, id),
	    &t->facts) == -1)
		return -1;
	if (t->facts == NULL)
		return 0;
	if (load_lists(t->facts, d, i, id) == 0 && load_rest(t, d, i, id) == 0)
		return 1;
	full_unload(t);
	return -1;
}
