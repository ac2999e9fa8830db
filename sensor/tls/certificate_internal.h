/* SPDX-License-Identifier: ISC */
/*
 * tls/certificate_internal.h -- a certificate with what its cache knows of
 * it.  Between certificate.c, which reads and counts,
 * certificate_cache.c, which keeps, and hello.c; for nobody else.
 */
#ifndef TLS_CERTIFICATE_INTERNAL_H
#define TLS_CERTIFICATE_INTERNAL_H

#include <stdatomic.h>

#include "tls/certificate.h"

struct certificate_kept {
	/* first: they share an address */
	struct certificate	 seen;
	atomic_uint		 holders;
	uint64_t		 hash;		/* of the octets */
	struct certificate_kept	*same_slot;
	struct certificate_kept	*newer, *older;	/* by last use */
};

/* Read `der`; one holder.  NULL if memory is short. */
struct certificate_kept	*certificate_read(struct span der,
			    struct digest *digest);

/*
 * The cache is what all handshakes of a road thread share, so what else
 * they share lives with it: fingerprints worked out before, and the room
 * for messages being put together.
 */
struct fingerprint_memo;
struct tls_room;
struct fingerprint_memo	*certificate_cache_fingerprints(
			    struct certificate_cache *c);
struct tls_room		*certificate_cache_room(struct certificate_cache *c);

#endif
