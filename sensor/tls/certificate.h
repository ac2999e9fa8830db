/* SPDX-License-Identifier: ISC */
/*
 * tls/certificate.h -- certificates seen, each read once.
 *
 * A mail server shows the same chain to everybody, and reading one costs
 * more than all the rest of a session: so they are kept in a bounded cache,
 * found by their octets, and shared with the clerk by counted references.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include "base/digest.h"
#include "base/span.h"

#define CERTIFICATE_MAX		32768	/* octets of one certificate */

struct certificate {
	uint8_t		 sha256[DIGEST_SHA256];
	/* of SubjectPublicKeyInfo */
	uint8_t		 spki_sha256[DIGEST_SHA256];
	/* RFC 2253 text, escaped; NULL if unreadable */
	const char	*subject, *issuer;
	/* DNS names and addresses, blank-separated; NULL */
	const char	*san;
	/* microseconds since 1970; 0 unreadable */
	int64_t		 not_before, not_after;
	/* false: X.509 could not be parsed, only sha256 (and der) holds */
	bool		 readable;
	struct span	 der;			/* owned */
};

struct certificate_cache;	/* opaque; one per road thread */

/* Keeps at most `entries`, and of them no more than 4 KiB each on average,
 * forgetting the least recently used.  NULL if memory is short. */
struct certificate_cache	*certificate_cache_new(unsigned entries,
				    struct digest *digest);
void	 certificate_cache_free(struct certificate_cache *c);

/* How many it has forgotten to stay within its limits. */
uint64_t	certificate_cache_forgotten(const struct certificate_cache *c);

/* The certificate with these octets; the caller drops it.  NULL if memory is
 * short.  Any octets at all are acceptable; more than CERTIFICATE_MAX of
 * them are not read as X.509 and not kept, only their digest is. */
struct certificate	*certificate_get(struct certificate_cache *c,
			    struct span der);
/* Counting is atomic: any thread may take and drop. */
struct certificate	*certificate_take(struct certificate *c);
void	 certificate_drop(struct certificate *c);	/* NULL is fine */

#endif
