/* SPDX-License-Identifier: ISC */
/*
 * tls/server_hello.h -- what a ServerHello says (RFC 8446 4.1.3).
 */
#ifndef TLS_SERVER_HELLO_H
#define TLS_SERVER_HELLO_H

#include "base/span.h"

struct server_hello {
	uint16_t	 version;	/* of the message itself */
	/* by supported_versions, else the same */
	uint16_t	 chosen;
	uint16_t	 cipher;
	struct span	 session_id;
	struct span	 extensions;	/* type, length, octets */
	bool		 retry;		/* a HelloRetryRequest in truth */
	/* random ends as 4.1.3 says of a downgrade */
	bool		 sentinel;
	bool		 psk;		/* an offered key was taken */
};

/* false: the message is damaged, nothing of *h holds. */
bool	tls_server_hello_read(struct span body, struct server_hello *h);

#endif
