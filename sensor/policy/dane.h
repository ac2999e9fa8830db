/* SPDX-License-Identifier: ISC */
/*
 * policy/dane.h -- what DANE (RFC 7672) asks of mail for one domain that is
 * handed to one server address.
 *
 *	domain -> MX hosts -> which of them is this server -> its addresses
 *	  -> TLSA base domain -> TLSA records -> a state, and why
 *
 * Pure rules over the answers of an inquiry.  Nothing is asked here.
 */
#ifndef POLICY_DANE_H
#define POLICY_DANE_H

#include "base/addr.h"
#include "policy/inquiry.h"
#include "schema/names.h"

#define DANE_HOSTS_MAX		16	/* MX hosts looked at, best first */
#define DANE_REFERENCES_MAX	3

enum dane_why {
#define WHY(name, word)	DANE_WHY_##name,
#include "policy/dane_words.def"
#undef WHY
	DANE_WHYS
};

enum dane_by {
#define BY(name, word)	DANE_BY_##name,
#include "policy/dane_words.def"
#undef BY
	DANE_BYS
};

enum dane_tag {
#define TAG(name, word)	DANE_TAG_##name,
#include "policy/dane_words.def"
#undef TAG
	DANE_TAGS
};

struct dane_question {
	const char	*domain;	/* of a recipient; NULL: not seen */
	struct addr	 server;
	uint16_t	 port;
	const char	*sni;		/* these three may be NULL */
	const char	*banner;	/* its first word */
	const char	*const *names;	/* of the server, from DNS answers */
	unsigned	 nnames;
	bool		 curious;	/* look at all MX hosts, and at records
					 * that cannot count */
};

struct dane_verdict {
	enum policy_state	 state;
	enum dane_why		 why;
	enum dane_by		 by;
	uint32_t		 tags;		/* 1 << enum dane_tag */
	char			 domain[LOOKUP_NAME_MAX];
	char			 host[LOOKUP_NAME_MAX];	/* "": none found */
	char			 base[LOOKUP_NAME_MAX];	/* TLSA base domain */
	/* For DANE-TA, RFC 7672 section 3.2.2; the base domain first. */
	unsigned		 nreferences;
	char	references[DANE_REFERENCES_MAX][LOOKUP_NAME_MAX];
	unsigned		 hosts, covered;	/* only when curious */
	/* The RRset that decided; the inquiry's. */
	const struct lookup_answer	*tlsa;
};

/* False: the inquiry wants more answers first, or is full. */
bool	dane_judge(struct dane_verdict *v, const struct dane_question *q,
	    struct inquiry *i);

const char	*dane_why_word(enum dane_why w);
const char	*dane_by_word(enum dane_by b);
const char	*dane_tag_word(enum dane_tag t);

#endif
