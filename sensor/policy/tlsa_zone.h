/* SPDX-License-Identifier: ISC */
/*
 * policy/tlsa_zone.h -- the TLSA records of a zone file (RFC 1035 section
 * 5), of dig's answers, or of its short ones, which have no owner.
 *
 * Other types are passed over unread.  Written by others, so read without
 * trust: anything at all ends in records, or in a reason with its line.
 */
#ifndef POLICY_TLSA_ZONE_H
#define POLICY_TLSA_ZONE_H

#include "policy/tlsa_text.h"

#define TLSA_ZONE_NAME_MAX	256
#define TLSA_ZONE_WHY_MAX	160

struct tlsa_zone {
	struct span	 rest;
	char		 origin[TLSA_ZONE_NAME_MAX];	/* "" or "example." */
	/* of the last record: lower case; "" if it had none */
	char		 owner[TLSA_ZONE_NAME_MAX];
	uint32_t	 ttl;			/* seconds; 0 if not told */
	uint32_t	 default_ttl;
	unsigned	 line;
	char		 why[TLSA_ZONE_WHY_MAX];
};

enum tlsa_zone_step { TLSA_ZONE_RECORD, TLSA_ZONE_END, TLSA_ZONE_BAD };

/* `text` is read until the end is reached, and must last as long. */
void			tlsa_zone_begin(struct tlsa_zone *z,
			    struct span text);

/* The next TLSA record, added to `s`; TLSA_ZONE_BAD, with a reason in `why`,
 * if a line cannot be read: reading may go on behind it. */
enum tlsa_zone_step	tlsa_zone_next(struct tlsa_zone *z,
			    struct tlsa_set *s);

#endif
