/* SPDX-License-Identifier: ISC */
/*
 * dns/answer.h -- what an answer says, so that two can be compared.
 *
 * The MX, A, AAAA, CNAME and TLSA records of the answer section, as a set:
 * neither their order nor their number, their time to live, compression,
 * the case of names, nor anything in the other sections makes a difference.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns/message.h"

#define DNS_ANSWER_TEXT	200	/* octets of text, without the NUL */
#define DNS_ABOUT_MAX	8

enum dns_verdict {
	DNS_SAYS_NOTHING,	/* cut, truncated (TC), or an error */
	DNS_SAYS_DATA,
	DNS_SAYS_EMPTY,		/* the name has none of this type */
	DNS_SAYS_NXDOMAIN,	/* there is no such name */
};

struct dns_answer {
	enum dns_verdict verdict;
	uint64_t	 digest;	/* of the records; 0 without any */
	/* "MX 10 mx.example, MX 20 mx2.example", sorted; or what there is
	 * instead of records */
	char		 text[DNS_ANSWER_TEXT + 1];
	/* keys of the addresses and hosts it names, see dns/key.h */
	uint64_t	 about[DNS_ABOUT_MAX];
	unsigned	 abouts;
};

/* Is this type of question one that matters here? */
bool	dns_answer_wanted(uint16_t type);

void	dns_answer_read(struct dns_answer *a, const struct dns_message *m,
	    uint64_t seed);

/*
 * Do two answers to one question contradict each other?  Not if both deny,
 * each in its way.
 */
bool	dns_answer_differs(enum dns_verdict a, uint64_t digest_a,
	    enum dns_verdict b, uint64_t digest_b);

#endif
