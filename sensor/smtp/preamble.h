/* SPDX-License-Identifier: ISC */
/*
 * smtp/preamble.h -- what a proxy says before SMTP begins.
 *
 * HAProxy's PROXY line or binary header, HTTP CONNECT, SOCKS 4 and 5
 * (RFC 1928, RFC 1929).  It is read past; names, addresses and passwords in
 * it are not kept.
 */
#ifndef SMTP_PREAMBLE_H
#define SMTP_PREAMBLE_H

#include "base/mark.h"
#include "base/span.h"

enum smtp_preamble {
	PREAMBLE_NONE,
	PREAMBLE_PROXY,		/* "PROXY TCP4 ..." and no answer */
	PREAMBLE_PROXY_BINARY,
	PREAMBLE_HTTP,		/* CONNECT, answered by HTTP/1.x 2xx */
	PREAMBLE_SOCKS4,
	PREAMBLE_SOCKS5,
};

/* More octets are needed to tell, or the next message is not all there. */
#define PREAMBLE_MORE	(-1)

#define PREAMBLE_MAX	1024	/* octets of one message */

/*
 * What begins with these first octets of the client?  PREAMBLE_MORE if
 * there are too few to tell, PREAMBLE_NONE if it is no preamble.
 */
int	smtp_preamble_tell(struct span first);

/*
 * How long is the message at hand, given its octets so far?  PREAMBLE_MORE
 * if that cannot be told yet, 0 if it is none of this protocol.  `greeted`:
 * this side has said its first message (SOCKS 5 has several).  *last: this
 * side says nothing more of the preamble after this one.
 */
long	smtp_preamble_length(enum smtp_preamble what, enum side who,
	    struct span octets, bool greeted, bool *last);

#endif
