/* SPDX-License-Identifier: ISC */
/*
 * keys.h -- keys that follow from a seed.  NULL if libcrypto could not.
 */
#ifndef GENERATOR_KEYS_H
#define GENERATOR_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

/* A pair, for signing. */
EVP_PKEY	*key_ed25519(const char *label, uint64_t seed);

/* Public halves. */
EVP_PKEY	*key_p256(uint32_t n, uint64_t seed);
EVP_PKEY	*key_rsa(uint64_t seed);

/* SHA-256 in hexadecimal. */
void	key_digest(const void *octets, size_t n, char to[65]);

#endif
