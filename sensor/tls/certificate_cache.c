/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <sys/random.h>

#include <xxhash.h>

#include "tls/certificate_internal.h"
#include "tls/fingerprint_memo.h"
#include "tls/handshake.h"
#include "tls/tls.h"

#define OCTETS_EACH	4096	/* a certificate's share of the cache */

/* A hash table whose entries also stand in a ring by last use. */
struct certificate_cache {
	struct digest		*digest;
	struct fingerprint_memo	*fingerprints;
	struct tls_room		*room;
	uint64_t		 seed;
	uint64_t		 forgotten;
	size_t			 octets, octets_max;
	unsigned		 entries, entries_max;
	uint32_t		 mask;		/* slots - 1 */
	struct certificate_kept	*newest, *oldest;
	struct certificate_kept	*slots[];
};

struct certificate_cache *
certificate_cache_new(unsigned entries, struct digest *digest)
{
	struct certificate_cache *c;
	uint32_t slots = 16;

	while (slots < entries && slots < 1u << 24)
		slots *= 2;
	if ((c = calloc(1, sizeof(*c) + slots * sizeof(c->slots[0]))) == NULL)
		return NULL;
	c->fingerprints = fingerprint_memo_new();
	c->room = tls_room_new(TLS_ASSEMBLING_MAX);
	if (c->fingerprints == NULL || c->room == NULL) {
		certificate_cache_free(c);
		return NULL;
	}
	c->digest = digest;
	c->entries_max = entries > 0 ? entries : 1;
	c->octets_max = (size_t)c->entries_max * OCTETS_EACH;
	c->mask = slots - 1;
	/* strangers choose the octets: they must not foresee their slots */
	if (getrandom(&c->seed, sizeof(c->seed), GRND_NONBLOCK) !=
	    sizeof(c->seed))
		c->seed = (uint64_t)(uintptr_t)c;
	return c;
}

static void
unlink_use(struct certificate_cache *c, struct certificate_kept *k)
{
	if (k->newer != NULL)
		k->newer->older = k->older;
	else
		c->newest = k->older;
	if (k->older != NULL)
		k->older->newer = k->newer;
	else
		c->oldest = k->newer;
}

static void
link_newest(struct certificate_cache *c, struct certificate_kept *k)
{
	k->newer = NULL;
	k->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = k;
	else
		c->oldest = k;
	c->newest = k;
}

static void
forget(struct certificate_cache *c, struct certificate_kept *k)
{
	struct certificate_kept **slot = &c->slots[k->hash & c->mask];

	while (*slot != k)
		slot = &(*slot)->same_slot;
	*slot = k->same_slot;
	unlink_use(c, k);
	c->entries--;
	c->octets -= k->seen.der.len;
	certificate_drop(&k->seen);
}

void
certificate_cache_free(struct certificate_cache *c)
{
	if (c == NULL)
		return;
	while (c->oldest != NULL)
		forget(c, c->oldest);
	if (c->room != NULL)
		tls_room_drop(c->room);
	fingerprint_memo_free(c->fingerprints);
	free(c);
}

struct fingerprint_memo *
certificate_cache_fingerprints(struct certificate_cache *c)
{
	return c->fingerprints;
}

uint64_t
certificate_cache_forgotten(const struct certificate_cache *c)
{
	return c->forgotten;
}

struct tls_room *
certificate_cache_room(struct certificate_cache *c)
{
	return c->room;
}

static struct certificate_kept *
find(struct certificate_cache *c, uint64_t hash, struct span der)
{
	struct certificate_kept *k = c->slots[hash & c->mask];

	while (k != NULL && (k->hash != hash ||
	    !span_equal(k->seen.der, der)))
		k = k->same_slot;
	return k;
}

static void
remember(struct certificate_cache *c, struct certificate_kept *k)
{
	while (c->oldest != NULL && (c->entries >= c->entries_max ||
	    c->octets + k->seen.der.len > c->octets_max)) {
		forget(c, c->oldest);
		c->forgotten++;
	}
	k->same_slot = c->slots[k->hash & c->mask];
	c->slots[k->hash & c->mask] = k;
	link_newest(c, k);
	c->entries++;
	c->octets += k->seen.der.len;
}

struct certificate *
certificate_get(struct certificate_cache *c, struct span der)
{
	struct certificate_kept *k;
	uint64_t hash;

	if (der.len == 0 || der.len > CERTIFICATE_MAX) {
		k = certificate_read(der, c->digest);
		return k == NULL ? NULL : &k->seen;
	}
	hash = XXH3_64bits_withSeed(der.at, der.len, c->seed);
	k = find(c, hash, der);
	if (k != NULL) {
		if (k != c->newest) {
			unlink_use(c, k);
			link_newest(c, k);
		}
		return certificate_take(&k->seen);
	}
	if ((k = certificate_read(der, c->digest)) == NULL)
		return NULL;
	k->hash = hash;
	remember(c, k);
	return certificate_take(&k->seen);
}
