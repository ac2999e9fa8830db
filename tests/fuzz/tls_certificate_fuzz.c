/* SPDX-License-Identifier: ISC */
/*
 * tls_certificate_fuzz.c -- any octets as a certificate: read, found again
 * in the cache, bounded.
 */
#include <assert.h>
#include <stdlib.h>

#include "tls/certificate.h"

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static bool
is_plain_text(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct certificate_cache *cache;
	static struct digest *digest;
	struct certificate *c, *again;

	if (cache == NULL) {
		digest = digest_new();
		cache = certificate_cache_new(4, digest);
		if (cache == NULL)
			abort();
	}
	c = certificate_get(cache, span_of(at, len));
	again = certificate_get(cache, span_of(at, len));
	assert(c != NULL && again != NULL);
	assert(memcmp(c->sha256, again->sha256, DIGEST_SHA256) == 0);
	assert(c->readable || (c->subject == NULL && c->san == NULL));
	assert(is_plain_text(c->subject) && is_plain_text(c->issuer) &&
	    is_plain_text(c->san));
	assert(c->der.len == 0 || span_equal(c->der, span_of(at, len)));
	certificate_drop(c);
	certificate_drop(again);
	return 0;
}
