/* SPDX-License-Identifier: ISC */
/*
 * The decisive packet came another way than the rest of its side.
 *
 * Never by itself: routes change, and by one hop they do so all the time.
 * Beside another finding, a hop limit that is off by more than that on the
 * very packet that decided makes it likelier that a third host sent it.
 */
#include <stdlib.h>

#include "detect/rules.h"

#define HOPS	2	/* more than this is no ordinary change of route */

static bool
apart(int a, int c)
{
	return abs(a - c) > HOPS;
}

static void
add(const struct brief *b, struct findings *f, enum side who,
    struct mark at, int was, int is)
{
	char server[PARTY_MAX], client[PARTY_MAX];

	finding_add(f, b, &(struct opinion){
		.kind = KIND_PATH_ANOMALY,
		.weight = WEIGHT_HINT,
		.at = at,
		.expected = "the hop limit of the other packets of its side",
		.seen = "another hop limit" },
	    "the decisive packet in the name of %s came with hop limit %d, "
	    "the others with %d: another host may have sent it",
	    who == SIDE_SERVER ? brief_server(b, server) :
	    brief_client(b, client), is, was);
}

void
detect_path_anomaly(const struct brief *b, struct findings *f)
{
	const struct record_conflict *c = b->r->conflicts;

	for (unsigned i = 0; i < b->r->conflicts_kept; i++)
		if (apart(c[i].ttl_before, c[i].ttl_after)) {
			add(b, f, c[i].side, c[i].after_at, c[i].ttl_before,
			    c[i].ttl_after);
			return;
		}
}
