/* SPDX-License-Identifier: ISC */
/*
 * baseline/client_past.h -- the memory of one client address: does it use
 * TLS, with whom, and with whom did it fail lately?
 */
#ifndef BASELINE_CLIENT_PAST_H
#define BASELINE_CLIENT_PAST_H

#include <stddef.h>

#include "baseline/past.h"

#define CLIENT_SERVERS_MAX	32	/* remembered one by one */
#define CLIENT_OCTETS_MAX	8192	/* packed */

/* One session as far as a client's memory goes. */
struct client_sight {
	int64_t		  at;		/* start of the session, us */
	uint64_t	  server;	/* address and port */
	uint64_t	  domain;	/* of its name; 0: unknown */
	bool		  used_tls;	/* it came up */
	bool		  unused;	/* offered, and mail went in clear */
	enum past_failure failed;	/* TLS was tried, and how it ended */
	uint16_t	  best, chosen;	/* versions; 0: unknown */
	uint8_t		  grade;	/* of a suite agreed on, seen whole; 0 */
	uint64_t	  offer;	/* suites of its hello; 0: unknown */
	uint64_t	  hello;	/* the rest of it, of the program */
	bool		  pressed;	/* TLS is a downgrade: a rule said so,
					 * after recalling */
};

struct client_past;		/* opaque */

struct client_past	*client_past_new(void);		/* NULL: memory */
void	 client_past_free(struct client_past *p);	/* NULL is fine */

/* Into the caches what recalling will touch. */
void	 client_past_foresee(const struct client_past *p, uint64_t server);
/* Fill the client's part of *past, as it was before `s`. */
void	 client_past_recall(const struct client_past *p,
	    const struct client_sight *s, struct past *past);
void	 client_past_learn(struct client_past *p,
	    const struct client_sight *s);

size_t	 client_past_pack(const struct client_past *p,
	    uint8_t out[CLIENT_OCTETS_MAX]);
/* NULL: damaged, or memory is short. */
struct client_past	*client_past_unpack(const uint8_t *octets,
			    size_t len);

#endif
