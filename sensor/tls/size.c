/* SPDX-License-Identifier: ISC */
/*
 * The memory that a handshake takes up.  Certificates are the cache's.
 */
#include "base/footprint.h"
#include "tls/progress.h"

size_t
tls_size(const struct tls *t)
{
	const struct tls_facts *f = &t->facts;
	size_t size = footprint(sizeof(*t)) + footprint_text(f->sni) +
	    footprint_text(f->alpn) + footprint_text(f->failure_text) +
	    footprint_of(f->chain, TLS_CHAIN_MAX * sizeof(f->chain[0]));

	for (int i = 0; i < SIDES; i++) {
		size += footprint_of(t->side[i].handshake.buffer,
		    t->side[i].handshake.room);
		size += footprint_of(t->side[i].text, TLS_LINE_OCTETS);
	}
	return size;
}
