/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/query.h"
#include "analyzer/session_load.h"
#include "schema/dialogue.h"
#include "schema/json_row.h"
#include "schema/moment.h"

const char *
session_text(const json_t *facts, const char *name)
{
	return json_string_value(json_object_get(facts, name));
}

json_int_t
session_number(const json_t *facts, const char *name)
{
	return json_integer_value(json_object_get(facts, name));
}

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

/* All rows of `stmt` as objects; NULL after saying why. */
static json_t *
take_rows(const struct database *d, unsigned i, sqlite3_stmt *stmt)
{
	json_t *rows = json_array(), *one;
	struct json_row *row = json_row_new(stmt, NULL);
	json_error_t error;
	const char *text;
	size_t len;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (row == NULL || (text = json_row_text(row, &len)) == NULL) {
			warnx("memory is short");
			goto fail;
		}
		if ((one = json_loadb(text, len, 0, &error)) == NULL) {
			warnx("%s: a damaged row: %s", d->paths[i],
			    error.text);
			goto fail;
		}
		json_array_append_new(rows, one);
	}
	if (rc == SQLITE_DONE) {
		json_row_free(row);
		return rows;
	}
	say_sql(d, i);
fail:
	json_row_free(row);
	json_decref(rows);
	return NULL;
}

static json_t *
load_facts(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	sqlite3_stmt *stmt;
	json_t *rows;

	query_add(q, "SELECT * FROM %s.v_sessions WHERE id = ",
	    database_name(i));
	query_add_int(q, id);
	if ((stmt = prepare(q)) == NULL)
		return NULL;
	rows = take_rows(d, i, stmt);
	sqlite3_finalize(stmt);
	return rows;
}

static json_t *
load_findings(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	sqlite3_stmt *stmt;
	json_t *rows;

	query_add(q, "SELECT * FROM %s.v_findings WHERE session_id = ",
	    database_name(i));
	query_add_int(q, id);
	query_add(q, " ORDER BY id");
	if ((stmt = prepare(q)) == NULL)
		return NULL;
	rows = take_rows(d, i, stmt);
	sqlite3_finalize(stmt);
	return rows;
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
	    "r.sensor = s.sensor AND r.damage IS NOT NULL LIMIT 1) "
	    "FROM %s.session AS s CROSS JOIN %s.v_sessions AS v "
	    "ON v.id = s.id WHERE s.id = ", name, name, name);
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
load_rest(struct session_full *s, const struct database *d, unsigned i,
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
		s->damage = strdup(damage);
	rc = json_object_set(s->facts, "dialogue", lines);
out:
	sqlite3_finalize(texts);
	sqlite3_finalize(stmt);
	json_decref(lines);
	return rc;
}

int
session_load(struct session_full *s, const struct database *d, unsigned i,
    int64_t id)
{
	json_t *rows;

	*s = (struct session_full){ 0 };
	if ((rows = load_facts(d, i, id)) == NULL)
		return -1;
	s->facts = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	if (s->facts == NULL)
		return 0;
	rows = load_findings(d, i, id);
	if (rows != NULL &&
	    json_object_set_new(s->facts, "findings", rows) == 0 &&
	    load_rest(s, d, i, id) == 0)
		return 1;
	session_unload(s);
	return -1;
}

void
session_unload(struct session_full *s)
{
	json_decref(s->facts);
	free(s->damage);
	*s = (struct session_full){ 0 };
}
