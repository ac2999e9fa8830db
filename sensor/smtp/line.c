/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/line.h"

#define HELD_AT_FIRST	128	/* most lines of SMTP are shorter */

void
smtp_line_drop(struct smtp_line_reader *r)
{
	if (r->held != NULL)		/* hardly ever */
		free(r->held);
	*r = (struct smtp_line_reader){ .held = NULL };
}

size_t
smtp_line_begun(const struct smtp_line_reader *r)
{
	return r->given ? 0 : r->total;
}

static size_t
kept(const struct smtp_line_reader *r)
{
	return r->total < r->cap ? r->total : r->cap;
}

struct span
smtp_line_held(const struct smtp_line_reader *r)
{
	return r->given ? span_of(NULL, 0) : span_of(r->held, kept(r));
}

/* Room for `want` octets, or for as many as there may be. */
static void
make_room(struct smtp_line_reader *r, size_t want)
{
	size_t cap = r->cap > 0 ? r->cap : HELD_AT_FIRST;
	uint8_t *grown;

	if (want > SMTP_LINE_MAX)
		want = SMTP_LINE_MAX;
	if (want <= r->cap)
		return;
	while (cap < want)
		cap *= 2;
	/* A line that memory has no room for becomes a line cut short. */
	if ((grown = realloc(r->held, cap)) == NULL)
		return;
	r->held = grown;
	r->cap = (uint16_t)cap;
}

static void
hold(struct smtp_line_reader *r, struct span more)
{
	/* Once an octet had no room, none behind it may be kept. */
	bool whole = r->total <= r->cap;
	size_t room, n;

	if (more.len == 0)
		return;
	if (whole) {
		make_room(r, r->total + more.len);
		room = r->cap - r->total;
		n = more.len < room ? more.len : room;
		if (n > 0)
			memcpy(r->held + r->total, more.at, n);
	}
	if (more.len > UINT32_MAX / 2 - r->total)
		r->total = UINT32_MAX / 2;
	else
		r->total += (uint32_t)more.len;
}

/* What stands before the LF, and how long it was in truth. */
static void
finish(struct smtp_line *line, struct span text, size_t total)
{
	size_t before;

	line->cut = total > SMTP_LINE_MAX || text.len < total;
	line->bare_lf = false;
	line->text = span_first(text, SMTP_LINE_MAX);
	if (line->cut)
		return;
	before = line->text.len;
	while (line->text.len > 0 &&
	    line->text.at[line->text.len - 1] == '\r')
		line->text.len--;
	line->bare_lf = line->text.len == before;
}

bool
smtp_line_next(struct smtp_line_reader *r, struct span *octets,
    struct smtp_line *line)
{
	const uint8_t *lf;
	size_t n;

	if (r->given)
		smtp_line_drop(r);
	if (octets->len == 0)
		return false;
	lf = memchr(octets->at, '\n', octets->len);
	n = lf != NULL ? (size_t)(lf - octets->at) : octets->len;
	if (lf == NULL) {
		hold(r, *octets);
		*octets = span_of(NULL, 0);
		return false;
	}
	if (r->total > 0) {
		hold(r, span_first(*octets, n));
		finish(line, span_of(r->held, kept(r)), r->total);
		r->given = true;
	} else
		finish(line, span_first(*octets, n), n);
	*octets = span_of(lf + 1, octets->len - n - 1);
	return true;
}
