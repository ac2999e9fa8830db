/* SPDX-License-Identifier: ISC */
/*
 * base/digest.h -- SHA-256 for identities, SHA-1 and MD5 for fingerprints
 * whose definitions ask for them (Community ID, JA3).
 *
 * A digest holds the algorithms of OpenSSL fetched once, because fetching
 * them by name for each of a million sessions costs more than hashing.
 * One per thread.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/span.h"

#define DIGEST_SHA256	32
#define DIGEST_SHA1	20
#define DIGEST_MD5	16

struct digest;

/* NULL if memory is short or OpenSSL lacks an algorithm (said why). */
struct digest	*digest_new(void);
void		 digest_free(struct digest *d);	/* NULL is fine */

/* `out` holds the size named above.  They do not fail on any input. */
void	digest_sha256(struct digest *d, struct span in, uint8_t *out);
void	digest_sha1(struct digest *d, struct span in, uint8_t *out);
void	digest_md5(struct digest *d, struct span in, uint8_t *out);

/* Lower-case hexadecimal; `out` holds 2 * in.len + 1. */
void	digest_hex(struct span in, char *out);

#endif
