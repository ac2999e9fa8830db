/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <assert.h>

#include "base/addr.h"

const char *
addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	const char *text;

	if (addr_is_v4(a))
		text = inet_ntop(AF_INET, a->octets + 12, out, ADDR_TEXT_MAX);
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
