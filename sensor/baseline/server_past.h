/* SPDX-License-Identifier: ISC */
/*
 * baseline/server_past.h -- the memory of one server: address and port.
 *
 * Counts per hour for two days, per day before that, and small bounded
 * tables of client networks, names, replies and keys.  Whoever floods it
 * pushes out rows of that table alone: of networks the least recent, of the
 * others what was seen on the fewest days.
 * Of TLS it keeps each version and suite that was agreed on, with sessions,
 * first and last times, days and, as bits, client networks.
 */
#ifndef BASELINE_SERVER_PAST_H
#define BASELINE_SERVER_PAST_H

#include "baseline/past.h"

#define SERVER_NETS_MAX		48
#define SERVER_NAMES_MAX	8
#define SERVER_REPLIES_MAX	4
#define SERVER_KEYS_MAX		8
#define SERVER_SUITES_MAX	8	/* with their TLS versions */
#define SERVER_BUCKETS_MAX	96
#define SERVER_OCTETS_MAX	16384	/* packed */

/* One session as far as a server's memory goes.  Hashes are unkeyed and
 * stable: they are stored. */
enum server_offer {
	SERVER_OFFER_UNKNOWN, SERVER_OFFERED, SERVER_ABSENT, SERVER_MASKED,
	SERVER_EHLO_REFUSED,
};

enum server_tls {
	SERVER_TLS_NONE, SERVER_TLS_ESTABLISHED, SERVER_TLS_BROKEN,
	SERVER_TLS_REFUSED,
};

struct server_sight {
	int64_t		  at;		/* start of the session, us */
	uint64_t	  net;		/* client network */
	enum server_offer offer;
	enum server_tls	  tls;
	bool		  plainly;	/* offered in the form all know */
	bool		  banner, banner_masked;
	uint64_t	  name, reply;	/* 0: unknown */
	uint16_t	  keywords;	/* in the reply, but for STARTTLS */
	uint64_t	  key, issuer;	/* 0: none visible */
	uint8_t		  grade;	/* of the suite; 0: unknown */
	uint32_t	  suite;	/* version << 16 | cipher; 0: it was not
					 * agreed on, or not seen whole */
	bool		  pressed;	/* ... it is a downgrade: a rule said
					 * so, after recalling */
};

struct server_past;		/* opaque */

struct server_past	*server_past_new(void);		/* NULL: memory */
void	 server_past_free(struct server_past *p);	/* NULL is fine */

/* Into the caches what recalling will touch. */
void	 server_past_foresee(const struct server_past *p);
/* Fill the server's part of *past, as it was before `s`. */
void	 server_past_recall(const struct server_past *p,
	    const struct server_sight *s, struct past *past);
/* Short of memory, something is not remembered: nothing else. */
void	 server_past_learn(struct server_past *p,
	    const struct server_sight *s);
/* Forget what is older than this. */
void	 server_past_expire(struct server_past *p, int64_t before);

size_t	 server_past_pack(const struct server_past *p,
	    uint8_t out[SERVER_OCTETS_MAX]);
/* NULL: damaged, or memory is short. */
struct server_past	*server_past_unpack(const uint8_t *octets,
			    size_t len);

#endif
