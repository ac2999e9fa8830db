/* SPDX-License-Identifier: ISC */
#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "analyzer/text.h"

bool
text_wide(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/*
 * The code point at `s` and its length; 0 if these octets are no shortest
 * form of one (RFC 3629 section 3).
 */
static size_t
take_code_point(const unsigned char *s, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;

	if (s[0] < 0x80) {
		*code = s[0];
		return 1;
	}
	len = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
	    (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (len == 0 || len > left)
		return 0;
	*code = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/*
 * Characters that move the cursor, are obeyed, or turn the reading direction
 * round: controls, line separators, the invisible and bidirectional ones.
 */
static bool
is_treacherous(uint32_t code)
{
	if (code >= 0x20 && code < 0x7f)
		return false;
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	    code == 0xad || code == 0x61c ||
	    (code >= 0x200b && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	    (code >= 0xfff0 && code <= 0xfffb) ||
	    (code >= 0xe0000 && code <= 0xe0fff);
}

void
text_put(FILE *out, const char *text, size_t len, bool wide)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t from = 0, used;
	uint32_t code;

	for (size_t i = 0; i < len; i += used) {
		used = take_code_point(s + i, len - i, &code);
		if (used > 0 && !is_treacherous(code) && (used == 1 || wide))
			continue;
		fwrite(s + from, 1, i - from, out);
		if (used <= 1)
			fprintf(out, "\\x%02x", s[i]);
		else
			fprintf(out, "\\u{%x}", (unsigned)code);
		used += used == 0;
		from = i + used;
	}
	fwrite(s + from, 1, len - from, out);
}

void
text_put_json(FILE *out, const char *json, size_t len)
{
	const unsigned char *s = (const unsigned char *)json;
	size_t from = 0, used;
	uint32_t code;

	for (size_t i = 0; i < len; i += used) {
		if (s[i] >= 0x20 && s[i] < 0x7f) {
			used = 1;
			continue;
		}
		used = take_code_point(s + i, len - i, &code);
		if (used > 0 && !is_treacherous(code))
			continue;
		fwrite(s + from, 1, i - from, out);
		if (used == 0) {
			code = 0xfffd;	/* REPLACEMENT CHARACTER */
			used = 1;
		}
		if (code >= 0x10000)	/* RFC 8259 section 7: a pair */
			fprintf(out, "\\u%04x", (unsigned)
			    (0xd7c0 + (code >> 10)));
		fprintf(out, "\\u%04x", (unsigned)(code < 0x10000 ? code :
		    0xdc00 + (code & 0x3ff)));
		from = i + used;
	}
	fwrite(s + from, 1, len - from, out);
}

char *
text_safe(const char *text, size_t len, bool wide)
{
	char *safe = NULL;
	size_t size;
	FILE *out;

	if ((out = open_memstream(&safe, &size)) == NULL)
		return NULL;
	text_put(out, text, len, wide);
	if (fclose(out) == EOF) {
		free(safe);
		return NULL;
	}
	return safe;
}

/* Octets and columns of the character at `s`. */
static size_t
step(const char *s, size_t *columns)
{
	mbstate_t state = { 0 };
	wchar_t wc;
	size_t len;
	int width;

	*columns = 1;
	if (*s >= 0x20 && *s < 0x7f)
		return 1;
	len = mbrtowc(&wc, s, strlen(s), &state);
	if (len == 0 || len == (size_t)-1 || len == (size_t)-2)
		return 1;
	if ((width = wcwidth(wc)) >= 0)
		*columns = (size_t)width;
	return len;
}

size_t
text_width(const char *safe)
{
	size_t width = 0, columns;

	while (*safe != '\0') {
		safe += step(safe, &columns);
		width += columns;
	}
	return width;
}

/* Octets of what fits into `width` columns: at least one character. */
static size_t
fitting(const char *safe, size_t width)
{
	size_t len = 0, used = 0, columns, one;

	while (safe[len] != '\0') {
		one = step(safe + len, &columns);
		if (len > 0 && used + columns > width)
			break;
		used += columns;
		len += one;
	}
	return len;
}

char *
text_cut(const char *safe, size_t width, bool wide)
{
	char *cut;

	if (text_width(safe) <= width)
		return strdup(safe);
	if (asprintf(&cut, "%.*s%s", (int)fitting(safe, width - 1), safe,
	    wide ? "\u2026" : ">") == -1)
		return NULL;
	return cut;
}

char *
text_wrap(const char *safe, size_t width)
{
	char *wrapped = NULL;
	size_t size, len, word;
	FILE *out;

	if ((out = open_memstream(&wrapped, &size)) == NULL)
		return NULL;
	while (text_width(safe) > width) {
		len = fitting(safe, width);
		for (word = len; word > 0 && safe[word] != ' '; word--)
			;
		if (word == 0)		/* one long word */
			word = len;
		fprintf(out, "%.*s\n", (int)word, safe);
		safe += word;
		safe += *safe == ' ';
	}
	fputs(safe, out);
	if (fclose(out) == EOF) {
		free(wrapped);
		return NULL;
	}
	return wrapped;
}

void
text_put_quoted(FILE *out, const char *word, bool wide)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_+=:,./-";

	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (const char *end; *word != '\0'; word = end) {
		end = word + strcspn(word, "'");
		text_put(out, word, (size_t)(end - word), wide);
		if (*end == '\'') {
			fputs("'\\''", out);
			end++;
		}
	}
	putc('\'', out);
}
