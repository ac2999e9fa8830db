/* SPDX-License-Identifier: ISC */
#include "base/escape.h"

#define ESCAPE_LONGEST	4	/* \xNN */

static size_t
escape_one(uint8_t c, char out[ESCAPE_LONGEST])
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	switch (c) {
	case '\\':
		out[1] = '\\';
		return 2;
	case '\r':
		out[1] = 'r';
		return 2;
	case '\n':
		out[1] = 'n';
		return 2;
	case '\t':
		out[1] = 't';
		return 2;
	}
	if (c >= 0x20 && c < 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

size_t
escape(struct span in, char *out, size_t size)
{
	char one[ESCAPE_LONGEST];
	size_t len = 0, n;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < in.len; i++) {
		n = escape_one(in.at[i], one);
		if (len + n >= size)
			break;
		memcpy(out + len, one, n);
		len += n;
	}
	out[len] = '\0';
	return len;
}
