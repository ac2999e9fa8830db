/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/escape.h"
#include "smtp/text.h"

#define TEXT_AT_FIRST	200
#define ESCAPE_LONGEST	4

/* Octets looked at together, as one vector where the machine has them. */
#define TOGETHER	16
#define HALF		8
typedef uint8_t octets16 __attribute__((vector_size(TOGETHER)));
typedef uint8_t octets8 __attribute__((vector_size(HALF)));

static bool
plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/* Which of them are not printable, or a backslash? */
static inline octets16
odd_of(const uint8_t *at)
{
	octets16 v;

	memcpy(&v, at, sizeof(v));
	return (octets16)(v - 0x20 >= 0x7f - 0x20) | (octets16)(v == '\\');
}

static inline octets8
odd_half(const uint8_t *at)
{
	octets8 v;

	memcpy(&v, at, sizeof(v));
	return (octets8)(v - 0x20 >= 0x7f - 0x20) | (octets8)(v == '\\');
}

/* Nearly all texts are: one look at the end, not one at each step. */
static bool
all_plain(struct span octets)
{
	octets16 odd = { 0 };
	octets8 half;
	uint64_t any[2];
	size_t n = 0;

	if (octets.len < HALF) {
		while (n < octets.len && plain(octets.at[n]))
			n++;
		return n == octets.len;
	}
	/* the last ones, some of them once more */
	if (octets.len < TOGETHER) {
		half = odd_half(octets.at) |
		    odd_half(octets.at + octets.len - HALF);
		memcpy(any, &half, sizeof(half));
		return any[0] == 0;
	}
	for (; n + TOGETHER < octets.len; n += TOGETHER)
		odd |= odd_of(octets.at + n);
	odd |= odd_of(octets.at + octets.len - TOGETHER);
	memcpy(any, &odd, sizeof(odd));
	return (any[0] | any[1]) == 0;
}

/* How many octets at the front stand for themselves? */
static size_t
plain_length(struct span octets)
{
	size_t n = 0;

	if (all_plain(octets))
		return octets.len;
	while (n < octets.len && plain(octets.at[n]))
		n++;
	return n;
}

bool
smtp_text_printable(struct span octets)
{
	/* most are, and plain */
	for (size_t i = plain_length(octets); i < octets.len; i++)
		if (octets.at[i] < 0x20 || octets.at[i] >= 0x7f)
			return false;
	return true;
}

size_t
smtp_text_escape(struct span octets, char *out, size_t size)
{
	size_t n;

	if (size == 0)
		return 0;
	n = plain_length(span_first(octets, size - 1));
	if (n > 0)
		memcpy(out, octets.at, n);
	if (n == octets.len) {
		out[n] = '\0';
		return n;
	}
	return n + escape(span_skip(octets, n), out + n, size - n);
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
	size_t left = max > t->len ? max - t->len : 0, n;

	octets = span_first(octets, left);
	n = plain_length(octets);
	if (!make_room(t, n == octets.len ? n : octets.len * ESCAPE_LONGEST))
		return;
	if (n == octets.len) {
		if (n > 0)
			memcpy(t->at + t->len, octets.at, n);
		t->len += (uint32_t)n;
		t->at[t->len] = '\0';
		return;
	}
	t->len += (uint32_t)smtp_text_escape(octets, t->at + t->len, left + 1);
}

void
smtp_text_put(struct smtp_text *t, char c, size_t max)
{
	if (t->len + 1 > max || !make_room(t, 1))
		return;
	t->at[t->len++] = c;
	t->at[t->len] = '\0';
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

	/* Less than half used: worth the copy. */
	if (text != NULL && t->len < t->cap / 2 &&
	    (shrunk = realloc(text, t->len + 1)) != NULL)
		text = shrunk;
	*t = (struct smtp_text){ .at = NULL };
	return text;
}

void
smtp_text_drop(struct smtp_text *t)
{
	if (t->at != NULL)
		free(t->at);
	*t = (struct smtp_text){ .at = NULL };
}

struct span
smtp_text_plain(struct span octets, size_t max, char *room)
{
	octets = span_first(octets, max);
	if (all_plain(octets))
		return octets;
	return span_of(room, smtp_text_escape(octets, room, max + 1));
}

char *
smtp_text_of(struct span octets, size_t max)
{
	struct smtp_text t = { .at = NULL };
	size_t n = plain_length(span_first(octets, max));
	char *text;

	if (n == octets.len || n == max) {
		if ((text = malloc(n + 1)) == NULL)
			return NULL;
		if (n > 0)
			memcpy(text, octets.at, n);
		text[n] = '\0';
		return text;
	}
	smtp_text_add(&t, octets, max);
	return smtp_text_take(&t);
}
