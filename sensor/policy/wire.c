/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/cursor.h"
#include "policy/grounds.h"
#include "policy/wire.h"

/* Microseconds: what is added to such a time stays a number. */
#define WIRE_TIME_MAX	(INT64_MAX / 2)

static void
put(struct wire *w, const void *at, size_t n)
{
	if (w->full || n > WIRE_MAX - w->len) {
		w->full = true;
		return;
	}
	if (n > 0)
		memcpy(w->at + w->len, at, n);
	w->len += n;
}

/* The n lower octets of a number. */
static void
put_number(struct wire *w, uint64_t number, size_t n)
{
	uint8_t octets[8];

	for (size_t i = 0; i < n; i++)
		octets[i] = (uint8_t)(number >> 8 * (n - 1 - i));
	put(w, octets, n);
}

static void
put_name(struct wire *w, const char *name)
{
	size_t n = strlen(name);

	assert(n < LOOKUP_NAME_MAX);
	put_number(w, n, 1);
	put(w, name, n);
}

static void
begin(struct wire *w, enum wire_kind kind)
{
	w->len = 0;
	w->full = false;
	put_number(w, kind, 1);
}

int
wire_kind_of(struct span message)
{
	return message.len == 0 ? 0 : message.at[0];
}

void
wire_write_hello(struct wire *w)
{
	begin(w, WIRE_HELLO);
}

void
wire_write_line(struct wire *w, enum wire_kind kind, const char *line)
{
	begin(w, kind);
	put(w, line, strlen(line));
}

void
wire_write_question(struct wire *w, uint64_t ticket,
    const struct policy_question *q)
{
	begin(w, WIRE_QUESTION);
	put_number(w, ticket, 8);
	put(w, q->server.octets, sizeof(q->server.octets));
	put_number(w, q->port, 2);
	put_number(w, q->curious, 1);
	put_name(w, q->sni);
	put_name(w, q->banner);
	put_number(w, q->ndomains, 1);
	for (unsigned i = 0; i < q->ndomains; i++)
		put_name(w, q->domains[i]);
	put_number(w, q->nnames, 1);
	for (unsigned i = 0; i < q->nnames; i++)
		put_name(w, q->names[i]);
}

static void
put_records(struct wire *w, const struct tlsa_set *s)
{
	put_number(w, s->count, 1);
	for (unsigned i = 0; i < s->count; i++) {
		const struct tlsa_record *r = &s->list[i];

		put_number(w, 3 + r->data.len, 2);
		put_number(w, r->usage, 1);
		put_number(w, r->selector, 1);
		put_number(w, r->matching, 1);
		put(w, r->data.at, r->data.len);
	}
}

static void
put_verdict(struct wire *w, const struct policy_answer *a)
{
	put_number(w, a->state, 1);
	put_number(w, a->why, 1);
	put_number(w, a->by, 1);
	put_number(w, a->tags, 4);
	put_number(w, a->sts, 1);
	put_number(w, a->sts_match, 1);
	put_number(w, a->sts_why, 1);
	put_number(w, a->hosts, 1);
	put_number(w, a->covered, 1);
	put_number(w, (uint64_t)a->valid_until, 8);
	put_number(w, (uint64_t)a->looked_up, 8);
	put_number(w, a->ttl, 4);
	put_name(w, a->domain);
	put_name(w, a->host);
	put_name(w, a->base);
	put_number(w, a->nreferences, 1);
	for (unsigned i = 0; i < a->nreferences; i++)
		put_name(w, a->references[i]);
	put_number(w, a->npromises, 1);
	for (unsigned i = 0; i < a->npromises; i++) {
		put_name(w, a->promises[i].domain);
		put_number(w, a->promises[i].state, 1);
		put_number(w, a->promises[i].why, 1);
	}
}

void
wire_write_answer(struct wire *w, uint64_t ticket,
    const struct policy_answer *a)
{
	static const struct tlsa_set none;
	size_t evidence = a->evidence == NULL ? 0 : strlen(a->evidence);
	bool leave_evidence = false, leave_records = false;

	for (;;) {
		begin(w, WIRE_ANSWER);
		put_number(w, ticket, 8);
		put_verdict(w, a);
		put_records(w, leave_records ? &none : &a->tlsa);
		put_name(w, leave_evidence ? "" : a->evidence_id);
		put(w, a->evidence, leave_evidence ? 0 : evidence);
		if (!w->full || leave_records)
			return;
		leave_records = leave_evidence;
		leave_evidence = true;
	}
}

static uint64_t
take_number(struct cursor *c, size_t n)
{
	struct span s = cursor_take(c, n);
	uint64_t number = 0;

	for (size_t i = 0; i < s.len; i++)
		number = number << 8 | s.at[i];
	return number;
}

/* A number below `limit`, or the message is none. */
static unsigned
take_below(struct cursor *c, unsigned limit)
{
	unsigned n = cursor_u8(c);

	if (n >= limit) {
		c->why = "out of range";
		return 0;
	}
	return n;
}

static void
take_name(struct cursor *c, char out[LOOKUP_NAME_MAX])
{
	struct span s = cursor_vector8(c);

	if (s.len >= LOOKUP_NAME_MAX || (s.len > 0 &&
	    memchr(s.at, '\0', s.len) != NULL)) {
		c->why = "not a name";
		s.len = 0;
	}
	if (s.len > 0)
		memcpy(out, s.at, s.len);
	out[s.len] = '\0';
}

bool
wire_read_line(struct span message, char *line, size_t size)
{
	struct span text = span_skip(message, 1);

	if (text.len == 0 || text.len >= size ||
	    memchr(text.at, '\0', text.len) != NULL)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return false;
	memcpy(line, text.at, text.len);
	line[text.len] = '\0';
	return true;
}

bool
wire_read_question(struct span message, uint64_t *ticket,
    struct policy_question *q)
{
	struct cursor c = cursor_over(span_skip(message, 1));
	struct span server;

	memset(q, 0, sizeof(*q));
	*ticket = take_number(&c, 8);
	server = cursor_take(&c, sizeof(q->server.octets));
	if (server.len > 0)
		memcpy(q->server.octets, server.at, server.len);
	q->port = cursor_u16(&c);
	q->curious = take_below(&c, 2) == 1;
	take_name(&c, q->sni);
	take_name(&c, q->banner);
	q->ndomains = take_below(&c, POLICY_DOMAINS_MAX + 1);
	for (unsigned i = 0; i < q->ndomains; i++)
		take_name(&c, q->domains[i]);
	q->nnames = take_below(&c, POLICY_NAMES_MAX + 1);
	for (unsigned i = 0; i < q->nnames; i++)
		take_name(&c, q->names[i]);
	return cursor_ok(&c) && c.rest.len == 0 &&
	    wire_kind_of(message) == WIRE_QUESTION;
}

static void
take_verdict(struct cursor *c, struct policy_answer *a)
{
	a->state = (enum policy_state)take_below(c, POLICY_STATES);
	a->why = (enum dane_why)take_below(c, DANE_WHYS);
	a->by = (enum dane_by)take_below(c, DANE_BYS);
	a->tags = cursor_u32(c);
	if (a->tags >= 1U << DANE_TAGS)
		c->why = "out of range";
	a->sts = (enum sts_mode)take_below(c, STS_MODES);
	a->sts_match = (enum sts_match)take_below(c, STS_MATCH_NO + 1);
	a->sts_why = (enum sts_why)take_below(c, STS_WHY_NOT_LOOKED + 1);
	a->hosts = take_below(c, DANE_HOSTS_MAX + 1);
	a->covered = take_below(c, DANE_HOSTS_MAX + 1);
	a->valid_until = (int64_t)take_number(c, 8);
	a->looked_up = (int64_t)take_number(c, 8);
	a->ttl = cursor_u32(c);
	if (a->valid_until < 0 || a->looked_up < 0 ||
	    a->looked_up > WIRE_TIME_MAX || a->covered > a->hosts)
		c->why = "out of range";
	take_name(c, a->domain);
	take_name(c, a->host);
	take_name(c, a->base);
	a->nreferences = take_below(c, DANE_REFERENCES_MAX + 1);
	for (unsigned i = 0; i < a->nreferences; i++)
		take_name(c, a->references[i]);
	a->npromises = take_below(c, POLICY_DOMAINS_MAX + 1);
	for (unsigned i = 0; i < a->npromises; i++) {
		take_name(c, a->promises[i].domain);
		a->promises[i].state =
		    (enum policy_state)take_below(c, POLICY_STATES);
		a->promises[i].why = (enum dane_why)take_below(c, DANE_WHYS);
	}
}

static void
take_records(struct cursor *c, struct tlsa_set *s)
{
	unsigned n = take_below(c, TLSA_RECORDS_MAX + 1);

	for (unsigned i = 0; i < n && cursor_ok(c); i++)
		if (!tlsa_add_rdata(s, cursor_vector16(c)))
			c->why = "no TLSA record";
}

/*
 * It will be stored and printed as JSON: let it be that.  jansson skips an
 * octet NUL between tokens (RFC 8259 section 2 does not), and the text would
 * end there for everybody else.
 */
static void
take_evidence(struct cursor *c, struct policy_answer *a)
{
	char id[LOOKUP_NAME_MAX];
	struct span text;
	json_t *parsed;

	take_name(c, id);
	text = c->rest;
	if (!cursor_ok(c) || strlen(id) >= POLICY_ID_MAX ||
	    strspn(id, "0123456789abcdef") != strlen(id) ||
	    text.len > GROUNDS_MAX ||
	    (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)) {
		c->why = "no evidence";
		return;
	}
	memcpy(a->evidence_id, id, strlen(id) + 1);
	if (text.len == 0)
		return;
	parsed = json_loadb((const char *)text.at, text.len, 0, NULL);
	if (!json_is_object(parsed) ||
	    (a->evidence = malloc(text.len + 1)) == NULL)
		c->why = "no evidence";
	else {
		memcpy(a->evidence, text.at, text.len);
		a->evidence[text.len] = '\0';
	}
	json_decref(parsed);
}

struct policy_answer *
wire_read_answer(struct span message, uint64_t *ticket)
{
	struct cursor c = cursor_over(span_skip(message, 1));
	struct policy_answer *a;

	if (wire_kind_of(message) != WIRE_ANSWER ||
	    (a = policy_answer_new(DANE_WHY_NOTHING)) == NULL)
		return NULL;
	*ticket = take_number(&c, 8);
	take_verdict(&c, a);
	take_records(&c, &a->tlsa);
	take_evidence(&c, a);
	if (!cursor_ok(&c)) {
		policy_answer_free(a);
		return NULL;
	}
	return a;
}
