/* SPDX-License-Identifier: ISC */
/*
 * smtp/hold.h -- client octets that nobody can read yet.
 *
 * After DATA, AUTH, STARTTLS or a gap only the server's reply tells whether
 * what follows is command or content.  Until then the octets wait here, as
 * many as fit; a hold that ran over is a hole of our own.
 */
#ifndef SMTP_HOLD_H
#define SMTP_HOLD_H

#include "base/mark.h"
#include "base/span.h"

#define SMTP_HOLD_MAX	4096	/* octets */
#define SMTP_HOLD_PIECES 8	/* of them with a mark of their own */

struct smtp_hold {
	uint32_t	 len, cap;
	bool		 over;		/* octets were lost, and so all */
	unsigned	 pieces;
	struct {
		uint32_t	 end;
		struct mark	 at;
	} piece[SMTP_HOLD_PIECES];
	uint8_t		 octets[];
};

/* Add octets; *h may be NULL at first.  False: it ran over. */
bool		 smtp_hold_add(struct smtp_hold **h, struct span octets,
		    struct mark at);
struct span	 smtp_hold_octets(const struct smtp_hold *h);
/* Walk the pieces: false when there are no more.  Start with *n = 0. */
bool		 smtp_hold_piece(const struct smtp_hold *h, unsigned *n,
		    struct span *octets, struct mark *at);
void		 smtp_hold_drop(struct smtp_hold **h);	/* NULL is fine */

#endif
