/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "policy/tlsa_zone.h"

#define WORD_SHOWN	30

static enum tlsa_zone_step
bad(struct tlsa_zone *z, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum tlsa_zone_step
bad(struct tlsa_zone *z, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(z->why, sizeof(z->why), "line %u: ", z->line);
	va_start(ap, fmt);
	vsnprintf(z->why + n, sizeof(z->why) - (size_t)n, fmt, ap);
	va_end(ap);
	return TLSA_ZONE_BAD;
}

void
tlsa_zone_begin(struct tlsa_zone *z, struct span text)
{
	*z = (struct tlsa_zone){ .rest = text };
}

/*
 * The next entry: a line, or several within parentheses.  Quotes and
 * comments hide parentheses.  `lines` is how many it takes.
 */
static struct span
next_entry(struct span rest, unsigned *lines)
{
	bool quoted = false, comment = false;
	unsigned open = 0;
	size_t i;

	*lines = 0;
	for (i = 0; i < rest.len; i++) {
		switch (rest.at[i]) {
		case '\n':
			++*lines;
			comment = false;
			quoted = false;
			if (open == 0)
				return span_first(rest, i + 1);
			break;
		case ';':
			comment = comment || !quoted;
			break;
		case '"':
			quoted = quoted != !comment;
			break;
		case '(':
			open += !quoted && !comment;
			break;
		case ')':
			open -= !quoted && !comment && open > 0;
			break;
		case '\\':
			i++;		/* whatever it is, it is itself */
			break;
		}
	}
	++*lines;
	return rest;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What is still to be read of an entry, and the parentheses around it. */
struct reader {
	struct span	 rest;
	unsigned	 open;
};

/* The next word; empty before a comment and at the end. */
static struct span
next_word(struct reader *r)
{
	struct span word;
	size_t len = 0;
	uint8_t c;

	for (; r->rest.len > 0; r->rest = span_skip(r->rest, 1)) {
		c = r->rest.at[0];
		if (c == '(')
			r->open++;
		else if (c == ')')
			r->open -= r->open > 0;
		else if (!is_blank(c))
			break;
	}
	while (len < r->rest.len && !is_blank(r->rest.at[len]) &&
	    r->rest.at[len] != ';' && r->rest.at[len] != '(' &&
	    r->rest.at[len] != ')')
		len++;
	word = span_first(r->rest, len);
	r->rest = span_skip(r->rest, len);
	return word;
}

static uint32_t
unit_of(uint8_t c)
{
	switch (span_lower(c)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

/* "3600" or BIND's "1h30m"; false if it is no time. */
static bool
read_ttl(struct span word, uint32_t *ttl)
{
	uint64_t sum = 0, n = 0;
	bool digits = false;

	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] >= '0' && word.at[i] <= '9') {
			n = 10 * n + (uint64_t)(word.at[i] - '0');
			digits = true;
		} else if (digits && unit_of(word.at[i]) != 0) {
			sum += n * unit_of(word.at[i]);
			n = 0;
			digits = false;
		} else {
			return false;
		}
		if (n > UINT32_MAX || sum > UINT32_MAX)
			return false;
	}
	if (word.len == 0 || sum + n > UINT32_MAX)
		return false;
	*ttl = (uint32_t)(sum + n);
	return true;
}

static bool
is_class(struct span word)
{
	return span_equal_nocase(word, span_text("IN")) ||
	    span_equal_nocase(word, span_text("CH")) ||
	    span_equal_nocase(word, span_text("HS"));
}

static bool
is_tlsa(struct span word)
{
	return span_equal_nocase(word, span_text("TLSA")) ||
	    span_equal_nocase(word, span_text("TYPE52"));
}

/* An absolute name in lower case; false if it does not fit. */
static bool
read_name(const struct tlsa_zone *z, struct span word,
    char out[TLSA_ZONE_NAME_MAX])
{
	bool apex = span_equal(word, span_text("@"));
	bool absolute = word.len > 0 && word.at[word.len - 1] == '.';
	int n;

	if (word.len >= TLSA_ZONE_NAME_MAX)
		return false;
	if (apex)
		n = snprintf(out, TLSA_ZONE_NAME_MAX, "%s", z->origin);
	else
		n = snprintf(out, TLSA_ZONE_NAME_MAX, "%.*s%s%s",
		    (int)word.len, (const char *)word.at,
		    absolute || z->origin[0] == '\0' ||
		    strcmp(z->origin, ".") == 0 ? "" : ".",
		    absolute ? "" : z->origin);
	for (char *p = out; *p != '\0'; p++)
		*p = (char)span_lower((uint8_t)*p);
	return n < TLSA_ZONE_NAME_MAX;
}

/* $ORIGIN, $TTL; others are passed over but $INCLUDE. */
static enum tlsa_zone_step
directive(struct tlsa_zone *z, struct span word, struct reader *r)
{
	char origin[TLSA_ZONE_NAME_MAX];
	struct span value = next_word(r);

	if (span_equal_nocase(word, span_text("$ORIGIN"))) {
		if (value.len == 0 || !read_name(z, value, origin))
			return bad(z, "$ORIGIN: not a name");
		memcpy(z->origin, origin, sizeof(z->origin));
	} else if (span_equal_nocase(word, span_text("$TTL"))) {
		if (!read_ttl(value, &z->default_ttl))
			return bad(z, "$TTL: not a time");
	} else if (span_equal_nocase(word, span_text("$INCLUDE"))) {
		return bad(z, "$INCLUDE is not followed");
	}
	return TLSA_ZONE_END;
}

/* An answer without owner and type, as dig +short gives it. */
static enum tlsa_zone_step
bare_record(struct tlsa_zone *z, struct span entry, struct span type,
    struct tlsa_set *s)
{
	char why[TLSA_TEXT_WHY_MAX];

	if (!tlsa_text_add(s, entry, why))
		return bad(z, "%.*s: not a type; and as a record alone: %s",
		    (int)span_first(type, WORD_SHOWN).len,
		    (const char *)type.at, why);
	z->owner[0] = '\0';
	z->ttl = 0;
	return TLSA_ZONE_RECORD;
}

/* TTL and class may stand in either order, and neither need. */
static struct span
read_type(struct tlsa_zone *z, struct reader *r)
{
	bool ttl_read = false, class_read = false;
	struct span word;

	z->ttl = z->default_ttl;
	for (;;) {
		word = next_word(r);
		if (!class_read && is_class(word))
			class_read = true;
		else if (!ttl_read && read_ttl(word, &z->ttl))
			ttl_read = true;
		else
			return word;
	}
}

static bool
starts_with_letter(struct span word)
{
	uint8_t c = word.len > 0 ? span_lower(word.at[0]) : 0;

	return c >= 'a' && c <= 'z';
}

/* TLSA_ZONE_END: nothing for us. */
static enum tlsa_zone_step
read_entry(struct tlsa_zone *z, struct span entry, struct tlsa_set *s)
{
	bool inherits = entry.len > 0 && is_blank(entry.at[0]);
	char owner[TLSA_ZONE_NAME_MAX], why[TLSA_TEXT_WHY_MAX];
	struct reader r = { .rest = entry }, behind = r;
	struct span word = { NULL, 0 }, type;

	if (next_word(&behind).len == 0)
		return TLSA_ZONE_END;		/* blank, or a comment */
	if (!inherits) {
		word = next_word(&r);
		if (word.at[0] == '$')
			return directive(z, word, &r);
		if (!read_name(z, word, owner))
			return bad(z, "a name that is too long");
	}
	type = read_type(z, &r);
	if (!starts_with_letter(type) || (!is_tlsa(type) && word.len > 0 &&
	    span_equal(word, span_text("\\#"))))
		return bare_record(z, entry, type, s);
	if (!inherits)
		memcpy(z->owner, owner, sizeof(z->owner));
	if (!is_tlsa(type))
		return TLSA_ZONE_END;
	if (!tlsa_text_add_within(s, r.rest, r.open, why))
		return bad(z, "%s", why);
	return TLSA_ZONE_RECORD;
}

enum tlsa_zone_step
tlsa_zone_next(struct tlsa_zone *z, struct tlsa_set *s)
{
	enum tlsa_zone_step step;
	struct span entry;
	unsigned lines = 0;

	while (z->rest.len > 0) {
		entry = next_entry(z->rest, &lines);
		z->rest = span_skip(z->rest, entry.len);
		z->line++;
		step = read_entry(z, entry, s);
		z->line += lines - 1;
		if (step != TLSA_ZONE_END)
			return step;
	}
	return TLSA_ZONE_END;
}
