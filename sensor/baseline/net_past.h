/* SPDX-License-Identifier: ISC */
/*
 * baseline/net_past.h -- the memory of one client network: which servers
 * offered it STARTTLS lately, and which did not.
 *
 * What is taken from many servers at once is taken near the clients.
 */
#ifndef BASELINE_NET_PAST_H
#define BASELINE_NET_PAST_H

#include <stddef.h>

#include "baseline/past.h"

#define NET_SERVERS_MAX		64
#define NET_OCTETS_MAX		3072	/* packed */

struct net_past;		/* opaque */

struct net_past	*net_past_new(void);		/* NULL: memory */
void	 net_past_free(struct net_past *p);	/* NULL is fine */

/* Fill the network's part of *past. */
void	 net_past_recall(const struct net_past *p, int64_t at,
	    struct past *past);
/* `offered`: or else an offer that this server is known to make is gone. */
void	 net_past_learn(struct net_past *p, int64_t at, uint64_t server,
	    bool offered);

size_t	 net_past_pack(const struct net_past *p,
	    uint8_t out[NET_OCTETS_MAX]);
/* NULL: damaged, or memory is short. */
struct net_past	*net_past_unpack(const uint8_t *octets, size_t len);

#endif
