/* SPDX-License-Identifier: ISC */
/*
 * Telling the flow what is still of interest of a session, and what it takes
 * up.
 */
#include "base/footprint.h"
#include "session/session_internal.h"

static enum flow_want
wanted(const struct session *s, enum side who)
{
	switch ((enum reader)s->side[who].reader) {
	case READER_UNDECIDED:
		return FLOW_REMEMBER;
	case READER_SMTP:
		if (s->smtp == NULL ||
		    smtp_facts(s->smtp)->protocol == SMTP_FOREIGN)
			return FLOW_COUNT;
		return smtp_in_body(s->smtp, who) ? FLOW_DELIVER :
		    FLOW_REMEMBER;
	case READER_TLS:
		if (s->tls == NULL || s->side[who].enough)
			return FLOW_COUNT;
		/* A forged alert races the ServerHello, nothing behind it. */
		return tls_facts(s->tls)->server_hello ? FLOW_DELIVER :
		    FLOW_REMEMBER;
	}
	return FLOW_REMEMBER;
}

static uint64_t
skippable(const struct session *s, enum side who)
{
	switch ((enum reader)s->side[who].reader) {
	case READER_UNDECIDED:
		return 0;
	case READER_SMTP:
		return s->smtp == NULL ? 0 : smtp_skippable(s->smtp, who);
	case READER_TLS:
		return s->tls == NULL ? 0 : tls_skippable(s->tls, who);
	}
	return 0;
}

static uint64_t
position(const struct session *s, enum side flow_side)
{
	const struct flow_traits *t = &flow_facts(s->flow)->side[flow_side];

	return t->octets + t->missing;
}

/*
 * What all this takes up is of interest to the flow table.  It is asked for
 * less and less often: most connections stop growing soon, and what they
 * can grow to is bounded.
 */
static void
charge(struct session *s)
{
	size_t size;

	s->heard++;
	if ((s->heard & (s->heard - 1)) != 0)
		return;
	size = footprint(sizeof(*s)) +
	    footprint_of(s->conflicts,
	    RECORD_CONFLICTS_MAX * sizeof(s->conflicts[0])) +
	    footprint_of(s->puzzle, SIDES * sizeof(*s->puzzle)) +
	    path_size(s->path) + readers_size(s->dialogue, s->smtp, s->tls);
	flow_charge(s->flow, size);
}

/* Both sides talk SMTP and are remembered, as most of the time. */
static bool
is_usual(const struct session *s)
{
	const struct voice *client = &s->side[SIDE_CLIENT];
	const struct voice *server = &s->side[SIDE_SERVER];

	return client->reader == READER_SMTP &&
	    server->reader == READER_SMTP && client->want == FLOW_REMEMBER &&
	    server->want == FLOW_REMEMBER && s->smtp != NULL &&
	    smtp_talks(s->smtp);
}

void
session_steer(struct session *s)
{
	charge(s);
	if (is_usual(s))
		return;
	for (int i = 0; i < SIDES; i++) {
		enum side who = session_side(s, i);
		struct voice *v = &s->side[who];
		struct skip *told = &s->skip[who];
		enum flow_want want = wanted(s, who);
		uint64_t skip;

		if (want != v->want) {
			flow_want(s->flow, i, want);
			v->want = (uint8_t)want;
		}
		if (told->octets == 0 && (skip = skippable(s, who)) > 0) {
			flow_skip(s->flow, i, skip);
			told->octets = skip;
			told->from = position(s, i);
		}
	}
	/* nobody forges what nobody compares */
	s->path_done = s->side[SIDE_CLIENT].want != FLOW_REMEMBER &&
	    s->side[SIDE_SERVER].want != FLOW_REMEMBER;
}

void
session_end_skip(struct session *s, enum side flow_side, bool at_end,
    struct mark at)
{
	enum side who = session_side(s, flow_side);
	struct skip *told = &s->skip[who];
	uint64_t passed = told->octets;
	enum reader reader;

	if (at_end) {
		uint64_t here = position(s, flow_side) - told->from;

		passed = here < passed ? here : passed;
	}
	told->octets = 0;
	reader = (enum reader)s->side[who].reader;
	if (reader == READER_SMTP && s->smtp != NULL)
		smtp_skipped(s->smtp, who, passed, at);
	else if (reader == READER_TLS && s->tls != NULL)
		tls_skipped(s->tls, who, passed);
}
