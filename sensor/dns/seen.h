/* SPDX-License-Identifier: ISC */
/*
 * dns/seen.h -- what a bystander remembers of the DNS that went by.
 *
 * Three things, for some minutes of packet time each:
 *
 * - which names led to an address, and which of those are mail servers;
 * - questions that were answered in two ways at once, as happens when a
 *   forged answer races the real one;
 * - hosts whose TLSA questions fail while the same resolver answers well
 *   what else it is asked about them.
 *
 * All of it is hearsay: names are names, never proof, and what DNS promises
 * is for a validating resolver to say, not for answers seen on a path that
 * somebody may sit on.
 *
 * A repeated copy of a packet changes nothing, nor do packets that change
 * places within a fraction of a second.  Time is the packets'.
 */
#ifndef DNS_SEEN_H
#define DNS_SEEN_H

#include "base/counters.h"
#include "decode/packet.h"
#include "dns/answer.h"

struct dns_limits {
	uint32_t	questions;	/* of the last seconds */
	uint32_t	names;		/* of addresses; as many MX, TLSA */
	uint32_t	conflicts;
	uint32_t	remember_seconds;
	uint64_t	seed;		/* keys the hashes: random */
};

#define DNS_LIMITS_DEFAULT	{	\
	.questions = 16384,		\
	.names = 16384,			\
	.conflicts = 256,		\
	.remember_seconds = 1800,	\
}

#define DNS_CONFLICTS_MAX	4	/* told of one session */
#define DNS_FAILURES_MAX	8	/* counted of one host's TLSA */

/* One of two answers. */
struct dns_said {
	struct mark	 at;
	uint8_t		 hop_limit;		/* of its packet */
	bool		 authentic;		/* AD */
	bool		 with_signatures;	/* RRSIG */
	char		 text[DNS_ANSWER_TEXT + 1];
};

struct dns_conflict {
	char		 name[DNS_NAME_MAX + 1];	/* of the question */
	uint16_t	 type;
	struct addr	 client, resolver;
	bool		 asked;		/* the question itself was seen too */
	unsigned	 times;		/* questions so answered; the first is
					 * the one shown */
	struct dns_said	 before, after;
};

/* TLSA questions about a host that failed, others that did not. */
struct dns_tlsa_failure {
	char		 host[DNS_NAME_MAX + 1];
	struct addr	 resolver;
	unsigned	 refused;	/* SERVFAIL, REFUSED and the like; at
					 * most DNS_FAILURES_MAX are counted */
	unsigned	 unanswered;
	uint16_t	 rcode;		/* of the last refusal; 0: none */
	struct mark	 first, last;	/* of them */
};

/* Plain, owned by whoever holds it: free() is enough. */
struct dns_facts {
	unsigned	 conflicts_kept, conflicts_seen;
	bool		 tlsa_fails;
	struct dns_tlsa_failure	 tlsa;
	struct dns_conflict	 conflicts[DNS_CONFLICTS_MAX];
};

/* Whose DNS is asked for: a session, as far as it is known. */
struct dns_subject {
	const struct addr	*server;
	const char		*server_name;	/* NULL: none */
	const char *const	*rcpt_domains;	/* lower case */
	unsigned		 nrcpt_domains;
	int64_t			 at;	/* its last packet: what came later is
					 * not told, nor what is too old then */
};

struct dns_seen;		/* opaque; one per road thread */

/* NULL if memory is short.  `counters` must outlive it. */
struct dns_seen	*dns_seen_new(const struct dns_limits *limits,
		    struct counters *counters);
void		 dns_seen_free(struct dns_seen *d);	/* NULL is fine */
/* Another capture begins, with a time of its own. */
void		 dns_seen_forget(struct dns_seen *d);

/* Take a datagram to or from port 53.  Any octets are acceptable; memory
 * running short makes it forget, nothing else. */
void		 dns_seen_take(struct dns_seen *d, const struct packet *p);

/*
 * The best name that led to the server's address: the mail server of a
 * recipient domain before any other mail server (*mx is set) before any
 * other host; of several the latest, and of those told together the first
 * in the alphabet.  False if there is none.  `d` may be NULL.
 */
bool		 dns_seen_name(const struct dns_seen *d,
		    const struct dns_subject *about,
		    char name[DNS_NAME_MAX + 1], bool *mx);

/*
 * What concerns this server: by its address, by its name or one of those
 * that led to its address, or by a recipient domain.  NULL if nothing does,
 * or memory is short.  `d` may be NULL.
 */
struct dns_facts *dns_seen_facts(const struct dns_seen *d,
		    const struct dns_subject *about);

#endif
