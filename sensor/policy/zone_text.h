/* SPDX-License-Identifier: ISC */
/*
 * policy/zone_text.h -- a zone file, one record or remark at a time.
 *
 * Lines, comments and parentheses are read here (RFC 1035 section 5.1), so
 * that complaints have line numbers; what a line says is left to ldns, but
 * for TLSA, of which ldns takes numbers and digits that are none.
 */
#ifndef POLICY_ZONE_TEXT_H
#define POLICY_ZONE_TEXT_H

#include "policy/lookup.h"

#define ZONE_TEXT_WHY_MAX	200

struct zone_record {
	char		 owner[LOOKUP_NAME_MAX];	/* "*." may lead */
	uint32_t	 ttl;
	enum lookup_type	 type;
	uint16_t	 preference;
	struct span	 data;		/* as in struct lookup_record */
};

/* -1 stops the reading; it has filled `why`. */
struct zone_reader {
	int	(*record)(void *context, const struct zone_record *r,
		    char why[ZONE_TEXT_WHY_MAX]);
	/* behind ";!", to the end of the line */
	int	(*remark)(void *context, struct span text,
		    char why[ZONE_TEXT_WHY_MAX]);
	void	*context;
};

/* 0, or the number of the line that `why` is about. */
size_t	zone_text_read(struct span text, const struct zone_reader *to,
	    char why[ZONE_TEXT_WHY_MAX]);

#endif
