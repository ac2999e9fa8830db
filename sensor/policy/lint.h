/* SPDX-License-Identifier: ISC */
/*
 * policy/lint.h -- what the operator of a mail server should mend: duties of
 * those who publish TLSA records (RFC 7671 section 8, RFC 7672 section 3.1),
 * and the scheme of two records, 2 1 1 and 3 1 1, of which one must match at
 * any time (NCSC-NL, "Secure the connections of mail servers").
 */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "policy/match.h"

#define LINT_REMARKS_MAX	32
#define LINT_TEXT_MAX		200
#define LINT_DAYS		14	/* of warning before an expiry */

enum lint_kind {
	/* posture: the words of the findings */
	LINT_MISMATCH,		/* no record matches what the server shows */
	LINT_AT_RISK,		/* some do, a kind of record does not */
	LINT_UNUSABLE,		/* records, and none usable */
	LINT_UNSIGNED,		/* records without DNSSEC */
	LINT_EXPIRING,		/* a certificate runs, or has run, out */
	/* advice */
	LINT_PKIX_USAGE,	/* 0 x x or 1 x x */
	LINT_BAD_RECORD,	/* another record nobody can use */
	LINT_STALE,		/* a usage, selector and type without match */
	LINT_UNCOVERED,		/* one of several certificates in use */
	LINT_SHA512_ONLY,	/* not all senders know it */
	LINT_WEAKER_ONLY,	/* matches for senders without SHA2-512 */
	LINT_ONE_RECORD,	/* no second one for the day of the change */
	LINT_ONLY_TA,		/* no DANE-EE: dates and names matter */
	LINT_FULL_DATA,		/* matching type 0 */
	LINT_DUPLICATE,
	LINT_EE_OF_ISSUER,	/* 3 x x describes an issuer */
	LINT_TA_OF_LEAF,	/* 2 x x describes the leaf */
	LINT_TA_NOT_SENT,	/* 2 x x, and no such certificate was sent */
	LINT_NAME,		/* not for this server; DANE-EE ignores it */
	LINT_LONG_TTL,
	LINT_MANY_RECORDS,	/* more than are looked at */
	LINT_KINDS
};

/* How much it matters: advice, soon mail will not arrive, it does not. */
enum lint_weight { LINT_NOTE, LINT_WARNING, LINT_FAULT };

struct lint_remark {
	enum lint_kind	 kind;
	enum lint_weight weight;
	int		 record;	/* of the set; -1: about all */
	char		 text[LINT_TEXT_MAX];	/* one sentence */
};

struct lint_list {
	struct lint_remark	 list[LINT_REMARKS_MAX];
	unsigned		 count;
	unsigned		 left_out;
};

struct lint_question {
	const struct tlsa_set	*records;
	bool			 is_signed;	/* DNSSEC says so */
	uint32_t		 ttl;		/* seconds; 0: not known */
	/* each chain the server uses now, against `records` now; none: what
	 * depends on them is not judged */
	const struct match_result *const *shown;
	unsigned		 shown_count;
	int64_t			 now;
	unsigned		 days;		/* of warning; 0: LINT_DAYS */
};

void	lint_server(const struct lint_question *q, struct lint_list *out);

/* "tlsa-at-risk", "sha512-only"; and whether it is a posture finding. */
const char	*lint_word(enum lint_kind k);
bool		 lint_is_posture(enum lint_kind k);
const char	*lint_weight_word(enum lint_weight w);	/* "note" */

#endif
