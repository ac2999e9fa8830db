/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/tlsa_text.h"

#define NUMBERS		3		/* usage, selector, matching type */
#define WORD_SHOWN	20		/* characters of a word in a reason */

/* Words of the text, without blanks, parentheses and comments. */
struct words {
	struct span	 rest;
	unsigned	 open;		/* parentheses */
	const char	*why;
};

struct octets {
	uint8_t	*at;			/* room for all digits of the text */
	size_t	 digits;
};

static bool
complain(char why[TLSA_TEXT_WHY_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
complain(char why[TLSA_TEXT_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, TLSA_TEXT_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_comment(struct words *w)
{
	while (w->rest.len > 0 && w->rest.at[0] != '\n')
		w->rest = span_skip(w->rest, 1);
}

/* Move over one octet that parts words; false if it is none. */
static bool
skip_one(struct words *w)
{
	switch (w->rest.at[0]) {
	case ';':
		skip_comment(w);
		return true;
	case '(':
		w->open++;
		break;
	case ')':
		if (w->open == 0)
			w->why = "a ) without its (";
		else
			w->open--;
		break;
	case '\n':
		if (w->open == 0 && span_skip(w->rest, 1).len > 0)
			w->why = "a second line outside parentheses";
		break;
	default:
		if (!is_blank(w->rest.at[0]))
			return false;
	}
	w->rest = span_skip(w->rest, 1);
	return true;
}

/* The next word; empty behind the last. */
static struct span
next_word(struct words *w)
{
	const uint8_t *from;
	size_t len = 0;

	while (w->rest.len > 0 && w->why == NULL && skip_one(w))
		;
	from = w->rest.at;
	while (len < w->rest.len && !is_blank(from[len]) &&
	    from[len] != ';' && from[len] != '(' && from[len] != ')')
		len++;
	w->rest = span_skip(w->rest, len);
	return span_of(from, len);
}

/* 0 to `most`; -1 if it is no such number. */
static long
number_of(struct span word, long most)
{
	long n = 0;

	if (word.len == 0 || word.len > 5)
		return -1;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return -1;
		n = 10 * n + (word.at[i] - '0');
	}
	return n <= most ? n : -1;
}

/* RFC 7218: names for the numbers. */
static int
named(struct span word, unsigned which)
{
	static const struct {
		const char	*name;
		uint8_t		 which, number;
	} names[] = {
		{ "PKIX-TA", 0, 0 }, { "PKIX-EE", 0, 1 },
		{ "DANE-TA", 0, 2 }, { "DANE-EE", 0, 3 },
		{ "PrivCert", 0, 255 },
		{ "Cert", 1, 0 }, { "SPKI", 1, 1 }, { "PrivSel", 1, 255 },
		{ "Full", 2, 0 }, { "SHA2-256", 2, 1 }, { "SHA2-512", 2, 2 },
		{ "PrivMatch", 2, 255 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].which == which &&
		    span_equal_nocase(span_text(names[i].name), word))
			return names[i].number;
	return -1;
}

static int
digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = span_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* All words that are left, as one row of hexadecimal digits. */
static bool
read_hex(struct words *w, struct octets *o, char why[TLSA_TEXT_WHY_MAX])
{
	struct span word;
	int digit;

	while ((word = next_word(w)).len > 0 && w->why == NULL) {
		for (size_t i = 0; i < word.len; i++, o->digits++) {
			if ((digit = digit_of(word.at[i])) == -1)
				return complain(why, "%.*s: not hexadecimal",
				    (int)span_first(word, WORD_SHOWN).len,
				    (const char *)word.at);
			if (o->digits % 2 == 0)
				o->at[o->digits / 2] = (uint8_t)(digit << 4);
			else
				o->at[o->digits / 2] |= (uint8_t)digit;
		}
	}
	if (w->why != NULL)
		return complain(why, "%s", w->why);
	if (w->open > 0)
		return complain(why, "a ( without its )");
	if (o->digits % 2 != 0)
		return complain(why, "an odd number of hexadecimal digits");
	if (o->digits / 2 > TLSA_DATA_MAX + NUMBERS)
		return complain(why, "more than a record can hold");
	return true;
}

/* RFC 3597 section 5: \# LENGTH OCTETS */
static bool
read_generic(struct words *w, struct octets *o, struct tlsa_record *r,
    char why[TLSA_TEXT_WHY_MAX])
{
	long length = number_of(next_word(w), UINT16_MAX);

	if (length == -1)
		return complain(why, "\\#: a length from 0 to 65535 is to "
		    "follow");
	if (!read_hex(w, o, why))
		return false;
	if (o->digits / 2 != (size_t)length)
		return complain(why, "\\# %ld: %zu octets follow", length,
		    o->digits / 2);
	if (length < NUMBERS)
		return complain(why, "\\# %ld: a TLSA record has at least 3 "
		    "octets", length);
	r->usage = o->at[0];
	r->selector = o->at[1];
	r->matching = o->at[2];
	r->data = span_of(o->at + NUMBERS, (size_t)length - NUMBERS);
	return true;
}

static bool
read_numbers(struct words *w, struct span word, uint8_t numbers[NUMBERS],
    char why[TLSA_TEXT_WHY_MAX])
{
	static const char *const whats[NUMBERS] = {
		"usage", "selector", "matching type"
	};
	long n;

	for (unsigned i = 0; i < NUMBERS; i++) {
		if (word.len == 0)
			return complain(why, "the %s is missing", whats[i]);
		n = number_of(word, UINT8_MAX);
		if (n == -1 && (n = named(word, i)) == -1)
			return complain(why, "%.*s: not a %s (0 to 255)",
			    (int)span_first(word, WORD_SHOWN).len,
			    (const char *)word.at, whats[i]);
		numbers[i] = (uint8_t)n;
		if (i + 1 < NUMBERS)
			word = next_word(w);
	}
	return true;
}

static bool
read_record(struct words *w, struct octets *o, struct tlsa_record *r,
    char why[TLSA_TEXT_WHY_MAX])
{
	struct span word = next_word(w);
	uint8_t numbers[NUMBERS];

	if (span_equal(word, span_text("\\#")))
		return read_generic(w, o, r, why);
	if (!read_numbers(w, word, numbers, why) || !read_hex(w, o, why))
		return false;
	r->usage = numbers[0];
	r->selector = numbers[1];
	r->matching = numbers[2];
	r->data = span_of(o->at, o->digits / 2);
	return true;
}

bool
tlsa_text_add(struct tlsa_set *s, struct span text,
    char why[TLSA_TEXT_WHY_MAX])
{
	return tlsa_text_add_within(s, text, 0, why);
}

bool
tlsa_text_add_within(struct tlsa_set *s, struct span text, unsigned open,
    char why[TLSA_TEXT_WHY_MAX])
{
	struct words w = { .rest = text, .open = open };
	struct octets o = { 0 };
	struct tlsa_record r = { 0 };
	bool ok;

	if ((o.at = malloc(text.len / 2 + 1)) == NULL)
		return complain(why, "memory is short");
	ok = read_record(&w, &o, &r, why);
	if (ok && tlsa_add(s, &r) == -1)
		ok = complain(why, "memory is short");
	free(o.at);
	return ok;
}

/* Two digits for each octet, as far as they fit. */
static size_t
put_hex(struct span data, char *out, size_t size, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < data.len; i++, len += 2) {
		if (len + 2 >= size)
			continue;
		out[len] = digits[data.at[i] >> 4];
		out[len + 1] = digits[data.at[i] & 15];
		out[len + 2] = '\0';
	}
	return len;
}

size_t
tlsa_text(const struct tlsa_record *r, char *out, size_t size)
{
	int len = snprintf(out, size, "%u %u %u%s", r->usage, r->selector,
	    r->matching, r->data.len > 0 ? " " : "");

	return put_hex(r->data, out, size, (size_t)len);
}

size_t
tlsa_text_generic(const struct tlsa_record *r, char *out, size_t size)
{
	int len = snprintf(out, size, "\\# %zu %02x%02x%02x",
	    r->data.len + NUMBERS, r->usage, r->selector, r->matching);

	return put_hex(r->data, out, size, (size_t)len);
}
