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

const char *
addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	const char *text = out;

	if (addr_is_v4(a))
		format_v4(a->octets + 12, out);
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
