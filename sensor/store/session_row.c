/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "schema/schema.h"
#include "store/session_row.h"
#include "store/session_values.h"

#define SECOND		INT64_C(1000000)
#define SENSOR_HASHED	256	/* octets of the name that count */
#define INSERT_MAX	2048

/* Ids tried before a session finds no place: with half of a second's two
 * million ids taken, one in 2^64 needs as many. */
#define PLACES_TRIED	64

static const struct {
	const char	*name;
	bool		 octets;
} column_table[SESSION_COLUMNS] = {
#define INTEGER(name)	{ #name, false },
#define OCTETS(name)	{ #name, true },
#include "store/session_columns.def"
#undef INTEGER
#undef OCTETS
};

struct session_row {
	struct dictionary	*dictionary;
	sqlite3_stmt		*find, *insert;
	int64_t			 sensor;
	uint64_t		 sensor_hash;
	struct session_values	 values;
	int64_t	 bound[SESSION_COLUMNS];	/* as the insert has it */
	/* the dialogue at hand */
	uint8_t	 packed[DIALOGUE_LINES_MAX * DIALOGUE_ROW_MAX];
};

/* INSERT INTO session (a, b, ...) VALUES (?, ?, ...) */
static int
prepare_insert(sqlite3 *db, sqlite3_stmt **stmt)
{
	char sql[INSERT_MAX];
	size_t len;

	len = (size_t)snprintf(sql, sizeof(sql), "INSERT INTO session (");
	for (int i = 0; i < SESSION_COLUMNS; i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s%s",
		    i == 0 ? "" : ", ", column_table[i].name);
	len += (size_t)snprintf(sql + len, sizeof(sql) - len, ") VALUES (");
	for (int i = 0; i < SESSION_COLUMNS; i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s",
		    i == 0 ? "?" : ", ?");
	len += (size_t)snprintf(sql + len, sizeof(sql) - len, ")");
	assert(len < sizeof(sql));
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    stmt, NULL) == SQLITE_OK ? 0 : -1;
}

int
session_row_new(sqlite3 *db, struct dictionary *d, const char *sensor,
    struct session_row **out)
{
	struct session_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->dictionary = d;
	for (int i = 0; i < SESSION_COLUMNS; i++)
		row->bound[i] = VALUE_NULL;	/* as sqlite3_prepare() does */
	row->sensor_hash = XXH3_64bits(sensor, strnlen(sensor,
	    SENSOR_HASHED));
	if (sqlite3_prepare_v3(db, "SELECT identity FROM session "
	    "WHERE id = ?1", -1, SQLITE_PREPARE_PERSISTENT, &row->find,
	    NULL) != SQLITE_OK || prepare_insert(db, &row->insert) == -1 ||
	    (row->sensor = dictionary_sensor(d, sensor)) == -1) {
		session_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
session_row_free(struct session_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->insert);
	sqlite3_finalize(row->find);
	free(row);
}

/* By name, not by number: the same session has the same identity in every
 * database, and two sensors that saw it have two. */
static uint64_t
identity_of(const struct session_row *row, const struct session_record *r)
{
	const uint64_t parts[3] = {
		r->identity, (uint64_t)r->flow.first.time, row->sensor_hash,
	};

	return XXH3_64bits(parts, sizeof(parts));
}

enum session_place
session_row_place(struct session_row *row, const struct session_record *r,
    int64_t *id)
{
	uint64_t identity = identity_of(row, r);
	enum session_place place = PLACE_NONE;

	*id = session_id(r->flow.first.time, identity);
	for (int i = 0; i < PLACES_TRIED && place == PLACE_NONE; i++) {
		if (i > 0)
			*id = session_id_next(*id, identity);
		sqlite3_bind_int64(row->find, 1, *id);
		if (sqlite3_step(row->find) != SQLITE_ROW)
			place = PLACE_NEW;
		else if ((uint64_t)sqlite3_column_int64(row->find, 0) ==
		    identity)
			place = PLACE_KNOWN;
		if (sqlite3_reset(row->find) != SQLITE_OK)
			place = PLACE_FAILED;
	}
	return place;
}

/* Octets in row->packed.  -1: SQLite failed. */
static int
pack_dialogue(struct session_row *row, const struct session_record *r)
{
	struct dialogue_steps steps = { .time = r->flow.first.time };
	struct dialogue_line line;
	size_t at = 0, len = 0;
	int64_t id;

	while (dialogue_next(r->dialogue, &at, &line)) {
		id = dictionary_line(row->dictionary, span_of(line.text,
		    line.len));
		if (id == -1)
			return -1;
		len += dialogue_pack(row->packed + len, &steps, id, &line);
	}
	return (int)len;
}

static void
bind_text(sqlite3_stmt *stmt, enum session_column at, const char *text)
{
	if (text == NULL || text[0] == '\0')
		sqlite3_bind_null(stmt, at + 1);
	else
		sqlite3_bind_text(stmt, at + 1, text, -1, SQLITE_STATIC);
}

/* Bindings stay, and most columns have what the last row had. */
static void
bind_integers(struct session_row *row)
{
	const struct session_values *v = &row->values;

	for (int i = 0; i < SESSION_COLUMNS; i++) {
		if (column_table[i].octets || v->integer[i] == row->bound[i])
			continue;
		if (v->integer[i] == VALUE_NULL)
			sqlite3_bind_null(row->insert, i + 1);
		else
			sqlite3_bind_int64(row->insert, i + 1, v->integer[i]);
		row->bound[i] = v->integer[i];
	}
}

static int
insert(struct session_row *row, int packed)
{
	struct session_values *v = &row->values;
	sqlite3_stmt *stmt = row->insert;

	bind_integers(row);
	bind_text(stmt, COLUMN_community, v->community);
	bind_text(stmt, COLUMN_rcpt_domains, v->rcpt_domains);
	bind_text(stmt, COLUMN_more, v->more);
	if (packed > 0)
		sqlite3_bind_blob(stmt, COLUMN_dialogue + 1, row->packed,
		    packed, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, COLUMN_dialogue + 1);
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

int
session_row_put(struct session_row *row, int64_t id,
    const struct session_record *r, const struct findings *f)
{
	struct session_values *v = &row->values;
	int packed = 0, rc = -1;

	if (session_values_fill(v, row->dictionary, r) == -1)
		goto out;
	if (r->dialogue != NULL && (packed = pack_dialogue(row, r)) == -1)
		goto out;
	v->integer[COLUMN_id] = id;
	v->integer[COLUMN_identity] = (int64_t)identity_of(row, r);
	v->integer[COLUMN_sensor] = row->sensor;
	v->integer[COLUMN_started] = value_step(
	    (id >> SESSION_ID_BITS) * SECOND, r->flow.first.time);
	v->integer[COLUMN_verdict] = f->verdict;
	v->integer[COLUMN_findings] = f->count;
	rc = insert(row, packed);
out:
	session_values_clear(v);
	return rc;
}
