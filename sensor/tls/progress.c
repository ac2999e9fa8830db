/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tls/progress.h"

#define TLS_1_3	0x0304

/* The only place a state changes. */
void
tls_progress_enter(struct tls *t, enum tls_state next)
{
	if (next != TLS_FAILED) {
		t->facts.failure = TLS_FAIL_NONE;
		free((char *)t->facts.failure_text);
		t->facts.failure_text = NULL;
	}
	t->facts.state = next;
}

void
tls_progress_fail(struct tls *t, enum tls_failure why, enum side who,
    struct mark at)
{
	if (t->facts.state == TLS_ESTABLISHED ||
	    t->facts.state == TLS_FAILED)
		return;
	tls_progress_enter(t, TLS_FAILED);
	t->facts.failure = why;
	t->facts.failed_by = who;
	t->facts.failed_at = at;
}

/*
 * What a cipher suite of TLS 1.3 adds to a record, and the length of its
 * Finished (RFC 8446 4.4.4): by these an encrypted record's kind is told
 * from outside.  A record may be padded; mail servers do not.
 */
static unsigned
tag_length(uint16_t cipher)
{
	switch (cipher) {
	case 0x1305:			/* CCM_8 */
		return 8;
	case 0xc0b4:			/* RFC 9150, integrity only */
		return 32;
	case 0xc0b5:
		return 48;
	}
	return 16;
}

static unsigned
alert_size(uint16_t cipher)
{
	return 2 + 1 + tag_length(cipher);
}

static unsigned
finished_size(uint16_t cipher)
{
	unsigned hash = 32;

	if (cipher == 0x1302 || cipher == 0xc0b5)
		hash = 48;
	else if (cipher == 0x1306)
		hash = 64;
	return 4 + hash + 1 + tag_length(cipher);
}

static bool
unseen(const struct tls_side *s)
{
	return !s->heard || s->lost;
}

/* Application records that are no alerts, of the first TLS_SIZES by their
 * length, of the rest all. */
static unsigned
speaking(const struct tls_side *s, unsigned alert)
{
	unsigned n = s->data > TLS_SIZES ? s->data - TLS_SIZES : 0;

	for (unsigned i = 0; i < s->data && i < TLS_SIZES; i++)
		n += s->sizes[i] > alert;
	return n;
}

/*
 * The client's Finished: after the hellos only Certificate and
 * CertificateVerify may stand before it (an empty Certificate is shorter),
 * and those are followed by it at once.  With 0-RTT offered other data may,
 * so there only the exact length will do.
 */
static bool
client_finished(const struct tls *t, unsigned finished)
{
	const struct tls_side *c = &t->side[SIDE_CLIENT];

	for (unsigned i = 0; i < c->data && i < TLS_SIZES; i++)
		if (t->facts.early_data ? c->sizes[i] == finished :
		    c->sizes[i] >= finished)
			return true;
	return false;
}

/*
 * The server alone: its Finished, by the exact length, and more behind it
 * that is no alert; or more records than a handshake has messages
 * (EncryptedExtensions, CertificateRequest, Certificate,
 * CertificateVerify, Finished).
 */
static bool
server_went_on(const struct tls_side *s, unsigned finished, unsigned alert)
{
	bool seen = false;

	for (unsigned i = 0; i < s->data && i < TLS_SIZES; i++) {
		if (seen && s->sizes[i] > alert)
			return true;
		if (s->sizes[i] == finished)
			seen = true;
	}
	return speaking(s, alert) > 5;
}

static bool
judge13(const struct tls *t)
{
	const struct tls_side *c = &t->side[SIDE_CLIENT];
	const struct tls_side *s = &t->side[SIDE_SERVER];
	unsigned alert = alert_size(t->facts.cipher);
	unsigned finished = finished_size(t->facts.cipher);

	if (!unseen(c))
		return client_finished(t, finished) &&
		    (s->data > 0 || unseen(s));
	if (!unseen(s))
		return server_went_on(s, finished, alert);
	/* More than Certificate, CertificateVerify and Finished. */
	return speaking(c, alert) > 3 && !t->facts.early_data;
}

/*
 * In a full handshake the server finishes last, in an abbreviated one the
 * client (RFC 5246 7.3): who finishes last proves the other's Finished, for
 * who does not, application data does.  Two records of the client, because
 * it may send the first before the server finishes (RFC 7918).
 */
static bool
judge12(const struct tls *t)
{
	const struct tls_side *c = &t->side[SIDE_CLIENT];
	const struct tls_side *s = &t->side[SIDE_SERVER];

	if (!unseen(c) && !unseen(s))
		return c->finished && s->finished && (t->facts.resumed ||
		    t->facts.key_exchange[SIDE_CLIENT] || t->facts.gap);
	if (!unseen(s))
		return s->finished && (s->data > 0 ||
		    t->facts.key_exchange[SIDE_SERVER]);
	if (!unseen(c))
		return c->finished && c->data > 1;
	return c->data > 1 && s->data > 1;
}

/* Without a ServerHello nothing is established, but it can be plain that
 * it must have been: of an unknown suite, the shortest Finished and more. */
static void
judge_client_alone(struct tls *t)
{
	const struct tls_side *c = &t->side[SIDE_CLIENT];
	bool finished = c->finished;

	if (!t->facts.client_hello || t->facts.early_data ||
	    !t->facts.change_cipher[SIDE_CLIENT])
		return;
	for (unsigned i = 0; i < c->data && i < TLS_SIZES; i++) {
		if (finished && c->sizes[i] > alert_size(0))
			t->facts.client_went_on = true;
		if (c->sizes[i] >= finished_size(0))
			finished = true;
	}
}

/*
 * RFC 8446 6: before the handshake is over only an alert is that short.  If
 * the client is not seen, neither is that end: but a conversation has more
 * records of the server before its close_notify than two.
 */
static void
judge_alerts(struct tls *t, struct mark at)
{
	unsigned alert = alert_size(t->facts.cipher);
	unsigned first[SIDES] = {
		[SIDE_CLIENT] = t->facts.early_data ? 0 : TLS_SIZES,
		[SIDE_SERVER] = unseen(&t->side[SIDE_CLIENT]) ? 3 : TLS_SIZES,
	};
	const struct tls_side *s;

	/* The Finished may be in the gap, and this be the end. */
	if (t->facts.gap)
		return;
	for (int who = 0; who < SIDES; who++) {
		s = &t->side[who];
		for (unsigned i = 0; i < s->data && i < first[who]; i++)
			if (s->sizes[i] == alert) {
				t->facts.alert_hidden = true;
				tls_progress_fail(t, TLS_FAIL_ALERT,
				    (enum side)who, at);
				return;
			}
	}
}

/*
 * A client that has closed its half may still hear the server finish; and
 * nothing else is mended by what comes later.
 */
static bool
still_open(const struct tls_facts *f)
{
	return f->state != TLS_ESTABLISHED && (f->state != TLS_FAILED ||
	    (f->failure == TLS_FAIL_CLOSED && f->failed_by == SIDE_CLIENT));
}

void
tls_progress_judge(struct tls *t, struct mark at)
{
	struct tls_facts *f = &t->facts;

	if (!still_open(f))
		return;
	if (!f->server_hello) {
		judge_client_alone(t);
		return;
	}
	if (f->version == TLS_1_3 ? judge13(t) : judge12(t)) {
		tls_progress_enter(t, TLS_ESTABLISHED);
		f->established_at = at;
	} else if (f->version == TLS_1_3)
		judge_alerts(t, at);
}

/* TLS 1.2 and below: its kind is hidden, but none belongs before the end.
 * One behind its sender's Finished may be the close_notify of a session of
 * which the other side is not seen. */
static void
judge_encrypted_alert(struct tls *t, enum side who, struct mark at)
{
	const struct tls_side *s = &t->side[who];
	const struct tls_side *other = &t->side[side_other(who)];

	if (t->facts.gap || s->lost ||
	    (s->finished && (other->finished || unseen(other))))
		return;
	t->facts.alert_hidden = true;
	tls_progress_fail(t, TLS_FAIL_ALERT, who, at);
}

void
tls_progress_encrypted(struct tls *t, enum side who, struct mark at)
{
	struct tls_side *s = &t->side[who];
	struct tls_facts *f = &t->facts;

	if (f->encrypted_records[who] < 255)
		f->encrypted_records[who]++;
	if (f->state == TLS_ESTABLISHED)
		return;
	switch (s->record.type) {
	case TLS_HANDSHAKE:
		if (s->enciphered || s->changed)
			s->finished = true;
		break;
	case TLS_DATA:
		if (s->data < TLS_SIZES)
			s->sizes[s->data] = s->record.length;
		if (s->data < 255)
			s->data++;
		break;
	case TLS_ALERT:
		judge_encrypted_alert(t, who, at);
		break;
	}
	tls_progress_judge(t, at);
}

/* Could what we missed have been the rest of the handshake? */
static bool
missed_something(const struct tls *t)
{
	const struct tls_side *c = &t->side[SIDE_CLIENT];
	const struct tls_side *s = &t->side[SIDE_SERVER];

	return t->facts.gap || c->lost || s->lost || t->ssl2 ||
	    (unseen(c) && s->data > 2) || (unseen(s) && (c->data > 0 ||
	    t->facts.change_cipher[SIDE_CLIENT]));
}

void
tls_progress_end(struct tls *t, enum side who, bool reset, struct mark at)
{
	struct tls_facts *f = &t->facts;

	if (t->alert_last)
		tls_progress_fail(t, TLS_FAIL_ALERT, f->alert_by,
		    f->alert_at);
	else if (missed_something(t))
		return;
	else if (reset)
		tls_progress_fail(t, TLS_FAIL_RESET, who, at);
	else if (f->state == TLS_NOTHING && who == SIDE_CLIENT)
		tls_progress_fail(t, TLS_FAIL_NO_HELLO, who, at);
	else
		tls_progress_fail(t, TLS_FAIL_CLOSED, who, at);
}
