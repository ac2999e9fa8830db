/* SPDX-License-Identifier: ISC */
/*
 * tls_handshake_fuzz.c -- any talk of two sides, gaps and ends included.
 *
 * Played whole, octet by octet, by threes, and with everything skipped that
 * may be: the facts and the plaintext handed back must be the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "tests/tools/tls_talk.h"

static void
play(const struct talk_world *world, struct span talk,
    const struct talk_way *way, char facts[TALK_FACTS_MAX],
    struct talk_outcome *o)
{
	bool ok = talk_play(world, talk, way, o);

	assert(ok);
	talk_facts(o, facts);
	tls_free(o->tls);
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static const struct talk_way ways[] = {
		{ .piece = 1, .split_at = SIZE_MAX },
		{ .piece = 3, .split_at = SIZE_MAX },
		{ .piece = 0, .split_at = SIZE_MAX, .skip = true },
		{ .piece = 7, .split_at = SIZE_MAX, .skip = true },
	};
	static const struct talk_way whole = { .split_at = SIZE_MAX };
	static struct talk_world world;
	static struct talk_outcome want, got;
	static char want_facts[TALK_FACTS_MAX], got_facts[TALK_FACTS_MAX];
	struct span talk = span_of(at, len);

	if (world.digest == NULL) {
		world.digest = digest_new();
		world.cache = certificate_cache_new(8, world.digest);
		if (world.cache == NULL)
			abort();
	}
	tls_looks_like_hello(talk);
	play(&world, talk, &whole, want_facts, &want);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		play(&world, talk, &ways[i], got_facts, &got);
		if (strcmp(want_facts, got_facts) != 0 ||
		    want.plain_len != got.plain_len ||
		    memcmp(want.plain, got.plain, want.plain_len) != 0) {
			fprintf(stderr, "way %zu\nwhole:\n%s\npieces:\n%s\n",
			    i, want_facts, got_facts);
			abort();
		}
	}
	return 0;
}
