/* SPDX-License-Identifier: ISC */
/*
 * tls/fingerprint.h -- a hello boiled down to what the software is.
 *
 * JA3 and JA3S (Althouse, Atkinson, Atkins, 2017): MD5 of decimal lists.
 * JA4 (Althouse, 2023): a readable head and two shortened SHA-256.
 * GREASE values (RFC 8701) are left out wherever a client chooses them.
 */
#ifndef TLS_FINGERPRINT_H
#define TLS_FINGERPRINT_H

#include "base/digest.h"
#include "tls/client_hello.h"
#include "tls/server_hello.h"

/* All leave "" if memory is short.  Not for hellos in the form of SSL 2.0,
 * of which the definitions do not speak. */
void	tls_fingerprint_ja3(struct digest *d, const struct client_hello *h,
	    char out[33]);
void	tls_fingerprint_ja3s(struct digest *d, const struct server_hello *h,
	    char out[33]);
void	tls_fingerprint_ja4(struct digest *d, const struct client_hello *h,
	    char out[37]);

#endif
