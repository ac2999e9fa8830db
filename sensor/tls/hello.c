/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <xxhash.h>

#include "base/cursor.h"
#include "base/escape.h"
#include "tls/certificate_internal.h"
#include "tls/client_hello.h"
#include "tls/fingerprint_memo.h"
#include "tls/names.h"
#include "tls/progress.h"
#include "tls/server_hello.h"

#define SNI_MAX		255	/* octets, RFC 6066 3 with RFC 1035 2.3.4 */
#define ALPN_MAX	100

static char *
text_copy(const char *text, size_t len)
{
	char *copy;

	if ((copy = malloc(len + 1)) == NULL)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* Lower case, escaped; NULL if there is none or memory is short. */
static char *
sni_text(struct span name)
{
	uint8_t lower[SNI_MAX];
	char text[4 * SNI_MAX + 1];
	size_t len;

	if (name.len == 0)
		return NULL;
	name = span_first(name, sizeof(lower));
	for (size_t i = 0; i < name.len; i++)
		lower[i] = span_lower(name.at[i]);
	len = escape(span_of(lower, name.len), text, SNI_MAX + 1);
	return text_copy(text, len);
}

static char *
alpn_text(struct span list)
{
	struct cursor c = cursor_over(list);
	char text[ALPN_MAX + 1];
	struct span name;
	size_t len = 0;

	while (c.rest.len > 0 && len + 1 < sizeof(text)) {
		name = cursor_vector8(&c);
		if (!cursor_ok(&c))
			break;
		if (len > 0)
			text[len++] = ',';
		len += escape(name, text + len, sizeof(text) - len);
	}
	return len > 0 ? text_copy(text, len) : NULL;
}

static uint16_t
offered_version(const struct client_hello *h)
{
	return tls_version_settled(h->versions && h->version_top != 0 ?
	    h->version_top : h->version);
}

/* All we ask is whether the server echoes it: 0 is none. */
static uint64_t
session_mark(struct span session_id)
{
	return session_id.len == 0 ? 0 :
	    XXH3_64bits(session_id.at, session_id.len);
}

static void
take_client_hello(struct tls *t, const struct client_hello *h)
{
	const struct fingerprint *print;
	struct tls_facts *f = &t->facts;

	f->client_version_max = offered_version(h);
	f->early_data = h->early_data;
	/* in TLS 1.3 the session id is there for middleboxes, not to resume */
	f->client_resumes = h->ticket || h->psk ||
	    (h->session_id.len > 0 && f->client_version_max < 0x0304);
	t->session_id = session_mark(h->session_id);
	if (f->ssl2_hello)
		return;
	print = fingerprint_memo_client(
	    certificate_cache_fingerprints(t->cache), t->digest, h);
	memcpy(f->ja3, print->ja3, sizeof(f->ja3));
	memcpy(f->ja4, print->ja4, sizeof(f->ja4));
}

void
tls_hello_client(struct tls *t, uint8_t type, struct span body,
    struct mark at)
{
	struct tls_facts *f = &t->facts;
	struct client_hello h;

	if (type == TLS_SSL2_CLIENT_HELLO) {
		if (!tls_client_hello_read_ssl2(body,
		    t->side[SIDE_CLIENT].record.version, &h))
			return;
	} else if (!tls_client_hello_read(body, &h))
		return;
	if (!f->client_hello) {
		f->client_hello = true;
		f->ssl2_hello = type == TLS_SSL2_CLIENT_HELLO;
		f->client_hello_at = at;
		take_client_hello(t, &h);
	}
	/* the second one, after a HelloRetryRequest, only adds */
	if (f->sni == NULL)
		f->sni = sni_text(h.server_name);
	if (f->alpn == NULL)
		f->alpn = alpn_text(h.alpn);
}

static void
take_server_hello(struct tls *t, const struct server_hello *h)
{
	struct tls_facts *f = &t->facts;

	f->client_went_on = false;	/* it was only heard ahead of this */
	f->version = h->chosen;
	f->cipher = h->cipher;
	/* GnuTLS leaves the sentinel in the random of TLS 1.3 as well, where
	 * it means nothing */
	f->downgrade_sentinel = h->sentinel && h->chosen < 0x0304;
	f->resumed = h->chosen >= 0x0304 ? h->psk :
	    h->session_id.len > 0 &&
	    session_mark(h->session_id) == t->session_id;
	f->certificate_hidden = h->chosen >= 0x0304 || f->resumed;
	f->certificate_none = h->chosen < 0x0304 &&
	    tls_names_without_certificate(h->cipher);
	if (f->certificate_none)
		f->certificate_hidden = false;
	if (t->side[SIDE_CLIENT].changed) {
		t->side[SIDE_CLIENT].changed = false;
		t->side[SIDE_CLIENT].enciphered = h->chosen < 0x0304;
	}
	memcpy(f->ja3s, fingerprint_memo_server(
	    certificate_cache_fingerprints(t->cache), t->digest, h)->ja3,
	    sizeof(f->ja3s));
}

void
tls_hello_server(struct tls *t, struct span body, struct mark at)
{
	struct tls_facts *f = &t->facts;
	struct server_hello h;

	/* behind its ChangeCipherSpec a ServerHello is out of order */
	if (f->server_hello || t->side[SIDE_SERVER].enciphered ||
	    !tls_server_hello_read(body, &h))
		return;
	if (h.retry) {
		f->hello_retry = true;
	} else {
		f->server_hello = true;
		f->server_hello_at = at;
		take_server_hello(t, &h);
	}
	/* text injected before it, then TLS all the same */
	if (f->state != TLS_FAILED || (f->failure == TLS_FAIL_PLAINTEXT &&
	    f->failed_by == SIDE_SERVER))
		tls_progress_enter(t, TLS_ANSWERED);
	tls_progress_judge(t, at);
}

void
tls_hello_certificate(struct tls *t, struct span body, struct mark at)
{
	struct tls_facts *f = &t->facts;
	struct cursor c = cursor_over(body), list;
	struct span der;

	list = cursor_over(cursor_vector24(&c));
	if (!cursor_ok(&c) || f->certificate_seen)
		return;
	if (list.rest.len > 0)
		f->chain = calloc(TLS_CHAIN_MAX, sizeof(f->chain[0]));
	while (list.rest.len > 0) {
		der = cursor_vector24(&list);
		if (!cursor_ok(&list))
			break;
		f->chain_sent++;
		if (f->chain != NULL && f->chain_len < TLS_CHAIN_MAX &&
		    (f->chain[f->chain_len] = certificate_get(t->cache,
		    der)) != NULL)
			f->chain_len++;
	}
	f->certificate_seen = true;
	f->certificate_at = at;
	f->certificate_none = f->chain_sent == 0;
	/* an echoed session id was only an echo */
	f->certificate_hidden = false;
	f->resumed = false;
}
