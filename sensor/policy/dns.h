/* SPDX-License-Identifier: ISC */
/*
 * policy/dns.h -- a question to the DNS, and what was answered.
 *
 * An answer says how far it can be trusted (RFC 4035 section 4.3, as RFC
 * 7672 section 2.1.1 uses it) apart from what was found.  It does not matter
 * to its readers whether a resolver, a cache or a snapshot gave it.
 * Answers are counted references and do not change once shared.
 */
#ifndef POLICY_DNS_H
#define POLICY_DNS_H

#include "base/span.h"

#define DNS_NAME_MAX	254	/* text without the last dot, with the NUL */
#define DNS_RECORDS_MAX	64	/* kept of one answer */
#define DNS_ALIASES_MAX	10	/* CNAMEs followed, as Postfix does */
#define DNS_TEXT_MAX	1024	/* of a TXT record, strings joined */

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_UNKNOWN,		/* nobody was asked, or nobody could know */
	DNS_SECURE,
	DNS_INSECURE,
	DNS_BOGUS,		/* there is data, and it fails validation */
	DNS_FAILED,		/* any other failure of the lookup */
};

enum dns_found { DNS_DATA, DNS_NODATA, DNS_NXDOMAIN };

/* Of DNS_FAILED and DNS_UNKNOWN: what happened. */
enum dns_failure {
	DNS_NO_FAILURE,
	DNS_TIMEOUT,
	DNS_UNREACHABLE,	/* the resolver's host or port refuses */
	DNS_RCODE,		/* SERVFAIL and its kin: see rcode */
	DNS_MALFORMED,
	DNS_LOOP,		/* CNAMEs in a circle, or too many */
	DNS_BUDGET,		/* not asked: too many questions lately */
	DNS_NOT_COVERED,	/* not asked: the snapshot knows no such name */
};

#define DNS_NO_EDE	(-1)	/* EDE 0 is "other" (RFC 8914) */

struct dns_question {
	char		 name[DNS_NAME_MAX];
	enum dns_type	 type;
};

struct dns_record {
	uint16_t	 preference;	/* MX */
	struct span	 data;	/* MX, CNAME: name; A, AAAA: octets;
				 * TLSA: RDATA; TXT: strings joined */
};

struct dns_answer {
	enum dns_status	 status;
	enum dns_found	 found;
	enum dns_failure failure;
	int		 rcode;
	int		 ede;		/* extended error, or DNS_NO_EDE */
	uint32_t	 ttl;		/* as told, seconds */
	int64_t		 at;		/* when, microseconds since 1970 */
	int64_t		 until;		/* kept until */
	char		 canonical[DNS_NAME_MAX]; /* behind all CNAMEs */
	unsigned	 aliases;	/* CNAMEs passed */
	bool		 untrusted;	/* AD came from whom we may not believe */
	bool		 cut;		/* there were more records */
	unsigned	 nrecords;
	struct dns_record records[DNS_RECORDS_MAX];

	unsigned	 references;	/* dns.c's own */
	uint8_t		*bytes;
	size_t		 used, size;
};

/* Is `text` a name we may ask for: letters, digits, hyphen, underscore, and
 * the limits of RFC 1035 section 2.3.4; no dot at the end. */
bool	dns_name_ok(const char *text);

/* The same in lower case, a last dot removed; false if it is none. */
bool	dns_name_copy(char out[DNS_NAME_MAX], const char *text);

/* `prefix`.`name`; false if that is too long. */
bool	dns_name_under(char out[DNS_NAME_MAX], const char *prefix,
	    const char *name);

/* Is `name` equal to `zone` or below it?  "" is the root. */
bool	dns_name_within(const char *name, const char *zone);

bool	dns_question_equal(const struct dns_question *a,
	    const struct dns_question *b);

/* DNS_FAILED, of one reference.  NULL if memory is short. */
struct dns_answer	*dns_answer_new(const struct dns_question *q);
struct dns_answer	*dns_answer_take(struct dns_answer *a);
void			 dns_answer_give(struct dns_answer *a);	/* NULL is fine */

/* Adds a copy; sets `cut` instead beyond the limits.  -1: memory is short.
 * For names, `data` is their text. */
int	dns_answer_add(struct dns_answer *a, uint16_t preference,
	    struct span data);

/* Did the lookup fail, in the sense of RFC 7672 section 2.1.2? */
static inline bool
dns_failed(const struct dns_answer *a)
{
	return a->status == DNS_BOGUS || a->status == DNS_FAILED;
}

static inline bool
dns_has_data(const struct dns_answer *a)
{
	return !dns_failed(a) && a->status != DNS_UNKNOWN &&
	    a->found == DNS_DATA;
}

const char	*dns_status_word(enum dns_status s);
const char	*dns_found_word(enum dns_found f);
const char	*dns_failure_word(enum dns_failure f);	/* NULL: none */
const char	*dns_type_word(enum dns_type t);

/* Zone-file form of a record's data, cut to `size`; returns out. */
const char	*dns_record_text(enum dns_type t, const struct dns_record *r,
		    char *out, size_t size);

#endif
