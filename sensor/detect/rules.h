/* SPDX-License-Identifier: ISC */
/*
 * detect/rules.h -- the rules, and what they share.
 *
 * A rule looks at one record and adds what it finds.  Each lives in a file
 * of its own, named after the kind it reports.
 */
#ifndef DETECT_RULES_H
#define DETECT_RULES_H

#include "detect/detect.h"

typedef void detect_rule(const struct session_record *, struct findings *);

detect_rule	detect_starttls_absent;
detect_rule	detect_starttls_masked;
detect_rule	detect_mail_in_clear;
detect_rule	detect_credentials_in_clear;
detect_rule	detect_dns_conflict;

/* What a rule says; strings are copied. */
struct opinion {
	enum kind	 kind;
	enum severity	 severity;
	enum confidence	 confidence;
	struct mark	 at;		/* the decisive packet */
	const char	*expected, *seen;
};

/* Add a finding with a summary in printf style, and return it so that its
 * evidence can be filled (NULL when there was no room or memory). */
struct finding	*finding_add(struct findings *f, const struct opinion *o,
		    const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

/* A line of the dialogue into the evidence of `one`, which may be NULL. */
void	evidence_line(struct finding *one, enum side who, struct mark at,
	    const char *text);

/* The facts, or facts of silence: never NULL. */
const struct smtp_facts	*record_smtp(const struct session_record *r);

/* "198.51.100.25 (mx.example)": who the server is, into `out`. */
#define PARTY_MAX	320
const char	*record_server(const struct session_record *r,
		    char out[PARTY_MAX]);

/* "1 mail" or "7 mails", into `out`. */
#define COUNTED_MAX	48
const char	*mails_counted(unsigned mails, char out[COUNTED_MAX]);

/* Mails the server took, and those sent whole whose reply was not seen. */
unsigned	record_mails(const struct session_record *r);

#endif
