/* SPDX-License-Identifier: ISC */
/*
 * policy/tlsrpt.h -- TLS-RPT reports (RFC 8460 section 4): those of others
 * read, and our own put together.
 *
 * Both are one JSON object in the form that the RFC gives it: mx-host always
 * an array, members that we do not know left out.  What tlsrpt_take() gives,
 * tlsrpt_read() reads to the same.
 *
 * Reports come from strangers (section 7): what is read is bounded, and
 * refused as a whole if any of it is of a wrong type.
 */
#ifndef POLICY_TLSRPT_H
#define POLICY_TLSRPT_H

#include <jansson.h>
#include <stdint.h>

#include "base/span.h"

#define TLSRPT_OCTETS_MAX	(8U << 20)	/* of JSON, unpacked */
#define TLSRPT_POLICIES_MAX	4096
#define TLSRPT_DETAILS_MAX	16384	/* failure details, of all policies */
#define TLSRPT_LIST_MAX		256	/* strings of a policy, MX hosts */
#define TLSRPT_TEXT_MAX		2048	/* octets of one string */
#define TLSRPT_WHY_MAX		160

/*
 * A report, or what gzip made of one.  NULL, with one line in `why` that has
 * no octet of the report in it.  The caller drops the reference.
 */
json_t	*tlsrpt_read(struct span octets, char why[TLSRPT_WHY_MAX]);

/* Section 4.4: "tlsa", "sts", "no-policy-found". */
enum tlsrpt_type { TLSRPT_TLSA, TLSRPT_STS, TLSRPT_NONE };

#define TLSRPT_TYPES	3

const char	*tlsrpt_type_word(enum tlsrpt_type t);

/* Sessions of one kind; pointers are read during the call, and not kept. */
struct tlsrpt_sessions {
	enum tlsrpt_type	 type;
	const char		*domain;	/* the policy's */
	const json_t		*strings;	/* of the policy; NULL: none */
	const json_t		*hosts;		/* for mx-host; NULL: none */
	int64_t			 count;
	/* NULL: they succeeded; and of failures, each but `result` may be
	 * NULL if it is not known: */
	const char		*result;	/* section 4.3 */
	const char		*sender;	/* address of the sending MTA */
	const char		*host;		/* name of the receiving MX */
	const char		*receiver;	/* its address */
	const char		*reason;
};

struct tlsrpt;			/* opaque: a report that grows */

struct tlsrpt	*tlsrpt_new(void);		/* NULL: memory is short */
void		 tlsrpt_free(struct tlsrpt *t);	/* NULL is fine */

/* -1: memory is short, or a limit above is met; which, tlsrpt_full() says. */
int	tlsrpt_add(struct tlsrpt *t, const struct tlsrpt_sessions *s);

/* "policies", "failure details" or NULL. */
const char	*tlsrpt_full(const struct tlsrpt *t);

unsigned	 tlsrpt_policies(const struct tlsrpt *t);

struct tlsrpt_head {
	const char	*organization;
	const char	*contact;	/* NULL: left out */
	const char	*id;
	int64_t		 start, end;	/* microseconds; `end` is beyond */
};

/* The report, by policy domain; NULL: memory is short, or it is longer than
 * TLSRPT_OCTETS_MAX.  The caller drops the reference. */
json_t	*tlsrpt_take(const struct tlsrpt *t, const struct tlsrpt_head *h);

#endif
