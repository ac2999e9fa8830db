/* SPDX-License-Identifier: ISC */
/*
 * policy/watch.h -- own domains, asked about at own servers for their own
 * sake.
 *
 * Under TLS no recipient is to be seen, and so no domain to look up: what
 * DNS says of the operator's would never be known where all is as it should
 * be.  So each own server that is met has them asked about, ahead of what
 * the session itself calls for and apart from it.
 *
 * Bounded: of more domains or servers than these the rest is not watched.
 */
#ifndef POLICY_WATCH_H
#define POLICY_WATCH_H

#include "policy/ask.h"
#include "policy/inventory.h"

#define WATCH_DOMAINS_MAX	16	/* the first of the inventory */
#define WATCH_SERVERS_MAX	64	/* the first met */
#define WATCH_OPEN_MAX		64	/* questions at once: sessions come first */
#define WATCH_PAUSE		INT64_C(60000000)	/* us: not again before */

struct watch;			/* opaque */

/* `i` is borrowed.  NULL: memory is short. */
struct watch	*watch_new(const struct inventory *i);
void		 watch_free(struct watch *w);		/* NULL is fine */

/* A session of that server at that time (microseconds): ask what was never
 * answered, and what `ages` and is no longer valid then. */
void		 watch_put(struct watch *w, struct ask *a,
		    const struct policy_question *server, int64_t at,
		    bool ages);

/* True: the answer was one of these, and is kept (NULL: none came). */
bool		 watch_take(struct watch *w, uint64_t ticket,
		    struct policy_answer *answer);

/* What is known at that server: so many of out[], the watch's until the next
 * call of another function. */
unsigned	 watch_known(const struct watch *w, const struct addr *server,
		    uint16_t port,
		    const struct policy_answer *out[WATCH_DOMAINS_MAX]);

#endif
