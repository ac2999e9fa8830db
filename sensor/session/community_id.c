/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "session/community_id.h"

#define PROTOCOL_TCP	6

/* RFC 4648 section 4, of the 20 octets of a SHA-1. */
static void
base64_sha1(const uint8_t in[DIGEST_SHA1], char *out)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/";
	size_t i;

	for (i = 0; i + 3 <= DIGEST_SHA1; i += 3) {
		uint32_t three = (uint32_t)in[i] << 16 |
		    (uint32_t)in[i + 1] << 8 | in[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*out++ = alphabet[three >> shift & 63];
	}
	/* two octets remain of twenty */
	*out++ = alphabet[in[i] >> 2];
	*out++ = alphabet[(in[i] & 3) << 4 | in[i + 1] >> 4];
	*out++ = alphabet[(in[i + 1] & 15) << 2];
	*out++ = '=';
	*out = '\0';
}

void
community_id(struct digest *d, const struct addr ip[2],
    const uint16_t port[2], char out[COMMUNITY_ID_TEXT])
{
	uint8_t message[2 + 32 + 2 + 4] = { 0 }, sha1[DIGEST_SHA1];
	size_t skip, width, len = 2;	/* seed 0 */
	int order, low;

	skip = addr_is_v4(&ip[0]) && addr_is_v4(&ip[1]) ? 12 : 0;
	width = 16 - skip;
	order = memcmp(ip[0].octets + skip, ip[1].octets + skip, width);
	low = order < 0 || (order == 0 && port[0] < port[1]) ? 0 : 1;

	memcpy(message + len, ip[low].octets + skip, width);
	len += width;
	memcpy(message + len, ip[!low].octets + skip, width);
	len += width;
	message[len++] = PROTOCOL_TCP;
	message[len++] = 0;
	message[len++] = (uint8_t)(port[low] >> 8);
	message[len++] = (uint8_t)port[low];
	message[len++] = (uint8_t)(port[!low] >> 8);
	message[len++] = (uint8_t)port[!low];

	digest_sha1(d, span_of(message, len), sha1);
	out[0] = '1';
	out[1] = ':';
	base64_sha1(sha1, out + 2);
}
