/* SPDX-License-Identifier: ISC */
/*
 * Comma-separated values as RFC 4180 has them: a line of names, lines end
 * with CR LF.  Lists and objects are their JSON text, unknown is empty.
 */
#include <string.h>

#include "analyzer/render.h"
#include "analyzer/text.h"
#include "schema/moment.h"

static void
put_field(FILE *out, const char *text)
{
	size_t len = strlen(text);

	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		text_put(out, text, len, true);
		return;
	}
	putc('"', out);
	for (const char *end; *text != '\0'; text = end) {
		end = text + strcspn(text, "\"");
		text_put(out, text, (size_t)(end - text), true);
		if (*end == '"') {
			fputs("\"\"", out);
			end++;
		}
	}
	putc('"', out);
}

static int
csv_begin(struct render *r, sqlite3_stmt *stmt)
{
	(void)stmt;
	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			putc(',', r->style->out);
		put_field(r->style->out, r->columns[i].name);
	}
	fputs("\r\n", r->style->out);
	return 0;
}

static void
put_value(const struct render *r, sqlite3_stmt *stmt, int i)
{
	FILE *out = r->style->out;
	char time[MOMENT_TEXT];
	bool is_number = sqlite3_column_type(stmt, i) == SQLITE_INTEGER;
	const char *text;

	if (r->columns[i].role == ROW_TIME && is_number)
		fputs(moment_format(sqlite3_column_int64(stmt, i), time), out);
	else if (r->columns[i].role == ROW_FLAG && is_number)
		fputs(sqlite3_column_int(stmt, i) ? "true" : "false", out);
	else if ((text = (const char *)sqlite3_column_text(stmt, i)) != NULL)
		put_field(out, text);
}

static int
csv_row(struct render *r, sqlite3_stmt *stmt)
{
	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			putc(',', r->style->out);
		put_value(r, stmt, (int)i);
	}
	fputs("\r\n", r->style->out);
	return ferror(r->style->out) ? -1 : 0;
}

static void
csv_end(struct render *r)
{
	(void)r;
}

const struct render_ops render_csv = { csv_begin, csv_row, csv_end };
