/* SPDX-License-Identifier: ISC */
/*
 * A session whose policy could not be looked up is judged without, and once
 * more when it can: how it was judged first, which lookups failed, and what
 * came of asking again.
 */
#include <string.h>

#include "analyzer/session_page.h"
#include "analyzer/when.h"

static const char *
or_mark(const char *text)
{
	return text != NULL ? text : "?";
}

/* "2026-03-01 12:00:05" of a time in `u`, or "?". */
static const char *
moment(const json_t *u, const char *name, char out[WHEN_TEXT_MAX])
{
	int64_t at;

	if (!page_time(u, name, &at))
		return "?";
	when_write(out, at, false);
	return out;
}

static void
put_first(const struct page *p, const json_t *u)
{
	const json_t *first = json_object_get(u, "first");
	const char *severity = page_text(first, "severity");
	const char *kind = json_string_value(json_array_get(
	    json_object_get(first, "kinds"), 0));
	char at[WHEN_TEXT_MAX];

	page_fieldf(p, "judged first", "%s; policy %s: the lookup had failed "
	    "(%s), %s", or_mark(page_text(first, "verdict")),
	    or_mark(page_text(first, "policy")),
	    or_mark(page_text(u, "why")), moment(u, "failed_at", at));
	if (kind == NULL)
		page_field(p, "", "nothing was found");
	else
		page_fieldf(p, "", "%s %s: %s", kind, or_mark(severity),
		    or_mark(page_text(first, "summary")));
}

/* Those that were no answer, of the first time. */
static void
put_failures(const struct page *p, const json_t *promise)
{
	const json_t *lookups = json_object_get(promise, "lookups"), *l;
	size_t i;

	json_array_foreach(lookups, i, l) {
		const char *status = page_text(l, "status");
		const char *failure = page_text(l, "failure");

		if (status == NULL || strcmp(status, "secure") == 0 ||
		    strcmp(status, "insecure") == 0)
			continue;
		page_fieldf(p, "failed then", "%s %s: %s%s%s%s, asked %s",
		    or_mark(page_text(l, "type")),
		    or_mark(page_text(l, "name")), status,
		    failure != NULL ? " (" : "", failure != NULL ? failure :
		    "", failure != NULL ? ")" : "",
		    or_mark(page_text(l, "at")));
	}
}

#define TIMES_MAX	32
static const char *
times(const json_t *u, char out[TIMES_MAX])
{
	json_int_t n = page_number(u, "tries");

	if (n == 0 || n == 1)
		return n == 0 ? "never" : "once";
	snprintf(out, TIMES_MAX, "%lld times", (long long)n);
	return out;
}

static void
put_outcome(const struct page *p, const json_t *u, const char *answer)
{
	const char *why = page_text(u, "why_left");
	char at[WHEN_TEXT_MAX], count[TIMES_MAX];

	if (strcmp(answer, "open") == 0)
		page_fieldf(p, "outcome", "not answered yet; to be asked "
		    "again from %s on", moment(u, "due", at));
	else if (strcmp(answer, "answered") == 0)
		page_fieldf(p, "outcome", "asked again %s, and answered %s: "
		    "judged by what is promised then, above and below",
		    times(u, count), moment(u, "settled_at", at));
	else if (strcmp(answer, "left") == 0)
		page_fieldf(p, "outcome", "left as it was, %s (asked again "
		    "%s): %s", moment(u, "settled_at", at), times(u, count),
		    or_mark(why));
	else
		page_field(p, "outcome", "one that this version does not "
		    "know");
}

void
session_page_again(const struct page *p)
{
	const json_t *u = json_object_get(p->facts, "unanswered");
	const char *answer = page_text(u, "answer");

	if (!json_is_object(u) || answer == NULL)
		return;
	page_heading(p, strcmp(answer, "answered") == 0 ?
	    "Judged again (UTC)" : "Not answered (UTC)");
	put_first(p, u);
	put_failures(p, json_object_get(u, "promise"));
	put_outcome(p, u, answer);
}
