/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/render.h"
#include "analyzer/text.h"

#define WIDTH_DEFAULT	80
#define WIDTH_MIN	20
#define WIDTH_MAX	10000

const struct render_ops *
render_ops_of(enum form form)
{
	switch (form) {
	case FORM_TABLE:
		return &render_table;
	case FORM_JSONL:
	case FORM_JSON:
		return &render_json;
	case FORM_CSV:
		return &render_csv;
	}
	return NULL;
}

/* COLUMNS overrules the terminal, and gives a pipe a width. */
static size_t
width_of(bool terminal)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = 0;

	if (columns != NULL)
		width = strtol(columns, NULL, 10);
	if (width >= WIDTH_MIN && width <= WIDTH_MAX)
		return (size_t)width;
	if (!terminal)
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= WIDTH_MIN)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

struct render_style
render_style_of(enum form form)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	bool terminal = isatty(STDOUT_FILENO);

	return (struct render_style){
		.out = stdout,
		.form = form,
		.width = width_of(terminal),
		/* https://no-color.org: present and not empty */
		.colour = terminal && (no_colour == NULL ||
		    *no_colour == '\0') && term != NULL &&
		    strcmp(term, "dumb") != 0,
		.wide = text_wide(),
	};
}
