/* SPDX-License-Identifier: ISC */
/*
 * dns/seen_internal.h -- what is on the shelves.
 */
#ifndef DNS_SEEN_INTERNAL_H
#define DNS_SEEN_INTERNAL_H

#include "dns/key.h"
#include "dns/seen.h"
#include "dns/shelf.h"

#define DNS_SECOND		INT64_C(1000000)
#define DNS_NAMES_EACH		16	/* remembered of one address */
#define DNS_RESOLVERS_EACH	8	/* told apart for one host's TLSA */
#define DNS_OPEN_MAX		4	/* TLSA questions waiting, of a host */

/* A question of the last seconds, known by dns_key_question(). */
struct dns_question {
	struct dns_shelf_item item;
	int64_t		 asked_at;
	bool		 asked, retried;
	bool		 answered;	/* in whatever way */
	bool		 failed;	/* with an error */
	bool		 in_conflict;
	enum dns_verdict verdict;	/* of the first that says something */
	uint64_t	 digest;
	struct dns_said	 said;
	uint64_t	 about[DNS_ABOUT_MAX];
	unsigned	 abouts;
};

/* A name that led to an address; known by the address. */
struct dns_led {
	struct dns_shelf_item item;
	struct addr	 address;
	char		 name[DNS_NAME_MAX + 1];
};

/* Known by its question's name and type. */
struct dns_doubt {
	struct dns_shelf_item item;
	struct dns_conflict	 conflict;
	uint64_t	 about[2 * DNS_ABOUT_MAX];
	unsigned	 abouts;
};

/* How one resolver answers about one host; known by the host. */
struct dns_host {
	struct dns_shelf_item item;
	struct addr	 resolver;
	int64_t		 well_since;	/* address questions; 0: never */
	uint16_t	 rcode;
	unsigned	 refusals, opens;
	struct mark	 refused[DNS_FAILURES_MAX];
	struct {
		uint64_t	 question;
		struct mark	 at;
	}		 open[DNS_OPEN_MAX];
};

struct dns_seen {
	struct counters	*counters;
	uint64_t	 seed;
	int64_t		 keep;		/* microseconds */
	struct dns_shelf	 questions, names, doubts, hosts;
	/* Mail servers, and mail servers of a domain: by their keys alone. */
	struct dns_shelf	 mx;
};

/* Was it told by then, and not too long ago? */
static inline bool
dns_known(const struct dns_seen *d, const void *item, int64_t at)
{
	const struct dns_shelf_item *i = item;

	return i != NULL && i->first <= at && i->last >= at - d->keep;
}

/* host.c: questions about a host. */
/* The host of a TLSA question over TCP (RFC 6698 section 3); NULL: none. */
const char	*dns_host_of_tlsa(const char *name);
void		 dns_host_well(struct dns_seen *d, const char *host,
		    const struct packet *answer);
void		 dns_host_asked(struct dns_seen *d, const char *host,
		    uint64_t question, const struct packet *p);
/* `failed`: with an error that no other copy of this packet told before. */
void		 dns_host_answered(struct dns_seen *d, const char *host,
		    uint64_t question, const struct packet *p, uint16_t rcode,
		    bool failed);
/* False if TLSA questions about it did not fail, or not they alone. */
bool		 dns_host_fails(const struct dns_seen *d, const char *host,
		    int64_t at, struct dns_tlsa_failure *out);

#endif
