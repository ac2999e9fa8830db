/* SPDX-License-Identifier: ISC */
/*
 * smtp/body.h -- message bodies: where they end, and nothing else of them.
 *
 * RFC 5321 section 4.1.1.4 ends a body with CRLF . CRLF and nothing else,
 * but some servers also take LF . LF, and bodies exist that mean one thing
 * to the one and another to the other (SMTP smuggling).  So two kinds of
 * end are told apart: the strict one, and places a lenient server could
 * have taken for it; its reply tells whether it did.
 */
#ifndef SMTP_BODY_H
#define SMTP_BODY_H

#include "base/span.h"

enum smtp_body_at {
	BODY_LINE_START,	/* behind CRLF: an end here is strict */
	BODY_BARE_START,	/* behind LF alone */
	BODY_IN_LINE,
	BODY_CR,		/* behind a CR in a line */
	BODY_DOT,		/* behind the dot at a line start */
	BODY_DOT_CR,
	BODY_BARE_DOT,
	BODY_BARE_DOT_CR,
};

enum smtp_body_end {
	BODY_GOES_ON,
	BODY_ENDS,		/* CRLF . CRLF */
	BODY_MAY_END,		/* LF, CR CR LF in it: some servers end here */
};

/* Scan until an end of either kind, or all of *octets; what was scanned is
 * taken off the front.  *at is BODY_LINE_START for a new body. */
enum smtp_body_end	smtp_body_scan(enum smtp_body_at *at,
			    struct span *octets);

/*
 * The arguments of BDAT (RFC 3030 section 2): size, and LAST or nothing.
 * False for anything that servers refuse without reading octets.
 */
bool	smtp_body_chunk(struct span argument, uint64_t *octets, bool *last);

#endif
