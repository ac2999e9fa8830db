/* SPDX-License-Identifier: ISC */
/*
 * A table for eyes, by libsmartcols, as wide as the terminal.  What does not
 * fit is cut with a mark, or broken between words: libsmartcols alone would
 * do it silently, and 198.51.100.2 is not 198.51.100.25.
 *
 * Widths come from the rows, so rows are held back; but only so many, then
 * they are printed and the next table begins below.
 */
#include <err.h>
#include <libsmartcols.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/columns.h"
#include "analyzer/render.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

#define ROWS_MAX	1000	/* held back at once */
#define LIST_MAX	256	/* octets of a list shown in a cell */
#define ELASTIC_MIN	12	/* a column is never squeezed below */

struct table_state {
	char	**cells;	/* rows * columns, owned; safe to show */
	size_t	  rows;
	bool	  printed;	/* a table before this one */
};

/* Red is for what somebody must look at now; NULL: as it is. */
static const char *
colour_of(enum column_style style, const char *word)
{
	static const struct {
		enum column_style	 style;
		const char		*word, *colour;
	} colours[] = {
		{ COLUMN_SEVERITY, "critical", "\033[1;31m" },
		{ COLUMN_SEVERITY, "high", "\033[31m" },
		{ COLUMN_SEVERITY, "medium", "\033[33m" },
		{ COLUMN_CONFIDENCE, "certain", "\033[1m" },
		{ COLUMN_VERDICT, "attack", "\033[1;31m" },
		{ COLUMN_VERDICT, "suspicious", "\033[33m" },
		{ COLUMN_VERDICT, "undecided", "\033[36m" },
		{ COLUMN_PROTECTION, "cleartext", "\033[31m" },
		{ COLUMN_PROTECTION, "tls", "\033[32m" },
		{ COLUMN_OFFER, "masked", "\033[31m" },
		{ COLUMN_OFFER, "absent", "\033[33m" },
		{ COLUMN_STATE, "new", "\033[1m" },
		{ COLUMN_STATE, "closed", "\033[2m" },
		{ COLUMN_STATE, "suppressed", "\033[2m" },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (colours[i].style == style &&
		    strcmp(colours[i].word, word) == 0)
			return colours[i].colour;
	return NULL;
}

static int
table_begin(struct render *r, sqlite3_stmt *stmt)
{
	struct table_state *s;

	(void)stmt;
	if ((s = calloc(1, sizeof(*s))) == NULL || (s->cells =
	    calloc(ROWS_MAX * r->count + 1, sizeof(*s->cells))) == NULL) {
		free(s);
		warnx("memory is short");
		return -1;
	}
	r->state = s;
	return 0;
}

/* ["a","b"] as "a, b"; nested or escaped things as they are in JSON. */
static char *
list_text(const char *json, bool wide)
{
	char text[LIST_MAX + 4];
	size_t len = 0;
	bool quoted = false;

	for (; *json != '\0' && len < LIST_MAX; json++) {
		if (quoted && *json == '\\' && json[1] != '\0') {
			text[len++] = *json++;
			text[len++] = *json;
		} else if (*json == '"') {
			quoted = !quoted;
		} else if (!quoted && *json == ',') {
			text[len++] = ',';
			text[len++] = ' ';
		} else if (quoted || (*json != '[' && *json != ']')) {
			text[len++] = *json;
		}
	}
	if (*json != '\0') {
		memcpy(text + len, "...", 3);
		len += 3;
	}
	return text_safe(text, len, wide);
}

static char *
cell_text(const struct render *r, sqlite3_stmt *stmt, int i)
{
	enum row_role role = r->columns[i].role;
	const char *text;
	char when[WHEN_TEXT_MAX];

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_NULL:
		return strdup("-");
	case SQLITE_INTEGER:
		if (role == ROW_TIME) {
			when_write(when, sqlite3_column_int64(stmt, i), false);
			return strdup(when);
		}
		if (role == ROW_FLAG)
			return strdup(sqlite3_column_int(stmt, i) ? "yes" :
			    "no");
		break;
	}
	if ((text = (const char *)sqlite3_column_text(stmt, i)) == NULL)
		return NULL;
	if (role == ROW_LIST && text[0] == '[')
		return strcmp(text, "[]") == 0 ? strdup("-") :
		    list_text(text, r->style->wide);
	return text_safe(text, strlen(text), r->style->wide);
}

static bool
is_elastic(const struct column *c)
{
	return c->style == COLUMN_CUT || c->style == COLUMN_WRAP;
}

/*
 * How wide each column is: as its longest cell wants it, and if that is more
 * than fits, taken from the widest of those that can give.
 */
static void
fit(const struct render *r, size_t widths[])
{
	const struct table_state *s = r->state;
	size_t total = r->count - 1, one, widest;

	for (size_t i = 0; i < r->count; i++) {
		widths[i] = text_width(r->columns[i].heading);
		for (size_t row = 0; row < s->rows; row++) {
			one = text_width(s->cells[row * r->count + i]);
			if (one > widths[i])
				widths[i] = one;
		}
		total += widths[i];
	}
	for (; r->style->width > 0 && total > r->style->width; total--) {
		widest = r->count;
		for (size_t i = 0; i < r->count; i++)
			if (is_elastic(&r->columns[i]) &&
			    widths[i] > ELASTIC_MIN && (widest == r->count ||
			    widths[i] > widths[widest]))
				widest = i;
		if (widest == r->count)
			return;		/* the terminal must break lines */
		widths[widest]--;
	}
}

static struct libscols_table *
table_new(const struct render *r)
{
	struct libscols_table *table;
	struct libscols_column *column;

	if ((table = scols_new_table()) == NULL)
		return NULL;
	scols_table_set_stream(table, r->style->out);
	scols_table_enable_colors(table, r->style->colour);
	/* text_safe() has made the text safe; here it would only be mangled */
	scols_table_enable_noencoding(table, 1);
	/* fit() has made it fit, with a mark where something was cut */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < r->count; i++) {
		column = scols_table_new_column(table, r->columns[i].heading,
		    0, r->columns[i].style == COLUMN_NUMBER ? SCOLS_FL_RIGHT :
		    r->columns[i].style == COLUMN_WRAP ? SCOLS_FL_WRAP : 0);
		if (column == NULL) {
			scols_unref_table(table);
			return NULL;
		}
		if (r->columns[i].style == COLUMN_WRAP)
			scols_column_set_wrapfunc(column,
			    scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
			    NULL);
	}
	return table;
}

/* Hands the cell on to the table. */
static int
put_cell(const struct render *r, struct libscols_line *line, char **cell,
    size_t i, size_t width)
{
	enum column_style style = r->columns[i].style;
	const char *colour = colour_of(style, *cell);
	char *text = *cell;

	if (style == COLUMN_CUT)
		text = text_cut(*cell, width, r->style->wide);
	else if (style == COLUMN_WRAP)
		text = text_wrap(*cell, width);
	if (text == NULL)
		return -1;
	if (text != *cell)
		free(*cell);
	*cell = NULL;
	if (colour != NULL && r->style->colour)
		scols_cell_set_color(scols_line_get_cell(line, i), colour);
	if (scols_line_refer_data(line, i, text) == 0)
		return 0;
	free(text);
	return -1;
}

static int
print(struct render *r)
{
	struct table_state *s = r->state;
	size_t widths[COLUMNS_MAX];
	struct libscols_table *table;
	struct libscols_line *line;

	if (s->rows == 0)
		return 0;
	if ((table = table_new(r)) == NULL)
		goto fail;
	fit(r, widths);
	for (size_t row = 0; row < s->rows; row++) {
		if ((line = scols_table_new_line(table, NULL)) == NULL)
			goto fail;
		for (size_t i = 0; i < r->count; i++)
			if (put_cell(r, line, &s->cells[row * r->count + i], i,
			    widths[i]) == -1)
				goto fail;
	}
	if (s->printed)
		putc('\n', r->style->out);
	scols_print_table(table);
	scols_unref_table(table);
	s->rows = 0;
	s->printed = true;
	return ferror(r->style->out) ? -1 : 0;

fail:
	scols_unref_table(table);	/* NULL is fine */
	warnx("memory is short");
	return -1;
}

static int
table_row(struct render *r, sqlite3_stmt *stmt)
{
	struct table_state *s = r->state;
	char **cells = s->cells + s->rows++ * r->count;

	for (size_t i = 0; i < r->count; i++) {
		free(cells[i]);
		if ((cells[i] = cell_text(r, stmt, (int)i)) == NULL) {
			s->rows--;
			warnx("memory is short");
			return -1;
		}
	}
	return s->rows == ROWS_MAX ? print(r) : 0;
}

static void
table_end(struct render *r)
{
	struct table_state *s = r->state;

	(void)print(r);			/* `out` remembers a failure */
	for (size_t i = 0; i < ROWS_MAX * r->count; i++)
		free(s->cells[i]);
	free(s->cells);
	free(s);
}

const struct render_ops render_table = { table_begin, table_row, table_end };
