/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/addr.h"
#include "base/counters.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/queue.h"

static void
cursor_sticks_at_the_first_read_that_does_not_fit(void **state)
{
	static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct cursor c = cursor_over(span_of(octets, sizeof(octets)));

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	assert_int_equal(cursor_u24(&c), 0x040506);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u16(&c), 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);	/* though one was left */
}

static void
cursor_reads_vectors_with_their_length_before_them(void **state)
{
	static const uint8_t octets[] = { 2, 'a', 'b', 0, 1, 'c', 0, 9 };
	struct cursor c = cursor_over(span_of(octets, sizeof(octets)));

	(void)state;
	assert_true(span_equal(cursor_vector8(&c), span_text("ab")));
	assert_true(span_equal(cursor_vector16(&c), span_text("c")));
	cursor_vector16(&c);
	assert_false(cursor_ok(&c));
}

static void
escape_leaves_no_octet_of_a_stranger(void **state)
{
	static const struct {
		const char	*name, *in;
		size_t		 len;
		const char	*want;
	} cases[] = {
		{ "plain text stays", "220 mx", 6, "220 mx" },
		{ "line ends become words", "a\r\n\tb", 5, "a\\r\\n\\tb" },
		{ "a backslash is doubled", "a\\b", 3, "a\\\\b" },
		{ "NUL, escape and 8-bit octets", "\0\033\xff", 3,
		    "\\x00\\x1b\\xff" },
		{ "nothing", "", 0, "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = escape(span_of(cases[i].in, cases[i].len), out,
		    sizeof(out));

		if (strcmp(out, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, out,
			    cases[i].want);
		assert_int_equal(n, strlen(out));
	}
}

static void
escape_ends_at_a_whole_octet_when_room_is_short(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(escape(span_of("ab\x01\x02", 4), out, sizeof(out)),
	    6);
	assert_string_equal(out, "ab\\x01");
}

static void
addresses_of_both_families_come_back_as_they_were(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "0.0.0.0",
	    "255.100.99.10", "2001:db8::25", "::1" };
	char out[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(addr_parse(&a, texts[i]), 0);
		assert_string_equal(addr_format(&a, out), texts[i]);
		assert_int_equal(addr_is_v4(&a), i < 3);
	}
	assert_int_equal(addr_parse(&a, "mx.example"), -1);
	assert_int_equal(addr_parse(&a, "192.0.2.300"), -1);
}

/* Each pattern of zero words, and words of each width. */
static void
ipv6_is_written_as_the_system_writes_it(void **state)
{
	static const uint16_t words[] = { 1, 0xf, 0x10, 0xff, 0x100, 0xfff,
	    0x1000, 0xffff };
	char out[ADDR_TEXT_MAX], want[ADDR_TEXT_MAX];

	(void)state;
	for (unsigned zeros = 0; zeros < 256; zeros++)
		for (unsigned from = 0; from < 8; from++) {
			struct addr a = { .octets = { 0 } };

			for (unsigned i = 0; i < 8; i++) {
				unsigned w = (zeros >> i & 1) != 0 ? 0 :
				    words[(from + i) % 8];

				a.octets[2 * i] = (uint8_t)(w >> 8);
				a.octets[2 * i + 1] = (uint8_t)w;
			}
			if (addr_is_v4(&a))
				continue;
			assert_non_null(inet_ntop(AF_INET6, a.octets, want,
			    sizeof(want)));
			assert_string_equal(addr_format(&a, out), want);
		}
}

static void
digests_equal_their_published_vectors(void **state)
{
	struct digest *d = digest_new();
	uint8_t out[DIGEST_SHA256];
	char hex[2 * DIGEST_SHA256 + 1];

	(void)state;
	assert_non_null(d);
	/* FIPS 180-4 and RFC 1321, of "abc", and nothing of it is left over */
	for (int again = 0; again < 2; again++) {
		digest_sha256(d, span_text("abc"), out);
		digest_hex(span_of(out, DIGEST_SHA256), hex);
		assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad");
		digest_sha1(d, span_text("abc"), out);
		digest_hex(span_of(out, DIGEST_SHA1), hex);
		assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
		digest_md5(d, span_text("abc"), out);
		digest_hex(span_of(out, DIGEST_MD5), hex);
		assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
	}
	digest_free(d);
}

static void
a_full_queue_refuses_and_a_closed_one_drains(void **state)
{
	struct queue *q = queue_new(2);
	int one, two, three;
	void *got[4];
	bool closed;

	(void)state;
	assert_true(queue_try_put(q, &one));
	assert_true(queue_put(q, &two));
	assert_false(queue_try_put(q, &three));
	queue_close(q);
	assert_false(queue_put(q, &three));
	assert_int_equal(queue_take(q, got, 4, 0, &closed), 2);
	assert_false(closed);
	assert_ptr_equal(got[0], &one);
	assert_ptr_equal(got[1], &two);
	assert_int_equal(queue_take(q, got, 4, 0, &closed), 0);
	assert_true(closed);
	queue_free(q);
}

#define ITEMS	20000

static void *
give_all(void *argument)
{
	struct queue *q = argument;

	for (size_t i = 1; i <= ITEMS; i++)
		queue_put(q, (void *)i);
	return NULL;
}

static void
two_givers_wait_for_room_and_nothing_is_lost(void **state)
{
	struct queue *q = queue_new(64);
	uint64_t sum = 0, taken = 0;
	pthread_t givers[2];
	void *batch[32];
	bool closed;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++)
		pthread_create(&givers[i], NULL, give_all, q);
	while (taken < 2 * ITEMS) {
		n = queue_take(q, batch, 32, 1000, &closed);
		for (size_t i = 0; i < n; i++)
			sum += (uintptr_t)batch[i];
		taken += n;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(givers[i], NULL);
	assert_int_equal(sum, (uint64_t)ITEMS * (ITEMS + 1));
	queue_close(q);
	queue_free(q);
}

static void
counters_have_names_and_sentences(void **state)
{
	(void)state;
	assert_string_equal(counter_name(COUNT_frames), "frames");
	assert_string_equal(counter_text(COUNT_frames), "frames read");
	for (int i = 0; i < COUNTERS; i++)
		assert_true(strlen(counter_text(i)) > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    cursor_sticks_at_the_first_read_that_does_not_fit),
		cmocka_unit_test(
		    cursor_reads_vectors_with_their_length_before_them),
		cmocka_unit_test(escape_leaves_no_octet_of_a_stranger),
		cmocka_unit_test(
		    escape_ends_at_a_whole_octet_when_room_is_short),
		cmocka_unit_test(
		    addresses_of_both_families_come_back_as_they_were),
		cmocka_unit_test(ipv6_is_written_as_the_system_writes_it),
		cmocka_unit_test(digests_equal_their_published_vectors),
		cmocka_unit_test(a_full_queue_refuses_and_a_closed_one_drains),
		cmocka_unit_test(two_givers_wait_for_room_and_nothing_is_lost),
		cmocka_unit_test(counters_have_names_and_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
