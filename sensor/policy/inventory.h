/* SPDX-License-Identifier: ISC */
/*
 * policy/inventory.h -- what the operator says: which domains, servers and
 * networks are his, who must offer STARTTLS, and what is known and excused.
 *
 * Plain facts, filled while the configuration is read and not changed after.
 */
#ifndef POLICY_INVENTORY_H
#define POLICY_INVENTORY_H

#include "base/addr.h"
#include "policy/lookup.h"
#include "schema/names.h"

#define INVENTORY_WHY_MAX	160
#define INVENTORY_ALL_KINDS	(-1)

struct inventory_network {
	struct addr	 first;
	unsigned	 bits;		/* of 128; IPv4 is mapped */
};

/* Where something is: a network (one address: 128 bits), or a name. */
struct inventory_place {
	struct inventory_network network;
	char		 name[LOOKUP_NAME_MAX];	/* "": by network */
};

struct inventory_server {
	char		 name[LOOKUP_NAME_MAX];
	struct addr	*addresses;
	unsigned	 naddresses;
	bool		 must_offer;
};

struct inventory_exception {
	struct inventory_place	 where;
	int			 kind;	/* enum kind, or all of them */
	char			*reason;
	int64_t			 until;	/* microseconds; not any more then */
};

struct inventory {
	char				(*domains)[LOOKUP_NAME_MAX];
	unsigned			 ndomains;
	struct inventory_network	*networks;
	unsigned			 nnetworks;
	struct inventory_server		*servers;
	unsigned			 nservers;
	struct inventory_place		*must_offer;	/* others' servers */
	unsigned			 nmust_offer;
	struct inventory_exception	*exceptions;
	unsigned			 nexceptions;
};

/* An address, or a network as ADDRESS/BITS.  False: neither. */
bool	inventory_network_parse(struct inventory_network *n,
	    const char *text);
bool	inventory_network_has(const struct inventory_network *n,
	    const struct addr *a);

/* Fill.  -1, with a reason in `why`, if the text is wrong or memory short. */
int	inventory_add_domain(struct inventory *i, const char *domain,
	    char why[INVENTORY_WHY_MAX]);
int	inventory_add_network(struct inventory *i, const char *network,
	    char why[INVENTORY_WHY_MAX]);
int	inventory_add_server(struct inventory *i, const char *name,
	    bool must_offer, char why[INVENTORY_WHY_MAX]);
/* To the server added last. */
int	inventory_add_address(struct inventory *i, const char *address,
	    char why[INVENTORY_WHY_MAX]);
int	inventory_add_must_offer(struct inventory *i, const char *place,
	    char why[INVENTORY_WHY_MAX]);
/* `kind` may be NULL: all; `until` is a day, YYYY-MM-DD, the last one. */
int	inventory_add_exception(struct inventory *i, const char *place,
	    const char *kind, const char *reason, const char *until,
	    char why[INVENTORY_WHY_MAX]);
void	inventory_free(struct inventory *i);

/* The domain is one of ours, or below one. */
bool	inventory_owns_domain(const struct inventory *i, const char *domain);
/* ... in our networks, or one of our servers. */
bool	inventory_owns_address(const struct inventory *i,
	    const struct addr *a);
/* NULL: none of ours. */
const struct inventory_server	*inventory_server_at(
	    const struct inventory *i, const struct addr *a);
/* `name` may be NULL. */
bool	inventory_must_offer(const struct inventory *i, const struct addr *a,
	    const char *name);
/* The first that excuses this there and then, or NULL. */
const struct inventory_exception	*inventory_excuse(
	    const struct inventory *i, enum kind kind, const struct addr *a,
	    const char *name, int64_t at);

#endif
