/* SPDX-License-Identifier: ISC */
/*
 * store/fresh.h -- ids that no session can have, told without asking the
 * database.
 *
 * Fresh is what is greater than all ids that were there, and was not given
 * since.  What was given is remembered as one bit of a fixed array, which
 * others may share: "not fresh" means that the database must be asked.
 */
#ifndef STORE_FRESH_H
#define STORE_FRESH_H

#include <stdbool.h>
#include <stdint.h>

struct fresh;			/* opaque */

/* Until the first restart nothing is fresh.  NULL if memory is short. */
struct fresh	*fresh_new(void);
void		 fresh_free(struct fresh *f);	/* NULL is fine */

/* The greatest id in the database is this now, whoever wrote it. */
void		 fresh_restart(struct fresh *f, int64_t greatest);

/* Into the caches what asking about this id will touch. */
void		 fresh_foresee(const struct fresh *f, int64_t id);
bool		 fresh_is(const struct fresh *f, int64_t id);
void		 fresh_give(struct fresh *f, int64_t id);

#endif
