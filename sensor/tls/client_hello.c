/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "tls/client_hello.h"

uint16_t
tls_version_settled(uint16_t version)
{
	/* RFC 8446 drafts, and Facebook's own numbers for them */
	return version >> 8 == 0x7f || version >> 8 == 0xfb ? 0x0304 : version;
}

/* The vector that fills an extension; empty if it does not fit. */
static struct span
inside16(struct span data)
{
	struct cursor c = cursor_over(data);

	return cursor_vector16(&c);
}

static struct span
inside8(struct span data)
{
	struct cursor c = cursor_over(data);

	return cursor_vector8(&c);
}

/* The first host_name of RFC 6066 3. */
static struct span
read_server_name(struct span data)
{
	struct cursor c = cursor_over(inside16(data));
	struct span name;
	uint8_t kind;

	while (c.rest.len > 0) {
		kind = cursor_u8(&c);
		name = cursor_vector16(&c);
		if (kind == 0)
			return name;
	}
	return span_of(NULL, 0);
}

static void
read_versions(struct client_hello *h, struct span data)
{
	struct cursor c = cursor_over(inside8(data));
	uint16_t version;

	h->versions = true;
	while (c.rest.len > 1) {
		version = cursor_u16(&c);
		if (!tls_is_grease(version) && version > h->version_top)
			h->version_top = version;
	}
}

static void
read_extension(struct client_hello *h, uint16_t type, struct span data)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME:
		h->server_name_there = true;
		h->server_name = read_server_name(data);
		break;
	case TLS_EXT_GROUPS:
		h->groups = inside16(data);
		break;
	case TLS_EXT_POINT_FORMATS:
		h->point_formats = inside8(data);
		break;
	case TLS_EXT_SIGNATURES:
		h->signatures = inside16(data);
		break;
	case TLS_EXT_ALPN:
		h->alpn = inside16(data);
		break;
	case TLS_EXT_TICKET:
		h->ticket = data.len > 0;
		break;
	case TLS_EXT_PSK:
		h->psk = true;
		break;
	case TLS_EXT_EARLY_DATA:
		h->early_data = true;
		break;
	case TLS_EXT_VERSIONS:
		read_versions(h, data);
		break;
	}
}

static void
read_extensions(struct client_hello *h, struct cursor c)
{
	const uint8_t *start = c.rest.at;
	struct span data;
	uint16_t type;

	while (c.rest.len > 0) {
		type = cursor_u16(&c);
		data = cursor_vector16(&c);
		if (!cursor_ok(&c))
			break;
		read_extension(h, type, data);
		/* only whole ones stay */
		h->extensions = span_of(start, (size_t)(c.rest.at - start));
	}
}

bool
tls_client_hello_read(struct span body, struct client_hello *h)
{
	struct cursor c = cursor_over(body);

	memset(h, 0, sizeof(*h));
	h->version = cursor_u16(&c);
	cursor_take(&c, 32);				/* random */
	h->session_id = cursor_vector8(&c);
	h->ciphers = cursor_vector16(&c);
	cursor_vector8(&c);				/* compression */
	if (!cursor_ok(&c) || h->session_id.len > 32 ||
	    h->ciphers.len % 2 != 0 || h->version >> 8 != 3)
		return false;
	/* SSL 3.0 and TLS 1.0 may end here */
	if (c.rest.len > 0)
		read_extensions(h, cursor_over(cursor_vector16(&c)));
	return true;
}

bool
tls_client_hello_read_ssl2(struct span body, uint16_t version,
    struct client_hello *h)
{
	struct cursor c = cursor_over(body);
	uint16_t ciphers, session_id, challenge;

	memset(h, 0, sizeof(*h));
	h->version = version;
	ciphers = cursor_u16(&c);
	session_id = cursor_u16(&c);
	challenge = cursor_u16(&c);
	h->ciphers = cursor_take(&c, ciphers);
	h->session_id = cursor_take(&c, session_id);
	cursor_take(&c, challenge);
	return cursor_ok(&c) && ciphers % 3 == 0 && session_id <= 32;
}
