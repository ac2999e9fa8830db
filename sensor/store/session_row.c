/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "schema/schema.h"
#include "store/common_row.h"
#include "store/fresh.h"
#include "store/promise_row.h"
#include "store/session_insert.h"
#include "store/session_row.h"
#include "store/session_values.h"
#include "store/statement.h"

#define SECOND		INT64_C(1000000)
#define CODE_LEN	4	/* of a reply: "250-" */
#define SENSOR_HASHED	256	/* octets of the name that count */

/* Ids tried before a session finds no place: with half of a second's two
 * million ids taken, one in 2^64 needs as many. */
#define PLACES_TRIED	64

struct session_row {
	struct dictionary	*dictionary;
	struct session_insert	*insert;
	struct common_row	*common;
	struct promise_row	*promises;
	struct fresh		*fresh;
	sqlite3_stmt		*find, *greatest, *version;
	int64_t			 data_version;
	int64_t			 sensor;
	uint64_t		 sensor_hash;
	struct session_values	 values;
	/* the dialogue at hand */
	uint8_t	 packed[DIALOGUE_LINES_MAX * DIALOGUE_ROW_MAX];
};

int
session_row_new(sqlite3 *db, struct dictionary *d, const char *sensor,
    struct session_row **out)
{
	struct session_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->dictionary = d;
	row->data_version = -1;		/* SQLite counts from 1 */
	row->sensor_hash = XXH3_64bits(sensor, strnlen(sensor,
	    SENSOR_HASHED));
	if ((row->fresh = fresh_new()) == NULL ||
	    statement_prepare(db, "SELECT identity FROM session WHERE id = ?1",
	    &row->find) == -1 ||
	    statement_prepare(db, "SELECT max(id) FROM session",
	    &row->greatest) == -1 ||
	    statement_prepare(db, "PRAGMA data_version", &row->version) == -1 ||
	    session_insert_new(db, &row->insert) == -1 ||
	    common_row_new(db, &row->common) == -1 ||
	    promise_row_new(db, &row->promises) == -1 ||
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
	promise_row_free(row->promises);
	common_row_free(row->common);
	session_insert_free(row->insert);
	sqlite3_finalize(row->version);
	sqlite3_finalize(row->greatest);
	sqlite3_finalize(row->find);
	fresh_free(row->fresh);
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

/* The id has most of the others, and 48 are two octets less a row. */
static int64_t
stored(uint64_t identity)
{
	return (int64_t)identity >> 16;
}

/* Which ids are there we know, unless another wrote since. */
int
session_row_begin(struct session_row *row)
{
	int64_t version = 0, greatest = INT64_MAX;

	if (session_insert_begin(row->insert) == -1)
		return -1;
	if (statement_number(row->version, &version) == -1)
		return -1;
	if (version == row->data_version)
		return 0;
	if (statement_number(row->greatest, &greatest) == -1)
		return -1;
	fresh_restart(row->fresh, greatest);
	row->data_version = version;
	return 0;
}

static enum session_place
look_up(struct session_row *row, int64_t id, uint64_t identity)
{
	enum session_place place = PLACE_NONE;

	if (fresh_is(row->fresh, id))
		return PLACE_NEW;
	if (session_insert_flush(row->insert) == -1)
		return PLACE_FAILED;
	sqlite3_bind_int64(row->find, 1, id);
	if (sqlite3_step(row->find) != SQLITE_ROW)
		place = PLACE_NEW;
	else if (sqlite3_column_int64(row->find, 0) == stored(identity))
		place = PLACE_KNOWN;
	return sqlite3_reset(row->find) == SQLITE_OK ? place : PLACE_FAILED;
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
		place = look_up(row, *id, identity);
	}
	if (place == PLACE_NEW)
		fresh_give(row->fresh, *id);
	return place;
}

void
session_row_foresee_place(const struct session_row *row,
    const struct session_record *r)
{
	fresh_foresee(row->fresh, session_id(r->flow.first.time,
	    identity_of(row, r)));
	__builtin_prefetch(r->server_name);
}

/* A text of the book has its number ahead of it. */
static void
foresee_text(const char *text)
{
	if (text == NULL)
		return;
	__builtin_prefetch(text - sizeof(struct book_text));
	__builtin_prefetch(text);
}

void
session_row_foresee_texts(const struct session_row *row,
    const struct session_record *r)
{
	const struct smtp_facts *f;

	if (r->server_name != NULL)
		dictionary_foresee_text(row->dictionary, r->server_name);
	if (r->smtp == NULL)
		return;
	f = smtp_facts(r->smtp);
	foresee_text(f->banner);
	foresee_text(f->hello_name);
	foresee_text(f->ehlo_reply);
	foresee_text(f->capabilities);
	foresee_text(smtp_mail(f)->mail_from_domain);
	__builtin_prefetch(smtp_mail(f)->rcpt_domains);
}

/* Behind "250-", say. */
static bool
says(const struct dialogue_line *line, struct span text)
{
	return line->len == text.len + CODE_LEN && text.len > 0 &&
	    memcmp(line->text + CODE_LEN, text.at, text.len) == 0;
}

struct greetings {
	struct span	banner, ehlo_first;
};

static struct greetings
greetings_of(const struct session_record *r)
{
	const struct smtp_facts *f;
	struct greetings g = { .banner = span_text("") };

	g.ehlo_first = g.banner;
	if (r->smtp == NULL)
		return g;
	f = smtp_facts(r->smtp);
	if (f->banner != NULL)
		g.banner = span_text(f->banner);
	if (f->ehlo_reply != NULL)
		g.ehlo_first = span_of(f->ehlo_reply, (size_t)
		    (strchrnul(f->ehlo_reply, '\n') - f->ehlo_reply));
	return g;
}

static void
note_greetings(struct said *said, const struct greetings *g,
    const struct dialogue_line *line, int64_t id)
{
	if (line->who != SAID_BY_SERVER)
		return;
	if (said->banner == 0 && says(line, g->banner))
		said->banner = id;
	else if (said->ehlo_first == 0 && says(line, g->ehlo_first))
		said->ehlo_first = id;
}

/* Octets in row->packed.  -1: SQLite failed. */
static int
pack_dialogue(struct session_row *row, const struct session_record *r)
{
	struct greetings g = greetings_of(r);
	struct dialogue_steps steps = { .time = r->flow.first.time };
	struct dialogue_line line;
	size_t at = 0, len = 0;
	int64_t id;

	while (dialogue_next(r->dialogue, &at, &line)) {
		id = line.referred ? dictionary_kept_line(row->dictionary,
		    book_text_at(r->book, line.text)) :
		    dictionary_line(row->dictionary, span_of(line.text,
		    line.len));
		if (id == -1)
			return -1;
		note_greetings(&row->values.said, &g, &line, id);
		len += dialogue_pack(row->packed + len, &steps, id, &line);
	}
	return (int)len;
}

int64_t
session_row_put(struct session_row *row, int64_t id,
    const struct session_record *r, const struct findings *f,
    const struct promise *promise)
{
	struct session_values *v = &row->values;
	int packed = 0;
	int64_t rc = -1;

	v->said = (struct said){ .banner = 0 };
	v->more = NULL;
	if (r->dialogue != NULL && (packed = pack_dialogue(row, r)) == -1)
		goto out;
	if (session_values_fill(v, row->dictionary, r, promise) == -1)
		goto out;
	if (promise_row_fill(row->promises, promise, v) == -1)
		goto out;
	v->integer[COLUMN_id] = id;
	v->integer[COLUMN_identity] = stored(identity_of(row, r));
	v->integer[COLUMN_sensor] = row->sensor;
	v->integer[COLUMN_started] = value_step(
	    (id >> SESSION_ID_BITS) * SECOND, r->flow.first.time);
	v->integer[COLUMN_verdict] = f->verdict;
	v->integer[COLUMN_findings] = findings_told(f);
	if ((v->integer[COLUMN_common] = common_row_id(row->common, v)) == -1)
		goto out;
	rc = session_insert_put(row->insert, v, span_of(row->packed,
	    (size_t)packed));
out:
	session_values_clear(v);
	return rc;
}

int
session_row_flush(struct session_row *row)
{
	return session_insert_flush(row->insert);
}
