/* SPDX-License-Identifier: ISC */
/*
 * smtp/recall.h -- replies to EHLO that were read before.
 *
 * A server says the same list to all its clients, behind a first line that
 * often greets the one by name, and nearly always in one segment.  What the
 * octets behind that line were read to mean is kept once, with its texts in
 * a book (base/book.h): the next time it is looked up, not read.  A list in
 * pieces, or with something odd in it, is read as ever, and comes to the
 * same.
 *
 * One thread.  Bounded: by slots, and where two lists meet the later wins.
 */
#ifndef SMTP_RECALL_H
#define SMTP_RECALL_H

#include "smtp/capability.h"
#include "smtp/smtp.h"

#define SMTP_RECALL_LINES_MAX	32	/* of a list that is kept */
#define SMTP_RECALL_OCTETS_MAX	2048

struct smtp_recalled {
	struct smtp_list	 list;		/* for smtp_capability_join() */
	struct book_list	 shown;		/* lines, for the dialogue */
};

/* Room for reading one list, all zero but for a block of reply.at that may be
 * there: see smtp/list.h.  NULL if `all` is. */
struct smtp_list	*smtp_recalls_room(struct smtp_recalls *all);

/* What these octets are, if they are all of a list behind its first line and
 * were read before with the same book; NULL: read them.  Asked often enough,
 * they will be known. */
const struct smtp_recalled	*smtp_recall(struct smtp_recalls *all,
				    struct book *b, struct span octets);

#endif
