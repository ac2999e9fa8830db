/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/fetch.h"
#include "base/release.h"
#include "smtp/client.h"
#include "smtp/facts.h"
#include "smtp/list.h"
#include "smtp/proxy.h"
#include "smtp/server.h"

struct smtp *
smtp_new(const struct smtp_ops *ops, void *context, bool midstream)
{
	struct smtp *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ops = ops;
	s->context = context;
	s->facts.offer = OFFER_NOT_ASKED;
	s->midstream = midstream;
	if (midstream) {
		/* Anything may be going on: wait until it is plain what. */
		s->talk = TALK_HOLD;
		s->wait = WAIT_SYNC;
		s->lost = s->partial = s->amid = true;
		smtp_header_forget(&s->header);
	} else
		(void)smtp_expect_push(&s->expect, DUE_GREETING);
	return s;
}

void
smtp_free(struct smtp *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < SIDES; i++)
		smtp_line_drop(&s->reader[i]);
	smtp_expect_clear(&s->expect);
	smtp_hold_drop(&s->hold);
	smtp_list_drop(s);
	smtp_facts_free(s);
	release(s, sizeof(*s));
}

void
smtp_share(struct smtp *s, struct book *b, struct smtp_recalls *all)
{
	s->book = b;
	s->recalls = all;
}

/* Who speaks with which voice, after TURN. */
static enum side
voice(const struct smtp *s, enum side who)
{
	return s->flipped ? side_other(who) : who;
}

size_t
smtp_hear(struct smtp *s, enum side who, struct span octets, struct mark at,
    enum smtp_next *next)
{
	size_t used = 0;

	*next = SMTP_GO_ON;
	while (used < octets.len && *next == SMTP_GO_ON) {
		struct span rest = span_skip(octets, used);

		switch (voice(s, who)) {
		case SIDE_CLIENT:
			used += smtp_client_hear(s, rest, at, next);
			break;
		case SIDE_SERVER:
			used += smtp_server_hear(s, rest, at, next);
			break;
		}
	}
	return used;
}

void
smtp_gap(struct smtp *s, enum side who, uint64_t octets, struct mark at)
{
	(void)at;
	if (voice(s, who) == SIDE_CLIENT)
		smtp_client_gap(s, octets);
	else
		smtp_server_gap(s);
}

void
smtp_plain_again(struct smtp *s, enum side who, struct mark at)
{
	(void)at;
	s->tls_tried = true;	/* what looked like TLS was none */
	if (voice(s, who) == SIDE_CLIENT)
		s->client_plain = true;
}

void
smtp_end(struct smtp *s, enum side who, struct mark at)
{
	if (voice(s, who) == SIDE_CLIENT)
		smtp_client_end(s, at);
	else
		smtp_server_end(s, at);
}

uint64_t
smtp_skippable(const struct smtp *s, enum side who)
{
	/* not the header of a mail */
	return voice(s, who) == SIDE_CLIENT && s->talk == TALK_CHUNK &&
	    (s->blob || !smtp_header_wants(&s->header)) ? s->chunk : 0;
}

void
smtp_skipped(struct smtp *s, enum side who, uint64_t octets, struct mark at)
{
	(void)at;
	if (smtp_skippable(s, who) == 0)
		return;
	s->spoke = true;
	s->heard_client = true;
	smtp_client_take_chunk(s, octets < s->chunk ? octets : s->chunk);
}

bool
smtp_in_body(const struct smtp *s, enum side who)
{
	return voice(s, who) == SIDE_CLIENT &&
	    (s->talk == TALK_BODY || s->talk == TALK_CHUNK);
}

bool
smtp_talks(const struct smtp *s)
{
	return s->talk != TALK_BODY && s->talk != TALK_CHUNK &&
	    s->facts.protocol != SMTP_FOREIGN;
}

void
smtp_foresee(const struct smtp *s, unsigned depth)
{
	if (depth == 0) {
		fetch_ahead(s, sizeof(*s));
		return;
	}
	/* where there is none it does no harm */
	__builtin_prefetch(s->facts.upgrade);
	__builtin_prefetch(s->facts.mail);
	__builtin_prefetch(s->facts.rare);
}

const struct smtp_facts *
smtp_facts(const struct smtp *s)
{
	return &s->facts;
}
