/* SPDX-License-Identifier: ISC */
/* TCP options, checksums, and DNS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode/walk.h"
#include "decode_frames.h"

#define ETHER	1

struct options {
	const char	*name;
	uint8_t		 octets[12];
	int		 mss, scale;		/* -1: none */
	int64_t		 timestamp;
};

static const struct options options[] = {
	{ "none, but padding", { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, -1, -1,
	    -1 },
	{ "ended at once", { 0, 2, 4, 5, 0xb4 }, -1, -1, -1 },
	{ "a segment size", { 2, 4, 5, 0xb4 }, 1460, -1, -1 },
	{ "a segment size and a window scale", { 2, 4, 5, 0xb4, 1, 3, 3, 7 },
	    1460, 7, -1 },
	{ "timestamps as everybody has them", { 1, 1, 8, 10, 0, 0, 1, 0, 9 },
	    -1, -1, 256 },
	{ "timestamps first", { 8, 10, 0, 0, 1, 0, 9, 9, 9, 9 }, -1, -1,
	    256 },
	{ "an unknown option before the one we know",
	    { 254, 6, 2, 4, 8, 10, 3, 3, 2 }, -1, 2, -1 },
	{ "a scale above 14 means 14", { 3, 3, 200 }, -1, 14, -1 },
	{ "a segment size of the wrong length", { 2, 3, 5, 3, 3, 7 }, -1, 7,
	    -1 },
	{ "length 0 ends it", { 3, 3, 7, 2, 0, 5, 0xb4 }, -1, 7, -1 },
	{ "length 1 ends it", { 3, 3, 7, 2, 1, 5, 0xb4 }, -1, 7, -1 },
	{ "a length beyond the header ends it",
	    { 3, 3, 7, 2, 4, 5, 0xb4, 8, 10, 0, 0, 1 }, 1460, 7, -1 },
	{ "no room for a length ends it",
	    { 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7, 2 }, -1, 7, -1 },
};

static void
options_are_read(void **state)
{
	static struct built built;
	struct rig r;

	(void)state;
	rig_open(&r, false);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct options *o = &options[i];
		struct frame f;
		struct packet p;

		frame_build(&built, "eth ip4 tcp");
		memcpy(built.room + built.begin + 54, o->octets, 12);
		f = frame_of(ETHER, built_octets(&built),
		    built_octets(&built).len);
		memset(&p, 0xff, sizeof(p));
		assert_int_equal(decode(r.decoder, &f, &p), DECODE_TCP);
		if ((p.has_mss ? p.mss : -1) != o->mss ||
		    (p.has_window_scale ? p.window_scale : -1) != o->scale ||
		    (p.has_timestamp ? (int64_t)p.timestamp : -1) !=
		    o->timestamp)
			fail_msg("%s: got %d:%d %d:%d %d:%u, want %d %d %jd",
			    o->name, p.has_mss, p.mss, p.has_window_scale,
			    p.window_scale, p.has_timestamp, p.timestamp,
			    o->mss, o->scale, (intmax_t)o->timestamp);
	}
	decoder_free(r.decoder);
}

/* Every length from nothing to long, odd and even, both families; and each
 * of its octets matters. */
static void
checksums_are_verified(void **state)
{
	static struct built built;
	static char text[600];
	struct rig r;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + 1);
	rig_open(&r, false);
	built.payload = text;
	for (size_t n = 0; n < 2 * sizeof(text); n++) {
		bool v6 = n % 2;
		struct frame f;
		struct packet p;
		uint8_t *at;

		built.payload_len = n / 2;
		frame_build(&built, v6 ? "eth ip6 tcp" : "eth ip4 tcp");
		f = frame_of(ETHER, built_octets(&built),
		    built_octets(&built).len);
		assert_int_equal(decode(r.decoder, &f, &p), DECODE_TCP);
		if (packet_checksum(&p) != CHECKSUM_GOOD)
			fail_msg("%zu octets, IPv%d: got %d, want good",
			    n / 2, v6 ? 6 : 4, packet_checksum(&p));
		/* any octet but the options, which end what is read of them */
		at = built.room + FRAME_MAX - built.payload_len - 32 +
		    n % (built.payload_len + 32);
		if (at == p.segment.at + 12)
			at++;
		*at ^= 0x10;
		assert_int_equal(packet_checksum(&p), CHECKSUM_BAD);
	}
	decoder_free(r.decoder);
}

/* A card that computes checksums leaves the pseudo header's sum (partial):
 * that is simply wrong.  Other addresses make it wrong, too. */
static void
checksums_cover_the_addresses(void **state)
{
	static struct built built;
	struct rig r;
	struct packet p;
	struct frame f;

	(void)state;
	rig_open(&r, false);
	frame_build(&built, "eth ip4 tcp");
	f = frame_of(ETHER, built_octets(&built), built_octets(&built).len);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_TCP);
	p.source.octets[13] ^= 1;
	assert_int_equal(packet_checksum(&p), CHECKSUM_BAD);
	p.source.octets[13] ^= 1;
	assert_int_equal(packet_checksum(&p), CHECKSUM_GOOD);
	p.payload_wire++;
	assert_int_equal(packet_checksum(&p), CHECKSUM_UNKNOWN);
	decoder_free(r.decoder);
}

/* Octet by octet, as RFC 1071 section 4.1 has it. */
static uint16_t
plain_sum(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
		sum = (sum >> 16) + (sum & 0xffff);
	}
	return (uint16_t)sum;
}

/* However many octets are summed at a time, none is left out, and no carry:
 * of all lengths, from all places in a word, with all octets high. */
static void
checksums_of_all_lengths(void **state)
{
	uint8_t room[160];
	uint32_t seed = 1;

	(void)state;
	for (size_t len = 2; len < 140; len++)
		for (size_t from = 0; from < 9; from++)
			for (int high = 0; high < 2; high++) {
				uint8_t *at = room + from;
				uint16_t sum;

				for (size_t i = 0; i < sizeof(room); i++) {
					seed = seed * 1664525 + 1013904223;
					room[i] = high ? 0xff :
					    (uint8_t)(seed >> 24);
				}
				at[0] = at[1] = 0;
				sum = (uint16_t)~plain_sum(at, len);
				at[0] = (uint8_t)(sum >> 8);
				at[1] = (uint8_t)sum;
				assert_true(decode_checksum_right(
				    span_of(at, len)));
				at[len / 2] ^= 1;
				assert_false(decode_checksum_right(
				    span_of(at, len)));
			}
}

static void
dns_is_shown_when_wanted(void **state)
{
	static const struct {
		const char *name, *headers;
		bool want_dns;
		uint16_t port;		/* of the server */
		enum decode_result want;
	} cases[] = {
		{ "an answer", "eth ip4 dns", true, 53, DECODE_DNS },
		{ "an answer over IPv6", "eth ip6 dns", true, 53,
		    DECODE_DNS },
		{ "an answer in VXLAN in a VLAN",
		    "eth vlan=5 ip4 vxlan eth ip4 dns", true, 53,
		    DECODE_DNS },
		{ "not wanted", "eth ip4 dns", false, 53, DECODE_OTHER },
		{ "from another port", "eth ip4 dns", true, 5353,
		    DECODE_OTHER },
	};
	static struct built built;

	(void)state;
	built.payload = "\x12\x34\x81\x80";
	built.payload_len = 4;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		struct packet p;
		struct frame f;
		enum decode_result got;

		rig_open(&r, cases[i].want_dns);
		frame_build(&built, cases[i].headers);
		put16(built.room + FRAME_MAX - 12, cases[i].port);
		f = frame_of(ETHER, built_octets(&built),
		    built_octets(&built).len);
		memset(&p, 0xff, sizeof(p));
		got = decode(r.decoder, &f, &p);
		if (got != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].name, got,
			    cases[i].want);
		if (got == DECODE_DNS) {
			assert_int_equal(p.source_port, 53);
			assert_int_equal(p.destination_port, CLIENT_PORT);
			assert_int_equal(p.payload.len, 4);
			assert_int_equal(p.payload_wire, 4);
			assert_memory_equal(p.payload.at, built.payload, 4);
			assert_int_equal(p.flags, 0);
			f.octets.len -= 2;
			assert_int_equal(decode(r.decoder, &f, &p),
			    DECODE_DNS);
			assert_int_equal(p.payload.len, 2);
			assert_int_equal(p.payload_wire, 4);
			assert_int_equal(r.counters.n[COUNT_decode_dns], 2);
		}
		decoder_free(r.decoder);
	}
}

/* To port 53 as well: what was asked tells what an answer is worth. */
static void
dns_questions_are_shown(void **state)
{
	static struct built built;

	(void)state;
	built.payload = "\x12\x34\x01\0";
	built.payload_len = 4;
	for (int wanted = 0; wanted < 2; wanted++) {
		struct rig r;
		struct packet p;
		struct frame f;

		rig_open(&r, wanted == 1);
		frame_build(&built, "eth ip4 dns");
		put16(built.room + FRAME_MAX - 12, 4000);
		put16(built.room + FRAME_MAX - 10, 53);
		f = frame_of(ETHER, built_octets(&built),
		    built_octets(&built).len);
		assert_int_equal(decode(r.decoder, &f, &p),
		    wanted == 1 ? DECODE_DNS : DECODE_OTHER);
		if (wanted == 1) {
			assert_int_equal(p.source_port, 4000);
			assert_int_equal(p.destination_port, 53);
			assert_int_equal(p.payload.len, 4);
		}
		decoder_free(r.decoder);
	}
}

/* A UDP length below its header is wrong; none at all is a jumbogram. */
static void
dns_lengths(void **state)
{
	static struct built built;
	struct rig r;
	struct packet p;
	struct frame f;

	(void)state;
	rig_open(&r, true);
	built.payload = "abcd";
	built.payload_len = 4;
	frame_build(&built, "eth ip4 dns");
	f = frame_of(ETHER, built_octets(&built), built_octets(&built).len);
	put16(built.room + FRAME_MAX - 8, 7);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_BAD);
	put16(built.room + FRAME_MAX - 8, 13);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_BAD);
	put16(built.room + FRAME_MAX - 8, 10);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_DNS);
	assert_int_equal(p.payload_wire, 2);
	put16(built.room + FRAME_MAX - 8, 0);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_DNS);
	assert_int_equal(p.payload_wire, 4);
	decoder_free(r.decoder);
}

/* TCP from port 53 is a port like another: on the list or not. */
static void
dns_over_tcp_is_no_dns(void **state)
{
	static struct built built;
	struct rig r;
	struct packet p;
	struct frame f;

	(void)state;
	rig_open(&r, true);
	built.port = 53;
	frame_build(&built, "eth ip4 tcp");
	f = frame_of(ETHER, built_octets(&built), built_octets(&built).len);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_OTHER);
	built.port = 25;
	frame_build(&built, "eth ip4 tcp");
	put16(built.room + built.begin + 34, 25);	/* the source */
	put16(built.room + built.begin + 36, 53);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_TCP);
	decoder_free(r.decoder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(checksums_are_verified),
		cmocka_unit_test(checksums_cover_the_addresses),
		cmocka_unit_test(checksums_of_all_lengths),
		cmocka_unit_test(dns_is_shown_when_wanted),
		cmocka_unit_test(dns_questions_are_shown),
		cmocka_unit_test(dns_lengths),
		cmocka_unit_test(dns_over_tcp_is_no_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
