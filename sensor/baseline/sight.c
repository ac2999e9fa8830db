/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "baseline/sight.h"

static const struct smtp_facts	silence;

uint64_t
sight_net(const struct addr *a)
{
	uint64_t net = 0;

	if (addr_is_v4(a))
		return UINT64_C(4) << 56 | (uint64_t)a->octets[12] << 16 |
		    (uint64_t)a->octets[13] << 8 | a->octets[14];
	for (int i = 0; i < 6; i++)
		net = net << 8 | a->octets[i];
	return UINT64_C(6) << 56 | net;
}

/* Never 0, which stands for nothing. */
static uint64_t
hash_lower(const char *text, size_t len)
{
	char lower[256];
	uint64_t h;

	if (len > sizeof(lower))
		len = sizeof(lower);
	for (size_t i = 0; i < len; i++)
		lower[i] = (char)span_lower((uint8_t)text[i]);
	h = XXH3_64bits(lower, len);
	return h != 0 ? h : 1;
}

/* The name in the reply's first line tells back ends of a pool apart. */
static uint64_t
name_of(const struct smtp_facts *f)
{
	size_t len;

	if (f->ehlo_reply == NULL)
		return 0;
	len = strcspn(f->ehlo_reply, " \n");
	return len > 0 ? hash_lower(f->ehlo_reply, len) : 0;
}

static bool
is_masked(const char *word, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
		if (word[i] != word[0])
			return false;
	return len > 1 && (word[0] == 'X' || word[0] == '*');
}

/* The list but for STARTTLS, and for what may hide it: two replies of one
 * server that differ in nothing else have the same. */
static uint64_t
reply_of(const struct smtp_facts *f, uint16_t *keywords)
{
	char words[SMTP_REPLY_MAX + 2];		/* of which few are used */
	const char *p = f->capabilities, *end;
	size_t n, len = 0;
	uint64_t h;

	if (p == NULL || f->ehlo_reply == NULL)
		return 0;
	for (; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = strchrnul(p, ' ');
		n = (size_t)(end - p);
		if (is_masked(p, n) || (n == 8 &&
		    memcmp(p, "STARTTLS", 8) == 0))
			continue;
		++*keywords;	/* a list is of 256 at most */
		/* the same blank behind each, also the last */
		assert(n < sizeof(words) - len);
		memcpy(words + len, p, n);
		len += n;
		words[len++] = ' ';
	}
	h = XXH3_64bits(words, len);
	return h != 0 ? h : 1;
}

static enum server_offer
offer_of(const struct session_record *r)
{
	if (r->protocol != RECORD_SMTP)
		return SERVER_OFFER_UNKNOWN;
	switch (r->offer) {
	case OFFER_OFFERED:
		return SERVER_OFFERED;
	case OFFER_ABSENT:
		return SERVER_ABSENT;
	case OFFER_MASKED:
		return SERVER_MASKED;
	case OFFER_EHLO_REFUSED:
		return SERVER_EHLO_REFUSED;
	case OFFER_UNSEEN:
	case OFFER_NOT_ASKED:
		break;
	}
	return SERVER_OFFER_UNKNOWN;
}

static bool
refused(const struct smtp_facts *f)
{
	return f->starttls == STARTTLS_SENT && f->starttls_reply >= 300;
}

static enum server_tls
tls_of(const struct session_record *r, const struct smtp_facts *f)
{
	switch (r->tls_state) {
	case RECORD_TLS_ESTABLISHED:
		return SERVER_TLS_ESTABLISHED;
	case RECORD_TLS_FAILED:
		return r->tls_failure != TLS_FAIL_NO_HELLO ?
		    SERVER_TLS_BROKEN : SERVER_TLS_NONE;
	case RECORD_TLS_NONE:
		if (record_starttls_unanswered(r))
			return SERVER_TLS_BROKEN;
		return refused(f) || r->stage == RECORD_NOTE ?
		    SERVER_TLS_REFUSED : SERVER_TLS_NONE;
	case RECORD_TLS_UNSEEN:
		break;
	}
	return SERVER_TLS_NONE;
}

static void
see_certificate(const struct session_record *r, struct server_sight *s)
{
	const struct certificate *leaf;

	if (r->certificate != RECORD_CERTIFICATE_VISIBLE || r->tls == NULL ||
	    tls_facts(r->tls)->chain_len == 0)
		return;
	leaf = tls_facts(r->tls)->chain[0];
	if (!leaf->readable)
		return;
	memcpy(&s->key, leaf->spki_sha256, sizeof(s->key));
	if (s->key == 0)
		s->key = 1;
	if (leaf->issuer != NULL)
		s->issuer = hash_lower(leaf->issuer, strlen(leaf->issuer));
}

/* "mx1.half.example" and "mx2.half.example" are of one domain. */
static uint64_t
domain_of(const char *name)
{
	const char *dot;

	if (name == NULL || (dot = strchr(name, '.')) == NULL ||
	    strchr(dot + 1, '.') == NULL)
		return 0;
	return hash_lower(dot + 1, strlen(dot + 1));
}

/* JA4 has the suites in its second part, and in its third what tells programs
 * apart: twelve hexadecimal digits each, in any order the same.  Padding
 * (RFC 7685) that comes or goes with the suites makes it another program's:
 * the weaker word. */
static uint64_t
ja4_part(const char *ja4, unsigned from)
{
	uint64_t n = 0;

	if (ja4[0] == '\0')
		return 0;
	for (unsigned i = from; i < from + 12; i++)
		n = n << 4 | (uint64_t)(ja4[i] <= '9' ? ja4[i] - '0' :
		    ja4[i] - 'a' + 10);
	return n;
}

/*
 * What was chosen is judged as soon as it is seen; it is learnt once both
 * ends went on by it (their Finished vouch for it), with no octet missing
 * and nobody else's words in between.
 */
static void
see_suite(const struct session_record *r, struct sight *s)
{
	const struct tls_facts *t;

	if (r->tls == NULL)
		return;
	t = tls_facts(r->tls);
	if (!t->server_hello || t->cipher == 0)
		return;
	s->server.grade = (uint8_t)suite_grade(t->cipher);
	if (t->client_hello) {
		s->client.offer = ja4_part(t->ja4, 11);
		s->client.hello = ja4_part(t->ja4, 24);
	}
	if (r->tls_state != RECORD_TLS_ESTABLISHED || t->gap ||
	    t->broken_after || r->conflicts_seen > 0)
		return;
	s->server.suite = (uint32_t)t->version << 16 | t->cipher;
	s->client.grade = s->server.grade;
}

static void
see_client(const struct session_record *r, const struct smtp_facts *f,
    enum server_tls tls, struct client_sight *c)
{
	const struct tls_facts *t;

	c->domain = domain_of(r->server_name);
	c->used_tls = tls == SERVER_TLS_ESTABLISHED;
	c->unused = r->offer == OFFER_OFFERED &&
	    r->starttls == RECORD_STARTTLS_NOT_SENT && f->mail_commands > 0;
	if (tls == SERVER_TLS_REFUSED)
		c->failed = PAST_FAILED_REFUSED;
	else if (tls == SERVER_TLS_BROKEN)
		c->failed = PAST_FAILED_BROKEN;
	if (r->tls == NULL)
		return;
	t = tls_facts(r->tls);
	c->best = t->client_hello ? t->client_version_max : 0;
	if (c->used_tls)
		c->chosen = t->version;
}

void
sight_keys(const struct session_record *r, struct sight_keys *k)
{
	uint64_t net = sight_net(&r->flow.ip[SIDE_CLIENT]);
	uint16_t port = r->flow.port[SIDE_SERVER];

	memcpy(k->server, r->flow.ip[SIDE_SERVER].octets, 16);
	k->server[16] = (uint8_t)(port >> 8);
	k->server[17] = (uint8_t)port;
	memcpy(k->client, r->flow.ip[SIDE_CLIENT].octets, 16);
	memcpy(k->net, &net, sizeof(k->net));
}

uint64_t
sight_server(const struct sight_keys *k)
{
	return XXH3_64bits(k->server, sizeof(k->server));
}

void
sight_take(const struct session_record *r, struct sight *s)
{
	const struct smtp_facts *f = r->smtp != NULL ? smtp_facts(r->smtp) :
	    &silence;

	memset(s, 0, sizeof(*s));
	sight_keys(r, &s->key);
	s->server.at = s->client.at = r->flow.first.time;
	memcpy(&s->server.net, s->key.net, sizeof(s->server.net));
	s->server.offer = offer_of(r);
	s->server.tls = tls_of(r, f);
	s->server.plainly = !f->offer_altered;
	s->server.banner = f->banner != NULL;
	s->server.banner_masked = f->banner_masked;
	s->server.name = name_of(f);
	s->server.reply = reply_of(f, &s->server.keywords);
	see_certificate(r, &s->server);
	s->client.server = sight_server(&s->key);
	see_client(r, f, s->server.tls, &s->client);
	see_suite(r, s);
	/* what a forger said in the server's place is not its habit */
	s->server_tells = r->conflicts_seen == 0 &&
	    (s->server.offer != SERVER_OFFER_UNKNOWN ||
	    s->server.tls != SERVER_TLS_NONE || s->server.key != 0);
	s->client_tells = s->client.used_tls || s->client.unused ||
	    s->client.failed != PAST_FAILED_NOT;
}
