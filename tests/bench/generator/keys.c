/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "keys.h"
#include "random.h"

#define P256_POINT	65		/* uncompressed */
#define RSA_OCTETS	256

void
key_digest(const void *octets, size_t n, char to[65])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t i;

	SHA256(octets, n, digest);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(to + 2 * i, 3, "%02x", digest[i]);
}

EVP_PKEY *
key_ed25519(const char *label, uint64_t seed)
{
	uint8_t secret[SHA256_DIGEST_LENGTH];
	char text[64];
	int n;

	n = snprintf(text, sizeof(text), "smtpgen %s %" PRIu64, label, seed);
	SHA256((const uint8_t *)text, (size_t)n, secret);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret,
	    sizeof(secret));
}

static EVP_PKEY *
key_from(const char *type, OSSL_PARAM *parameters)
{
	EVP_PKEY_CTX *context;
	EVP_PKEY *key = NULL;

	context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY,
	    parameters) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* The point of that private scalar; false if libcrypto could not. */
static bool
p256_point(const uint8_t scalar[32], uint8_t point[P256_POINT])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *d = BN_bin2bn(scalar, 32, NULL);
	EC_POINT *q = group != NULL ? EC_POINT_new(group) : NULL;
	bool done = d != NULL && q != NULL &&
	    EC_POINT_mul(group, q, d, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED,
	    point, P256_POINT, NULL) == P256_POINT;

	EC_POINT_free(q);
	BN_free(d);
	EC_GROUP_free(group);
	return done;
}

EVP_PKEY *
key_p256(uint32_t n, uint64_t seed)
{
	uint8_t scalar[SHA256_DIGEST_LENGTH], point[P256_POINT];
	char group[] = "P-256", text[64];
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	int length;

	length = snprintf(text, sizeof(text), "smtpgen leaf %u %" PRIu64, n,
	    seed);
	SHA256((const uint8_t *)text, (size_t)length, scalar);
	scalar[0] &= 0x7f;		/* below the order of the group */
	if (!p256_point(scalar, point))
		return NULL;
	return key_from("EC", parameters);
}

/*
 * Any odd number of 2048 bits: since nobody signs with it, it need not be
 * the product of two primes.
 */
EVP_PKEY *
key_rsa(uint64_t seed)
{
	uint64_t random = random_scramble(seed ^ 0x5157);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *modulus, *exponent = BN_new();
	OSSL_PARAM *parameters = NULL;
	uint8_t octets[RSA_OCTETS];
	EVP_PKEY *key = NULL;

	random_fill(&random, octets, sizeof(octets));
	octets[0] |= 0x80;
	octets[RSA_OCTETS - 1] |= 1;
	modulus = BN_bin2bn(octets, sizeof(octets), NULL);
	if (builder != NULL && modulus != NULL && exponent != NULL &&
	    BN_set_word(exponent, 65537) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, "n", modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, "e", exponent) == 1)
		parameters = OSSL_PARAM_BLD_to_param(builder);
	if (parameters != NULL)
		key = key_from("RSA", parameters);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	BN_free(exponent);
	BN_free(modulus);
	return key;
}
