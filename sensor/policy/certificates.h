/* SPDX-License-Identifier: ISC */
/*
 * policy/certificates.h -- certificates out of a PEM file, and what people
 * want to know of one.
 */
#ifndef POLICY_CERTIFICATES_H
#define POLICY_CERTIFICATES_H

#include "base/digest.h"
#include "base/span.h"

#define CERTIFICATE_NAME_TEXT	256
#define CERTIFICATE_NAMES_TEXT	1024

struct certificate_facts {
	/* RFC 2253 text, escaped and perhaps cut */
	char	subject[CERTIFICATE_NAME_TEXT];
	char	issuer[CERTIFICATE_NAME_TEXT];
	char	names[CERTIFICATE_NAMES_TEXT];	/* DNS names, blanks between */
	char	key[32];			/* "RSA 2048", "P-256" */
	char	sha256[2 * DIGEST_SHA256 + 1];		/* of all of it */
	char	spki_sha256[2 * DIGEST_SHA256 + 1];	/* of its key */
	int64_t	not_before, not_after;	/* microseconds since 1970; 0 */
	bool	self_signed;		/* by its names */
};

/*
 * The certificates in `text`, in their order; keys and other things between
 * them are passed over.  A file that is one DER certificate is read too.
 * The caller frees out[i].at.  How many there are; no more than `most` are
 * given out.  -1 if memory is short.
 */
int	certificates_read(struct span text, struct span *out, int most);

/* False if it is not a certificate. */
bool	certificates_describe(struct span der, struct certificate_facts *f);

#endif
