/* SPDX-License-Identifier: ISC */
/*
 * analyzer/party.h -- a client or server as an analyst names it, and the
 * SQL functions that compare addresses and names with it.
 */
#ifndef ANALYZER_PARTY_H
#define ANALYZER_PARTY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTY_NAME_MAX	256

enum party_form {
	PARTY_ADDRESS,		/* 198.51.100.25, 2001:db8::25 */
	PARTY_NETWORK,		/* 198.51.100.0/24, 2001:db8::/32 */
	PARTY_NAME,		/* mx.example */
	PARTY_SUFFIX,		/* *.example: example and all below it */
};

/* An address in network order: 4 or 16 octets. */
struct party_address {
	uint8_t	octets[16];
	size_t	len;
};

struct party {
	enum party_form		 form;
	struct party_address	 address;	/* of ADDRESS, NETWORK */
	unsigned		 bits;		/* of NETWORK */
	unsigned		 port;		/* 0: any; of ADDRESS */
	/* the name, or the address as the database writes it */
	char			 text[PARTY_NAME_MAX];
};

/*
 * Read an address (with a port if need be: 192.0.2.1:25, [2001:db8::1]:25),
 * a network or a name.  NULL, or why it is none of these.
 */
const char	*party_read(struct party *p, const char *word);

/* Is `name` the name `pattern`, or with "*." before it below it?  In DNS
 * manner: letter case and a dot at the end do not count. */
bool		 party_name_fits(const char *name, const char *pattern);

/* Is what `word` names (an address with or without its port, a network, a
 * name) the party, in it, or around it? */
bool		 party_meets(const struct party *p, const char *word);

/*
 * Make known to `db`:
 *	address_key(text)		octets to sort addresses by, or NULL
 *	in_network(text, octets, bits)	0 or 1
 *	name_fits(name, pattern)	0 or 1
 *	party_meets(word, party)	0 or 1
 *	network_of(text)		its /24 or /48, or NULL
 * SQLITE_OK or its error.
 */
int		 party_functions(sqlite3 *db);

#endif
