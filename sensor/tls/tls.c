/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tls/certificate_internal.h"
#include "tls/progress.h"

#define WATCH	8	/* records of a side heard after the handshake */

struct tls *
tls_new(struct digest *digest, struct certificate_cache *cache)
{
	struct tls *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->digest = digest;
	t->cache = cache;
	t->room = certificate_cache_room(cache);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	for (int who = 0; who < SIDES; who++) {
		tls_handshake_reset(&t->side[who].handshake, t->room);
		free(t->side[who].text);
	}
	for (unsigned i = 0; i < t->facts.chain_len; i++)
		certificate_drop(t->facts.chain[i]);
	free(t->facts.chain);
	free((char *)t->facts.failure_text);
	free((char *)t->facts.sni);
	free((char *)t->facts.alpn);
	free(t);
}

const struct tls_facts *
tls_facts(const struct tls *t)
{
	return &t->facts;
}

static void
deafen(struct tls *t, enum side who)
{
	struct tls_side *s = &t->side[who];

	tls_handshake_reset(&s->handshake, t->room);
	s->mode = TLS_DEAF;
}

/* RFC 8446 5 and appendix D.4: in TLS 1.3 it is there for middleboxes and
 * changes nothing; the client's may come before the version is known. */
static void
hear_change(struct tls *t, enum side who)
{
	struct tls_facts *f = &t->facts;
	struct tls_side *s = &t->side[who];

	f->change_cipher[who] = true;
	if (f->version == 0x0304 || (f->hello_retry && !f->server_hello))
		return;
	tls_handshake_reset(&s->handshake, t->room);
	if (who == SIDE_CLIENT && !f->server_hello && !f->key_exchange[who]) {
		s->changed = true;
		return;
	}
	s->enciphered = true;
	if (who == SIDE_SERVER && f->server_hello && !s->lost) {
		/* abbreviated, RFC 5246 7.3: nothing came between */
		f->resumed = !f->certificate_seen && !f->key_exchange[who] &&
		    !f->oversized;
		if (f->resumed && !f->certificate_none)
			f->certificate_hidden = true;
	}
}

static void
hear_alert(struct tls *t, enum side who, struct span body, struct mark at)
{
	struct tls_side *s = &t->side[who];
	struct tls_facts *f = &t->facts;
	uint8_t level, code;
	bool fatal;

	for (size_t i = 0; i < body.len && s->alert_len < 2; i++)
		s->alert[s->alert_len++] = body.at[i];
	if (s->alert_len < 2)
		return;
	s->opaque = true;
	level = s->alert[0];
	code = s->alert[1];
	/* TLS 1.3 knows two alerts that are none: RFC 8446 6.1 */
	fatal = level != 1 || (f->version == 0x0304 && code != 0 &&
	    code != 90);
	if (!f->alert || (fatal && f->alert_level == TLS_ALERT_WARNING)) {
		f->alert = true;
		f->alert_by = who;
		f->alert_level = level;
		f->alert_code = code;
		f->alert_at = at;
	}
	t->alert_last = who == f->alert_by;
	if (fatal)
		tls_progress_fail(t, TLS_FAIL_ALERT, who, at);
}

/* The client begins: takes back what text ahead of it made us say. */
static void
begin_hello(struct tls *t)
{
	struct tls_facts *f = &t->facts;

	if (f->client_hello)
		return;
	if (f->state == TLS_NOTHING || (f->state == TLS_FAILED &&
	    (f->failure == TLS_FAIL_NO_HELLO ||
	    f->failure == TLS_FAIL_PLAINTEXT)))
		tls_progress_enter(t, TLS_HELLO);
}

static void
begin_record(struct tls *t, enum side who, struct mark at)
{
	struct tls_side *s = &t->side[who];
	const struct tls_record *r = &s->record;
	bool clear = !s->enciphered && !((s->changed || s->lost) &&
	    r->length != 2);

	s->heard = true;
	s->opaque = true;
	if (t->facts.alert_by == who && r->type != TLS_ALERT)
		t->alert_last = false;
	if (t->facts.state == TLS_ESTABLISHED ||
	    t->facts.state == TLS_FAILED) {
		if (++s->watched > WATCH) {
			deafen(t, who);
			return;
		}
	}
	switch (r->type) {
	case TLS_SSL2_HELLO:
		begin_hello(t);
		tls_handshake_begin(&s->handshake, TLS_SSL2_CLIENT_HELLO,
		    r->length);
		tls_handshake_want(&s->handshake);
		s->opaque = false;
		break;
	case TLS_CHANGE_CIPHER:
		hear_change(t, who);
		break;
	case TLS_ALERT:
		s->alert_len = 0;
		s->opaque = !clear;
		if (s->opaque)
			tls_progress_encrypted(t, who, at);
		break;
	case TLS_HANDSHAKE:
		s->opaque = s->enciphered;
		if (s->opaque)
			tls_progress_encrypted(t, who, at);
		else if (who == SIDE_CLIENT)
			begin_hello(t);
		break;
	case TLS_DATA:
		tls_progress_encrypted(t, who, at);
		break;
	}
}

/*
 * Where it is open whether a record is still in clear -- behind a
 * ChangeCipherSpec that may be TLS 1.3's, or behind a gap -- a message
 * header must make sense in its record; chance or a cipher give such ones
 * hardly ever.
 */
static bool
plausible(const struct tls_side *s, enum side who, size_t left)
{
	const struct tls_handshake *h = &s->handshake;

	if (s->changed)
		return h->type == TLS_CLIENT_HELLO && h->length == left;
	if (!s->lost)
		return true;
	if (h->type == TLS_CERTIFICATE && h->length <= TLS_HANDSHAKE_MAX)
		return true;
	return h->length <= left && (who == SIDE_CLIENT ?
	    h->type == TLS_CLIENT_HELLO || h->type == TLS_CLIENT_KEY_EXCHANGE :
	    h->type == TLS_SERVER_HELLO || h->type == TLS_SERVER_KEY_EXCHANGE ||
	    h->type == TLS_SERVER_HELLO_DONE);
}

/* What a message's header says already; is its body wanted? */
static bool
hear_message_header(struct tls *t, enum side who)
{
	struct tls_facts *f = &t->facts;
	const struct tls_handshake *h = &t->side[who].handshake;

	switch (h->type) {
	case TLS_CLIENT_HELLO:
		f->oversized |= who == SIDE_CLIENT &&
		    h->length > TLS_HANDSHAKE_MAX;
		return who == SIDE_CLIENT;
	case TLS_SERVER_HELLO:
	case TLS_CERTIFICATE:
		f->oversized |= who == SIDE_SERVER &&
		    h->length > TLS_HANDSHAKE_MAX;
		return who == SIDE_SERVER;
	case TLS_SERVER_KEY_EXCHANGE:
	case TLS_SERVER_HELLO_DONE:
		if (who == SIDE_SERVER) {
			f->key_exchange[who] = true;
			f->resumed = false;
			if (f->version < 0x0304)
				f->certificate_hidden = false;
		}
		return false;
	case TLS_CLIENT_KEY_EXCHANGE:
		if (who == SIDE_CLIENT)
			f->key_exchange[who] = true;
		return false;
	}
	return false;
}

static void
hear_message(struct tls *t, uint8_t type, struct span body, struct mark at)
{
	switch (type) {
	case TLS_SSL2_CLIENT_HELLO:
	case TLS_CLIENT_HELLO:
		tls_hello_client(t, type, body, at);
		break;
	case TLS_SERVER_HELLO:
		tls_hello_server(t, body, at);
		break;
	case TLS_CERTIFICATE:
		tls_hello_certificate(t, body, at);
		break;
	}
}

static void
hear_handshake(struct tls *t, enum side who, struct span body,
    struct mark at)
{
	struct tls_side *s = &t->side[who];
	struct tls_handshake *h = &s->handshake;
	struct span message;

	while (body.len > 0) {
		switch (tls_handshake_read(h, t->room, &body, &message)) {
		case TLS_HANDSHAKE_MORE:
			t->facts.oversized |= h->refused;
			break;
		case TLS_HANDSHAKE_HEADER:
			if (!plausible(s, who, body.len + s->record.left)) {
				tls_handshake_reset(h, t->room);
				s->opaque = true;
				tls_progress_encrypted(t, who, at);
				return;
			}
			if (hear_message_header(t, who))
				tls_handshake_want(h);
			break;
		case TLS_HANDSHAKE_MESSAGE:
			hear_message(t, h->type, message, at);
			tls_handshake_reset(h, t->room);
			break;
		}
	}
}

static void
hear_body(struct tls *t, enum side who, struct span body, struct mark at)
{
	if (t->side[who].opaque)
		return;
	if (t->side[who].record.type == TLS_ALERT)
		hear_alert(t, who, body, at);
	else
		hear_handshake(t, who, body, at);
}

/* An SSL 2.0 server answers an SSL 2.0 hello: length, SERVER-HELLO (4).
 * Nobody alive does; it is told from garbage, and not followed. */
static bool
answers_ssl2(struct tls *t, enum side who, struct span rest, struct mark at)
{
	if (who != SIDE_SERVER || !t->facts.ssl2_hello ||
	    t->facts.server_hello || (rest.at[0] & 0x80) == 0)
		return false;
	t->ssl2 = true;
	t->facts.server_hello = true;
	t->facts.server_hello_at = at;
	t->facts.version = 0x0002;
	tls_progress_enter(t, TLS_ANSWERED);
	deafen(t, SIDE_CLIENT);
	return true;
}

static enum tls_next
hear_garbage(struct tls *t, enum side who, struct span rest, struct mark at)
{
	struct tls_side *s = &t->side[who];

	/* behind a gap it may be our own blindness */
	if (!s->lost && !answers_ssl2(t, who, rest, at)) {
		if (t->facts.state == TLS_ESTABLISHED) {
			t->facts.broken_after = true;
			t->facts.broken_by = who;
			t->facts.broken_at = at;
		}
		tls_progress_fail(t, TLS_FAIL_GARBAGE, who, at);
	}
	deafen(t, who);
	return TLS_ENOUGH;
}

/*
 * Behind a gap we may stand amid a record, where names are readable too: only
 * a whole line is text there, and of the server only a reply
 * (RFC 5321 section 4.2).
 */
static bool
surely_text(const struct tls_side *s, enum side who, struct span rest)
{
	struct span before = tls_plaintext_before(s);
	uint8_t code[4] = { 0 };
	size_t n = 0, all = before.len + rest.len;

	for (; n < all; n++) {
		uint8_t c = n < before.len ? before.at[n] :
		    rest.at[n - before.len];

		if (c == '\n')
			break;
		if ((c < 0x20 || c > 0x7e) && c != '\r')
			return false;
		if (n < sizeof(code))
			code[n] = c;
	}
	if (n == all || n < sizeof(code))
		return false;
	return who == SIDE_CLIENT || (code[0] >= '2' && code[0] <= '5' &&
	    code[1] >= '0' && code[1] <= '9' && code[2] >= '0' &&
	    code[2] <= '9' && (code[3] == ' ' || code[3] == '-'));
}

static enum tls_next
hear_text(struct tls *t, enum side who, struct span *rest, struct mark at)
{
	struct tls_side *s = &t->side[who];

	if (s->lost && t->facts.state == TLS_ESTABLISHED) {
		deafen(t, who);
		return TLS_ENOUGH;
	}
	if (!tls_plaintext_collect(s, rest))
		return TLS_MORE;
	if (s->lost && !surely_text(s, who, s->text_cut ?
	    span_of(NULL, 0) : *rest)) {
		deafen(t, who);
		return TLS_ENOUGH;
	}
	tls_plaintext_judge(t, who, s->text_cut ? span_of(NULL, 0) : *rest,
	    at);
	if (t->facts.state != TLS_ESTABLISHED)
		return TLS_NOT_TLS;
	deafen(t, who);
	return TLS_ENOUGH;
}

/* Text was said and the caller comes back: a record may begin again. */
static void
begin_again(struct tls_side *s)
{
	free(s->text);
	s->text = NULL;
	s->text_len = 0;
	s->text_cut = false;
	s->said_text = false;
	s->record.held_len = 0;
}

static enum tls_next
hear(struct tls *t, enum side who, struct span *rest, struct mark at)
{
	struct tls_side *s = &t->side[who];
	struct span body;

	if (s->said_text)
		begin_again(s);
	while (s->mode == TLS_READING && rest->len > 0) {
		switch (tls_record_read(&s->record, rest, &body,
		    who == SIDE_CLIENT && !s->heard)) {
		case TLS_RECORD_MORE:
			break;
		case TLS_RECORD_HEADER:
			begin_record(t, who, at);
			break;
		case TLS_RECORD_BODY:
			hear_body(t, who, body, at);
			break;
		case TLS_RECORD_TEXT:
			return hear_text(t, who, rest, at);
		case TLS_RECORD_GARBAGE:
			return hear_garbage(t, who, s->record.held_len > 0 ?
			    span_of(s->record.held, 1) : *rest, at);
		}
	}
	if (s->mode == TLS_COLLECTING && rest->len > 0)
		return hear_text(t, who, rest, at);
	return s->mode == TLS_DEAF ? TLS_ENOUGH : TLS_MORE;
}

enum tls_next
tls_hear(struct tls *t, enum side who, struct span octets, struct mark at,
    size_t *used)
{
	struct span rest = octets;
	enum tls_next next = hear(t, who, &rest, at);

	*used = next == TLS_NOT_TLS ? octets.len - rest.len : octets.len;
	return next;
}

struct span
tls_plaintext(const struct tls *t, enum side who)
{
	const struct tls_side *s = &t->side[who];

	return s->said_text ? tls_plaintext_before(s) : span_of(NULL, 0);
}

void
tls_missed(struct tls *t)
{
	t->facts.gap = true;
}

void
tls_gap(struct tls *t, enum side who, uint64_t octets)
{
	struct tls_side *s = &t->side[who];

	if (s->mode == TLS_DEAF || octets == 0)
		return;
	if (t->facts.state != TLS_ESTABLISHED &&
	    t->facts.state != TLS_FAILED)
		t->facts.gap = true;
	if (s->mode == TLS_COLLECTING) {
		s->text_cut = true;
		return;
	}
	if (octets <= s->record.left && (s->opaque ||
	    tls_handshake_skip(&s->handshake, t->room, octets))) {
		s->record.left = (uint16_t)(s->record.left - octets);
		return;
	}
	s->lost = true;
	tls_handshake_reset(&s->handshake, t->room);
	s->opaque = true;
	if (octets <= s->record.left) {
		s->record.left = (uint16_t)(s->record.left - octets);
		return;
	}
	s->record.left = 0;
	s->record.held_len = 0;
}

void
tls_end(struct tls *t, enum side who, bool reset, struct mark at)
{
	struct tls_side *s = &t->side[who];
	const struct tls_record *r = &s->record;

	/* a line that will never be whole */
	if (!s->said_text && !s->lost && (s->mode == TLS_COLLECTING ||
	    (s->mode == TLS_READING && r->held_len > 0 &&
	    r->held[0] < 0x80 && (r->held[0] > TLS_HEARTBEAT ||
	    r->held[0] < TLS_CHANGE_CIPHER))))
		tls_plaintext_judge(t, who, span_of(NULL, 0), at);
	tls_progress_end(t, who, reset, at);
}

uint64_t
tls_skippable(const struct tls *t, enum side who)
{
	const struct tls_side *s = &t->side[who];
	const struct tls_handshake *h = &s->handshake;

	if (s->mode != TLS_READING || s->record.left == 0)
		return 0;
	if (s->opaque)
		return s->record.left;
	if (s->record.type != TLS_HANDSHAKE || h->wanted ||
	    h->header_len < sizeof(h->header))
		return 0;
	return h->left < s->record.left ? h->left : s->record.left;
}

void
tls_skipped(struct tls *t, enum side who, uint64_t octets)
{
	struct tls_side *s = &t->side[who];
	uint64_t most = tls_skippable(t, who);

	if (octets > most)
		octets = most;
	if (!s->opaque)
		tls_handshake_skip(&s->handshake, t->room, octets);
	s->record.left = (uint16_t)(s->record.left - octets);
}

int
tls_looks_like_hello(struct span first)
{
	if (first.len == 0)
		return -1;
	if (first.at[0] != TLS_HANDSHAKE && (first.at[0] & 0x80) == 0)
		return 0;
	switch (tls_record_probe(first, true)) {
	case TLS_RECORD_MORE:
		return -1;
	case TLS_RECORD_HEADER:
		if ((first.at[0] & 0x80) != 0)
			return 1;
		return first.len < 6 ? -1 : first.at[5] == TLS_CLIENT_HELLO;
	case TLS_RECORD_BODY:
	case TLS_RECORD_TEXT:
	case TLS_RECORD_GARBAGE:
		break;
	}
	return 0;
}
