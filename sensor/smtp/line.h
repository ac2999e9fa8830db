/* SPDX-License-Identifier: ISC */
/*
 * smtp/line.h -- lines out of octets that come in any pieces.
 *
 * A line ends at LF; the CRs right before it go with it, so CRLF, bare LF
 * and CR CR LF are all one line end, as MTAs read them.  A CR or NUL
 * elsewhere is content.  Lines that lie whole in the octets given are
 * borrowed; only those that arrive in pieces are copied.
 */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include "base/span.h"

#define SMTP_LINE_MAX	2048	/* octets of a line kept */

struct smtp_line {
	struct span	 text;		/* without its line end */
	bool		 cut;		/* it was longer than SMTP_LINE_MAX */
	bool		 bare_lf;	/* it ended without CR */
};

struct smtp_line_reader {		/* all zero: nothing read yet */
	uint8_t		*held;		/* the unfinished line; owned */
	uint32_t	 total;		/* octets of it so far, saturating */
	uint16_t	 cap;
	bool		 given;		/* held was given out as a line */
};

/*
 * Take the next line off the front of *octets.  False: no line end there,
 * all octets are taken and held.  The text lives until the next call.
 */
bool	smtp_line_next(struct smtp_line_reader *r, struct span *octets,
	    struct smtp_line *line);

/* Octets of an unfinished line heard so far; 0 at the start of a line. */
size_t	smtp_line_begun(const struct smtp_line_reader *r);

/* The unfinished line, as far as it is held. */
struct span	smtp_line_held(const struct smtp_line_reader *r);

/* Forget the unfinished line, and give its memory back. */
void	smtp_line_drop(struct smtp_line_reader *r);

#endif
