/* SPDX-License-Identifier: ISC */
/*
 * tls_certificate_fuzz.c -- any octets as a certificate: read, found again
 * in the cache, bounded; and readable when OpenSSL's own reading says so, with
 * the same key.
 */
#include <assert.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

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

static void
compare(const struct certificate *c, struct span der, struct digest *digest)
{
	const unsigned char *p = der.at;
	uint8_t sha256[DIGEST_SHA256];
	unsigned char *spki = NULL;
	X509 *x = NULL;
	int len = 0;

	if (der.len > 0 && der.len <= CERTIFICATE_MAX)
		x = d2i_X509(NULL, &p, (long)der.len);
	if (x != NULL && p == der.at + der.len)
		len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	assert(c->readable == (len > 0));
	if (c->readable) {
		digest_sha256(digest, span_of(spki, (size_t)len), sha256);
		assert(memcmp(sha256, c->spki_sha256, sizeof(sha256)) == 0);
		assert((c->san == NULL) >= (X509_get_ext_by_NID(x,
		    NID_subject_alt_name, -1) < 0));
	}
	OPENSSL_free(spki);
	X509_free(x);
	ERR_clear_error();
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
	compare(c, span_of(at, len), digest);
	certificate_drop(c);
	certificate_drop(again);
	return 0;
}
