/* SPDX-License-Identifier: ISC */
/*
 * A certificate that matched no TLSA record is asked about again when the
 * records have run out: how the session was judged first, and what came of
 * it.
 */
#include <string.h>

#include "analyzer/session_page.h"
#include "analyzer/when.h"

#define REMARK_MAX	512

static const char *
meaning(const char *answer)
{
	static const struct {
		const char	*word, *text;
	} all[] = {
		{ "unconfirmed", "not known yet; a rollover caught in the act "
		    "looks the same until the records have run out" },
		{ "confirmed", "records looked up after the TTL match these "
		    "certificates no better" },
		{ "rollover-race", "newer records fit the same certificates: "
		    "those of before were left over in a cache" },
		{ "withdrawn", "nothing is promised any more, which neither "
		    "confirms nor excuses it" },
		{ "undecided", "it was not learnt what newer records say" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].word, answer) == 0)
			return all[i].text;
	return "an answer that this version does not know";
}

static void
put_first(const struct page *p, const json_t *first)
{
	const char *verdict = page_text(first, "verdict");
	const char *severity = page_text(first, "severity");
	const char *confidence = page_text(first, "confidence");

	page_fieldf(p, "judged first", "%s; certificate-mismatch %s, %s",
	    verdict != NULL ? verdict : "?", severity != NULL ? severity :
	    "?", confidence != NULL ? confidence : "?");
	page_field(p, "", page_text(first, "summary"));
}

static void
put_time(const struct page *p, const char *label, const json_t *c,
    const char *name)
{
	char text[WHEN_TEXT_MAX];
	int64_t at;

	if (!page_time(c, name, &at))
		return;
	when_write(text, at, false);
	page_field(p, label, text);
}

/* The TLSA records as they were then. */
static void
put_records(const struct page *p, const json_t *promise)
{
	const json_t *lookups = json_object_get(promise, "lookups"), *l;
	char said[REMARK_MAX];
	size_t i;

	json_array_foreach(lookups, i, l) {
		const char *type = page_text(l, "type");
		const char *name = page_text(l, "name");
		const char *status = page_text(l, "status");
		const char *found = page_text(l, "found");
		const char *at = page_text(l, "at");

		if (type == NULL || strcmp(type, "TLSA") != 0)
			continue;
		snprintf(said, sizeof(said), "%s: %s, %s, asked %s",
		    name != NULL ? name : "?", status != NULL ? status : "?",
		    found != NULL ? found : "?", at != NULL ? at : "?");
		page_field(p, "TLSA then", said);
		page_list(p, "", json_object_get(l, "records"));
	}
}

void
session_page_confirmation(const struct page *p)
{
	const json_t *c = json_object_get(p->facts, "confirmation");
	const char *answer = page_text(c, "answer");
	const char *why = page_text(c, "why");

	if (!json_is_object(c) || answer == NULL)
		return;
	page_heading(p, "Asked again (UTC)");
	put_first(p, json_object_get(c, "first"));
	if (strcmp(answer, "unconfirmed") == 0)
		put_time(p, "due", c, "due");
	else
		put_time(p, "settled", c, "settled_at");
	page_fieldf(p, "outcome", "%s: %s%s%s", answer, meaning(answer),
	    why != NULL ? "; " : "", why != NULL ? why : "");
	put_records(p, json_object_get(c, "promise"));
}
