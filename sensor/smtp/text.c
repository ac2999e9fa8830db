/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/escape.h"
#include "smtp/text.h"

#define TEXT_AT_FIRST	120
#define ESCAPE_LONGEST	4

static bool
plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

bool
smtp_text_printable(struct span octets)
{
	for (size_t i = 0; i < octets.len; i++)
		if (octets.at[i] < 0x20 || octets.at[i] >= 0x7f)
			return false;
	return true;
}

static bool
make_room(struct smtp_text *t, size_t more)
{
	size_t cap = t->cap > 0 ? t->cap : TEXT_AT_FIRST;
	char *grown;

	if (t->len + more < t->cap)
		return true;
	while (cap <= t->len + more)
		cap *= 2;
	if ((grown = realloc(t->at, cap)) == NULL)
		return false;
	t->at = grown;
	t->cap = (uint32_t)cap;
	return true;
}

void
smtp_text_add(struct smtp_text *t, struct span octets, size_t max)
{
	size_t left = max > t->len ? max - t->len : 0, n = 0;

	octets = span_first(octets, left);
	while (n < octets.len && plain(octets.at[n]))
		n++;
	if (!make_room(t, n == octets.len ? n : octets.len * ESCAPE_LONGEST))
		return;
	if (n == octets.len) {
		if (n > 0)
			memcpy(t->at + t->len, octets.at, n);
		t->len += (uint32_t)n;
		t->at[t->len] = '\0';
		return;
	}
	t->len += (uint32_t)escape(octets, t->at + t->len, left + 1);
}

void
smtp_text_say(struct smtp_text *t, const char *text, size_t max)
{
	size_t n = strlen(text);

	if (t->len + n > max || !make_room(t, n))
		return;
	memcpy(t->at + t->len, text, n + 1);
	t->len += (uint32_t)n;
}

char *
smtp_text_take(struct smtp_text *t)
{
	char *text = t->at, *shrunk;

	if (text != NULL && (shrunk = realloc(text, t->len + 1)) != NULL)
		text = shrunk;
	*t = (struct smtp_text){ .at = NULL };
	return text;
}

void
smtp_text_drop(struct smtp_text *t)
{
	free(t->at);
	*t = (struct smtp_text){ .at = NULL };
}

char *
smtp_text_of(struct span octets, size_t max)
{
	struct smtp_text t = { .at = NULL };

	smtp_text_add(&t, octets, max);
	return smtp_text_take(&t);
}
