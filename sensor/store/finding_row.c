/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/schema.h"
#include "store/decimal.h"
#include "store/finding_row.h"
#include "store/statement.h"

#define WAITING_MAX	8
#define OCTETS_MAX	16384	/* a text may be that long, most have 30 */
#define SUMMARY_MAX	1024	/* longer ones are stored as they are */
/* "[1,-2,...]" */
#define MARKS_TEXT_MAX	(FINDING_MARKS * 2 * (DECIMAL_MAX + 2) + 2)

/* What stands in a wording for the parties. */
#define SERVER_STANDIN	'\1'
#define CLIENT_STANDIN	'\2'

/* With OR FAIL, SQLite keeps no copies of pages to undo a statement by: a
 * statement that fails costs us the transaction anyway. */
#define INSERT		"INSERT OR FAIL INTO finding (id, at, kind, " \
    "because, severity, confidence, incident, wording, shape, "	\
    "summary, evidence) VALUES "
#define ROW		"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4		ROW ", " ROW ", " ROW ", " ROW

static const char	insert_one[] = INSERT ROW;
static const char	insert_all[] = INSERT ROWS_4 ", " ROWS_4;

/* From NUMBER_INCIDENT on, 0 is NULL. */
enum number {
	NUMBER_ID, NUMBER_AT, NUMBER_KIND, NUMBER_BECAUSE, NUMBER_SEVERITY,
	 NUMBER_CONFIDENCE, NUMBER_INCIDENT, NUMBER_WORDING,
	NUMBER_SHAPE, NUMBERS
};
#define COLUMNS		(NUMBERS + 2)

struct waiting {
	int64_t		number[NUMBERS];
	struct span	summary, evidence;
};

struct finding_row {
	struct dictionary *dictionary;
	struct session_row *sessions;
	sqlite3_stmt	*one, *all;
	int64_t		 kinds[KINDS];	/* this database's numbers */
	unsigned	 count;
	struct waiting	 waiting[WAITING_MAX];
	size_t		 used;
	uint8_t		 octets[OCTETS_MAX];	/* their texts */
};

/* Posture goes behind what the session may be judged to have instead, later,
 * and what is news of it then, behind that. */
#define POSTURE_RANK		FINDINGS_MAX
#define POSTURE_RANK_AGAIN	(FINDINGS_MAX + POSTURES_MAX)

static_assert(POSTURE_RANK_AGAIN + POSTURES_MAX <= RANKS_MAX,
    "a rank for each");

/* What the parties of one session are called. */
struct parties {
	char	server[PARTY_MAX], client[ADDR_TEXT_MAX];
};

int
finding_row_new(sqlite3 *db, struct dictionary *d,
    struct session_row *sessions, struct finding_row **out)
{
	struct finding_row *row;

	*out = NULL;
	if ((row = calloc(1, sizeof(*row))) == NULL)
		return -1;
	row->dictionary = d;
	row->sessions = sessions;
	if (statement_prepare(db, insert_one, &row->one) == -1 ||
	    statement_prepare(db, insert_all, &row->all) == -1 ||
	    schema_kinds(db, row->kinds, NULL) == -1) {
		finding_row_free(row);
		return -1;
	}
	*out = row;
	return 0;
}

void
finding_row_free(struct finding_row *row)
{
	if (row == NULL)
		return;
	sqlite3_finalize(row->all);
	sqlite3_finalize(row->one);
	free(row);
}

static void
bind(sqlite3_stmt *stmt, unsigned row, const struct waiting *w)
{
	int at = (int)row * COLUMNS + 1;

	for (int i = 0; i < NUMBERS; i++, at++)
		if (i >= NUMBER_INCIDENT && w->number[i] == 0)
			sqlite3_bind_null(stmt, at);
		else
			sqlite3_bind_int64(stmt, at, w->number[i]);
	sqlite3_bind_text64(stmt, at++, (const char *)w->summary.at,
	    w->summary.len, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_text64(stmt, at, (const char *)w->evidence.at,
	    w->evidence.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int
put_one(struct finding_row *row, const struct waiting *w)
{
	bind(row->one, 0, w);
	return statement_run(row->one);
}

static int
put_waiting(struct finding_row *row)
{
	int rc = 0;

	if (row->count == WAITING_MAX) {
		for (unsigned i = 0; i < WAITING_MAX; i++)
			bind(row->all, i, &row->waiting[i]);
		rc = statement_run(row->all);
	} else {
		for (unsigned i = 0; i < row->count && rc == 0; i++)
			rc = put_one(row, &row->waiting[i]);
	}
	row->count = 0;
	row->used = 0;
	return rc;
}

int
finding_row_flush(struct finding_row *row)
{
	if (session_row_flush(row->sessions) == -1)
		return -1;
	return put_waiting(row);
}

static struct span
keep(struct finding_row *row, struct span text)
{
	uint8_t *to = row->octets + row->used;

	memcpy(to, text.at, text.len);
	row->used += text.len;
	return span_of(to, text.len);
}

static int
add(struct finding_row *row, const struct waiting *w)
{
	size_t need = w->summary.len + w->evidence.len;

	if ((row->count == WAITING_MAX || need > OCTETS_MAX - row->used) &&
	    put_waiting(row) == -1)
		return -1;
	if (need > OCTETS_MAX)
		return put_one(row, w);
	row->waiting[row->count] = *w;
	row->waiting[row->count].summary = keep(row, w->summary);
	row->waiting[row->count].evidence = keep(row, w->evidence);
	row->count++;
	return 0;
}

/* The first time that `name` is said; what the text then has of octets. */
static size_t
stand_in(char *text, size_t len, const char *name, char standin)
{
	char *at = strstr(text, name);
	size_t n = strlen(name);

	if (at == NULL)
		return len;
	*at = standin;
	memmove(at + 1, at + n, len - (size_t)(at - text) - n + 1);
	return len - n + 1;
}

/* The summary without the parties' names, so that it comes again. */
static int
put_wording(struct finding_row *row, struct waiting *w,
    const struct parties *p)
{
	char text[SUMMARY_MAX];
	size_t len = w->summary.len;

	/* what the view would take for a name */
	if (len == 0 || len >= sizeof(text) ||
	    memchr(w->summary.at, SERVER_STANDIN, len) != NULL ||
	    memchr(w->summary.at, CLIENT_STANDIN, len) != NULL)
		return 0;
	memcpy(text, w->summary.at, len);
	text[len] = '\0';
	len = stand_in(text, len, p->server, SERVER_STANDIN);
	len = stand_in(text, len, p->client, CLIENT_STANDIN);
	w->number[NUMBER_WORDING] = dictionary_wording(row->dictionary,
	    span_of(text, len));
	w->summary = span_text("");
	return w->number[NUMBER_WORDING] == -1 ? -1 : 0;
}

static size_t
put_number(char *out, int64_t number)
{
	if (number >= 0)
		return decimal_put(out, (uint64_t)number);
	out[0] = '-';
	return 1 + decimal_put(out + 1, 0 - (uint64_t)number);
}

/* Packets from the first one, and microseconds from the finding. */
static struct span
marks_text(const struct finding *f, char out[MARKS_TEXT_MAX])
{
	uint64_t from = 0;
	size_t len = 0;

	for (unsigned i = 0; i < f->nmarks; i++) {
		out[len++] = i == 0 ? '[' : ',';
		len += put_number(out + len,
		    (int64_t)(f->marks[i].packet - from));
		out[len++] = ',';
		len += put_number(out + len, f->marks[i].time - f->at);
		from = f->marks[0].packet;
	}
	out[len++] = ']';
	return span_of(out, len);
}

static int
put_shape(struct finding_row *row, struct waiting *w, const struct finding *f,
    char text[MARKS_TEXT_MAX])
{
	if (f->nmarks == 0)
		return 0;
	w->number[NUMBER_SHAPE] = dictionary_wording(row->dictionary,
	    w->evidence);
	w->evidence = marks_text(f, text);
	return w->number[NUMBER_SHAPE] == -1 ? -1 : 0;
}

/* Without the parties (NULL) the summary is kept as it is. */
static int
put_finding(struct finding_row *row, int64_t of, unsigned rank,
    const struct finding *f, const struct parties *p)
{
	char marks[MARKS_TEXT_MAX];
	struct waiting w = {
		.number = {
			[NUMBER_ID] = finding_id(of, rank),
			[NUMBER_AT] = f->at,
			[NUMBER_KIND] = row->kinds[f->kind],
			[NUMBER_BECAUSE] = f->because,
			[NUMBER_SEVERITY] = f->severity,
			[NUMBER_CONFIDENCE] = f->confidence,
			[NUMBER_INCIDENT] = f->incident,
		},
		.summary = span_text(f->summary != NULL ? f->summary : ""),
		.evidence = span_text("{}"),
	};

	if (p != NULL && put_wording(row, &w, p) == -1)
		return -1;
	if (f->evidence.at != NULL) {
		w.evidence = span_of(f->evidence.at, f->evidence.len);
		if (put_shape(row, &w, f, marks) == -1)
			return -1;
	}
	return add(row, &w);
}

int
finding_row_put_anew(struct finding_row *row, int64_t of,
    const struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (put_finding(row, of, i, &f->list[i], NULL) == -1)
			return -1;
	return 0;
}

static int
put_all(struct finding_row *row, int64_t of,
    const struct session_record *r, const struct findings *findings,
    unsigned behind)
{
	struct parties p;

	if (findings->count == 0 && findings->postures == 0)
		return 0;
	record_server(r, p.server);
	addr_format(&r->flow.ip[SIDE_CLIENT], p.client);
	for (unsigned i = 0; i < findings->count; i++)
		if (put_finding(row, of, i, &findings->list[i], &p) == -1)
			return -1;
	for (unsigned i = 0; i < findings->postures; i++)
		if (posture_is_news(&findings->posture[i]) && put_finding(row,
		    of, behind + i, &findings->posture[i].finding,
		    &p) == -1)
			return -1;
	return 0;
}

int
finding_row_put(struct finding_row *row, int64_t of,
    const struct session_record *r, const struct findings *f)
{
	return put_all(row, of, r, f, POSTURE_RANK);
}

int
finding_row_put_again(struct finding_row *row, int64_t of,
    const struct session_record *r, const struct findings *f)
{
	return put_all(row, of, r, f, POSTURE_RANK_AGAIN);
}
