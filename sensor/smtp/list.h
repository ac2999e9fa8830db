/* SPDX-License-Identifier: ISC */
/*
 * smtp/list.h -- where the list of capabilities that is being read lies.
 *
 * Nearly all come whole in one segment.  They are read into one room, which a
 * thread has for all its conversations (smtp/recall.h); a list that is not at
 * its end when the segment is gets a block of its own.
 */
#ifndef SMTP_LIST_H
#define SMTP_LIST_H

#include "smtp/conversation.h"

/* s->list, begun if need be.  NULL: memory is short. */
struct smtp_list	*smtp_list_begin(struct smtp *s);
/* No more octets for now: leaves the room to the others. */
void	smtp_list_rest(struct smtp *s);
void	smtp_list_drop(struct smtp *s);		/* no list is fine */

#endif
