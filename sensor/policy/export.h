/* SPDX-License-Identifier: ISC */
/*
 * policy/export.h -- the grounds of verdicts (grounds.h) as a snapshot
 * (snapshot.h), so that a capture can be judged where its DNS cannot be
 * asked, or not any more.
 *
 * Of each question the latest answer counts.  A snapshot knows a state per
 * name and not per type: where types of one name differ it gets the weaker,
 * so that nobody is accused by mistake, and what failed beside others is
 * left out.  Lookups that failed are written as bogus, which asks the same
 * of a sender.  TXT records are not written.
 */
#ifndef POLICY_EXPORT_H
#define POLICY_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

struct export;

struct export	*export_new(void);	/* NULL if memory is short */
void		 export_free(struct export *e);	/* NULL is fine */

/* False: the text is no grounds, or memory is short. */
bool		 export_add(struct export *e, const char *grounds);

/* -1: the file does not take it. */
int		 export_write(struct export *e, FILE *to);

#endif
