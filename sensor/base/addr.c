/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <assert.h>

#include "base/addr.h"

/* By hand: inet_ntop() goes through printf, for nearly every finding. */

static void
format_v4(const uint8_t octets[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		unsigned octet = octets[i];

		if (octet >= 100)
			*out++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*out++ = (char)('0' + octet / 10 % 10);
		*out++ = (char)('0' + octet % 10);
		*out++ = i < 3 ? '.' : '\0';
	}
}

static char *
put_hex(char *out, unsigned word)
{
	static const char hex[] = "0123456789abcdef";
	int shift = word > 0xfff ? 12 : word > 0xff ? 8 : word > 0xf ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*out++ = hex[word >> shift & 15];
	return out;
}

/* Where the longest run of zeros begins, the first of equals; "::" stands for
 * two words and more (RFC 5952). */
static int
zeros_of(const unsigned words[8], int *run)
{
	int at = 8, len = 0;

	*run = 1;
	for (int i = 0; i < 8; i++) {
		len = words[i] == 0 ? len + 1 : 0;
		if (len > *run) {
			*run = len;
			at = i + 1 - len;
		}
	}
	return at;
}

static void
format_v6(const uint8_t octets[16], char *out)
{
	unsigned words[8];
	int zeros, run;

	for (int i = 0; i < 8; i++)
		words[i] = (unsigned)octets[2 * i] << 8 | octets[2 * i + 1];
	zeros = zeros_of(words, &run);
	for (int i = 0; i < 8; i++) {
		if (i > 0 || zeros == 0)
			*out++ = ':';
		if (i == zeros) {
			i += run - 1;
			if (i == 7)
				*out++ = ':';
		} else
			out = put_hex(out, words[i]);
	}
	*out = '\0';
}

/* ::192.0.2.1, and the few addresses that look like one. */
static bool
is_compatible(const struct addr *a)
{
	static const uint8_t none[12];

	return memcmp(a->octets, none, sizeof(none)) == 0;
}

const char *
addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	const char *text = out;

	if (addr_is_v4(a))
		format_v4(a->octets + 12, out);
	else if (!is_compatible(a))
		format_v6(a->octets, out);
	else
		text = inet_ntop(AF_INET6, a->octets, out, ADDR_TEXT_MAX);
	assert(text != NULL);	/* fails only on a short buffer */
	return text;
}

int
addr_parse(struct addr *a, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		*a = addr_v4(octets);
		return 0;
	}
	if (inet_pton(AF_INET6, text, octets) == 1) {
		*a = addr_v6(octets);
		return 0;
	}
	return -1;
}
