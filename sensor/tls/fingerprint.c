/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/cursor.h"
#include "tls/fingerprint.h"

/*
 * Text under construction.  Its room is reckoned beforehand from the size
 * of the hello, so that appending needs no check and a hello of 64 KiB no
 * large stack.
 */
struct text {
	char	*at;
	size_t	 len;
	char	 small[2048];	/* more than any honest hello takes */
};

static bool
text_begin(struct text *t, size_t room)
{
	t->len = 0;
	t->at = room <= sizeof(t->small) ? t->small : malloc(room);
	return t->at != NULL;
}

static void
text_end(struct text *t)
{
	if (t->at != t->small)
		free(t->at);
}

static struct span
text_span(const struct text *t, size_t from)
{
	return span_of(t->at + from, t->len - from);
}

static void
put_decimal(struct text *t, unsigned n)
{
	char *out = t->at + t->len;

	if (n >= 10000)
		*out++ = (char)('0' + n / 10000);
	if (n >= 1000)
		*out++ = (char)('0' + n / 1000 % 10);
	if (n >= 100)
		*out++ = (char)('0' + n / 100 % 10);
	if (n >= 10)
		*out++ = (char)('0' + n / 10 % 10);
	*out++ = (char)('0' + n % 10);
	t->len = (size_t)(out - t->at);
}

static void
put_hex(struct text *t, uint16_t n)
{
	static const char hex[] = "0123456789abcdef";

	t->at[t->len++] = hex[n >> 12];
	t->at[t->len++] = hex[n >> 8 & 15];
	t->at[t->len++] = hex[n >> 4 & 15];
	t->at[t->len++] = hex[n & 15];
}

/* 16-bit values in decimal, '-' between them. */
static void
put_list(struct text *t, struct span values)
{
	size_t before = t->len;
	uint16_t v;

	for (size_t i = 0; i + 1 < values.len; i += 2) {
		v = (uint16_t)(values.at[i] << 8 | values.at[i + 1]);
		if (tls_is_grease(v))
			continue;
		if (t->len > before)
			t->at[t->len++] = '-';
		put_decimal(t, v);
	}
}

static void
put_extensions(struct text *t, struct span extensions, bool grease_too)
{
	struct cursor c = cursor_over(extensions);
	size_t before = t->len;
	uint16_t type;

	while (c.rest.len > 0) {
		type = cursor_u16(&c);
		cursor_vector16(&c);
		if (!grease_too && tls_is_grease(type))
			continue;
		if (t->len > before)
			t->at[t->len++] = '-';
		put_decimal(t, type);
	}
}

static void
md5_hex(struct digest *d, struct span in, char out[33])
{
	uint8_t md5[DIGEST_MD5];

	digest_md5(d, in, md5);
	digest_hex(span_of(md5, sizeof(md5)), out);
}

/* version,ciphers,extensions,groups,point formats */
void
tls_fingerprint_ja3(struct digest *d, const struct client_hello *h,
    char out[33])
{
	struct text t;

	out[0] = '\0';
	/* two octets give six letters at most, one octet four */
	if (!text_begin(&t, 16 + 3 * (h->ciphers.len + h->extensions.len +
	    h->groups.len) + 4 * h->point_formats.len))
		return;
	put_decimal(&t, h->version);
	t.at[t.len++] = ',';
	put_list(&t, h->ciphers);
	t.at[t.len++] = ',';
	put_extensions(&t, h->extensions, false);
	t.at[t.len++] = ',';
	put_list(&t, h->groups);
	t.at[t.len++] = ',';
	for (size_t i = 0; i < h->point_formats.len; i++) {
		if (i > 0)
			t.at[t.len++] = '-';
		put_decimal(&t, h->point_formats.at[i]);
	}
	md5_hex(d, text_span(&t, 0), out);
	text_end(&t);
}

/* version,cipher,extensions; a server must not grease, so nothing is left
 * out. */
void
tls_fingerprint_ja3s(struct digest *d, const struct server_hello *h,
    char out[33])
{
	struct text t;

	out[0] = '\0';
	if (!text_begin(&t, 16 + 3 * h->extensions.len))
		return;
	put_decimal(&t, h->version);
	t.at[t.len++] = ',';
	put_decimal(&t, h->cipher);
	t.at[t.len++] = ',';
	put_extensions(&t, h->extensions, true);
	md5_hex(d, text_span(&t, 0), out);
	text_end(&t);
}

/* The version JA4 names: the highest offered, "00" if it is none it knows. */
static const char *
ja4_version(const struct client_hello *h)
{
	switch (h->versions ? h->version_top : h->version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	}
	return "00";
}

static bool
is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* First and last letter of the first ALPN name, or of its hexadecimal
 * form if either end is no letter or digit. */
static void
ja4_alpn(const struct client_hello *h, char out[2])
{
	static const char hex[] = "0123456789abcdef";
	struct cursor c = cursor_over(h->alpn);
	struct span name = cursor_vector8(&c);
	uint8_t first, last;

	if (name.len == 0) {
		out[0] = out[1] = '0';
		return;
	}
	first = name.at[0];
	last = name.at[name.len - 1];
	if (is_alphanumeric(first) && is_alphanumeric(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = hex[first >> 4];
		out[1] = hex[last & 15];
	}
}

static void
sort_few(uint16_t *values, size_t n)
{
	size_t j;
	uint16_t v;

	for (size_t i = 1; i < n; i++) {
		v = values[i];
		for (j = i; j > 0 && values[j - 1] > v; j--)
			values[j] = values[j - 1];
		values[j] = v;
	}
}

/* One octet's turn: a stable sort by it, from `in` to `out`. */
static void
sort_by_octet(const uint16_t *in, uint16_t *out, size_t n, unsigned shift)
{
	uint16_t place[256] = { 0 };	/* no hello has 65536 values */
	unsigned sum = 0, here;

	for (size_t i = 0; i < n; i++)
		place[in[i] >> shift & 255]++;
	for (unsigned i = 0; i < 256; i++) {
		here = place[i];
		place[i] = (uint16_t)sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		out[place[in[i] >> shift & 255]++] = in[i];
}

/* Ascending, in linear time whatever a stranger lists.  Behind the values
 * there is room for as many. */
static void
sort(uint16_t *values, size_t n)
{
	if (n < 24) {
		sort_few(values, n);
		return;
	}
	sort_by_octet(values, values + n, n, 0);
	sort_by_octet(values + n, values, n, 8);
}

/* Values in hexadecimal, ',' between them. */
static void
put_hex_list(struct text *t, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			t->at[t->len++] = ',';
		put_hex(t, values[i]);
	}
}

static size_t
collect(struct span list, uint16_t *out)
{
	size_t n = 0;
	uint16_t v;

	for (size_t i = 0; i + 1 < list.len; i += 2) {
		v = (uint16_t)(list.at[i] << 8 | list.at[i + 1]);
		if (!tls_is_grease(v))
			out[n++] = v;
	}
	return n;
}

/* *all counts server name and ALPN, which the list itself leaves out. */
static size_t
collect_extensions(struct span extensions, uint16_t *out, size_t *all)
{
	struct cursor c = cursor_over(extensions);
	size_t n = 0;
	uint16_t type;

	*all = 0;
	while (c.rest.len > 0) {
		type = cursor_u16(&c);
		cursor_vector16(&c);
		if (tls_is_grease(type))
			continue;
		(*all)++;
		if (type != TLS_EXT_SERVER_NAME && type != TLS_EXT_ALPN)
			out[n++] = type;
	}
	return n;
}

/* Twelve digits of the SHA-256 of what `t` got since `from`. */
static void
put_short_hash(struct digest *d, struct text *t, size_t from, char *out)
{
	uint8_t sha256[DIGEST_SHA256];
	char hex[2 * 6 + 1];

	if (t->len == from) {
		memset(out, '0', 12);
		return;
	}
	digest_sha256(d, text_span(t, from), sha256);
	digest_hex(span_of(sha256, 6), hex);
	memcpy(out, hex, 12);
	t->len = from;
}

static void
put_two_digits(char *out, size_t n)
{
	if (n > 99)
		n = 99;
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

/* t13d1516h2_8daaf6152771_e5627efa2ab1: all but the lists are in place. */
static void
ja4_build(struct digest *d, const struct client_hello *h, struct text *t,
    uint16_t *values, char out[37])
{
	size_t n, all;

	out[0] = 't';
	memcpy(out + 1, ja4_version(h), 2);
	out[3] = h->server_name_there ? 'd' : 'i';
	ja4_alpn(h, out + 8);
	out[10] = out[23] = '_';
	out[36] = '\0';

	n = collect(h->ciphers, values);
	put_two_digits(out + 4, n);
	sort(values, n);
	put_hex_list(t, values, n);
	put_short_hash(d, t, 0, out + 11);

	n = collect_extensions(h->extensions, values, &all);
	put_two_digits(out + 6, all);
	sort(values, n);
	put_hex_list(t, values, n);
	if (n > 0 && (n = collect(h->signatures, values)) > 0) {
		t->at[t->len++] = '_';
		put_hex_list(t, values, n);
	}
	put_short_hash(d, t, 0, out + 24);
}

void
tls_fingerprint_ja4(struct digest *d, const struct client_hello *h,
    char out[37])
{
	size_t largest = h->ciphers.len + h->extensions.len +
	    h->signatures.len;
	uint16_t small[1024], *values = small;
	struct text t;

	out[0] = '\0';
	/* a value for two octets, twice over for the sort */
	if (largest > sizeof(small) / sizeof(small[0]) &&
	    (values = malloc(largest * sizeof(*values))) == NULL)
		return;
	/* two octets give five letters at most */
	if (text_begin(&t, 16 + 3 * largest)) {
		ja4_build(d, h, &t, values, out);
		text_end(&t);
	}
	if (values != small)
		free(values);
}
