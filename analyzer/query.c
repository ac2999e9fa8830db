/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/query.h"

enum value_type { VALUE_TEXT, VALUE_INT, VALUE_BLOB };

struct value {
	enum value_type	 type;
	int64_t		 number;
	void		*octets;	/* owned; of TEXT and BLOB */
	size_t		 len;
};

struct query {
	sqlite3		*db;
	FILE		*out;		/* grows `sql` */
	char		*sql;
	size_t		 sql_len;
	struct value	*values;
	size_t		 count, room;
	bool		 failed;
};

struct query *
query_new(sqlite3 *db)
{
	struct query *q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->db = db;
	if ((q->out = open_memstream(&q->sql, &q->sql_len)) == NULL) {
		free(q);
		return NULL;
	}
	return q;
}

void
query_free(struct query *q)
{
	if (q == NULL)
		return;
	fclose(q->out);
	free(q->sql);
	for (size_t i = 0; i < q->count; i++)
		free(q->values[i].octets);
	free(q->values);
	free(q);
}

void
query_add(struct query *q, const char *fmt, ...)
{
	va_list ap;

	if (q == NULL)
		return;
	va_start(ap, fmt);
	if (vfprintf(q->out, fmt, ap) < 0)
		q->failed = true;
	va_end(ap);
}

static void
add_value(struct query *q, struct value v, const void *octets)
{
	struct value *more;
	size_t room;

	if (q == NULL)
		return;
	if (q->count == q->room) {
		room = q->room == 0 ? 8 : q->room * 2;
		more = reallocarray(q->values, room, sizeof(*more));
		if (more == NULL) {
			q->failed = true;
			return;
		}
		q->values = more;
		q->room = room;
	}
	if (octets != NULL) {
		if ((v.octets = malloc(v.len + 1)) == NULL) {
			q->failed = true;
			return;
		}
		memcpy(v.octets, octets, v.len);
	}
	q->values[q->count++] = v;
	query_add(q, "?");
}

void
query_add_text(struct query *q, const char *value)
{
	add_value(q, (struct value){ .type = VALUE_TEXT,
	    .len = strlen(value) }, value);
}

void
query_add_int(struct query *q, int64_t value)
{
	add_value(q, (struct value){ .type = VALUE_INT, .number = value },
	    NULL);
}

void
query_add_blob(struct query *q, const void *value, size_t len)
{
	add_value(q, (struct value){ .type = VALUE_BLOB, .len = len }, value);
}

static int
bind(sqlite3_stmt *stmt, int at, const struct value *v)
{
	switch (v->type) {
	case VALUE_TEXT:
		return sqlite3_bind_text64(stmt, at, v->octets, v->len,
		    SQLITE_TRANSIENT, SQLITE_UTF8);
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, at, v->number);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->octets, v->len,
		    SQLITE_TRANSIENT);
	}
	return SQLITE_MISUSE;
}

sqlite3_stmt *
query_prepare(struct query *q)
{
	sqlite3_stmt *stmt;

	if (q == NULL || q->failed || fflush(q->out) == EOF) {
		warnx("memory is short");
		return NULL;
	}
	if (sqlite3_prepare_v2(q->db, q->sql, (int)q->sql_len, &stmt, NULL) !=
	    SQLITE_OK) {
		warnx("query: %s", sqlite3_errmsg(q->db));
		return NULL;
	}
	for (size_t i = 0; i < q->count; i++) {
		if (bind(stmt, (int)i + 1, &q->values[i]) != SQLITE_OK) {
			warnx("query: %s", sqlite3_errmsg(q->db));
			sqlite3_finalize(stmt);
			return NULL;
		}
	}
	return stmt;
}
