/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "analyzer/exam.h"

#define TEXT_MAX	640

const char *
exam_level_word(enum exam_level l)
{
	static const char *const words[EXAM_LEVELS] = {
		[EXAM_GOOD] = "good",
		[EXAM_NOTE] = "note",
		[EXAM_WARNING] = "warning",
		[EXAM_UNKNOWN] = "unknown",
		[EXAM_FAULT] = "fault",
	};

	return l < EXAM_LEVELS ? words[l] : "?";
}

/* JSON takes valid UTF-8 only, and a stranger's name need not be. */
static void
make_plain(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void
exam_keep(json_t *facts, const char *name, const char *text)
{
	char plain[TEXT_MAX];

	if (text == NULL)
		return;
	snprintf(plain, sizeof(plain), "%s", text);
	make_plain(plain);
	json_object_set_new(facts, name, json_string(plain));
}

json_t *
exam_place(struct exam *e, const struct exam_host *h,
    const struct exam_address *a)
{
	if (a != NULL)
		return a->facts;
	return h != NULL ? h->facts : e->facts;
}

static void
note_worst(struct exam *e, const struct exam_remark *r, const char *text)
{
	const struct exam_host *h = r->address != NULL ? r->address->host :
	    r->host;

	if (r->level <= e->worst)
		return;
	e->worst = r->level;
	snprintf(e->worst_text, sizeof(e->worst_text), "%s%s%.200s",
	    r->address != NULL ? r->address->text : h != NULL &&
	    e->is_domain ? h->name : "", r->address != NULL ||
	    (h != NULL && e->is_domain) ? ": " : "", text);
}

void
exam_say(struct exam *e, const struct exam_remark *r, const char *fmt, ...)
{
	json_t *facts = exam_place(e, r->host, r->address), *line;
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_plain(text);
	line = json_pack("{s:s, s:s, s:s, s:s}", "about", r->about,
	    "verdict", exam_level_word(r->level), "word", r->word, "text",
	    text);
	if (json_object_get(facts, "lines") == NULL)
		json_object_set_new(facts, "lines", json_array());
	if (json_array_append_new(json_object_get(facts, "lines"), line) ==
	    -1)
		e->failed = true;
	e->counts[r->level]++;
	note_worst(e, r, text);
}
