/* SPDX-License-Identifier: ISC */
/*
 * Fingerprints against the examples in their own definitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tls/fingerprint.h"
#include "tls/fingerprint_memo.h"

static struct digest *digest;

/* A ClientHello under construction. */
struct made {
	size_t	 len;
	uint8_t	 octets[8192];
};

static void
put(struct made *m, const void *octets, size_t n)
{
	memcpy(m->octets + m->len, octets, n);
	m->len += n;
}

static void
put16(struct made *m, size_t n)
{
	const uint8_t octets[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	put(m, octets, 2);
}

/* "1301,1302" as 16-bit values. */
static void
put_values(struct made *m, const char *list)
{
	char *end;

	while (*list != '\0') {
		put16(m, strtoul(list, &end, 16));
		list = *end == ',' ? end + 1 : end;
	}
}

static size_t
values_len(const char *list)
{
	return *list == '\0' ? 0 : (strlen(list) + 1) / 5 * 2;
}

struct hello_case {
	const char	*name;
	unsigned	 version;
	const char	*ciphers;
	const char	*extensions;	/* NULL: the block is not there */
	const char	*groups, *signatures, *versions;
	const char	*alpn;
	size_t		 alpn_len;
	const char	*ja3, *ja4;	/* NULL: not asked */
};

static void
put_extension(struct made *m, const struct hello_case *c, unsigned type)
{
	put16(m, type);
	switch (type) {
	case TLS_EXT_GROUPS:
		put16(m, values_len(c->groups) + 2);
		put16(m, values_len(c->groups));
		put_values(m, c->groups);
		break;
	case TLS_EXT_POINT_FORMATS:
		put(m, "\x00\x02\x01\x00", 4);
		break;
	case TLS_EXT_SIGNATURES:
		put16(m, values_len(c->signatures) + 2);
		put16(m, values_len(c->signatures));
		put_values(m, c->signatures);
		break;
	case TLS_EXT_VERSIONS:
		put16(m, values_len(c->versions) + 1);
		m->octets[m->len++] = (uint8_t)values_len(c->versions);
		put_values(m, c->versions);
		break;
	case TLS_EXT_ALPN:
		put16(m, c->alpn_len + 3);
		put16(m, c->alpn_len + 1);
		m->octets[m->len++] = (uint8_t)c->alpn_len;
		put(m, c->alpn, c->alpn_len);
		break;
	default:
		put16(m, 0);
		break;
	}
}

static struct span
make(struct made *m, const struct hello_case *c)
{
	size_t block;
	char *end;

	m->len = 0;
	put16(m, c->version);
	put(m, "0123456789abcdef0123456789abcdef", 32);
	put(m, "", 1);
	put16(m, values_len(c->ciphers));
	put_values(m, c->ciphers);
	put(m, "\x01\x00", 2);
	if (c->extensions != NULL) {
		block = m->len;
		put16(m, 0);
		for (const char *e = c->extensions; *e != '\0'; ) {
			put_extension(m, c, (unsigned)strtoul(e, &end, 16));
			e = *end == ',' ? end + 1 : end;
		}
		m->octets[block] = (uint8_t)((m->len - block - 2) >> 8);
		m->octets[block + 1] = (uint8_t)(m->len - block - 2);
	}
	return span_of(m->octets, m->len);
}

#define FOX_CIPHERS	"1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8," \
			"c013,c014,009c,009d,002f,0035"
#define FOX_EXTENSIONS	"001b,0000,0033,0010,4469,0017,002d,000d,0005," \
			"0023,0012,002b,ff01,000b,000a,0015"
#define FOX_SIGNATURES	"0403,0804,0401,0503,0805,0501,0806,0601"
#define FOX_END		"_8daaf6152771_e5627efa2ab1"

static const struct hello_case cases[] = {
	{ .name = "the example of JA3 with extensions",
	  .version = 769,
	  .ciphers = "002f,0035,0005,000a,c009,c00a,c013,c014,0032,0038,"
	      "0013,0004",
	  .extensions = "0000,000a,000b", .groups = "0017,0018,0019",
	  .ja3 = "ada70206e40642a3e4461f35503241d5" },
	{ .name = "the example of JA3 without extensions",
	  .version = 769,
	  .ciphers = "0004,0005,000a,0009,0064,0062,0003,0006,0013,0012,0063",
	  .ja3 = "de350869b8c85de67a350c8d186f11e6",
	  .ja4 = "t10i110000_" },
	{ .name = "the first again, greased in every list",
	  .version = 769,
	  .ciphers = "4a4a,002f,0035,0005,000a,c009,c00a,c013,c014,0032,0038,"
	      "0013,0004",
	  .extensions = "dada,0000,000a,000b,1a1a",
	  .groups = "fafa,0017,0018,0019",
	  .ja3 = "ada70206e40642a3e4461f35503241d5" },
	{ .name = "the example of JA4",
	  .version = 771, .ciphers = FOX_CIPHERS,
	  .extensions = FOX_EXTENSIONS, .signatures = FOX_SIGNATURES,
	  .groups = "001d", .versions = "0304,0303", .alpn = "h2",
	  .alpn_len = 2, .ja4 = "t13d1516h2" FOX_END },
	{ .name = "JA4, greased in every list",
	  .version = 771, .ciphers = "0a0a," FOX_CIPHERS,
	  .extensions = "2a2a," FOX_EXTENSIONS ",fafa",
	  .signatures = "3a3a," FOX_SIGNATURES, .groups = "001d",
	  .versions = "5a5a,0304,0303", .alpn = "h2", .alpn_len = 2,
	  .ja4 = "t13d1516h2" FOX_END },
	{ .name = "JA4 without signature algorithms",
	  .version = 771, .ciphers = FOX_CIPHERS,
	  .extensions = FOX_EXTENSIONS, .signatures = "", .groups = "001d",
	  .versions = "0304", .alpn = "http/1.1", .alpn_len = 8,
	  .ja4 = "t13d1516h1_8daaf6152771_6d807ffa2a79" },
	{ .name = "no server name, no ALPN: another head, the same tail",
	  .version = 771, .ciphers = FOX_CIPHERS,
	  .extensions = "001b,0033,4469,0017,002d,000d,0005,0023,0012,002b,"
	      "ff01,000b,000a,0015",
	  .signatures = FOX_SIGNATURES, .groups = "001d",
	  .versions = "0303", .ja4 = "t12i151400" FOX_END },
	{ .name = "an ALPN of one letter",
	  .version = 770, .ciphers = "002f", .extensions = "0010",
	  .alpn = "x", .alpn_len = 1, .ja4 = "t11i0101xx_" },
	{ .name = "ALPN 0x30 0xab",
	  .version = 768, .ciphers = "002f", .extensions = "0010",
	  .alpn = "\x30\xab", .alpn_len = 2,
	  .ja4 = "ts3i01013b_" },
	{ .name = "ALPN 0x30 0x31 0xab 0xcd",
	  .version = 771, .ciphers = "002f", .extensions = "0010",
	  .alpn = "\x30\x31\xab\xcd", .alpn_len = 4, .ja4 = "t12i01013d_" },
	{ .name = "ALPN 0xab 0xcd",
	  .version = 771, .ciphers = "002f", .extensions = "0010",
	  .alpn = "\xab\xcd", .alpn_len = 2, .ja4 = "t12i0101ad_" },
	{ .name = "ALPN 0x30 0xab 0xcd 0x31: both ends are digits",
	  .version = 771, .ciphers = "002f", .extensions = "0010",
	  .alpn = "\x30\xab\xcd\x31", .alpn_len = 4, .ja4 = "t12i010101_" },
	{ .name = "an empty first ALPN",
	  .version = 771, .ciphers = "002f", .extensions = "0010",
	  .alpn = "", .alpn_len = 0, .ja4 = "t12i010100_" },
	{ .name = "no suites, nothing but ALPN: fields of zeros",
	  .version = 771, .ciphers = "", .extensions = "0010,0000",
	  .alpn = "h2", .alpn_len = 2,
	  .ja4 = "t12d0002h2_000000000000_000000000000" },
	{ .name = "an unknown version",
	  .version = 772 + 1, .ciphers = "002f", .ja4 = "t00i010000_" },
};

static void
expect(const struct hello_case *c, const char *what, const char *got,
    const char *want)
{
	/* a want that ends in '_' is a beginning */
	if (want != NULL && strncmp(got, want, want[strlen(want) - 1] == '_' ?
	    strlen(want) : 64) != 0)
		fail_msg("%s: %s\ngot:  %s\nwant: %s", c->name, what, got,
		    want);
}

static void
definitions(void **state)
{
	struct fingerprint_memo *memo = fingerprint_memo_new();
	const struct fingerprint *print;
	static struct made made;
	struct client_hello h;
	char ja3[33], ja4[37];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(tls_client_hello_read(make(&made, &cases[i]),
		    &h));
		tls_fingerprint_ja3(digest, &h, ja3);
		expect(&cases[i], "ja3", ja3, cases[i].ja3);
		tls_fingerprint_ja4(digest, &h, ja4);
		expect(&cases[i], "ja4", ja4, cases[i].ja4);
		/* worked out, then remembered */
		for (int again = 0; again < 2; again++) {
			print = fingerprint_memo_client(memo, digest, &h);
			expect(&cases[i], "memo's ja3", print->ja3, ja3);
			expect(&cases[i], "memo's ja4", print->ja4, ja4);
		}
	}
	fingerprint_memo_free(memo);
}

/* A hello of 1500 suites, beyond what the memo and the stack hold: sorted
 * like a short one, and the count stops at 99. */
static void
too_many_suites(void **state)
{
	struct fingerprint_memo *memo = fingerprint_memo_new();
	static uint8_t ciphers[2 * 1500];
	struct client_hello up = { .version = 0x0303 }, down;
	const struct fingerprint *print;
	char ja4[37];

	(void)state;
	up.ciphers = span_of(ciphers, sizeof(ciphers));
	for (unsigned i = 0; i < 1500; i++) {
		ciphers[2 * i] = (uint8_t)(i >> 8);
		ciphers[2 * i + 1] = (uint8_t)i;
	}
	tls_fingerprint_ja4(digest, &up, ja4);
	assert_memory_equal(ja4, "t12i990000_", 11);
	down = up;
	for (unsigned i = 0; i < 1500; i++) {
		ciphers[2 * i] = (uint8_t)((1499 - i) >> 8);
		ciphers[2 * i + 1] = (uint8_t)(1499 - i);
	}
	print = fingerprint_memo_client(memo, digest, &down);
	assert_string_equal(print->ja4, ja4);
	fingerprint_memo_free(memo);
}

static void
server(void **state)
{
	/* "769,47,65281" and "769,47,": md5 by md5sum(1) */
	static const uint8_t extension[] = { 0xff, 0x01, 0x00, 0x01, 0x00 };
	struct server_hello h = { .version = 769, .cipher = 47 };
	char ja3s[33];

	(void)state;
	h.extensions = span_of(extension, sizeof(extension));
	tls_fingerprint_ja3s(digest, &h, ja3s);
	assert_string_equal(ja3s, "4192c0a946c5bd9b544b4656d9f624a4");
	h.extensions = span_of(NULL, 0);
	tls_fingerprint_ja3s(digest, &h, ja3s);
	assert_string_equal(ja3s, "18e962e106761869a61045bed0e81c2c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions),
		cmocka_unit_test(too_many_suites),
		cmocka_unit_test(server),
	};
	int failed;

	digest = digest_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	digest_free(digest);
	return failed;
}
