/* SPDX-License-Identifier: ISC */
/*
 * policy/lookup.h -- a question to the DNS, and what was answered.
 *
 * An answer says how far it can be trusted (RFC 4035 section 4.3, as RFC
 * 7672 section 2.1.1 uses it) apart from what was found.  It does not matter
 * to its readers whether a resolver, a cache or a snapshot gave it.
 * Answers are counted references and do not change once shared.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "base/span.h"

#define LOOKUP_NAME_MAX	254	/* text without the last dot, with the NUL */
#define LOOKUP_RECORDS_MAX	64	/* kept of one answer */
#define LOOKUP_ALIASES_MAX	10	/* CNAMEs followed, as Postfix does */
#define LOOKUP_TEXT_MAX	1024	/* of a TXT record, strings joined */

enum lookup_type {
	LOOKUP_A = 1,
	LOOKUP_CNAME = 5,
	LOOKUP_MX = 15,
	LOOKUP_TXT = 16,
	LOOKUP_AAAA = 28,
	LOOKUP_TLSA = 52,
};

enum lookup_status {
	LOOKUP_UNKNOWN,		/* nobody was asked, or nobody could know */
	LOOKUP_SECURE,
	LOOKUP_INSECURE,
	LOOKUP_BOGUS,		/* there is data, and it fails validation */
	LOOKUP_FAILED,		/* any other failure of the lookup */
};

enum lookup_found { LOOKUP_DATA, LOOKUP_NODATA, LOOKUP_NXDOMAIN };

/* Of LOOKUP_FAILED and LOOKUP_UNKNOWN: what happened. */
enum lookup_failure {
	LOOKUP_NO_FAILURE,
	LOOKUP_TIMEOUT,
	LOOKUP_UNREACHABLE,	/* the resolver's host or port refuses */
	LOOKUP_RCODE,		/* SERVFAIL and its kin: see rcode */
	LOOKUP_MALFORMED,
	LOOKUP_LOOP,		/* CNAMEs in a circle, or too many */
	LOOKUP_BUDGET,		/* not asked: too many questions lately */
	LOOKUP_NOT_COVERED,	/* not asked: the snapshot knows no such name */
};

#define LOOKUP_NO_EDE	(-1)	/* EDE 0 is "other" (RFC 8914) */

struct lookup_question {
	char		 name[LOOKUP_NAME_MAX];
	enum lookup_type	 type;
};

struct lookup_record {
	uint16_t	 preference;	/* MX */
	struct span	 data;	/* MX, CNAME: name; A, AAAA: octets;
				 * TLSA: RDATA; TXT: strings joined */
};

struct lookup_answer {
	enum lookup_status	 status;
	enum lookup_found	 found;
	enum lookup_failure failure;
	int		 rcode;
	int		 ede;		/* extended error, or LOOKUP_NO_EDE */
	uint32_t	 ttl;		/* as told, seconds */
	int64_t		 at;		/* when, microseconds since 1970 */
	int64_t		 until;		/* kept until */
	char		 canonical[LOOKUP_NAME_MAX]; /* behind all CNAMEs */
	unsigned	 aliases;	/* CNAMEs passed */
	bool		 untrusted;	/* AD of whom we may not believe */
	bool		 cut;		/* there were more records */
	unsigned	 nrecords;
	struct lookup_record records[LOOKUP_RECORDS_MAX];

	unsigned	 references;	/* dns.c's own */
	uint8_t		*bytes;
	size_t		 used, size;
};

/* Is `text` a name we may ask for: letters, digits, hyphen, underscore, and
 * the limits of RFC 1035 section 2.3.4; no dot at the end. */
bool	lookup_name_ok(const char *text);

/* The same in lower case, a last dot removed; false if it is none. */
bool	lookup_name_copy(char out[LOOKUP_NAME_MAX], const char *text);

/* `prefix`.`name`; false if that is too long. */
bool	lookup_name_under(char out[LOOKUP_NAME_MAX], const char *prefix,
	    const char *name);

/* Is `name` equal to `zone` or below it?  "" is the root. */
bool	lookup_name_within(const char *name, const char *zone);

bool	lookup_question_equal(const struct lookup_question *a,
	    const struct lookup_question *b);

/* LOOKUP_FAILED, of one reference.  NULL if memory is short. */
struct lookup_answer	*lookup_answer_new(const struct lookup_question *q);
struct lookup_answer	*lookup_answer_take(struct lookup_answer *a);
/* NULL is fine. */
void			 lookup_answer_give(struct lookup_answer *a);

/* Adds a copy; sets `cut` instead beyond the limits.  -1: memory is short.
 * For names, `data` is their text. */
int	lookup_answer_add(struct lookup_answer *a, uint16_t preference,
	    struct span data);

/* Did the lookup fail, in the sense of RFC 7672 section 2.1.2? */
static inline bool
lookup_failed(const struct lookup_answer *a)
{
	return a->status == LOOKUP_BOGUS || a->status == LOOKUP_FAILED;
}

static inline bool
lookup_has_data(const struct lookup_answer *a)
{
	return !lookup_failed(a) && a->status != LOOKUP_UNKNOWN &&
	    a->found == LOOKUP_DATA;
}

const char	*lookup_status_word(enum lookup_status s);
const char	*lookup_found_word(enum lookup_found f);
const char	*lookup_failure_word(enum lookup_failure f);	/* NULL: none */
const char	*lookup_type_word(enum lookup_type t);

/* Zone-file form of a record's data, cut to `size`; returns out. */
const char	*lookup_record_text(enum lookup_type t,
		    const struct lookup_record *r, char *out, size_t size);

#endif
