/* SPDX-License-Identifier: ISC */
/*
 * tlsa rollover: where a change of certificate stands, whether it is safe to
 * go on, and what to do next.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sheet.h"
#include "analyzer/text.h"
#include "analyzer/tlsa_task.h"
#include "analyzer/when.h"
#include "policy/certificates.h"
#include "policy/rollover.h"

static const struct sheet_column columns[] = {
	{ "step", "STEP", COLUMN_NUMBER },
	{ "name", "WHAT", COLUMN_PLAIN },
	{ "state", "STATE", COLUMN_PLAIN },
	{ "text", "HOW", COLUMN_WRAP },
	{ "remove", NULL, COLUMN_PLAIN },
	{ "add", NULL, COLUMN_PLAIN },
	{ "until", NULL, COLUMN_PLAIN },
};

struct change {
	struct tlsa_task	*task;
	struct chains		 next;
	struct match_result	 old, new;
	enum rollover_shown	 shown;
	int64_t			 published;	/* 0: not told */
	struct rollover_plan	 plan;
};

static bool
same_key(struct span a, struct span b)
{
	struct certificate_facts x, y;

	return certificates_describe(a, &x) && certificates_describe(b, &y) &&
	    strcmp(x.spki_sha256, y.spki_sha256) == 0;
}

/* Do we know what the servers show, or only what files hold? */
static bool
is_asked(const struct change *c)
{
	const struct options *o = c->task->o;

	return o->extras[EXTRA_LIVE].count > 0 ||
	    o->filters[FILTER_SERVER] != NULL ||
	    o->filters[FILTER_SESSION] != NULL;
}

/*
 * The first chain given is the one in use before the change; if more are
 * given, or others shown, each is that or the next.
 */
static enum rollover_shown
what_is_shown(const struct change *c)
{
	const struct chains *all = &c->task->chains;
	unsigned pem = c->task->o->extras[EXTRA_PEM].count;
	bool old = false, new = false;

	for (unsigned i = is_asked(c) ? pem : 0; i < all->count; i++) {
		if (same_key(all->list[i].list[0], c->next.list[0].list[0]))
			new = true;
		else if (pem == 0 || same_key(all->list[i].list[0],
		    all->list[0].list[0]))
			old = true;
		else
			return ROLLOVER_SHOWS_OTHER;
	}
	if (old && new)
		return ROLLOVER_SHOWS_BOTH;
	return new ? ROLLOVER_SHOWS_NEW : ROLLOVER_SHOWS_OLD;
}

static int
read_change(struct change *c)
{
	const struct options *o = c->task->o;
	const struct extra_words *next = &o->extras[EXTRA_NEXT];
	const struct extra_words *published = &o->extras[EXTRA_PUBLISHED];
	int status;

	if (next->count == 0)
		return options_misuse("tlsa", "tlsa rollover: to which "
		    "certificate?  --next FILE");
	if (published->count > 0 && !when_read(published->list[0],
	    c->task->at != 0 ? c->task->at : when_now(), &c->published))
		return options_misuse("tlsa", "--published %s: not a time; "
		    "give one as 2026-03-01T12:00:00Z, a date, or how long "
		    "ago: 30m, 2h, 7d", published->list[0]);
	if ((status = task_read_records(c->task)) != STATUS_DONE)
		return status;
	return chains_read(&c->next, next->list[0]);
}

static void
put_records(const struct change *c, const struct tlsa_record *r,
    const char *mark)
{
	const char *owner = c->task->owner;
	char *text = task_record_text(r, false);

	if (text == NULL)
		return;
	printf("    %s ", mark);
	text_put(stdout, owner, strlen(owner), text_wide());
	printf("%s%s\n", owner[0] != '\0' ? " IN TLSA " : "", text);
	free(text);
}

/* Text behind what stands on the line already, its further lines under its
 * first. */
static void
put_wrapped(const char *text, size_t indent, size_t width)
{
	char *lines, *line, *rest;

	lines = width > indent + 20 ? text_wrap(text, width - indent) : NULL;
	if (lines == NULL) {
		puts(text);
		return;
	}
	for (line = strtok_r(lines, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		printf("%*s%s\n", line == lines ? 0 : (int)indent, "", line);
	free(lines);
}

/* A page for reading. */
static void
show_page(const struct change *c)
{
	const struct rollover_plan *p = &c->plan;
	const struct rollover_step *s;
	static const char *const shown[] = {
		[ROLLOVER_SHOWS_OLD] = "the certificate in use",
		[ROLLOVER_SHOWS_BOTH] = "either certificate",
		[ROLLOVER_SHOWS_NEW] = "the next certificate",
		[ROLLOVER_SHOWS_OTHER] = "another certificate",
	};
	size_t width = render_style_of(FORM_TABLE).width;
	char until[WHEN_TEXT_MAX], verdict[ROLLOVER_TEXT_MAX + 16];

	snprintf(verdict, sizeof(verdict), "%s: %s.",
	    rollover_safety_word(p->safety), p->text);
	put_wrapped(verdict, 0, width);
	if (p->until != 0) {
		when_write(until, p->until, false);
		printf("Look again at %s UTC.\n", until);
	}
	printf("The servers show %s%s.\n", shown[c->shown],
	    is_asked(c) ? "" : " (assumed: --live or --server would tell)");
	if (c->next.list[0].count < 2)
		printf("The next one came without its issuer's.\n");
	else
		printf("The next one is of %s CA.\n",
		    p->same_ca ? "the same" : "another");
	for (unsigned i = 0; i < p->count; i++) {
		s = &p->steps[i];
		printf("%s%u  %-8s %-6s ", i == 0 ? "\n" : "", i + 1,
		    rollover_name_word(s->name),
		    rollover_state_word(s->state));
		put_wrapped(s->text, 19, width);
		if (s->remove != -1)
			put_records(c, &c->task->records.list[s->remove],
			    "-");
		if (s->add != -1)
			put_records(c, &p->made.list[s->add], "+");
	}
}

static int
show_rows(const struct change *c)
{
	const struct rollover_plan *p = &c->plan;
	const struct rollover_step *s;
	char *remove, *add;
	struct sheet *sheet;
	int status;

	sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	if (sheet == NULL)
		return STATUS_ERROR;
	sheet_add(sheet, "ittttti", (int64_t)0, "verdict",
	    rollover_safety_word(p->safety), p->text, (char *)NULL,
	    (char *)NULL, p->until != 0 ? p->until : SHEET_UNKNOWN);
	for (unsigned i = 0; i < p->count; i++) {
		s = &p->steps[i];
		remove = s->remove == -1 ? NULL : task_record_text(
		    &c->task->records.list[s->remove], false);
		add = s->add == -1 ? NULL : task_record_text(
		    &p->made.list[s->add], false);
		sheet_add(sheet, "ittttt", (int64_t)i + 1,
		    rollover_name_word(s->name),
		    rollover_state_word(s->state), s->text, remove, add);
		free(remove);
		free(add);
	}
	status = sheet_show(sheet, c->task->o->form);
	sheet_free(sheet);
	return status;
}

/* The one in use: of a file, or what is shown and is not the next. */
static const struct chain *
old_chain(const struct change *c)
{
	const struct chains *all = &c->task->chains;

	if (c->task->o->extras[EXTRA_PEM].count == 0)
		for (unsigned i = 0; i < all->count; i++)
			if (!same_key(all->list[i].list[0],
			    c->next.list[0].list[0]))
				return &all->list[i];
	return &all->list[0];
}

static int
plan(struct change *c)
{
	struct tlsa_task *t = c->task;
	const struct chain *old = old_chain(c);
	struct rollover_question q = { .records = &t->records,
	    .old = &c->old, .new = &c->new, .old_chain = old->list,
	    .old_count = old->count, .new_chain = c->next.list[0].list,
	    .new_count = c->next.list[0].count, .ttl = t->ttl,
	    .published = c->published, .shown = c->shown,
	    .now = t->at != 0 ? t->at : when_now() };
	struct chain now = *old, next = c->next.list[0];

	/* both as of now, whenever they were seen */
	now.at = next.at = q.now;
	task_ask(t, &now, &c->old);
	task_ask(t, &next, &c->new);
	if (!rollover_plan(&q, &c->plan)) {
		warnx("a certificate cannot be read");
		return STATUS_ERROR;
	}
	if (t->o->form == FORM_TABLE)
		show_page(c);
	else if (show_rows(c) != STATUS_DONE)
		return STATUS_ERROR;
	return c->plan.safety == ROLLOVER_SAFE ||
	    c->plan.safety == ROLLOVER_FINISHED ? STATUS_DONE : STATUS_ERROR;
}

int
tlsa_rollover(struct tlsa_task *t)
{
	struct change *c;
	int status;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		warnx("memory is short");
		return STATUS_ERROR;
	}
	c->task = t;
	status = read_change(c);
	if (status == STATUS_DONE) {
		c->shown = what_is_shown(c);
		status = plan(c);
	}
	rollover_forget(&c->plan);
	chains_free(&c->next);
	free(c);
	return status;
}
