/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "analyzer/exam.h"
#include "analyzer/page.h"
#include "analyzer/when.h"

#define LEVEL	9		/* columns of "warning" and its blanks */
#define ABOUT	13		/* ... of "certificate" */

static const char *
colour_of(const char *verdict)
{
	if (strcmp(verdict, "fault") == 0)
		return PAGE_BOLD PAGE_RED;
	if (strcmp(verdict, "warning") == 0)
		return PAGE_YELLOW;
	if (strcmp(verdict, "unknown") == 0)
		return PAGE_CYAN;
	return "";
}

static void
put_lines(const struct page *p, const json_t *of, int indent)
{
	const char *verdict, *about, *text, *colour;
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(of, "lines"), i, line) {
		verdict = page_text(line, "verdict");
		about = page_text(line, "about");
		text = page_text(line, "text");
		if (verdict == NULL || about == NULL || text == NULL)
			continue;
		colour = colour_of(verdict);
		fprintf(p->style->out, "%*s", indent, "");
		page_colour(p, colour);
		fprintf(p->style->out, "%-*s", LEVEL, verdict);
		page_colour(p, *colour != '\0' ? PAGE_PLAIN : "");
		fprintf(p->style->out, "%-*s", ABOUT, about);
		page_wrapped(p, text, (size_t)(indent + LEVEL + ABOUT));
	}
}

static void
put_host(const struct page *p, const json_t *host)
{
	const char *name = page_text(host, "name");
	FILE *out = p->style->out;
	const json_t *one;
	size_t i;

	putc('\n', out);
	page_colour(p, PAGE_BOLD);
	page_put(p, name != NULL ? name : "?");
	page_colour(p, PAGE_PLAIN);
	if (json_object_get(host, "preference") != NULL)
		fprintf(out, ", preference %lld",
		    (long long)page_number(host, "preference"));
	putc('\n', out);
	put_lines(p, host, 2);
	json_array_foreach(json_object_get(host, "addresses"), i, one) {
		name = page_text(one, "address");
		fprintf(out, "  %s\n", name != NULL ? name : "?");
		put_lines(p, one, 4);
	}
}

void
exam_page(const struct page *p)
{
	const char *verdict = page_text(p->facts, "verdict");
	char when[WHEN_TEXT_MAX] = "?";
	FILE *out = p->style->out;
	const json_t *host;
	int64_t at;
	size_t i;

	if (page_time(p->facts, "at", &at))
		when_write(when, at, false);
	page_colour(p, PAGE_BOLD);
	page_put(p, page_text(p->facts, "name"));
	fputs(": ", out);
	page_colour(p, colour_of(verdict));
	fputs(verdict, out);
	page_colour(p, PAGE_PLAIN);
	fprintf(out, "\n  port %lld, %s UTC, DNS of ",
	    (long long)page_number(p->facts, "port"),
	    when);
	page_put(p, page_text(p->facts, "dns"));
	fputs("\n\n", out);
	put_lines(p, p->facts, 2);
	json_array_foreach(json_object_get(p->facts, "hosts"), i, host)
		put_host(p, host);
}
