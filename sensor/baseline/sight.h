/* SPDX-License-Identifier: ISC */
/*
 * baseline/sight.h -- what of one session is worth remembering.
 */
#ifndef BASELINE_SIGHT_H
#define BASELINE_SIGHT_H

#include "baseline/client_past.h"
#include "baseline/server_past.h"
#include "session/record.h"

#define SIGHT_SERVER_KEY	18	/* address and port */
#define SIGHT_CLIENT_KEY	16	/* address */
#define SIGHT_NET_KEY		8

/* Whose memories a session is about. */
struct sight_keys {
	uint8_t		server[SIGHT_SERVER_KEY];
	uint8_t		client[SIGHT_CLIENT_KEY];
	uint8_t		net[SIGHT_NET_KEY];
};

struct sight {
	struct server_sight	server;
	struct client_sight	client;
	struct sight_keys	key;
	bool	server_tells;	/* there is something to learn of it */
	bool	client_tells;
};

void	sight_keys(const struct session_record *r, struct sight_keys *k);
/* What a client's memory knows the server by. */
uint64_t	sight_server(const struct sight_keys *k);

/* Hashes are the same in every run: they are stored. */
void	sight_take(const struct session_record *r, struct sight *s);

/* IPv4 /24 or IPv6 /48 of an address, as a number of its own. */
uint64_t	sight_net(const struct addr *a);

#endif
