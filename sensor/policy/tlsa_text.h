/* SPDX-License-Identifier: ISC */
/*
 * policy/tlsa_text.h -- TLSA records as people write them: `3 1 1 9f86d0...`
 * (RFC 6698 section 2.2), with the names of RFC 7218, and `\# 35 030101...`
 * (RFC 3597).
 */
#ifndef POLICY_TLSA_TEXT_H
#define POLICY_TLSA_TEXT_H

#include "policy/tlsa.h"

#define TLSA_TEXT_WHY_MAX	96

/*
 * Add the record written in `text`: what stands in a zone file behind the
 * type.  Digits may be in groups, on several lines within parentheses, and
 * comments stand behind semicolons.  False, with a reason in `why`, if it is
 * no such text or memory is short.  Text that is a record no sender can use
 * is a record.
 */
bool	tlsa_text_add(struct tlsa_set *s, struct span text,
	    char why[TLSA_TEXT_WHY_MAX]);

/* Likewise, when `open` parentheses stand before the text. */
bool	tlsa_text_add_within(struct tlsa_set *s, struct span text,
	    unsigned open, char why[TLSA_TEXT_WHY_MAX]);

/*
 * As text: like snprintf(3) they cut what does not fit in `size` and give
 * the length of the whole.
 */
size_t	tlsa_text(const struct tlsa_record *r, char *out, size_t size);
size_t	tlsa_text_generic(const struct tlsa_record *r, char *out,
	    size_t size);

#endif
