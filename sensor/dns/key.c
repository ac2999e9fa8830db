/* SPDX-License-Identifier: ISC */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dns/key.h"

uint64_t
dns_key_name(uint64_t seed, const char *name)
{
	return XXH3_64bits_withSeed(name, strlen(name), seed);
}

uint64_t
dns_key_address(uint64_t seed, const struct addr *a)
{
	return XXH3_64bits_withSeed(a->octets, sizeof(a->octets), ~seed);
}

uint64_t
dns_key_pair(uint64_t seed, uint64_t one, uint64_t two)
{
	uint64_t both[2] = { one, two };

	return XXH3_64bits_withSeed(both, sizeof(both), seed);
}

uint64_t
dns_key_question(uint64_t seed, const struct packet *p,
    const struct dns_message *m)
{
	const struct addr *client, *resolver;
	struct {
		uint64_t	name;
		uint8_t		ip[2][16];
		uint16_t	port[2];
		uint16_t	id, type;
	} key;

	memset(&key, 0, sizeof(key));
	client = m->response ? &p->destination : &p->source;
	resolver = m->response ? &p->source : &p->destination;
	key.name = dns_key_name(seed, m->name);
	memcpy(key.ip[0], client->octets, sizeof(key.ip[0]));
	memcpy(key.ip[1], resolver->octets, sizeof(key.ip[1]));
	key.port[0] = m->response ? p->destination_port : p->source_port;
	key.port[1] = m->response ? p->source_port : p->destination_port;
	key.id = m->id;
	key.type = m->type;
	return XXH3_64bits_withSeed(&key, sizeof(key), seed);
}
