/* SPDX-License-Identifier: ISC */
/*
 * certificate.h -- real certificates that follow from a seed: a leaf per
 * server, one intermediate, one root.
 *
 * The issuers are Ed25519, whose signatures are deterministic.  Of a
 * leaf's key (RSA-2048 or P-256) only the public half is needed, so no
 * private one exists: nobody can, and nobody does, sign with it.
 */
#ifndef GENERATOR_CERTIFICATE_H
#define GENERATOR_CERTIFICATE_H

#include <stdint.h>

#define CERTIFICATE_NAME_MAX	128

enum certificate_fault {
	CERTIFICATE_GOOD,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_MISNAMED,
};

struct issuers;			/* opaque */

/* Body of a TLS 1.2 Certificate message (RFC 5246 7.4.2). */
struct chain {
	uint8_t		*body;		/* malloc'd; chain_free */
	uint32_t	 length;
	char		 leaf_sha256[65];
};

/* `start`: when the traffic begins, seconds since 1970.  NULL after saying
 * why. */
struct issuers	*issuers_new(uint64_t seed, uint64_t start);
void		 issuers_free(struct issuers *i);	/* NULL is fine */

/* The root as PEM.  -1 after saying why. */
int	issuers_write_root(const struct issuers *i, const char *path);

/* For the n-th server, called `name`.  -1 after saying why. */
int	chain_make(struct chain *c, const struct issuers *i, uint32_t n,
	    const char *name, enum certificate_fault fault);
void	chain_free(struct chain *c);

#endif
