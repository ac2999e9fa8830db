/* SPDX-License-Identifier: ISC */
/*
 * policy/resolver.h -- questions to one recursive resolver, many at a time.
 *
 * Every try has a connected UDP socket of its own, hence a port of the
 * kernel's choice, and an identifier from its random source; what does not
 * answer this query is dropped and counted (RFC 5452), and after too much of
 * it the question goes over TCP, as it does when an answer is truncated.
 * A SERVFAIL is asked again unchecked (CD): data then means bogus, none
 * that the lookup failed.
 *
 * One thread.  It never waits: poll its descriptor for reading, at most
 * resolver_wait_ms() long, and call resolver_run().
 */
#ifndef POLICY_RESOLVER_H
#define POLICY_RESOLVER_H

#include "base/addr.h"
#include "policy/lookup.h"

struct resolver_options {
	struct addr	 server;
	uint16_t	 port;
	bool		 trusted;	/* believe AD though not on loopback */
	unsigned	 in_flight;	/* sockets at once */
	unsigned	 waiting;	/* questions behind them */
	unsigned	 tries;
	uint32_t	 timeout_ms;	/* of a try */
};

#define RESOLVER_OPTIONS_DEFAULT {					\
	.server = { .octets = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 } }, \
	.port = 53,							\
	.in_flight = 256,						\
	.waiting = 4096,						\
	.tries = 2,							\
	.timeout_ms = 2000,						\
}

struct resolver_counts {
	uint64_t	asked, answered;
	uint64_t	retried;
	uint64_t	over_tcp;
	uint64_t	dropped;	/* datagrams that answered nothing */
	uint64_t	timed_out, unreachable, malformed;
	uint64_t	untrusted;	/* AD that we may not believe */
};

/* Once per question.  The reference is the callee's. */
typedef void	resolver_done(void *context, struct lookup_answer *answer);

struct resolver;

/* "ADDRESS" or "ADDRESS@PORT" into the options.  False: it is neither. */
bool	resolver_set_server(struct resolver_options *o, const char *text);

bool	resolver_is_loopback(const struct addr *a);

/* NULL after saying why. */
struct resolver	*resolver_new(const struct resolver_options *o);
/* Questions still open are not answered any more.  NULL is fine. */
void		 resolver_free(struct resolver *r);

/* `done` is called from resolver_run(), never from here.  False if too many
 * wait already, or memory is short: then it will not be called. */
bool	resolver_ask(struct resolver *r, const struct lookup_question *q,
	    resolver_done *done, void *context);

int	resolver_fd(const struct resolver *r);
int	resolver_wait_ms(const struct resolver *r);	/* -1: for ever */
void	resolver_run(struct resolver *r);

const struct resolver_counts	*resolver_counted(const struct resolver *r);

#endif
