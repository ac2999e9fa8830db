/* SPDX-License-Identifier: ISC */
/*
 * store/session_more.h -- facts that few sessions have, as one JSON text.
 */
#ifndef STORE_SESSION_MORE_H
#define STORE_SESSION_MORE_H

#include "detect/promise.h"
#include "session/record.h"

/* *text is an object, the caller's to free; NULL if there is nothing to
 * say.  *shared if other sessions are likely to have the very same.  `p` may
 * be NULL: not asked.  -1: memory. */
int	session_more(const struct session_record *r, const struct promise *p,
	    char **text, bool *shared);

#endif
