/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "tls/client_hello.h"
#include "tls/server_hello.h"

/* RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest" */
static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
	0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static void
read_extensions(struct server_hello *h, struct cursor c)
{
	const uint8_t *start = c.rest.at;
	struct span data;
	uint16_t type;

	while (c.rest.len > 0) {
		type = cursor_u16(&c);
		data = cursor_vector16(&c);
		if (!cursor_ok(&c))
			break;
		if (type == TLS_EXT_VERSIONS && data.len == 2)
			h->chosen = tls_version_settled(
			    (uint16_t)(data.at[0] << 8 | data.at[1]));
		if (type == TLS_EXT_PSK)
			h->psk = true;
		h->extensions = span_of(start, (size_t)(c.rest.at - start));
	}
}

bool
tls_server_hello_read(struct span body, struct server_hello *h)
{
	struct cursor c = cursor_over(body);
	struct span random;
	bool early_draft;

	memset(h, 0, sizeof(*h));
	h->version = cursor_u16(&c);
	h->chosen = tls_version_settled(h->version);
	/* drafts 18 to 21 of TLS 1.3 named the version here and left out
	 * session id and compression */
	early_draft = h->version >> 8 == 0x7f;
	random = cursor_take(&c, 32);
	if (!early_draft)
		h->session_id = cursor_vector8(&c);
	h->cipher = cursor_u16(&c);
	if (!early_draft)
		cursor_u8(&c);				/* compression */
	if (!cursor_ok(&c) || h->session_id.len > 32 ||
	    (h->version >> 8 != 3 && !early_draft))
		return false;
	h->retry = memcmp(random.at, retry_random, sizeof(retry_random)) == 0;
	h->sentinel = memcmp(random.at + 24, "DOWNGRD", 7) == 0 &&
	    random.at[31] <= 1;
	if (c.rest.len > 0)
		read_extensions(h, cursor_over(cursor_vector16(&c)));
	return true;
}
