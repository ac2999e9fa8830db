/* SPDX-License-Identifier: ISC */
/*
 * smtp/text.h -- a growing string of escaped octets, with a limit.
 *
 * For what is kept of strangers' lines.  Octets that do not fit below the
 * limit, or in memory, are left out, whole escapes at a time.
 */
#ifndef SMTP_TEXT_H
#define SMTP_TEXT_H

#include "base/span.h"

struct smtp_text {		/* all zero: empty */
	char		*at;	/* NUL-terminated once anything was added */
	uint32_t	 len, cap;
};

/* Append, escaped; the whole stays within `max` octets. */
void	smtp_text_add(struct smtp_text *t, struct span octets, size_t max);
/* The same for text of our own making, and for one printable octet. */
void	smtp_text_say(struct smtp_text *t, const char *text, size_t max);
void	smtp_text_put(struct smtp_text *t, char c, size_t max);
/* Take the string out, shrunk to its size; NULL if nothing is in it. */
char	*smtp_text_take(struct smtp_text *t);
void	smtp_text_drop(struct smtp_text *t);

/* The octets, escaped: themselves if that changes nothing, else put into
 * `room`, which has `max` + 1 octets. */
struct span	smtp_text_plain(struct span octets, size_t max, char *room);

/* A string of its own, escaped, of at most `max` octets; NULL: memory. */
char	*smtp_text_of(struct span octets, size_t max);

/* escape() of base/, quick where nothing needs escaping. */
size_t	smtp_text_escape(struct span octets, char *out, size_t size);

/* Is all of it printable ASCII? */
bool	smtp_text_printable(struct span octets);

#endif
