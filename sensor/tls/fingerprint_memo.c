/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <xxhash.h>

#include "base/cursor.h"
#include "tls/fingerprint_memo.h"

#define KEY_MAX	752	/* octets; longer hellos are hashed each time */
#define SLOTS	256

struct key {
	size_t	 len;
	bool	 fits;
	uint8_t	 octets[KEY_MAX];
};

struct slot {
	uint16_t		 key_len;	/* 0: empty */
	uint8_t			 key[KEY_MAX];
	struct fingerprint	 print;
};

struct fingerprint_memo {
	/* of a hello too long to keep */
	struct fingerprint	 unkept;
	struct slot		 slots[SLOTS];
};

struct fingerprint_memo *
fingerprint_memo_new(void)
{
	return calloc(1, sizeof(struct fingerprint_memo));
}

void
fingerprint_memo_free(struct fingerprint_memo *m)
{
	free(m);
}

static void
key_add(struct key *k, struct span s)
{
	if (s.len > KEY_MAX - k->len)
		k->fits = false;
	if (!k->fits || s.len == 0)
		return;
	memcpy(k->octets + k->len, s.at, s.len);
	k->len += s.len;
}

static void
key_add_number(struct key *k, size_t n)
{
	const uint8_t octets[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	key_add(k, span_of(octets, 2));
}

/* With its length, so that no two sets of lists give one key. */
static void
key_add_list(struct key *k, struct span s)
{
	key_add_number(k, s.len);
	key_add(k, s);
}

/* Only their types matter; 0xffff octets hold no 0xffff extensions, so the
 * end cannot be mistaken. */
static void
key_add_extensions(struct key *k, struct span extensions)
{
	struct cursor c = cursor_over(extensions);
	size_t n = 0, count_at = k->len;

	key_add_number(k, 0);
	while (k->fits && c.rest.len > 0) {
		key_add(k, span_first(c.rest, 2));
		cursor_u16(&c);
		cursor_vector16(&c);
		n++;
	}
	if (k->fits) {
		k->octets[count_at] = (uint8_t)(n >> 8);
		k->octets[count_at + 1] = (uint8_t)n;
	}
}

static struct slot *
slot_of(struct fingerprint_memo *m, const struct key *k)
{
	return &m->slots[XXH3_64bits(k->octets, k->len) % SLOTS];
}

static bool
is_kept(const struct slot *s, const struct key *k)
{
	return s->key_len == k->len &&
	    memcmp(s->key, k->octets, k->len) == 0;
}

static void
keep_key(struct slot *s, const struct key *k)
{
	memcpy(s->key, k->octets, k->len);
	s->key_len = (uint16_t)k->len;
}

const struct fingerprint *
fingerprint_memo_client(struct fingerprint_memo *m, struct digest *d,
    const struct client_hello *h)
{
	struct cursor alpn = cursor_over(h->alpn);
	struct key k = { .len = 0, .fits = true };
	struct fingerprint *print = &m->unkept;
	struct slot *s = NULL;

	key_add_number(&k, 1);
	key_add_number(&k, h->version);
	key_add_number(&k, h->versions ? h->version_top : 0xffff);
	key_add_list(&k, h->ciphers);
	key_add_extensions(&k, h->extensions);
	key_add_list(&k, h->groups);
	key_add_list(&k, h->point_formats);
	key_add_list(&k, h->signatures);
	key_add_list(&k, cursor_vector8(&alpn));
	if (k.fits) {
		s = slot_of(m, &k);
		print = &s->print;
		if (is_kept(s, &k))
			return print;
		keep_key(s, &k);
	}
	tls_fingerprint_ja3(d, h, print->ja3);
	tls_fingerprint_ja4(d, h, print->ja4);
	if (s != NULL && (print->ja3[0] == '\0' || print->ja4[0] == '\0'))
		s->key_len = 0;		/* memory was short: try again */
	return print;
}

const struct fingerprint *
fingerprint_memo_server(struct fingerprint_memo *m, struct digest *d,
    const struct server_hello *h)
{
	struct key k = { .len = 0, .fits = true };
	struct fingerprint *print = &m->unkept;
	struct slot *s;

	key_add_number(&k, 2);
	key_add_number(&k, h->version);
	key_add_number(&k, h->cipher);
	key_add_extensions(&k, h->extensions);
	if (k.fits) {
		s = slot_of(m, &k);
		print = &s->print;
		if (is_kept(s, &k))
			return print;
		keep_key(s, &k);
	}
	print->ja4[0] = '\0';
	tls_fingerprint_ja3s(d, h, print->ja3);
	return print;
}
