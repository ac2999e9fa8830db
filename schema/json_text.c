/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "schema/json_text.h"

#define FIRST_SIZE	512

static bool
has_room(struct json_text *j, size_t more)
{
	size_t size = j->size == 0 ? FIRST_SIZE : j->size;
	char *grown;

	if (j->failed)
		return false;
	if (j->len + more < j->size)
		return true;
	while (size <= j->len + more)
		size *= 2;
	if ((grown = realloc(j->at, size)) == NULL) {
		j->failed = true;
		return false;
	}
	j->at = grown;
	j->size = size;
	return true;
}

static void
put(struct json_text *j, const char *octets, size_t len)
{
	if (!has_room(j, len))
		return;
	memcpy(j->at + j->len, octets, len);
	j->len += len;
	j->at[j->len] = '\0';
}

void
json_text_raw(struct json_text *j, const char *text)
{
	put(j, text, strlen(text));
}

/* RFC 8259 section 7; octets above 0x7f are passed: our texts are UTF-8. */
void
json_text_string(struct json_text *j, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t plain;

	if (text == NULL) {
		put(j, "null", 4);
		return;
	}
	put(j, "\"", 1);
	while (*text != '\0') {
		uint8_t c;

		for (plain = 0; (c = (uint8_t)text[plain]) >= 0x20 &&
		    c != '"' && c != '\\'; plain++)
			continue;
		put(j, text, plain);
		text += plain;
		if (c == '\0')
			break;
		if (c == '"' || c == '\\')
			put(j, (const char[]){ '\\', (char)c }, 2);
		else if (c == '\n')
			put(j, "\\n", 2);
		else
			put(j, (const char[]){ '\\', 'u', '0', '0',
			    hex[c >> 4], hex[c & 15] }, 6);
		text++;
	}
	put(j, "\"", 1);
}

void
json_text_number(struct json_text *j, int64_t number)
{
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		put(j, "-", 1);
	put(j, digits + at, sizeof(digits) - at);
}

void
json_text_free(struct json_text *j)
{
	free(j->at);
	memset(j, 0, sizeof(*j));
}
