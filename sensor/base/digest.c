/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/log.h"

/* A context each: one that changes its algorithm is made anew inside, for
 * more than twice of what hashing a few octets takes. */
struct digest {
	EVP_MD_CTX	*sha256, *sha1, *md5;
};

/* NULL: memory, or there is no such algorithm. */
static EVP_MD_CTX *
context_of(const char *name, const char *properties)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_MD *how = EVP_MD_fetch(NULL, name, properties);

	if (context == NULL || how == NULL ||
	    !EVP_DigestInit_ex2(context, how, NULL)) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	EVP_MD_free(how);	/* the context holds it too */
	return context;
}

struct digest *
digest_new(void)
{
	struct digest *d;

	if ((d = calloc(1, sizeof(*d))) == NULL) {
		log_warn("digest");
		return NULL;
	}
	d->sha256 = context_of("SHA256", NULL);
	d->sha1 = context_of("SHA1", NULL);
	/* JA3 is MD5 by definition; a FIPS provider must not hide it. */
	d->md5 = context_of("MD5", "-fips");
	if (d->sha256 == NULL || d->sha1 == NULL || d->md5 == NULL) {
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
	EVP_MD_CTX_free(d->md5);
	EVP_MD_CTX_free(d->sha1);
	EVP_MD_CTX_free(d->sha256);
	free(d);
}

/* Without an algorithm the context begins anew with the one it has. */
static void
run(EVP_MD_CTX *context, struct span in, uint8_t *out)
{
	int ok;

	ok = EVP_DigestInit_ex2(context, NULL, NULL) &&
	    EVP_DigestUpdate(context, in.at, in.len) &&
	    EVP_DigestFinal_ex(context, out, NULL);
	assert(ok);	/* a fetched algorithm does not fail on bytes */
}

void
digest_sha256(struct digest *d, struct span in, uint8_t *out)
{
	run(d->sha256, in, out);
}

void
digest_sha1(struct digest *d, struct span in, uint8_t *out)
{
	run(d->sha1, in, out);
}

void
digest_md5(struct digest *d, struct span in, uint8_t *out)
{
	run(d->md5, in, out);
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
