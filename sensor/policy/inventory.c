/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/inventory.h"

#define MICROSECONDS	INT64_C(1000000)
#define DAY		86400

static int
complain(char why[INVENTORY_WHY_MAX], const char *text, const char *what)
{
	snprintf(why, INVENTORY_WHY_MAX, "%.80s: %s", text, what);
	return -1;
}

/* One more of `list`, all zero; NULL if memory is short. */
static void *
add(void **list, unsigned *count, size_t each)
{
	char *grown = realloc(*list, (*count + 1) * each);

	if (grown == NULL)
		return NULL;
	*list = grown;
	grown += *count * each;
	memset(grown, 0, each);
	++*count;
	return grown;
}

static bool
bits_parse(const char *text, unsigned most, unsigned *bits)
{
	unsigned n = 0;

	if (*text == '\0' || strlen(text) > 3)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*bits = n;
	return n <= most;
}

bool
inventory_network_parse(struct inventory_network *n, const char *text)
{
	char address[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	bool four;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (addr_parse(&n->first, address) == -1)
		return false;
	four = addr_is_v4(&n->first);
	n->bits = 128;
	if (slash != NULL && !bits_parse(slash + 1, four ? 32 : 128,
	    &n->bits))
		return false;
	if (slash != NULL && four)
		n->bits += 96;
	return true;
}

bool
inventory_network_has(const struct inventory_network *n,
    const struct addr *a)
{
	unsigned octets = n->bits / 8, rest = n->bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (memcmp(n->first.octets, a->octets, octets) != 0)
		return false;
	return rest == 0 || (n->first.octets[octets] & mask) ==
	    (a->octets[octets] & mask);
}

int
inventory_add_domain(struct inventory *i, const char *domain,
    char why[INVENTORY_WHY_MAX])
{
	char (*to)[LOOKUP_NAME_MAX];
	char name[LOOKUP_NAME_MAX];

	if (!lookup_name_copy(name, domain))
		return complain(why, domain, "not a domain");
	if ((to = add((void **)&i->domains, &i->ndomains,
	    sizeof(*i->domains))) == NULL)
		return complain(why, domain, "memory is short");
	memcpy(*to, name, sizeof(name));
	return 0;
}

int
inventory_add_network(struct inventory *i, const char *network,
    char why[INVENTORY_WHY_MAX])
{
	struct inventory_network n, *to;

	if (!inventory_network_parse(&n, network))
		return complain(why, network, "not a network: ADDRESS/BITS");
	if ((to = add((void **)&i->networks, &i->nnetworks,
	    sizeof(*to))) == NULL)
		return complain(why, network, "memory is short");
	*to = n;
	return 0;
}

int
inventory_add_server(struct inventory *i, const char *name, bool must_offer,
    char why[INVENTORY_WHY_MAX])
{
	struct inventory_server *to;
	char copy[LOOKUP_NAME_MAX];

	if (!lookup_name_copy(copy, name))
		return complain(why, name, "not a host name");
	if ((to = add((void **)&i->servers, &i->nservers,
	    sizeof(*to))) == NULL)
		return complain(why, name, "memory is short");
	memcpy(to->name, copy, sizeof(copy));
	to->must_offer = must_offer;
	return 0;
}

int
inventory_add_address(struct inventory *i, const char *address,
    char why[INVENTORY_WHY_MAX])
{
	struct inventory_server *s = &i->servers[i->nservers - 1];
	struct addr a, *to;

	if (addr_parse(&a, address) == -1)
		return complain(why, address, "not an address");
	if ((to = add((void **)&s->addresses, &s->naddresses,
	    sizeof(*to))) == NULL)
		return complain(why, address, "memory is short");
	*to = a;
	return 0;
}

static int
place_parse(struct inventory_place *p, const char *text,
    char why[INVENTORY_WHY_MAX])
{
	memset(p, 0, sizeof(*p));
	if (inventory_network_parse(&p->network, text) ||
	    lookup_name_copy(p->name, text))
		return 0;
	return complain(why, text, "not an address, network or name");
}

int
inventory_add_must_offer(struct inventory *i, const char *place,
    char why[INVENTORY_WHY_MAX])
{
	struct inventory_place p, *to;

	if (place_parse(&p, place, why) == -1)
		return -1;
	if ((to = add((void **)&i->must_offer, &i->nmust_offer,
	    sizeof(*to))) == NULL)
		return complain(why, place, "memory is short");
	*to = p;
	return 0;
}

/* The end of a day, UTC. */
static bool
day_parse(const char *text, int64_t *end)
{
	struct tm day = { .tm_isdst = 0 };
	struct tm same;
	const char *rest;
	time_t t;

	rest = strptime(text, "%Y-%m-%d", &day);
	if (rest == NULL || *rest != '\0' || strlen(text) != 10)
		return false;
	same = day;
	t = timegm(&same);	/* which makes 1 March of 29 February */
	if (same.tm_mday != day.tm_mday)
		return false;
	*end = ((int64_t)t + DAY) * MICROSECONDS;
	return true;
}

int
inventory_add_exception(struct inventory *i, const char *place,
    const char *kind, const char *reason, const char *until,
    char why[INVENTORY_WHY_MAX])
{
	struct inventory_exception e = { .kind = INVENTORY_ALL_KINDS }, *to;

	if (place_parse(&e.where, place, why) == -1)
		return -1;
	if (kind != NULL && (e.kind = kind_of(kind)) == -1)
		return complain(why, kind, "no kind of finding");
	if (reason[strspn(reason, " \t")] == '\0')
		return complain(why, place, "an exception needs a reason");
	if (!day_parse(until, &e.until))
		return complain(why, until, "not a day: YYYY-MM-DD");
	if ((e.reason = strdup(reason)) == NULL ||
	    (to = add((void **)&i->exceptions, &i->nexceptions,
	    sizeof(*to))) == NULL) {
		free(e.reason);
		return complain(why, place, "memory is short");
	}
	*to = e;
	return 0;
}

void
inventory_free(struct inventory *i)
{
	for (unsigned n = 0; n < i->nservers; n++)
		free(i->servers[n].addresses);
	for (unsigned n = 0; n < i->nexceptions; n++)
		free(i->exceptions[n].reason);
	free(i->domains);
	free(i->networks);
	free(i->servers);
	free(i->must_offer);
	free(i->exceptions);
	memset(i, 0, sizeof(*i));
}

bool
inventory_owns_domain(const struct inventory *i, const char *domain)
{
	char name[LOOKUP_NAME_MAX];

	if (!lookup_name_copy(name, domain))
		return false;
	for (unsigned n = 0; n < i->ndomains; n++)
		if (lookup_name_within(name, i->domains[n]))
			return true;
	return false;
}

const struct inventory_server *
inventory_server_at(const struct inventory *i, const struct addr *a)
{
	for (unsigned n = 0; n < i->nservers; n++)
		for (unsigned m = 0; m < i->servers[n].naddresses; m++)
			if (addr_equal(&i->servers[n].addresses[m], a))
				return &i->servers[n];
	return NULL;
}

bool
inventory_owns_address(const struct inventory *i, const struct addr *a)
{
	for (unsigned n = 0; n < i->nnetworks; n++)
		if (inventory_network_has(&i->networks[n], a))
			return true;
	return inventory_server_at(i, a) != NULL;
}

static bool
is_there(const struct inventory_place *p, const struct addr *a,
    const char *name)
{
	char copy[LOOKUP_NAME_MAX];

	if (p->name[0] == '\0')
		return inventory_network_has(&p->network, a);
	return name != NULL && lookup_name_copy(copy, name) &&
	    lookup_name_within(copy, p->name);
}

bool
inventory_must_offer(const struct inventory *i, const struct addr *a,
    const char *name)
{
	const struct inventory_server *own = inventory_server_at(i, a);

	if (own != NULL)
		return own->must_offer;
	for (unsigned n = 0; n < i->nmust_offer; n++)
		if (is_there(&i->must_offer[n], a, name))
			return true;
	return false;
}

const struct inventory_exception *
inventory_excuse(const struct inventory *i, enum kind kind,
    const struct addr *a, const char *name, int64_t at)
{
	for (unsigned n = 0; n < i->nexceptions; n++) {
		const struct inventory_exception *e = &i->exceptions[n];

		if (at < e->until && (e->kind == INVENTORY_ALL_KINDS ||
		    e->kind == (int)kind) && is_there(&e->where, a, name))
			return e;
	}
	return NULL;
}
