/* SPDX-License-Identifier: ISC */
/*
 * analyzer/report.h -- a period in the manner of TLS-RPT (RFC 8460): what
 * sensors saw put into a report, and reports of others read.
 */
#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

#include <jansson.h>

#include "analyzer/database.h"
#include "analyzer/filter.h"
#include "policy/tlsrpt.h"

/* Why sessions are in no report: nobody could say how they went. */
enum report_left {
	REPORT_COUNTED,
	REPORT_UNKNOWN,		/* what was promised to them */
	REPORT_FAILED,		/* ... which could not be looked up */
	REPORT_RELAY,		/* to a server that is no MX of the domain */
	REPORT_UNDECIDED,	/* not seen whole */
	REPORT_HIDDEN,		/* TLS, with who could not be seen */
	REPORT_UNASKED,		/* the sender's choice: no type fits */
	REPORT_REPORTS,		/* TLS-RPT reports, RFC 8460 section 3 */
	REPORT_LEFTS
};

/* Sessions that are alike, as the database has them; text may be NULL. */
struct report_row {
	int64_t		 promise;	/* 0: none */
	const char	*client_ip, *server_ip;
	int64_t		 server_port;
	const char	*server_name, *server_name_from;
	const char	*hello, *offer, *starttls;
	int64_t		 starttls_reply;	/* 0: none */
	const char	*tls, *tls_failure, *tls_alert;
	const char	*verdict;
	const char	*tlsa;		/* what records made of the chain */
	bool		 reports;	/* mail in it was a TLS-RPT report */
	int64_t		 count;
};

/* What one of their recipients' domains was promised. */
struct report_promise {
	enum tlsrpt_type	 type;
	const char		*domain;	/* the policy's */
	const char		*host;		/* the MX; NULL */
	json_t			*strings;	/* NULL */
	json_t			*hosts;
	bool			 unusable;	/* all TLSA records */
	bool			 mismatch;	/* the host, with MTA-STS */
	/* the policy itself is what failed: a result type; NULL */
	const char		*failure;
	char			 failure_reason[32];
};

/* MTA-STS policies that the file has, to tell what they said. */
struct report_sts;			/* opaque */

struct report_sts	*report_sts_new(struct database *d, unsigned file);
void			 report_sts_free(struct report_sts *s);

/*
 * One verdict of the evidence (policy/grounds.h) of `row`.  REPORT_COUNTED
 * with `p` filled, whose JSON is the caller's, or why there is none.
 */
enum report_left	 report_promise_read(struct report_promise *p,
			    const struct report_row *row,
			    const json_t *evidence, const json_t *verdict,
			    struct report_sts *sts);
void			 report_promise_drop(struct report_promise *p);

struct report_outcome {
	const char	*result;	/* NULL: success */
	char		 reason[64];	/* "": none */
};

enum report_left	 report_outcome(struct report_outcome *o,
			    const struct report_row *row,
			    const struct report_promise *p);

/* The exit status of either form of the command. */
int	report_write(const struct options *o, const struct filter_rules *f);
int	report_read(const struct options *o);

#endif
