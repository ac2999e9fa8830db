/* SPDX-License-Identifier: ISC */
/*
 * The decisive packet came another way than the rest of its side.
 *
 * Never by itself: routes change, and by a hop or two they do so all the
 * time; hosts answer with RSTs of another kernel.  Beside another finding, a
 * hop limit that is off by more than that, or timestamps missing from one
 * segment alone (RFC 7323 section 3.2), on the very packet that decided,
 * makes it likelier that a third host sent it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "detect/rules.h"

#define HOW_MAX		120

const struct path_oddity *
brief_odd(const struct brief *b, enum side who, struct mark at)
{
	const struct path_oddity *odd = &b->r->odd[who];

	return odd->at.packet != 0 && odd->at.packet == at.packet ? odd :
	    NULL;
}

/* Of all that decided in this session, what came another way. */
static const struct path_oddity *
decisive(const struct brief *b, enum side *who)
{
	const struct smtp_greeting *hello = brief_hello(b);
	const struct mark server[] = {
		b->smtp->greeting,
		hello != NULL ? hello->reply_first : (struct mark){ 0 },
		hello != NULL ? hello->reply_last : (struct mark){ 0 },
		b->smtp->starttls_reply_at,
		b->smtp->server_early_at,
		b->tls != NULL ? b->tls->failed_at : (struct mark){ 0 },
		b->tls != NULL ? b->tls->broken_at : (struct mark){ 0 },
	};
	const struct mark client[] = { b->smtp->starttls_command_at,
	    b->smtp->client_early_at,
	    b->tls != NULL ? b->tls->failed_at : (struct mark){ 0 } };
	const struct path_oddity *odd;

	*who = SIDE_SERVER;
	for (size_t i = 0; i < sizeof(server) / sizeof(server[0]); i++)
		if ((odd = brief_odd(b, SIDE_SERVER, server[i])) != NULL)
			return odd;
	*who = SIDE_CLIENT;
	for (size_t i = 0; i < sizeof(client) / sizeof(client[0]); i++)
		if ((odd = brief_odd(b, SIDE_CLIENT, client[i])) != NULL)
			return odd;
	return NULL;
}

static void
add(const struct brief *b, struct findings *f, enum side who,
    struct mark at, const char *how)
{
	char server[PARTY_MAX], client[PARTY_MAX];

	finding_add(f, b, &(struct opinion){
		.kind = KIND_PATH_ANOMALY,
		.weight = WEIGHT_HINT,
		.at = at,
		.expected = "the traits of the other packets of its side",
		.seen = how },
	    "the decisive packet in the name of %s came %s: another host may "
	    "have sent it", who == SIDE_SERVER ? brief_server(b, server) :
	    brief_client(b, client), how);
}

/* Something above a note was found that it can be beside. */
static bool
is_beside(const struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->list[i].severity > SEVERITY_INFO)
			return true;
	return false;
}

void
detect_path_anomaly(const struct brief *b, struct findings *f)
{
	const struct record_conflict *c = b->r->conflicts;
	const struct path_oddity *odd;
	char how[HOW_MAX];
	enum side who;

	if (!is_beside(f))
		return;
	for (unsigned i = 0; i < b->r->conflicts_kept; i++) {
		if (abs(c[i].ttl_before - c[i].ttl_after) <= PATH_HOPS)
			continue;
		snprintf(how, sizeof(how), "with hop limit %u, its other copy "
		    "with %u", c[i].ttl_after, c[i].ttl_before);
		add(b, f, c[i].side, c[i].after_at, how);
		return;
	}
	if ((odd = decisive(b, &who)) == NULL)
		return;
	if (odd->no_timestamp)
		snprintf(how, sizeof(how), "without the TCP timestamp that "
		    "the others have (hop limit %u, theirs %u)", odd->ttl,
		    odd->usual_ttl);
	else
		snprintf(how, sizeof(how), "with hop limit %u, the others "
		    "with %u", odd->ttl, odd->usual_ttl);
	add(b, f, who, odd->at, how);
}
