/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/query.h"
#include "analyzer/sheet.h"

#define COLUMNS_MAX	32

struct sheet {
	const struct sheet_column	*columns;
	size_t				 count;
	sqlite3				*db;
	sqlite3_stmt			*insert;
	bool				 failed;
};

static void
complain(struct sheet *r)
{
	if (!r->failed)
		warnx("rows in memory: %s", sqlite3_errmsg(r->db));
	r->failed = true;
}

static sqlite3_stmt *
prepare_create(const struct sheet *r)
{
	struct query *q = query_new(r->db);
	sqlite3_stmt *stmt;

	query_add(q, "CREATE TABLE rows (");
	for (size_t i = 0; i < r->count; i++)
		query_add(q, "%s\"%s\"", i > 0 ? ", " : "",
		    r->columns[i].name);
	query_add(q, ")");
	stmt = query_prepare(q);
	query_free(q);
	return stmt;
}

static sqlite3_stmt *
prepare_insert(const struct sheet *r)
{
	struct query *q = query_new(r->db);
	sqlite3_stmt *stmt;

	query_add(q, "INSERT INTO rows VALUES (");
	for (size_t i = 0; i < r->count; i++)
		query_add(q, "%s?%zu", i > 0 ? ", " : "", i + 1);
	query_add(q, ")");
	stmt = query_prepare(q);
	query_free(q);
	return stmt;
}

struct sheet *
sheet_new(const struct sheet_column *columns, size_t count)
{
	sqlite3_stmt *create;
	struct sheet *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		warnx("memory is short");
		return NULL;
	}
	r->columns = columns;
	r->count = count;
	if (sqlite3_open(":memory:", &r->db) != SQLITE_OK ||
	    (create = prepare_create(r)) == NULL) {
		complain(r);
		sheet_free(r);
		return NULL;
	}
	if (sqlite3_step(create) != SQLITE_DONE)
		complain(r);
	sqlite3_finalize(create);
	if (r->failed || (r->insert = prepare_insert(r)) == NULL) {
		sheet_free(r);
		return NULL;
	}
	return r;
}

void
sheet_free(struct sheet *r)
{
	if (r == NULL)
		return;
	sqlite3_finalize(r->insert);
	sqlite3_close(r->db);
	free(r);
}

void
sheet_add(struct sheet *r, const char *types, ...)
{
	const char *text;
	int64_t number;
	int place = 0;
	va_list ap;

	sqlite3_reset(r->insert);
	sqlite3_clear_bindings(r->insert);
	va_start(ap, types);
	for (; *types != '\0'; types++) {
		place++;
		if (*types == 'i') {
			number = va_arg(ap, int64_t);
			if (number != SHEET_UNKNOWN)
				sqlite3_bind_int64(r->insert, place, number);
		} else {
			text = va_arg(ap, const char *);
			sqlite3_bind_text(r->insert, place, text, -1,
			    SQLITE_TRANSIENT);
		}
	}
	va_end(ap);
	if (sqlite3_step(r->insert) != SQLITE_DONE)
		complain(r);
}

/* What is shown of them, as the renderers want it. */
static size_t
choose(const struct sheet *r, enum form form, struct column *out,
    struct query *q)
{
	const struct sheet_column *c;
	size_t n = 0;

	query_add(q, "SELECT ");
	for (size_t i = 0; i < r->count && n < COLUMNS_MAX; i++) {
		c = &r->columns[i];
		if (form == FORM_TABLE && c->heading == NULL)
			continue;
		query_add(q, "%s\"%s\"", n > 0 ? ", " : "", c->name);
		out[n++] = (struct column){ .name = c->name,
		    .heading = c->heading, .role = row_role(c->name),
		    .style = c->style };
	}
	query_add(q, " FROM rows ORDER BY rowid");
	return n;
}

int
sheet_show(struct sheet *r, enum form form)
{
	const struct render_style style = render_style_of(form);
	const struct render_ops *ops = render_ops_of(form);
	struct column columns[COLUMNS_MAX];
	struct render render = { .style = &style, .columns = columns };
	struct query *q = query_new(r->db);
	sqlite3_stmt *stmt;
	int rc = 0;

	render.count = choose(r, form, columns, q);
	stmt = query_prepare(q);
	query_free(q);
	if (stmt == NULL || r->failed ||
	    ops->begin(&render, stmt) == -1) {
		sqlite3_finalize(stmt);
		return STATUS_ERROR;
	}
	while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW)
		rc = ops->row(&render, stmt);
	ops->end(&render);
	sqlite3_finalize(stmt);
	/* a failing standard output is main's to tell */
	return rc == -1 && !ferror(style.out) ? STATUS_ERROR : STATUS_DONE;
}
