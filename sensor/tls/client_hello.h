/* SPDX-License-Identifier: ISC */
/*
 * tls/client_hello.h -- what a ClientHello says (RFC 8446 4.1.2).
 *
 * Spans point into the message and live as long as it does.  An extension
 * whose inside is damaged counts as present and says nothing.
 */
#ifndef TLS_CLIENT_HELLO_H
#define TLS_CLIENT_HELLO_H

#include "base/span.h"

/* RFC 8701: values reserved so that nobody may rely on the known ones */
static inline bool
tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* Extensions read here or by the fingerprints */
enum tls_extension {
	TLS_EXT_SERVER_NAME = 0,
	TLS_EXT_GROUPS = 10,
	TLS_EXT_POINT_FORMATS = 11,
	TLS_EXT_SIGNATURES = 13,
	TLS_EXT_ALPN = 16,
	TLS_EXT_TICKET = 35,
	TLS_EXT_PSK = 41,
	TLS_EXT_EARLY_DATA = 42,
	TLS_EXT_VERSIONS = 43,
};

struct client_hello {
	uint16_t	 version;	/* of the message itself */
	/* highest of supported_versions, no GREASE */
	uint16_t	 version_top;
	bool		 versions;	/* ... which is there */
	struct span	 session_id;
	struct span	 ciphers;	/* two octets each; of SSL 2.0 three */
	/* type, length, octets; as many as fit */
	struct span	 extensions;
	struct span	 groups;	/* two octets each */
	struct span	 point_formats;	/* one octet each */
	struct span	 signatures;	/* two octets each */
	struct span	 server_name;	/* empty: none */
	/* the extension, whatever in it */
	bool		 server_name_there;
	struct span	 alpn;		/* names, each behind its length */
	bool		 ticket;	/* a session ticket, not empty */
	bool		 psk, early_data;
};

/* false: the message is damaged, nothing of *h holds. */
bool	tls_client_hello_read(struct span body, struct client_hello *h);

/* The same for SSL 2.0 (RFC 5246 E.2), behind its type and version. */
bool	tls_client_hello_read_ssl2(struct span body, uint16_t version,
	    struct client_hello *h);

/* Drafts of TLS 1.3 count as TLS 1.3. */
uint16_t	tls_version_settled(uint16_t version);

#endif
