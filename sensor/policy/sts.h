/* SPDX-License-Identifier: ISC */
/*
 * policy/sts.h -- MTA-STS (RFC 8461): its TXT record, its policy text, and
 * whether a host is among a policy's mail servers.
 */
#ifndef POLICY_STS_H
#define POLICY_STS_H

#include "policy/lookup.h"
#include "schema/names.h"

#define STS_ID_MAX	33	/* 32 letters and digits, and the NUL */
#define STS_MX_MAX	64	/* patterns kept */
#define STS_TEXT_MAX	65536	/* RFC 8461 section 3.3 suggests 64 KiB */
#define STS_AGE_MAX	31557600

enum sts_why {
	STS_WHY_POLICY,		/* there is one */
	STS_WHY_ABSENT,		/* no record, or none that is valid */
	STS_WHY_LOOKUP,		/* the DNS did not say */
	STS_WHY_FETCH,		/* the policy could not be fetched */
	STS_WHY_INVALID,	/* ... and is none */
	STS_WHY_NOT_LOOKED,
};

enum sts_match { STS_MATCH_NONE, STS_MATCH_YES, STS_MATCH_NO };

struct sts_policy {
	enum sts_mode	mode;
	uint32_t	max_age;	/* seconds */
	unsigned	nmx;
	char		mx[STS_MX_MAX][LOOKUP_NAME_MAX]; /* "*." may lead */
};

struct sts_verdict {
	enum sts_mode	mode;
	enum sts_why	why;
	enum sts_match	match;		/* the host among the policy's */
	char		id[STS_ID_MAX];
};

/* The id of the one valid record (RFC 8461 section 3.1), or false. */
bool	sts_record_id(const struct lookup_answer *txt, char id[STS_ID_MAX]);

/* False: not a policy (RFC 8461 section 3.2). */
bool	sts_policy_read(struct sts_policy *p, struct span text);

/* RFC 8461 section 4.1: "*." stands for exactly one label. */
bool	sts_policy_matches(const struct sts_policy *p, const char *host);

const char	*sts_why_word(enum sts_why w);
const char	*sts_match_word(enum sts_match m);	/* "": none */

#endif
