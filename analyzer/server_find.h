/* SPDX-License-Identifier: ISC */
/*
 * analyzer/server_find.h -- all sessions of a server, as narrow rows of a
 * temporary table.
 *
 * No index on the sessions' server exists (it would have to be written at a
 * random place for each), so they are found by looking at all: once, for
 * table `life`, which answers everything else.  A name takes one look more,
 * for the addresses behind it.
 */
#ifndef ANALYZER_SERVER_FIND_H
#define ANALYZER_SERVER_FIND_H

#include "analyzer/database.h"
#include "analyzer/filter.h"
#include "analyzer/party.h"

extern const struct filter_rules server_find_filters;

/*
 * Fill table `life` with the sessions of this party, an address or a name:
 *
 *	ip, port		of the server, as the views have them
 *	db, id			of the session
 *	at, ended		microseconds
 *	net			a number for an IPv4 /24, a text for a /48
 *	offer, starttls, reply, tls, protection		as in table session
 *	mails
 *	name, ehlo, version, cipher, certificate	ids in file `db`
 *
 * beside views all_text, all_ehlo_reply and all_certificate of the files'
 * tables, with their number in `db`.  To be called again for another party.
 * The exit status, after saying why.
 */
int	server_find(struct database *d, const struct party *party,
	    const struct options *o);

#endif
