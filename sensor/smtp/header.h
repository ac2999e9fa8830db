/* SPDX-License-Identifier: ISC */
/*
 * smtp/header.h -- may this mail go without TLS?  Its header tells.
 *
 * Two kinds of mail may be handed over in clear whatever their destination
 * promises: those whose header has "TLS-Required: No" (RFC 8689 section 3)
 * and reports about failing TLS (RFC 8460 section 3), known by their type or
 * by the two fields that each of them has (RFC 8460 section 5.3).
 *
 * The scanner reads the header of one mail, no further, and resumes at any
 * octet.  Of a word it holds no more than which of those it looks for the word
 * begins as; what is left at the end is two flags.  In doubt (a field that
 * is there twice, a word too long) the mail is an ordinary one.
 */
#ifndef SMTP_HEADER_H
#define SMTP_HEADER_H

#include "base/span.h"

#define SMTP_HEADER_OCTETS_MAX	65536	/* of a header read; else: lost */
#define SMTP_HEADER_LINES_MAX	1000	/* likewise */

enum smtp_header_at {
	HEADER_NONE,		/* no mail has begun */
	HEADER_LINE_START,
	HEADER_DOT,		/* a dot begins the line (RFC 5321 4.5.2) */
	HEADER_CR,		/* nothing but CR in this line */
	HEADER_NAME,
	HEADER_BLANK,		/* between a name and its colon */
	HEADER_BODY_OF_FIELD,	/* of one that is looked for */
	HEADER_LINE,		/* the rest is of no interest */
	HEADER_OVER,		/* it was seen whole */
	HEADER_LOST,		/* it was not, and never will be */
};

enum smtp_header_field {
	FIELD_OTHER,
	FIELD_TLS_REQUIRED,
	FIELD_CONTENT_TYPE,
	FIELD_REPORT_DOMAIN,
	FIELD_REPORT_SUBMITTER,
	FIELDS
};

struct smtp_header {		/* all zero: HEADER_NONE */
	uint32_t	 octets;
	uint16_t	 lines;
	enum smtp_header_at	at : 8;
	enum smtp_header_field	field : 8;
	uint8_t		 part;		/* of a Content-Type */
	uint8_t		 depth;		/* of comments, RFC 5322 3.2.2 */
	uint8_t		 seen;		/* 1 << field: how often does not count */
	uint8_t		 len;		/* of the word at hand; saturating */
	uint8_t		 like;		/* 1 << word: those that it begins as */

	bool	 dots : 1;		/* lines are dot-stuffed: DATA */
	bool	 quoted : 1;
	bool	 escaped : 1;		/* behind a backslash */
	bool	 apart : 1;		/* blanks behind the word */
	bool	 multipart : 1;		/* Content-Type: multipart/report */
	bool	 report_type : 1;	/* ... the parameter at hand is it */

	/* what is known of the mail */
	bool	 tls_optional : 1;	/* TLS-Required: No */
	bool	 tls_report : 1;
};

/* A mail begins.  `dots`: in DATA, else in chunks of BDAT (RFC 3030). */
void	smtp_header_begin(struct smtp_header *h, bool dots);

/* Octets of the mail, in order; those behind the header are not looked at. */
void	smtp_header_hear(struct smtp_header *h, struct span octets);

/* Octets are missing: what comes behind them is not a header for sure. */
void	smtp_header_gap(struct smtp_header *h);

/* Nothing is known of the mail at hand, nor will be. */
void	smtp_header_forget(struct smtp_header *h);

/* The mail is over; a header that ends with it was seen whole. */
void	smtp_header_end(struct smtp_header *h);

/* Does it want more octets? */
static inline bool
smtp_header_wants(const struct smtp_header *h)
{
	return h->at != HEADER_NONE && h->at != HEADER_OVER &&
	    h->at != HEADER_LOST;
}

#endif
