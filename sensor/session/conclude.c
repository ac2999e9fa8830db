/* SPDX-License-Identifier: ISC */
/*
 * What the facts of the readers amount to, in the words of v_sessions.
 *
 * One rule governs all of it: absence is said only where nothing was
 * missed.  A hole, a missing side or an early end turns "no" into "unseen".
 */
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "session/community_id.h"
#include "base/release.h"
#include "session/session_internal.h"

static const struct smtp_facts	silence;	/* of a session without SMTP */

static void
set_gap(struct session_record *r, enum gap g, bool lacks)
{
	if (lacks)
		r->gaps |= 1U << g;
}

/* Both ends were seen to finish: what was not said was not going to be. */
static bool
ended(const struct session_record *r)
{
	switch (r->flow.end) {
	case FLOW_FINISHED:
	case FLOW_RESET:
	case FLOW_IDLE:
	case FLOW_REPLACED:
		return true;
	case FLOW_OPEN:
	case FLOW_EVICTED:
	case FLOW_CUT:
		return false;
	}
	return false;
}

static bool
silent(const struct flow_traits *t)
{
	return !t->syn && t->octets == 0;
}

/* A hole that no reader put a name to was around the hello, or in a body. */
static void
name_hole(struct session_record *r, const struct smtp_facts *smtp)
{
	const uint32_t named = 1U << GAP_GREETING | 1U << GAP_EHLO_REPLY |
	    1U << GAP_STARTTLS | 1U << GAP_TLS | 1U << GAP_MAIL;

	if ((r->gaps & named) != 0 ||
	    r->flow.side[SIDE_CLIENT].missing +
	    r->flow.side[SIDE_SERVER].missing == 0)
		return;
	if (smtp->data_commands > 0)
		set_gap(r, GAP_MAIL, true);
	else if (r->tls != NULL)
		set_gap(r, GAP_TLS, true);
	else
		set_gap(r, GAP_EHLO_REPLY, true);
}

static void
conclude_gaps(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	const struct flow_traits *client = &r->flow.side[SIDE_CLIENT];
	const struct flow_traits *server = &r->flow.side[SIDE_SERVER];

	set_gap(r, GAP_MIDSTREAM, !client->syn && !server->syn);
	set_gap(r, GAP_CLIENT_ONLY, silent(server));
	set_gap(r, GAP_SERVER_ONLY, silent(client));
	set_gap(r, GAP_GREETING, smtp->gap_in_greeting);
	set_gap(r, GAP_EHLO_REPLY, smtp->gap_in_ehlo_reply);
	set_gap(r, GAP_STARTTLS, smtp->gap_in_starttls || s->gap_before_tls);
	set_gap(r, GAP_MAIL, smtp->gap_in_mail);
	set_gap(r, GAP_TLS, s->tls != NULL && tls_facts(s->tls)->gap);
	set_gap(r, GAP_TRUNCATED, r->flow.end == FLOW_CUT ||
	    client->snap_cut || server->snap_cut);
	set_gap(r, GAP_EVICTED, r->flow.end == FLOW_EVICTED);
	name_hole(r, smtp);
}

/* A side or the beginning is missing: silence about it proves nothing.  A
 * greeting that was heard is the beginning, SYN or not. */
static bool
half_heard(const struct session_record *r, const struct smtp_facts *smtp)
{
	return (record_lacks(r, GAP_MIDSTREAM) && smtp->greeting_code == 0) ||
	    record_lacks(r, GAP_CLIENT_ONLY) ||
	    record_lacks(r, GAP_SERVER_ONLY);
}

/* A client does not go on to STARTTLS by itself: a server answered it. */
static bool
server_unheard(const struct session_record *r, const struct session *s)
{
	return r->flow.side[SIDE_SERVER].octets == 0 && s->smtp != NULL;
}

/* A hole in what the client said, elsewhere than in its mail. */
static bool
client_lacks(const struct session_record *r)
{
	const uint32_t elsewhere = 1U << GAP_GREETING | 1U << GAP_EHLO_REPLY |
	    1U << GAP_STARTTLS;

	return r->flow.side[SIDE_CLIENT].missing > 0 &&
	    (r->gaps & elsewhere) != 0;
}

static bool
mail_began(const struct smtp_facts *f)
{
	return f->mail_commands > 0 || f->data_commands > 0;
}

static void
conclude_protocol(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	r->protocol = RECORD_NONE;
	if (s->implicit_tls) {
		/* In the middle of a connection nobody can tell what stood
		 * before the first record. */
		r->protocol = record_lacks(r, GAP_MIDSTREAM) ? RECORD_NONE :
		    RECORD_TLS;
		return;
	}
	switch (smtp->protocol) {
	case SMTP_NOTHING:
		break;
	case SMTP_SMTP:
		r->protocol = RECORD_SMTP;
		break;
	case SMTP_LMTP:
		r->protocol = RECORD_LMTP;
		break;
	case SMTP_FOREIGN:
		r->protocol = RECORD_OTHER;
		break;
	}
}

/* It went no further than where it might ask for something. */
static bool
may_still_ask(const struct session_record *r, const struct smtp_facts *smtp)
{
	return !ended(r) && !mail_began(smtp) && !smtp->quit;
}

static void
conclude_offer(struct session_record *r, const struct smtp_facts *smtp)
{
	bool may_have_asked;

	/* "Not asked" is an absence too: an EHLO may stand in a hole, before
	 * the HELO that follows its refusal, or after the capture's end. */
	may_have_asked = half_heard(r, smtp) || client_lacks(r) ||
	    record_lacks(r, GAP_GREETING) || record_lacks(r, GAP_EHLO_REPLY) ||
	    may_still_ask(r, smtp);
	r->offer = smtp->offer;
	if (r->offer == OFFER_NOT_ASKED && may_have_asked)
		r->offer = OFFER_UNSEEN;
}

static void
conclude_starttls(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	switch (smtp->starttls) {
	case STARTTLS_SENT:
		r->starttls = RECORD_STARTTLS_SENT;
		return;
	case STARTTLS_MASKED:
		r->starttls = RECORD_STARTTLS_MASKED;
		return;
	case STARTTLS_NOT_SENT:
		break;
	}
	r->starttls = RECORD_STARTTLS_NOT_SENT;
	if (record_lacks(r, GAP_STARTTLS) || record_lacks(r, GAP_SERVER_ONLY) ||
	    client_lacks(r) ||
	    (half_heard(r, smtp) && smtp->hello == HELLO_NONE) ||
	    /* who speaks TLS asks for it no more */
	    (may_still_ask(r, smtp) &&
	    s->side[SIDE_CLIENT].reader != READER_TLS))
		r->starttls = RECORD_STARTTLS_UNSEEN;
}

/* The handshake stopped without a word of its own: say how. */
static enum tls_failure
stopped_by(const struct session_record *r)
{
	switch (r->flow.end) {
	case FLOW_RESET:
		return TLS_FAIL_RESET;
	case FLOW_FINISHED:
		return TLS_FAIL_CLOSED;
	case FLOW_IDLE:
	case FLOW_REPLACED:
		return TLS_FAIL_TIMEOUT;
	case FLOW_OPEN:
	case FLOW_EVICTED:
	case FLOW_CUT:
		return TLS_FAIL_NONE;
	}
	return TLS_FAIL_NONE;
}

/* No ClientHello after an accepted STARTTLS, or none at all. */
static void
conclude_no_tls(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	bool accepted = smtp->starttls == STARTTLS_SENT &&
	    smtp->starttls_reply >= 200 && smtp->starttls_reply < 300;

	r->tls_state = RECORD_TLS_NONE;
	if (accepted && smtp->plain_after_accept && !s->gap_before_tls) {
		r->tls_state = RECORD_TLS_FAILED;
		r->tls_failure = TLS_FAIL_PLAINTEXT;
	} else if (accepted && ended(r)) {
		r->tls_state = RECORD_TLS_FAILED;
		r->tls_failure = TLS_FAIL_NO_HELLO;
	} else if (accepted || record_lacks(r, GAP_STARTTLS) ||
	    r->starttls == RECORD_STARTTLS_UNSEEN ||
	    (smtp->starttls == STARTTLS_SENT && smtp->starttls_reply == 0 &&
	    (r->gaps != 0 || !ended(r))))
		r->tls_state = RECORD_TLS_UNSEEN;
	if (r->tls_state == RECORD_TLS_FAILED &&
	    (record_lacks(r, GAP_STARTTLS) || record_lacks(r, GAP_TLS) ||
	    record_lacks(r, GAP_SERVER_ONLY)) &&
	    r->tls_failure == TLS_FAIL_NO_HELLO) {
		r->tls_state = RECORD_TLS_UNSEEN;
		r->tls_failure = TLS_FAIL_NONE;
	}
}

/* Nobody said that it failed; octets just ceased. */
static bool
ended_only(const struct tls_facts *f)
{
	return f->failure == TLS_FAIL_RESET || f->failure == TLS_FAIL_CLOSED ||
	    f->failure == TLS_FAIL_NO_HELLO;
}

static void
conclude_tls(struct session_record *r, const struct session *s,
    const struct smtp_facts *smtp)
{
	const struct tls_facts *f;

	if (s->tls == NULL) {
		conclude_no_tls(r, s, smtp);
		return;
	}
	f = tls_facts(s->tls);
	switch (f->state) {
	case TLS_ESTABLISHED:
		r->tls_state = RECORD_TLS_ESTABLISHED;
		return;
	case TLS_FAILED:
		if (ended_only(f) && server_unheard(r, s)) {
			r->tls_state = RECORD_TLS_UNSEEN;
			return;
		}
		r->tls_state = RECORD_TLS_FAILED;
		r->tls_failure = f->failure;
		return;
	case TLS_NOTHING:
	case TLS_HELLO:
	case TLS_ANSWERED:
		break;
	}
	if (ended(r) && !f->gap && !f->client_went_on &&
	    !half_heard(r, smtp) && !server_unheard(r, s)) {
		r->tls_state = RECORD_TLS_FAILED;
		r->tls_failure = stopped_by(r);
	} else
		r->tls_state = RECORD_TLS_UNSEEN;
}

static void
conclude_certificate(struct session_record *r, const struct session *s)
{
	const struct tls_facts *f;

	r->certificate = RECORD_CERTIFICATE_UNKNOWN;
	if (s->tls == NULL)
		return;
	f = tls_facts(s->tls);
	if (f->certificate_seen && f->chain_len > 0)
		r->certificate = RECORD_CERTIFICATE_VISIBLE;
	else if (f->certificate_none)
		r->certificate = RECORD_CERTIFICATE_NONE;
	else if (f->certificate_hidden)
		r->certificate = RECORD_CERTIFICATE_HIDDEN;
}

static void
conclude_protection(struct session_record *r, const struct smtp_facts *smtp)
{
	if (smtp->mails_accepted > 0 || smtp->mails_unanswered > 0 ||
	    smtp_rare(smtp)->auth != NULL)
		r->protection = RECORD_CLEARTEXT;
	else if (r->tls_state == RECORD_TLS_ESTABLISHED)
		r->protection = RECORD_TLS_PROTECTED;
	else if (r->tls_state == RECORD_TLS_UNSEEN || !ended(r) ||
	    half_heard(r, smtp) || record_lacks(r, GAP_MAIL) ||
	    r->flow.side[SIDE_CLIENT].missing > 0 ||
	    record_lacks(r, GAP_TLS) || record_lacks(r, GAP_STARTTLS) ||
	    r->protocol == RECORD_NONE)
		r->protection = RECORD_UNKNOWN;
	else
		r->protection = RECORD_NO_MAIL;
}

/* What makes a connection this one, whichever run reads it. */
static uint64_t
identity(const struct flow_facts *f)
{
	struct {
		uint8_t		ip[SIDES][16];
		int64_t		start;
		uint32_t	isn[SIDES];
		uint16_t	port[SIDES];
		uint8_t		zero[4];
	} key;

	memset(&key, 0, sizeof(key));
	for (int i = 0; i < SIDES; i++) {
		memcpy(key.ip[i], f->ip[i].octets, 16);
		key.port[i] = f->port[i];
		key.isn[i] = f->side[i].syn ? f->side[i].isn : 0;
	}
	key.start = f->first.time;
	return XXH3_64bits(&key, sizeof(key));
}

static void
swap_sides(struct flow_facts *f)
{
	struct flow_traits t = f->side[SIDE_CLIENT];
	struct addr ip = f->ip[SIDE_CLIENT];
	uint16_t port = f->port[SIDE_CLIENT];
	bool reset = f->reset_by[SIDE_CLIENT];

	f->side[SIDE_CLIENT] = f->side[SIDE_SERVER];
	f->side[SIDE_SERVER] = t;
	f->ip[SIDE_CLIENT] = f->ip[SIDE_SERVER];
	f->ip[SIDE_SERVER] = ip;
	f->port[SIDE_CLIENT] = f->port[SIDE_SERVER];
	f->port[SIDE_SERVER] = port;
	f->reset_by[SIDE_CLIENT] = f->reset_by[SIDE_SERVER];
	f->reset_by[SIDE_SERVER] = reset;
}

/* What was learnt so far, into a record that has nothing of it yet. */
static void
conclude(struct session_record *r, const struct session *s,
    const struct flow_facts *facts)
{
	const struct smtp_facts *smtp = s->smtp != NULL ?
	    smtp_facts(s->smtp) : &silence;

	r->flow = *facts;
	if (s->flipped)
		swap_sides(&r->flow);
	r->identity = identity(&r->flow);
	r->tls = s->tls;
	conclude_gaps(r, s, smtp);
	conclude_protocol(r, s, smtp);
	if (s->smtp != NULL) {
		conclude_offer(r, smtp);
		conclude_starttls(r, s, smtp);
	} else
		r->offer = s->implicit_tls &&
		    !record_lacks(r, GAP_MIDSTREAM) ? OFFER_NOT_ASKED :
		    OFFER_UNSEEN;
	if (s->smtp == NULL && s->implicit_tls &&
	    !record_lacks(r, GAP_MIDSTREAM))
		r->starttls = RECORD_STARTTLS_NOT_SENT;
	conclude_tls(r, s, smtp);
	conclude_certificate(r, s);
	conclude_protection(r, smtp);
	conclude_name(r, s, smtp);
	r->odd = path_oddities(s->path, s->path_side);
	r->tls = NULL;
}

struct session_record *
session_conclude(struct session *s, const struct flow_facts *facts)
{
	struct session_record *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	conclude(r, s, facts);
	community_id(s->world->digest, r->flow.ip, r->flow.port,
	    r->community_id);

	/* The record takes over what the session read with. */
	r->source = s->source;
	r->evidence = flow_take_kept(s->flow);
	r->book = s->book;
	r->smtp = s->smtp;
	r->tls = s->tls;
	r->dialogue = s->dialogue;
	r->conflicts = s->conflicts;
	r->conflicts_kept = s->conflicts_kept;
	r->conflicts_seen = s->conflicts_seen;
	s->source = NULL;
	s->book = NULL;
	s->smtp = NULL;
	s->tls = NULL;
	s->dialogue = NULL;
	s->conflicts = NULL;
	return r;
}

struct session_record *
session_conclude_early(const struct session *s, enum record_stage stage)
{
	struct session_record *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->stage = stage;
	conclude(r, s, flow_facts(s->flow));
	if (stage == RECORD_NOTE)
		return r;
	community_id(s->world->digest, r->flow.ip, r->flow.port,
	    r->community_id);
	r->source = strdup(s->source != NULL ? s->source : "");
	r->smtp = s->smtp != NULL ? smtp_snapshot(s->smtp) : NULL;
	r->tls = s->tls != NULL ? tls_snapshot(s->tls) : NULL;
	r->dialogue = s->dialogue != NULL ? dialogue_copy(s->dialogue) : NULL;
	if (s->conflicts_kept > 0 && (r->conflicts = calloc(
	    s->conflicts_kept, sizeof(r->conflicts[0]))) != NULL) {
		memcpy(r->conflicts, s->conflicts,
		    s->conflicts_kept * sizeof(r->conflicts[0]));
		r->conflicts_kept = s->conflicts_kept;
	}
	r->conflicts_seen = s->conflicts_seen;
	if (r->source != NULL && (s->smtp == NULL || r->smtp != NULL) &&
	    (s->tls == NULL || r->tls != NULL))
		return r;
	session_record_free(r);
	return NULL;
}

void
session_record_free(struct session_record *r)
{
	if (r == NULL)
		return;
	free(r->conflicts);
	free(r->odd);
	free(r->dns);
	evidence_free(r->evidence);
	free(r->server_name);
	dialogue_free(r->dialogue);
	tls_free(r->tls);
	smtp_free(r->smtp);
	if (book_text_at(r->book, r->source) == NULL)
		free((char *)r->source);
	book_drop(r->book);
	release(r, sizeof(*r));
}
