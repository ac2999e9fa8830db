/* SPDX-License-Identifier: ISC */
/*
 * dns/message.h -- one DNS message, read without believing it.
 *
 * RFC 1035 section 4, with EDNS (RFC 6891) and the flags of DNSSEC (RFC 4035
 * section 3).  The question and the answer section are what counts here; of
 * the others only EDNS is kept.  A message is a view: its spans and offsets
 * are good as long as the octets are.
 *
 * Names become text as in zone files (RFC 1035 section 5.1): lower case, no
 * dot at the end, "." for the root, and every octet that is not plain as
 * \DDD.  A name whose text is longer than DNS_NAME_MAX is no name of a mail
 * server: it is left empty.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "base/addr.h"
#include "base/span.h"

#define DNS_NAME_MAX		255	/* octets of text, without the NUL */
#define DNS_ANSWERS_MAX		256	/* records of the answer kept */

enum dns_type {
	DNS_A		= 1,
	DNS_CNAME	= 5,
	DNS_MX		= 15,
	DNS_TXT		= 16,
	DNS_AAAA	= 28,
	DNS_OPT		= 41,
	DNS_RRSIG	= 46,
	DNS_TLSA	= 52,
};

enum dns_rcode {
	DNS_NOERROR	= 0,
	DNS_FORMERR	= 1,
	DNS_SERVFAIL	= 2,
	DNS_NXDOMAIN	= 3,
	DNS_NOTIMP	= 4,
	DNS_REFUSED	= 5,
};

/* A record of the answer section, class IN; where it lies in the message. */
struct dns_record {
	uint16_t	type;		/* enum dns_type, or another */
	uint16_t	owner;
	uint16_t	data, data_len;
	uint32_t	ttl;		/* seconds */
};

struct dns_message {
	struct span	 octets;
	uint16_t	 id;
	uint16_t	 rcode;		/* with EDNS's upper bits */
	uint8_t		 opcode;	/* 0: a query */
	bool		 response, authoritative, truncated;
	bool		 recursion_desired, recursion_available;
	bool		 authentic;		/* AD */
	bool		 checking_disabled;	/* CD */
	bool		 edns, dnssec_ok;	/* an OPT record; DO */
	uint16_t	 udp_size;		/* of the OPT record */

	/* The question, if there is exactly one. */
	bool		 asked;
	char		 name[DNS_NAME_MAX + 1];
	uint16_t	 type, class;

	bool		 answer_whole;	/* all its records were read */
	bool		 damaged;	/* something behind it was not */
	unsigned	 signatures;	/* RRSIG records in the answer */
	unsigned	 texts;		/* TXT records in it */
	unsigned	 kept, dropped;	/* records of the answer */
	struct dns_record	 answers[DNS_ANSWERS_MAX];
};

enum dns_read {
	DNS_READ_GOOD,	/* header and questions; see answer_whole, damaged */
	DNS_READ_CUT,	/* likewise, but the capture lacks its end */
	DNS_READ_BAD,	/* no header, or a question that contradicts itself */
};

/*
 * `wire` is the message's length on the wire, octets.len or more.  Any
 * octets at all are acceptable; nothing is allocated.
 */
enum dns_read	 dns_message_read(struct dns_message *m, struct span octets,
		    size_t wire);

/*
 * The name that begins at `at`.  Returns the offset behind it (behind its
 * first pointer, if it has one), 0 if it is none: beyond the message, longer
 * than 255 octets (RFC 1035 section 2.3.4), with a pointer that does not
 * point back (section 4.1.4), too many of them, or a label of an unknown
 * kind.
 */
size_t		 dns_name_read(struct span octets, size_t at,
		    char name[DNS_NAME_MAX + 1]);

/* What a record says; false if it does not say it, or cannot be shown. */
bool		 dns_record_owner(const struct dns_message *m,
		    const struct dns_record *r, char name[DNS_NAME_MAX + 1]);
bool		 dns_record_address(const struct dns_message *m,
		    const struct dns_record *r, struct addr *out);
/* Of CNAME and MX; *preference is 0 for the first. */
bool		 dns_record_target(const struct dns_message *m,
		    const struct dns_record *r, char name[DNS_NAME_MAX + 1],
		    uint16_t *preference);
struct span	 dns_record_data(const struct dns_message *m,
		    const struct dns_record *r);

#endif
