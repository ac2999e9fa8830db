/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/text.h"
#include "analyzer/when.h"
#include "schema/names.h"

#define PAGE_MIN	20	/* columns that text is not squeezed below */
#define VALUE_MAX	1024

const char *
page_text(const json_t *facts, const char *name)
{
	return json_string_value(json_object_get(facts, name));
}

json_int_t
page_number(const json_t *facts, const char *name)
{
	return json_integer_value(json_object_get(facts, name));
}

bool
page_time(const json_t *facts, const char *name, int64_t *time)
{
	const char *text = page_text(facts, name);

	return text != NULL && when_read(text, 0, time);
}

void
page_put(const struct page *p, const char *text)
{
	text_put(p->style->out, text, strlen(text), p->style->wide);
}

void
page_colour(const struct page *p, const char *sequence)
{
	if (p->style->colour)
		fputs(sequence, p->style->out);
}

void
page_heading(const struct page *p, const char *title)
{
	putc('\n', p->style->out);
	page_colour(p, PAGE_BOLD);
	fputs(title, p->style->out);
	page_colour(p, PAGE_PLAIN);
	putc('\n', p->style->out);
}

/* Safe text from column `indent` on, in as many lines as it takes. */
static void
put_wrapped(const struct page *p, const char *safe, size_t indent)
{
	size_t width = p->style->width, len;
	char *lines = width > indent + PAGE_MIN ?
	    text_wrap(safe, width - indent) : NULL;
	const char *line = lines != NULL ? lines : safe;

	for (;; line += len + 1) {
		len = strcspn(line, "\n");
		fprintf(p->style->out, "%.*s\n", (int)len, line);
		if (line[len] == '\0')
			break;
		fprintf(p->style->out, "%*s", (int)indent, "");
	}
	free(lines);
}

void
page_wrapped(const struct page *p, const char *value, size_t indent)
{
	char *safe = text_safe(value, strlen(value), p->style->wide);

	if (safe != NULL)
		put_wrapped(p, safe, indent);
	free(safe);
}

void
page_field(const struct page *p, const char *label, const char *value)
{
	if (value == NULL)
		return;
	fprintf(p->style->out, "  %-*s", PAGE_LABEL, label);
	page_wrapped(p, value, PAGE_LABEL + 2);
}

void
page_fieldf(const struct page *p, const char *label, const char *fmt, ...)
{
	char value[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	page_field(p, label, value);
}

void
page_line(const struct page *p, const char *label, const char *value)
{
	fputs("  ", p->style->out);
	page_put(p, label);
	fputs(": ", p->style->out);
	page_put(p, value);
	putc('\n', p->style->out);
}

const char *
page_severity_colour(const char *word)
{
	int severity = word != NULL ? severity_of(word) : -1;

	return severity >= SEVERITY_HIGH ? PAGE_BOLD PAGE_RED :
	    severity == SEVERITY_MEDIUM ? PAGE_YELLOW : "";
}

const char *
page_verdict_colour(const char *word)
{
	switch (word != NULL ? verdict_of(word) : -1) {
	case VERDICT_ATTACK:
		return PAGE_BOLD PAGE_RED;
	case VERDICT_SUSPICIOUS:
		return PAGE_YELLOW;
	case VERDICT_UNDECIDED:
		return PAGE_CYAN;
	}
	return "";
}

void
page_list(const struct page *p, const char *label, const json_t *list)
{
	const json_t *one;
	char *joined = NULL;
	size_t i, size;
	FILE *out;

	if (json_array_size(list) == 0 ||
	    (out = open_memstream(&joined, &size)) == NULL)
		return;
	json_array_foreach(list, i, one) {
		fputs(i > 0 ? ", " : "", out);
		if (json_is_string(one))
			fputs(json_string_value(one), out);
	}
	if (fclose(out) == 0)
		page_field(p, label, joined);
	free(joined);
}

/* A member of evidence that we have no words for: as JSON. */
static void
put_member(const struct page *p, const char *name, const json_t *value)
{
	char *json;

	if (json_is_string(value)) {
		page_line(p, name, json_string_value(value));
		return;
	}
	json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (json != NULL)
		page_line(p, name, json);
	free(json);
}

static void
put_evidence_line(const struct page *p, const json_t *line)
{
	const char *who = page_text(line, "who");
	const char *text = page_text(line, "text");
	size_t len;

	if (text == NULL)
		return;
	fprintf(p->style->out, "  %-*spacket %lld  ", PAGE_LABEL, "",
	    (long long)page_number(line, "packet"));
	page_put(p, who != NULL ? who : "");
	fputs(": ", p->style->out);
	/* a reply of several lines is one text */
	for (;; text += len + 1) {
		len = strcspn(text, "\n");
		text_put(p->style->out, text, len, p->style->wide);
		putc('\n', p->style->out);
		if (text[len] == '\0')
			break;
		fprintf(p->style->out, "  %-*s    ", PAGE_LABEL, "");
	}
}

void
page_evidence(const struct page *p, const json_t *evidence)
{
	const char *name;
	const json_t *value, *line;
	size_t i;

	page_field(p, "expected", page_text(evidence, "expected"));
	page_field(p, "seen", page_text(evidence, "seen"));
	if (page_number(evidence, "packet") > 0)
		page_fieldf(p, "decided by", "packet %lld",
		    (long long)page_number(evidence, "packet"));
	page_field(p, "looks like", page_text(evidence, "cause"));
	json_array_foreach(json_object_get(evidence, "lines"), i, line)
		put_evidence_line(p, line);
	json_object_foreach((json_t *)evidence, name, value) {
		if (strcmp(name, "expected") == 0 ||
		    strcmp(name, "seen") == 0 ||
		    strcmp(name, "lines") == 0 ||
		    strcmp(name, "packet") == 0 ||
		    strcmp(name, "cause") == 0 ||
		    strcmp(name, "at") == 0)
			continue;
		put_member(p, name, value);
	}
}
