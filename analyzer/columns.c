/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/columns.h"
#include "schema/names.h"

struct columns {
	const struct column_rules	*rules;
	char		*known[COLUMNS_MAX];	/* names the view has; owned */
	size_t		 known_count;
	struct column	 list[COLUMNS_MAX];
	char		*headings[COLUMNS_MAX];	/* owned; NULL: the rule's */
	size_t		 count;
};

static int
learn_names(struct columns *c, const struct database *d)
{
	sqlite3_stmt *stmt;
	char sql[80];
	int rc;

	snprintf(sql, sizeof(sql), "SELECT name FROM "
	    "pragma_table_info('v_%s')", c->rules->view);
	if (sqlite3_prepare_v2(d->sql, sql, -1, &stmt, NULL) != SQLITE_OK)
		goto fail;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW &&
	    c->known_count < COLUMNS_MAX) {
		c->known[c->known_count] =
		    strdup((const char *)sqlite3_column_text(stmt, 0));
		if (c->known[c->known_count++] == NULL)
			break;
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE)
		return 0;
fail:
	warnx("%s: %s", d->paths[0], sqlite3_errmsg(d->sql));
	return -1;
}

static const struct column_rule *
rule_of(const struct columns *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->rules->count; i++)
		if (strlen(c->rules->list[i].name) == len &&
		    memcmp(c->rules->list[i].name, name, len) == 0)
			return &c->rules->list[i];
	return NULL;
}

static const char *
view_column(const struct columns *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->known_count; i++)
		if (strlen(c->known[i]) == len &&
		    memcmp(c->known[i], name, len) == 0)
			return c->known[i];
	return NULL;
}

static int
unknown(const struct columns *c, const char *option, const char *name,
    size_t len)
{
	warnx("%s %.*s: unknown; known are", option, (int)len, name);
	fputs("   ", stderr);
	for (size_t i = 0; i < c->rules->count; i++)
		if (c->rules->list[i].sql != NULL)
			fprintf(stderr, " %s", c->rules->list[i].name);
	for (size_t i = 0; i < c->known_count; i++)
		fprintf(stderr, " %s", c->known[i]);
	putc('\n', stderr);
	return STATUS_MISUSE;
}

/* "server_port" is headed SERVER PORT. */
static char *
heading_of(const char *name)
{
	char *heading;

	if ((heading = strdup(name)) == NULL)
		return NULL;
	for (char *p = heading; *p != '\0'; p++)
		*p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
	return heading;
}

static int
choose(struct columns *c, const char *name, size_t len)
{
	const struct column_rule *rule = rule_of(c, name, len);
	const char *viewed = view_column(c, name, len);
	struct column *column;

	if (viewed == NULL && (rule == NULL || rule->sql == NULL))
		return unknown(c, "--columns", name, len);
	if (c->count == COLUMNS_MAX) {
		warnx("--columns: more than %d", COLUMNS_MAX);
		return STATUS_MISUSE;
	}
	column = &c->list[c->count];
	column->name = viewed != NULL ? viewed : rule->name;
	column->role = row_role(column->name);
	column->style = rule != NULL ? rule->style : COLUMN_PLAIN;
	column->heading = rule != NULL ? rule->heading : NULL;
	if (column->heading == NULL) {
		c->headings[c->count] = heading_of(column->name);
		if ((column->heading = c->headings[c->count]) == NULL) {
			warnx("memory is short");
			return STATUS_ERROR;
		}
	}
	c->count++;
	return STATUS_DONE;
}

struct columns *
columns_choose(const struct column_rules *rules, const struct database *d,
    const char *names, int *status)
{
	struct columns *c;
	size_t len;

	*status = STATUS_ERROR;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		warnx("memory is short");
		return NULL;
	}
	c->rules = rules;
	if (learn_names(c, d) == -1)
		goto fail;
	*status = STATUS_DONE;
	for (size_t i = 0; names == NULL && i < c->known_count &&
	    *status == STATUS_DONE; i++)
		*status = choose(c, c->known[i], strlen(c->known[i]));
	while (names != NULL && *status == STATUS_DONE) {
		len = strcspn(names, ",");
		*status = choose(c, names, len);
		names = names[len] == '\0' ? NULL : names + len + 1;
	}
	if (*status == STATUS_DONE)
		return c;
fail:
	columns_free(c);
	return NULL;
}

void
columns_free(struct columns *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->known_count; i++)
		free(c->known[i]);
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		free(c->headings[i]);
	free(c);
}

const struct column *
columns_list(const struct columns *c, size_t *count)
{
	*count = c->count;
	return c->list;
}

/* The view's names are the database's word: quoted, whatever they are. */
static void
add_name(struct query *q, const char *name)
{
	query_add(q, "\"");
	for (; *name != '\0'; name++)
		query_add(q, "%s%c", *name == '"' ? "\"" : "", *name);
	query_add(q, "\"");
}

static void
add_value(const struct columns *c, struct query *q, const char *name,
    size_t len)
{
	const struct column_rule *rule = rule_of(c, name, len);

	if (rule != NULL && rule->sql != NULL) {
		query_add(q, "%s", rule->sql);
		return;
	}
	query_add(q, "s.");
	add_name(q, view_column(c, name, len));
}

void
columns_select(const struct columns *c, struct query *q)
{
	for (size_t i = 0; i < c->count; i++) {
		if (i > 0)
			query_add(q, ", ");
		add_value(c, q, c->list[i].name, strlen(c->list[i].name));
		query_add(q, " AS ");
		add_name(q, c->list[i].name);
	}
}

/* Words with a rank sort by it, not by the alphabet. */
static void
add_rank(struct query *q, enum column_style style, const char *name)
{
	query_add(q, "CASE s.%s", name);
	if (style == COLUMN_SEVERITY)
		for (enum severity i = 0; i < SEVERITIES; i++)
			query_add(q, " WHEN '%s' THEN %d", severity_word(i),
			    (int)i);
	else if (style == COLUMN_CONFIDENCE)
		for (enum confidence i = 0; i < CONFIDENCES; i++)
			query_add(q, " WHEN '%s' THEN %d", confidence_word(i),
			    (int)i);
	else if (style == COLUMN_STATE)
		for (enum state i = 0; i < STATES; i++)
			query_add(q, " WHEN '%s' THEN %d", state_word(i),
			    (int)i);
	else
		for (enum verdict i = 0; i < VERDICTS; i++)
			query_add(q, " WHEN '%s' THEN %d", verdict_word(i),
			    (int)i);
	query_add(q, " END");
}

static bool
is_ranked(const struct column_rule *rule)
{
	return rule != NULL && rule->sql == NULL &&
	    (rule->style == COLUMN_SEVERITY ||
	    rule->style == COLUMN_CONFIDENCE ||
	    rule->style == COLUMN_STATE ||
	    rule->style == COLUMN_VERDICT);
}

int
columns_order(const struct columns *c, struct query *q, const char *names)
{
	const struct column_rule *rule;
	bool descends, first = true;
	size_t len;

	for (; names != NULL; first = false) {
		descends = *names == '-';
		if (descends)
			names++;
		len = strcspn(names, ",");
		rule = rule_of(c, names, len);
		if (view_column(c, names, len) == NULL &&
		    (rule == NULL || rule->sql == NULL))
			return unknown(c, "--sort", names, len);
		query_add(q, first ? " ORDER BY " : ", ");
		if (is_ranked(rule))
			add_rank(q, rule->style, rule->name);
		else if (rule != NULL && rule->order != NULL)
			query_add(q, "%s", rule->order);
		else
			add_value(c, q, names, len);
		query_add(q, "%s NULLS LAST", descends ? " DESC" : "");
		names = names[len] == '\0' ? NULL : names + len + 1;
	}
	return STATUS_DONE;
}
