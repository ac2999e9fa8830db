/* SPDX-License-Identifier: ISC */
/*
 * smtp/reply.h -- what a line of the server says (RFC 5321 section 4.2).
 *
 * Three digits, then a hyphen (more lines follow), a blank or nothing (the
 * last line).  All else is no reply line; clients drop such lines and read
 * on, and so do we.  Codes are judged by class; texts never decide.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/span.h"

struct smtp_reply_line {
	int		 code;		/* 0: not a reply line */
	bool		 last;
	struct span	 text;		/* behind code and separator */
};

struct smtp_reply_line	smtp_reply_parse(struct span line);

/* The octets of an enhanced status code (RFC 2034) of class `code` at the
 * front of a reply's text; 0: none there. */
size_t	smtp_reply_enhanced(int code, struct span text);

/* Does the text say that TLS has to come first? */
bool	smtp_reply_demands_tls(int code, struct span text);

/*
 * Does the text repeat the word sent in another form of the same length:
 * as X's, or in quotes with some letters changed?
 */
bool	smtp_reply_echo_differs(struct span text, struct span sent);

/* Only 2, 0, blank and *, with at least eight stars: how Cisco's boxes
 * leave a greeting. */
bool	smtp_reply_banner_masked(struct span text);

/* Find `word` in `text` without regard to case. */
bool	smtp_reply_mentions(struct span text, const char *word);

static inline bool
smtp_reply_positive(int code)
{
	return code >= 200 && code < 300;
}

static inline bool
smtp_reply_refusal(int code)
{
	return code >= 400 && code < 600;
}

#endif
