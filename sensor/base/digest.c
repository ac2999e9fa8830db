/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/log.h"

struct digest {
	EVP_MD_CTX	*context;
	EVP_MD		*sha256;
	EVP_MD		*sha1;
	EVP_MD		*md5;
};

struct digest *
digest_new(void)
{
	struct digest *d;

	if ((d = calloc(1, sizeof(*d))) == NULL) {
		log_warn("digest");
		return NULL;
	}
	d->context = EVP_MD_CTX_new();
	d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	d->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	/* JA3 is MD5 by definition; a FIPS provider must not hide it. */
	d->md5 = EVP_MD_fetch(NULL, "MD5", "-fips");
	if (d->context == NULL || d->sha256 == NULL || d->sha1 == NULL ||
	    d->md5 == NULL) {
		log_warnx("digest: OpenSSL lacks SHA-256, SHA-1 or MD5");
		digest_free(d);
		return NULL;
	}
	return d;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_free(d->md5);
	EVP_MD_free(d->sha1);
	EVP_MD_free(d->sha256);
	EVP_MD_CTX_free(d->context);
	free(d);
}

static void
run(struct digest *d, const EVP_MD *how, struct span in, uint8_t *out)
{
	int ok;

	ok = EVP_DigestInit_ex2(d->context, how, NULL) &&
	    EVP_DigestUpdate(d->context, in.at, in.len) &&
	    EVP_DigestFinal_ex(d->context, out, NULL);
	assert(ok);	/* a fetched algorithm does not fail on bytes */
}

void
digest_sha256(struct digest *d, struct span in, uint8_t *out)
{
	run(d, d->sha256, in, out);
}

void
digest_sha1(struct digest *d, struct span in, uint8_t *out)
{
	run(d, d->sha1, in, out);
}

void
digest_md5(struct digest *d, struct span in, uint8_t *out)
{
	run(d, d->md5, in, out);
}

void
digest_hex(struct span in, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = hex[in.at[i] >> 4];
		out[2 * i + 1] = hex[in.at[i] & 15];
	}
	out[2 * in.len] = '\0';
}
