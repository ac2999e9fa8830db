/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/check.h"
#include "analyzer/listing.h"
#include "analyzer/when.h"
#include "schema/schema.h"

#define TERMINAL_ROWS	100	/* unless --limit says otherwise */
#define GROUP_MAX	65536	/* keys of one second put in order */

/* Where a row is found, and its place within the second. */
struct key {
	int64_t	db, id, at;
};

struct walk {
	const struct listing	*l;
	const struct options	*o;
	const struct database	*d;
	const struct columns	*columns;
	const struct render_ops	*ops;
	struct render		 render;
	sqlite3_stmt		*keys;		/* NULL: rows come directly */
	sqlite3_stmt		*rows;
	struct key		*group;
	size_t			 group_count, group_room;
	bool			 descends;
	long			 limit;		/* 0: none */
	long			 count;		/* rows given out */
	bool			 more;		/* and there were more */
};

static int
say_sql(const struct walk *w)
{
	warnx("%s: %s", w->d->paths[0], sqlite3_errmsg(w->d->sql));
	return -1;
}

/*
 * Sessions in the order of their start: that of their ids, but for those of
 * one second, which walk_group() puts right.  So the first rows come at once
 * from a database of any size.
 */
static bool
is_by_time(const struct walk *w, const char *order)
{
	return w->l->walk == LISTING_BY_TIME &&
	    strcmp(order + (*order == '-'), "started_at") == 0;
}

bool
listing_stands(const struct listing *l, const struct options *o)
{
	return l->standing != NULL && o->filters[FILTER_STATE] == NULL &&
	    (o->form == FORM_TABLE || o->check);
}

static int
add_conditions(struct walk *w, struct query *q)
{
	query_add(q, " FROM all_%s AS s WHERE 1", w->l->columns.view);
	if (listing_stands(w->l, w->o))
		query_add(q, " AND %s", w->l->standing);
	return filter_apply(q, &w->l->filters, w->o, when_now());
}

static int
add_order(struct walk *w, struct query *q, const char *order)
{
	int status;

	if (!is_by_time(w, order)) {
		status = columns_order(w->columns, q, order);
		if (w->l->walk != LISTING_DIRECT)	/* in case of ties */
			query_add(q, ", s.db, s.id");
		return status;
	}
	w->descends = *order == '-';
	query_add(q, " ORDER BY s.id%s", w->descends ? " DESC" : "");
	w->group_room = GROUP_MAX;
	w->group = calloc(w->group_room, sizeof(*w->group));
	return w->group != NULL ? STATUS_DONE : STATUS_ERROR;
}

/* The statement of keys, or of whole rows where there are no keys. */
static sqlite3_stmt *
prepare_first(struct walk *w, int *status)
{
	const char *order = w->o->sort != NULL ? w->o->sort : w->l->order;
	sqlite3_stmt *stmt = NULL;
	struct query *q;

	*status = STATUS_ERROR;
	q = query_new(w->d->sql);
	query_add(q, "SELECT ");
	if (w->l->walk == LISTING_DIRECT)
		columns_select(w->columns, q);
	else if (is_by_time(w, order))
		query_add(q, "s.db, s.id, s.started_at");
	else
		query_add(q, "s.db, s.id, 0");
	*status = add_conditions(w, q);
	if (*status == STATUS_DONE)
		*status = add_order(w, q, order);
	if (*status == STATUS_DONE && (stmt = query_prepare(q)) == NULL)
		*status = STATUS_ERROR;
	query_free(q);
	return stmt;
}

static sqlite3_stmt *
prepare_row(struct walk *w)
{
	sqlite3_stmt *stmt;
	struct query *q;

	q = query_new(w->d->sql);
	query_add(q, "SELECT ");
	columns_select(w->columns, q);
	query_add(q, " FROM all_%s AS s WHERE s.db = ?1 AND s.id = ?2",
	    w->l->columns.view);
	stmt = query_prepare(q);
	query_free(q);
	return stmt;
}

/* 1: go on.  0: enough.  -1: failed. */
static int
give_row(struct walk *w)
{
	if (w->limit > 0 && w->count == w->limit) {
		w->more = true;
		return 0;
	}
	w->count++;
	return w->ops->row(&w->render, w->rows) == -1 ? -1 : 1;
}

static int
give_key(struct walk *w, const struct key *k)
{
	int rc;

	sqlite3_bind_int64(w->rows, 1, k->db);
	sqlite3_bind_int64(w->rows, 2, k->id);
	rc = sqlite3_step(w->rows) == SQLITE_ROW ? give_row(w) : 1;
	if (sqlite3_reset(w->rows) != SQLITE_OK)
		return say_sql(w);
	return rc;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Give out the keys gathered of one second. */
static int
give_group(struct walk *w)
{
	size_t n = w->group_count;
	int rc = 1;

	qsort(w->group, n, sizeof(*w->group), compare_keys);
	for (size_t i = 0; i < n && rc == 1; i++)
		rc = give_key(w, &w->group[w->descends ? n - 1 - i : i]);
	w->group_count = 0;
	return rc;
}

static int
walk_group(struct walk *w, const struct key *k)
{
	int rc = 1;

	if (w->group_count > 0 &&
	    (w->group_count == w->group_room ||
	    w->group[0].id >> SESSION_ID_BITS != k->id >> SESSION_ID_BITS))
		rc = give_group(w);
	w->group[w->group_count++] = *k;
	return rc;
}

static int
walk_keys(struct walk *w)
{
	struct key k;
	int rc = 1, step = SQLITE_DONE;

	while (rc == 1 && (step = sqlite3_step(w->keys)) == SQLITE_ROW) {
		k.db = sqlite3_column_int64(w->keys, 0);
		k.id = sqlite3_column_int64(w->keys, 1);
		k.at = sqlite3_column_int64(w->keys, 2);
		rc = w->group != NULL ? walk_group(w, &k) : give_key(w, &k);
	}
	if (rc == 1 && step != SQLITE_DONE)
		return say_sql(w);
	if (rc == 1 && w->group != NULL)
		rc = give_group(w);
	return rc;
}

static int
walk_rows(struct walk *w)
{
	int rc = 1, step = SQLITE_DONE;

	while (rc == 1 && (step = sqlite3_step(w->rows)) == SQLITE_ROW)
		rc = give_row(w);
	if (rc == 1 && step != SQLITE_DONE)
		return say_sql(w);
	return rc;
}

/* How many rows would have been there but for `standing`. */
static int64_t
count_others(const struct walk *w)
{
	struct query *q = query_new(w->d->sql);
	sqlite3_stmt *stmt = NULL;
	int64_t count = 0;

	query_add(q, "SELECT count(*) FROM all_%s AS s WHERE NOT (%s)",
	    w->l->columns.view, w->l->standing);
	if (filter_apply(q, &w->l->filters, w->o, when_now()) == STATUS_DONE)
		stmt = query_prepare(q);
	query_free(q);
	if (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW)
		count = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return count;
}

static void
say_others(const struct walk *w)
{
	int64_t others;

	if (listing_stands(w->l, w->o) && (others = count_others(w)) > 0)
		fprintf(stderr, "%lld %s %s not shown (--state all shows "
		    "them).\n", (long long)others, w->l->others,
		    others == 1 ? "is" : "are");
}

/* A word to the person at the terminal, beside the data. */
static void
say_footer(const struct walk *w)
{
	bool watched = isatty(STDERR_FILENO);

	if (w->count == 0 && (watched || w->o->form == FORM_TABLE))
		fprintf(stderr, "No %s %s.%s%s\n", w->l->many,
		    filter_given(w->o) ? "match these filters" :
		    "are recorded", w->l->none != NULL ? "  " : "",
		    w->l->none != NULL ? w->l->none : "");
	else if (w->count > 0 && watched && w->o->form == FORM_TABLE)
		fprintf(stderr, "%s%ld %s%s; %s\n", w->more ? "First " : "",
		    w->count, w->count == 1 ? w->l->one : w->l->many,
		    w->more ? " of more (--limit 0 shows all)" : "",
		    w->l->hint);
	if (watched || (w->count == 0 && w->o->form == FORM_TABLE))
		say_others(w);
}

static int
walk_all(struct walk *w, const struct render_style *style)
{
	int rc;

	w->ops = render_ops_of(style->form);
	w->render = (struct render){ .style = style };
	w->render.columns = columns_list(w->columns, &w->render.count);
	if (w->ops->begin(&w->render, w->rows) == -1)
		return STATUS_ERROR;
	rc = w->keys != NULL ? walk_keys(w) : walk_rows(w);
	w->ops->end(&w->render);
	if (rc == -1 && !ferror(style->out))
		return STATUS_ERROR;
	fflush(style->out);		/* main.c looks at its errors */
	if (!ferror(style->out))
		say_footer(w);
	return STATUS_DONE;
}

static long
limit_of(const struct options *o)
{
	if (o->limit >= 0)
		return o->limit;
	return o->form == FORM_TABLE && isatty(STDOUT_FILENO) ?
	    TERMINAL_ROWS : 0;
}

/* Width 0 is any: all there is to show. */
static const char *
shown_names(const struct listing *l, size_t width)
{
	size_t i = 0;

	while (width > 0 && width < l->shown[i].width)
		i++;
	return l->shown[i].names;
}

static int
list(const struct listing *l, const struct options *o,
    const struct database *d)
{
	const struct render_style style = render_style_of(o->form);
	const char *names = o->columns;
	struct walk w = { .l = l, .o = o, .d = d, .limit = limit_of(o) };
	sqlite3_stmt *first;
	struct columns *columns;
	int status;

	if (names == NULL && o->form == FORM_TABLE)
		names = shown_names(l, style.width);
	columns = columns_choose(&l->columns, d, names, &status);
	if ((w.columns = columns) == NULL)
		return status;
	first = prepare_first(&w, &status);
	if (l->walk == LISTING_DIRECT) {
		w.rows = first;
	} else if (first != NULL) {
		w.keys = first;
		if ((w.rows = prepare_row(&w)) == NULL)
			status = STATUS_ERROR;
	}
	if (status == STATUS_DONE)
		status = walk_all(&w, &style);
	sqlite3_finalize(w.keys);
	sqlite3_finalize(w.rows);
	free(w.group);
	columns_free(columns);
	return status;
}

static int
check_options(const struct listing *l, const struct options *o)
{
	const char *command = l->columns.command;

	if (o->words_count > 0)
		return options_misuse(command, "%s takes no argument: %s",
		    command, o->words[0]);
	if (o->check && l->worst == NULL)
		return options_misuse(command, "%s has no --check", command);
	return STATUS_DONE;
}

int
listing_run(const struct listing *l, const struct options *o)
{
	struct database d;
	int status;

	if ((status = check_options(l, o)) != STATUS_DONE)
		return status;
	if (database_open(&d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	if (l->prepare != NULL)
		status = l->prepare(o, &d);
	if (status != STATUS_DONE) {
		database_close(&d);
		return status;
	}
	status = o->check ? check_run(l, o, &d) : list(l, o, &d);
	database_close(&d);
	return status;
}
