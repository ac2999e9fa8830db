/* SPDX-License-Identifier: ISC */
/*
 * JSON: one object a line, or all in one array with one object a line.
 */
#include <err.h>
#include <stdlib.h>

#include "analyzer/render.h"
#include "analyzer/text.h"

struct json_state {
	struct json_row	*row;
	bool		 begun;
};

static int
json_begin(struct render *r, sqlite3_stmt *stmt)
{
	struct json_state *s;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->row = json_row_new(stmt, NULL)) == NULL) {
		free(s);
		warnx("memory is short");
		return -1;
	}
	r->state = s;
	if (r->style->form == FORM_JSON)
		fputs("[", r->style->out);
	return 0;
}

static int
json_row(struct render *r, sqlite3_stmt *stmt)
{
	struct json_state *s = r->state;
	const char *text;
	size_t len;

	(void)stmt;
	if ((text = json_row_text(s->row, &len)) == NULL) {
		warnx("memory is short");
		return -1;
	}
	if (r->style->form == FORM_JSON)
		fputs(s->begun ? ",\n" : "\n", r->style->out);
	s->begun = true;
	text_put_json(r->style->out, text, len);
	if (r->style->form == FORM_JSONL)
		putc('\n', r->style->out);
	return ferror(r->style->out) ? -1 : 0;
}

static void
json_end(struct render *r)
{
	struct json_state *s = r->state;

	if (r->style->form == FORM_JSON)
		fputs(s->begun ? "\n]\n" : "]\n", r->style->out);
	json_row_free(s->row);
	free(s);
}

const struct render_ops render_json = { json_begin, json_row, json_end };
