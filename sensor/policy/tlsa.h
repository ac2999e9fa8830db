/* SPDX-License-Identifier: ISC */
/*
 * policy/tlsa.h -- TLSA records (RFC 6698), and which of them can be used to
 * authenticate a mail server (RFC 7671, RFC 7672).
 *
 * A record that cannot be used is kept and counted: in a validated answer
 * it still says that the server does TLS.
 */
#ifndef POLICY_TLSA_H
#define POLICY_TLSA_H

#include "base/span.h"

#define TLSA_RECORDS_MAX	64	/* of one set; real ones have two */
#define TLSA_DATA_MAX		65532	/* RDATA less its three octets */
#define TLSA_FAULT_TEXT_MAX	96

enum tlsa_usage {			/* RFC 7218 has these names */
	TLSA_PKIX_TA = 0,
	TLSA_PKIX_EE = 1,
	TLSA_DANE_TA = 2,
	TLSA_DANE_EE = 3,
};

enum tlsa_selector { TLSA_CERT = 0, TLSA_SPKI = 1 };

enum tlsa_matching { TLSA_FULL = 0, TLSA_SHA256 = 1, TLSA_SHA512 = 2 };

/* Why a record authenticates nobody. */
enum tlsa_fault {
	TLSA_USABLE,		/* it does */
	TLSA_FAULT_PKIX,	/* usage 0 or 1: not for SMTP */
	TLSA_FAULT_PRIVATE,	/* a number for private use, 255 */
	TLSA_FAULT_USAGE,	/* a usage nobody has defined */
	TLSA_FAULT_SELECTOR,	/* ... a selector */
	TLSA_FAULT_MATCHING,	/* ... a matching type */
	TLSA_FAULT_EMPTY,	/* no association data */
	TLSA_FAULT_LENGTH,	/* a digest too short or too long */
	TLSA_FAULT_CERTIFICATE,	/* in full, and not a certificate */
	TLSA_FAULT_KEY,		/* in full, and not a public key */
	TLSA_FAULTS
};

struct tlsa_record {
	uint8_t		 usage, selector, matching;
	enum tlsa_fault	 fault;
	struct span	 data;		/* certificate association data */
};

/* Start with all zero; what is in it is owned by it. */
struct tlsa_set {
	struct tlsa_record	 list[TLSA_RECORDS_MAX];
	unsigned		 count;
	unsigned		 left_out;	/* beyond TLSA_RECORDS_MAX */
};

void	tlsa_clear(struct tlsa_set *s);	/* all zero again */

/*
 * Add a copy of a record; `fault` is found, not believed.  A record beyond
 * the limits is counted in left_out.  -1 if memory is short.
 */
int	tlsa_add(struct tlsa_set *s, const struct tlsa_record *r);

/* Likewise from the octets of a DNS answer; false if those are no TLSA
 * record (shorter than its three numbers) or memory is short. */
bool	tlsa_add_rdata(struct tlsa_set *s, struct span rdata);

/*
 * Add the record that describes a certificate, or (`raw`) a bare
 * SubjectPublicKeyInfo.  False if it cannot be read, if usage, selector or
 * matching type are none of those above, or if memory is short.
 */
bool	tlsa_add_made(struct tlsa_set *s, const struct tlsa_record *kind,
	    struct span der, bool raw);

/* How many can authenticate somebody. */
unsigned	tlsa_usable(const struct tlsa_set *s);

/*
 * Does record `i` count?  It must be usable, and no digest of the same usage
 * and selector be stronger than its own; data in full always counts
 * (digest agility, RFC 7671 section 9).
 */
bool	tlsa_counts(const struct tlsa_set *s, unsigned i);

/* The order of RDATA as octets: <0, 0, >0. */
int	tlsa_compare(const struct tlsa_record *a, const struct tlsa_record *b);

/*
 * Does the record's data describe this certificate with this
 * SubjectPublicKeyInfo, whatever its usage?  Either may be empty: then what
 * is about it does not.
 */
bool	tlsa_describes(const struct tlsa_record *r, struct span certificate,
	    struct span key);

/* "digest-length": a word for programs, and a reason for people. */
const char	*tlsa_fault_word(enum tlsa_fault f);
void		 tlsa_fault_text(const struct tlsa_record *r,
		    char out[TLSA_FAULT_TEXT_MAX]);

#endif
