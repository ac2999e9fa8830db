/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/session_insert.h"

#define SQL_MAX		2048
#define SHAPES_MAX	32
/* A statement costs as much as ten rows: with no room left, only one of
 * so many strange rows makes the least used shape give way. */
#define PATIENCE	64

static const struct {
	const char	*name;
	bool		 octets;
} column_table[SESSION_COLUMNS] = {
#define INTEGER(name)	{ #name, false },
#define OCTETS(name)	{ #name, true },
#define COMMON(name)
#include "store/session_columns.def"
#undef INTEGER
#undef OCTETS
#undef COMMON
};

/* Text and blob are the last columns. */
#define FIRST_OCTETS	COLUMN_community

static_assert(SESSION_COLUMNS <= 64, "a bit for each column");

/* Bit per column. */
struct shape {
	uint64_t	null, zero;
};

struct statement {
	struct shape	 shape;
	sqlite3_stmt	*stmt;
	unsigned	 count;		/* of integer parameters */
	uint8_t		 column[SESSION_COLUMNS];	/* of a parameter */
	int64_t		 bound[SESSION_COLUMNS];	/* ... as it is now */
	int		 octets[SESSION_COLUMNS];	/* ?, 0: NULL */
};

struct session_insert {
	sqlite3			*db;
	struct statement	*shaped[SHAPES_MAX];	/* frequent first */
	unsigned		 count, strange;
	struct statement	*general;
};

/* INSERT INTO session (a, b, ...) VALUES (?, 0, ...) without the NULLs. */
static void
write_sql(char sql[SQL_MAX], const struct shape *shape)
{
	size_t len;
	const char *comma = "";

	len = (size_t)snprintf(sql, SQL_MAX, "INSERT INTO session (");
	for (int i = 0; i < SESSION_COLUMNS; i++) {
		if ((shape->null >> i & 1) != 0)
			continue;
		len += (size_t)snprintf(sql + len, SQL_MAX - len, "%s%s",
		    comma, column_table[i].name);
		comma = ", ";
	}
	len += (size_t)snprintf(sql + len, SQL_MAX - len, ") VALUES (");
	comma = "";
	for (int i = 0; i < SESSION_COLUMNS; i++) {
		if ((shape->null >> i & 1) != 0)
			continue;
		len += (size_t)snprintf(sql + len, SQL_MAX - len, "%s%s",
		    comma, (shape->zero >> i & 1) != 0 ? "0" : "?");
		comma = ", ";
	}
	len += (size_t)snprintf(sql + len, SQL_MAX - len, ")");
	assert(len < SQL_MAX);
}

static void
statement_free(struct statement *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->stmt);
	free(s);
}

static struct statement *
statement_new(sqlite3 *db, const struct shape *shape)
{
	uint64_t fixed = shape->null | shape->zero;
	struct statement *s;
	char sql[SQL_MAX];
	int parameter = 0;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->shape = *shape;
	for (int i = 0; i < SESSION_COLUMNS; i++) {
		if ((fixed >> i & 1) != 0)
			continue;
		parameter++;
		if (column_table[i].octets) {
			s->octets[i] = parameter;
			continue;
		}
		s->bound[s->count] = VALUE_NULL; /* as SQLite begins */
		s->column[s->count++] = (uint8_t)i;
	}
	write_sql(sql, shape);
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &s->stmt, NULL) == SQLITE_OK)
		return s;
	statement_free(s);
	return NULL;
}

int
session_insert_new(sqlite3 *db, struct session_insert **out)
{
	struct session_insert *s;

	*out = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	s->db = db;
	s->general = statement_new(db, &(struct shape){ .null = 0 });
	if (s->general == NULL) {
		session_insert_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
session_insert_free(struct session_insert *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->count; i++)
		statement_free(s->shaped[i]);
	statement_free(s->general);
	free(s);
}

static const char *
own_more(const struct session_values *v)
{
	return v->more_shared ? NULL : v->more;
}

static struct shape
shape_of(const struct session_values *v, struct span dialogue)
{
	struct shape shape = { .null = 0 };

	for (int i = FIRST_OCTETS; i-- > 0;) {
		shape.null = shape.null << 1 | (v->integer[i] == VALUE_NULL);
		shape.zero = shape.zero << 1 | (v->integer[i] == 0);
	}
	shape.null |= (uint64_t)(v->community[0] == '\0') << COLUMN_community;
	shape.null |= (uint64_t)(v->rcpt_domains[0] == '\0') <<
	    COLUMN_rcpt_domains;
	shape.null |= (uint64_t)(v->counts[0] == '\0') << COLUMN_counts;
	shape.null |= (uint64_t)(own_more(v) == NULL) << COLUMN_more;
	shape.null |= (uint64_t)(dialogue.len == 0) << COLUMN_dialogue;
	/* Of these a 0 is chance, and makes no shape. */
	shape.zero &= ~(UINT64_C(1) << COLUMN_started |
	    UINT64_C(1) << COLUMN_client | UINT64_C(1) << COLUMN_server |
	    UINT64_C(1) << COLUMN_lasted | UINT64_C(1) << COLUMN_identity |
	    UINT64_C(1) << COLUMN_id);
	return shape;
}

/* NULL: memory or SQLite failed. */
static struct statement *
adopt(struct session_insert *s, const struct shape *shape)
{
	struct statement *one;

	if (s->count == SHAPES_MAX && s->strange++ % PATIENCE != 0)
		return s->general;
	if ((one = statement_new(s->db, shape)) == NULL)
		return NULL;
	if (s->count == SHAPES_MAX)
		statement_free(s->shaped[--s->count]);
	return s->shaped[s->count++] = one;
}

/* What is found moves one place ahead: soon the frequent ones are first. */
static struct statement *
statement_for(struct session_insert *s, const struct shape *shape)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct statement *one = s->shaped[i];

		if (one->shape.null != shape->null ||
		    one->shape.zero != shape->zero)
			continue;
		if (i > 0) {
			s->shaped[i] = s->shaped[i - 1];
			s->shaped[i - 1] = one;
		}
		return one;
	}
	return adopt(s, shape);
}

/* Bindings stay, and many parameters have what the last row had. */
static void
bind_integers(struct statement *s, const struct session_values *v)
{
	for (unsigned i = 0; i < s->count; i++) {
		int64_t n = v->integer[s->column[i]];
		/* text and blob come last in the table */
		int parameter = (int)i + 1;

		if (n == s->bound[i])
			continue;
		value_bind(s->stmt, parameter, n);
		s->bound[i] = n;
	}
}

static void
bind_text(struct statement *s, enum session_column at, const char *text)
{
	if (s->octets[at] == 0)
		return;
	if (text != NULL && text[0] != '\0')
		sqlite3_bind_text(s->stmt, s->octets[at], text, -1,
		    SQLITE_STATIC);
	else
		sqlite3_bind_null(s->stmt, s->octets[at]);
}

int64_t
session_insert_put(struct session_insert *s, const struct session_values *v,
    struct span dialogue)
{
	struct shape shape = shape_of(v, dialogue);
	struct statement *one = statement_for(s, &shape);
	int at;

	if (one == NULL)
		return -1;
	bind_integers(one, v);
	bind_text(one, COLUMN_community, v->community);
	bind_text(one, COLUMN_rcpt_domains, v->rcpt_domains);
	bind_text(one, COLUMN_counts, v->counts);
	bind_text(one, COLUMN_more, own_more(v));
	if ((at = one->octets[COLUMN_dialogue]) != 0 && dialogue.len > 0)
		sqlite3_bind_blob64(one->stmt, at, dialogue.at, dialogue.len,
		    SQLITE_STATIC);
	else if (at != 0)
		sqlite3_bind_null(one->stmt, at);
	sqlite3_step(one->stmt);
	return sqlite3_reset(one->stmt) == SQLITE_OK ?
	    sqlite3_last_insert_rowid(s->db) : -1;
}
