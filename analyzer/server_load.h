/* SPDX-License-Identifier: ISC */
/*
 * analyzer/server_load.h -- one server's life, as a JSON object.
 *
 * The columns of v_servers, counted over the sessions that server_find()
 * found, and some more counts; then, each an array of objects:
 *
 *	offers			by "period" (hour, day or week)
 *	ehlo_replies		the most usual first
 *	certificate_history	by their first appearance, with "change"
 *	tls_seen		version and suite
 *	client_networks		those that were not offered it first
 *	incidents		open ones first, the gravest first
 *	recent_sessions		the latest first
 */
#ifndef ANALYZER_SERVER_LOAD_H
#define ANALYZER_SERVER_LOAD_H

#include "analyzer/rows.h"

#define SERVER_SESSIONS	10	/* of late, unless --limit says otherwise */

/* Addresses and ports in table `life`: {"ip", "port"}, the last seen first.
 * NULL after saying why. */
json_t	*server_list(const struct database *d);

/* NULL after saying why. */
json_t	*server_load(const struct database *d, const char *ip, int port,
	    long sessions);

#endif
