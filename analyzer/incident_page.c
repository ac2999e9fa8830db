/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "analyzer/incident_page.h"
#include "analyzer/session_page.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

#define PARTS_SHOWN	8	/* of each sort, before "and N more" */
#define STEP_INDENT	5

static long long
number(const struct page *p, const char *name)
{
	return (long long)page_number(p->facts, name);
}

static void
put_headline(const struct page *p)
{
	FILE *out = p->style->out;
	const char *severity = page_text(p->facts, "severity");
	const char *confidence = page_text(p->facts, "confidence");
	const char *state = page_text(p->facts, "state");
	const char *title = page_text(p->facts, "title");

	page_colour(p, PAGE_BOLD);
	fprintf(out, "Incident %lld", number(p, "id"));
	page_colour(p, PAGE_PLAIN);
	fputs(": ", out);
	page_colour(p, page_severity_colour(severity));
	page_put(p, severity != NULL ? severity : "?");
	page_colour(p, PAGE_PLAIN);
	fputs(", ", out);
	page_put(p, confidence != NULL ? confidence : "?");
	fputs(", ", out);
	page_put(p, state != NULL ? state : "?");
	putc('\n', out);
	if (title == NULL)
		return;
	page_colour(p, PAGE_BOLD);
	page_wrapped(p, title, 0);
	page_colour(p, PAGE_PLAIN);
}

/* The explanation is lines of "Label: text" (detect/incident_words.c). */
static void
put_explanation(const struct page *p)
{
	const char *line = page_text(p->facts, "explanation"), *text;
	char label[PAGE_LABEL + 1];
	size_t len, colon;
	char *copy;

	page_heading(p, "What and why");
	for (; line != NULL; line = line[len] == '\0' ? NULL :
	    line + len + 1) {
		len = strcspn(line, "\n");
		colon = strcspn(line, ":\n");
		text = line;
		label[0] = '\0';
		if (line[colon] == ':' && colon < sizeof(label)) {
			memcpy(label, line, colon);
			label[colon] = '\0';
			text = line + colon + 1;
			text += strspn(text, " ");
		}
		copy = strndup(text, len - (size_t)(text - line));
		if (label[0] >= 'A' && label[0] <= 'Z')
			label[0] = (char)(label[0] - 'A' + 'a');
		if (copy != NULL)
			page_field(p, label, copy);
		free(copy);
	}
	page_list(p, "because of", json_object_get(p->facts, "because"));
}

static void
put_when(const struct page *p)
{
	char from[WHEN_TEXT_MAX], to[WHEN_TEXT_MAX], span[WHEN_TEXT_MAX];
	int64_t first, last;

	page_heading(p, "When (UTC)");
	if (page_time(p->facts, "first_seen", &first) &&
	    page_time(p->facts, "last_seen", &last)) {
		when_write(from, first, false);
		when_write(to, last, false);
		when_write_span(span, last - first);
		if (first == last)
			page_field(p, "seen at", from);
		else
			page_fieldf(p, "since", "%s, last seen %s, %s later",
			    from, to, span);
	}
	if (page_time(p->facts, "mended_at", &last)) {
		when_write(to, last, false);
		page_fieldf(p, "mended", "found well at %s", to);
	}
	page_fieldf(p, "in", "%lld session%s; %lld mail%s in clear",
	    number(p, "sessions"), number(p, "sessions") == 1 ? "" : "s",
	    number(p, "mails_in_clear"),
	    number(p, "mails_in_clear") == 1 ? "" : "s");
}

/* "10.77.1.0/24 (12), 10.77.3.0/24 (2) and 5 more". */
static void
put_part(const struct page *p, const char *label, const char *name)
{
	const json_t *list = json_object_get(json_object_get(p->facts,
	    "parts"), name), *one;
	size_t i, size, count = json_array_size(list);
	char *joined = NULL;
	const char *word;
	FILE *out;

	if (count == 0 || (out = open_memstream(&joined, &size)) == NULL)
		return;
	json_array_foreach(list, i, one) {
		if (i == PARTS_SHOWN)
			break;
		word = page_text(one, "word");
		fprintf(out, "%s%s (%lld)", i > 0 ? ", " : "",
		    word != NULL ? word : "?",
		    (long long)page_number(one, "sessions"));
	}
	if (count > PARTS_SHOWN)
		fprintf(out, " and %zu more", count - PARTS_SHOWN);
	if (fclose(out) == 0)
		page_field(p, label, joined);
	free(joined);
}

static void
put_who(const struct page *p)
{
	page_heading(p, "Who, with sessions of each");
	put_part(p, "clients in", "client_nets");
	put_part(p, "servers", "servers");
	put_part(p, "named", "server_names");
	put_part(p, "recipients in", "rcpt_domains");
	put_part(p, "kinds", "kinds");
	put_part(p, "looks like", "causes");
	put_part(p, "sensors", "sensors");
}

static void
put_steps(const struct page *p)
{
	const json_t *steps = json_object_get(p->facts, "next_steps"), *one;
	size_t i;

	if (json_array_size(steps) == 0)
		return;
	page_heading(p, "Next");
	json_array_foreach(steps, i, one) {
		fprintf(p->style->out, " %2zu. ", i + 1);
		page_wrapped(p, json_is_string(one) ?
		    json_string_value(one) : "?", STEP_INDENT);
	}
}

static void
put_decisive(const struct page *p)
{
	const json_t *f = json_object_get(p->facts, "decisive");

	page_heading(p, "The gravest session");
	page_fieldf(p, "session", "%lld", number(p, "session_id"));
	if (!json_is_object(f))
		return;
	page_field(p, "at", page_text(f, "at"));
	page_field(p, "what", page_text(f, "summary"));
	page_evidence(p, json_object_get(f, "evidence"));
}

/* What DNS said of the gravest session's mail, if that is why it matters, or
 * did not say it at first. */
static void
put_promise(const struct page *p)
{
	const json_t *because = json_object_get(p->facts, "because"), *one;
	struct page session = *p;
	bool matters;
	size_t i;

	session.facts = json_object_get(p->facts, "promised");
	matters = json_is_object(json_object_get(session.facts,
	    "unanswered"));
	json_array_foreach(because, i, one) {
		const char *word = json_string_value(one);

		matters |= word != NULL && (strcmp(word, "dane") == 0 ||
		    strcmp(word, "sts") == 0);
	}
	if (!matters)
		return;
	session_page_promise(&session);
	session_page_again(&session);
	session_page_confirmation(&session);
}

static void
put_finding(const struct page *p, const json_t *f)
{
	FILE *out = p->style->out;
	const char *severity = page_text(f, "severity");
	const char *kind = page_text(f, "kind");
	const char *summary = page_text(f, "summary");
	char at[WHEN_TEXT_MAX] = "?";
	int64_t time;

	if (page_time(f, "at", &time))
		when_write(at, time, false);
	fprintf(out, "  %s  ", at);
	page_colour(p, page_severity_colour(severity));
	page_put(p, severity != NULL ? severity : "?");
	page_colour(p, PAGE_PLAIN);
	fputs("  ", out);
	page_put(p, kind != NULL ? kind : "?");
	fprintf(out, "  session %lld\n    ",
	    (long long)page_number(f, "session_id"));
	page_wrapped(p, summary != NULL ? summary : "?", 4);
}

static void
put_findings(const struct page *p)
{
	const json_t *findings = json_object_get(p->facts, "findings"), *one;
	size_t i, shown = json_array_size(findings);
	long long total = number(p, "findings_total");
	char heading[80];

	if (shown == 0)
		return;
	if ((long long)shown < total)
		snprintf(heading, sizeof(heading), "Findings (the gravest "
		    "%zu of %lld)", shown, total);
	else
		snprintf(heading, sizeof(heading), "Findings (%lld)", total);
	page_heading(p, heading);
	json_array_foreach(findings, i, one)
		put_finding(p, one);
	if ((long long)shown == total)
		return;
	fputs("  All: striptls-analyzer -d ", p->style->out);
	text_put_quoted(p->style->out, p->path, p->style->wide);
	fprintf(p->style->out, " findings --incident %lld\n",
	    number(p, "id"));
}

/* A record left behind is two things: a promise that is broken, and what its
 * publisher should mend. */
static void
put_related(const struct page *p)
{
	const json_t *related = json_object_get(p->facts, "related"), *one;
	const char *state, *title;
	size_t i;

	if (json_array_size(related) == 0)
		return;
	page_heading(p, "Also at this server");
	json_array_foreach(related, i, one) {
		state = page_text(one, "state");
		title = page_text(one, "title");
		page_fieldf(p, "incident", "%lld (%s): %s",
		    (long long)page_number(one, "id"), state != NULL ? state :
		    "?", title != NULL ? title : "?");
	}
}

static void
put_log(const struct page *p)
{
	const json_t *log = json_object_get(p->facts, "log"), *one;
	const char *who, *action, *text;
	char at[WHEN_TEXT_MAX];
	int64_t time;
	char *line;
	size_t i;

	page_heading(p, "Log (UTC)");
	json_array_foreach(log, i, one) {
		who = page_text(one, "who");
		action = page_text(one, "action");
		text = page_text(one, "text");
		strcpy(at, "?");
		if (page_time(one, "at", &time))
			when_write(at, time, false);
		if (asprintf(&line, "%s by %s%s%s", action, who,
		    text != NULL ? ": " : "", text != NULL ? text : "") == -1)
			return;
		fprintf(p->style->out, "  %s  ", at);
		page_wrapped(p, line, 2 + strlen(at) + 2);
		free(line);
	}
}

void
incident_page(const struct page *p)
{
	put_headline(p);
	put_explanation(p);
	put_when(p);
	put_who(p);
	put_steps(p);
	put_decisive(p);
	put_promise(p);
	put_findings(p);
	put_related(p);
	put_log(p);
}
