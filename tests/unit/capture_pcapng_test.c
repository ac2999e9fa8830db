/* SPDX-License-Identifier: ISC */
#include "capture_build.h"

static struct bytes b;
static struct bytes body;
static struct got g;

static void
begin(bool big)
{
	b.big = body.big = big;
	b.len = 0;
	section(&b, 1);
}

static void
read_all(void)
{
	collect(b.at, b.len, NULL, &g);
}

/* An interface with a clock: if_tsresol, and if_tsoffset unless 0. */
static void
clocked(unsigned link, uint8_t resolution, int64_t offset)
{
	body.len = 0;
	put16(&body, link);
	put16(&body, 0);
	put32(&body, 0);
	put16(&body, 2);		/* if_name, to be passed over */
	put16(&body, 5);
	put(&body, "eth0\0\0\0\0", 8);
	put16(&body, 9);
	put16(&body, 1);
	put(&body, &resolution, 1);
	put(&body, "\0\0\0", 3);
	if (offset != 0) {
		put16(&body, 14);
		put16(&body, 8);
		put_number(&body, (uint64_t)offset, 8);
	}
	put32(&body, 0);
	block(&b, 1, &body);
}

static void
simple(uint32_t wire_len, uint8_t fill, uint32_t captured)
{
	uint8_t octets[256];

	memset(octets, fill, sizeof(octets));
	body.len = 0;
	put32(&body, wire_len);
	put(&body, octets, captured);
	block(&b, 3, &body);
}

/* What libpcap refuses: link types and snap lengths that differ. */
static void
test_mixed_interfaces(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		begin(big == 1);
		interface(&b, 1, 65535);
		enhanced(&b, 0, 1000000, 'a', 60);
		interface(&b, 113, 96);
		interface(&b, 12, 0);
		enhanced(&b, 1, 2000000, 'b', 61);
		enhanced(&b, 2, 3000000, 'c', 62);
		enhanced(&b, 0, 4000000, 'd', 63);
		read_all();
		assert_int_equal(g.frames, 4);
		assert_false(g.damaged);
		assert_false(g.mixed);
		assert_int_equal(g.frame[0].link_type, 1);
		assert_int_equal(g.frame[1].link_type, 113);
		assert_int_equal(g.frame[2].link_type, 101);
		assert_int_equal(g.frame[3].link_type, 1);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(g.frame[i].number, i + 1);
			assert_int_equal(g.frame[i].octets.len, 60 + i);
			assert_int_equal(g.frame[i].time, (i + 1) * 1000000);
			assert_int_equal(g.first[i], 'a' + i);
		}
	}
}

static void
test_clocks(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		begin(big == 1);
		clocked(1, 9, 0);
		clocked(1, 0x8a, 0);
		clocked(1, 3, -86400);
		interface(&b, 1, 0);
		enhanced(&b, 0, UINT64_C(1700000000123456789), 'a', 4);
		enhanced(&b, 1, 1024 + 256, 'b', 4);
		enhanced(&b, 2, UINT64_C(86400001), 'c', 4);
		enhanced(&b, 3, UINT64_C(1700000000123456), 'd', 4);
		read_all();
		assert_int_equal(g.frames, 4);
		assert_int_equal(g.frame[0].time, 1700000000123456);
		assert_int_equal(g.frame[1].time, 1250000);
		assert_int_equal(g.frame[2].time, 1000);
		assert_int_equal(g.frame[3].time, 1700000000123456);
	}
}

/* Each section has its own order and its own interfaces. */
static void
test_sections(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'a', 5);
	b.big = true;
	section(&b, 1);
	interface(&b, 276, 0);
	enhanced(&b, 0, 2, 'b', 6);
	b.big = false;
	section(&b, 1);
	enhanced(&b, 0, 3, 'c', 7);
	interface(&b, 113, 0);
	enhanced(&b, 0, 4, 'd', 8);
	read_all();
	assert_int_equal(g.frames, 3);
	assert_int_equal(g.frame[1].link_type, 276);
	assert_int_equal(g.frame[1].octets.len, 6);
	assert_int_equal(g.frame[2].link_type, 113);
	assert_int_equal(g.frame[2].number, 4);
	assert_true(g.damaged);
	assert_non_null(strstr(g.why, "after packet 3, at octet "));
	assert_non_null(strstr(g.why, "interface never described"));
}

static void
test_unknown_version(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'a', 5);
	section(&b, 2);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'b', 5);
	section(&b, 1);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'c', 5);
	read_all();
	assert_int_equal(g.frames, 2);
	assert_int_equal(g.first[1], 'c');
	assert_non_null(strstr(g.why, "pcapng version 2.0 is not known"));
	b.len = 0;
	section(&b, 2);
	read_all();
	assert_int_equal(g.opened, CAPTURE_BROKEN);
	assert_string_equal(g.why, "t.pcap: pcapng version 2.0 is not known");
}

static void
test_simple_packets(void **state)
{
	(void)state;
	begin(true);
	interface(&b, 1, 100);
	interface(&b, 113, 10);
	simple(60, 'a', 60);
	enhanced(&b, 1, 5000000, 'b', 60);
	simple(1500, 'c', 100);		/* cut by the snap length */
	simple(1500, 'd', 40);		/* ... and the block is short */
	read_all();
	assert_int_equal(g.frames, 4);
	assert_false(g.damaged);
	assert_false(g.mixed);
	assert_int_equal(g.frame[0].time, 0);
	assert_int_equal(g.frame[0].link_type, 1);
	assert_int_equal(g.frame[2].time, 5000000);
	assert_int_equal(g.frame[2].octets.len, 100);
	assert_int_equal(g.frame[2].wire_len, 1500);
	assert_int_equal(g.frame[3].octets.len, 40);
}

static void
test_obsolete_packet(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	interface(&b, 113, 0);
	body.len = 0;
	put16(&body, 1);
	put16(&body, 77);		/* drops */
	put32(&body, 0);
	put32(&body, 9);
	put32(&body, 3);
	put32(&body, 1000);
	put(&body, "ooo\0", 4);
	block(&b, 2, &body);
	read_all();
	assert_int_equal(g.frames, 1);
	assert_int_equal(g.frame[0].link_type, 113);
	assert_int_equal(g.frame[0].time, 9);
	assert_int_equal(g.frame[0].octets.len, 3);
	assert_int_equal(g.frame[0].wire_len, 1000);
}

/* Blocks of other types, however long, and options behind packets. */
static void
test_passed_over(void **state)
{
	static const uint32_t types[] = { 4, 5, 9, 0xbad, 0x40000bad,
	    0x80001234 };

	(void)state;
	begin(false);
	for (size_t i = 0; i < 6; i++) {
		memset(body.at, 0xff, 9000);
		body.len = 1500 * i + 3;
		block(&b, types[i], &body);
	}
	interface(&b, 1, 0);
	body.len = 0;
	put32(&body, 0);
	put32(&body, 0);
	put32(&body, 5);
	put32(&body, 2);
	put32(&body, 2);
	put(&body, "pp\0\0", 4);
	put16(&body, 1);		/* a comment */
	put16(&body, 5);
	put(&body, "hello\0\0\0", 8);
	put32(&body, 0);
	block(&b, 6, &body);
	enhanced(&b, 0, 6, 'q', 1);
	read_all();
	assert_int_equal(g.frames, 2);
	assert_false(g.damaged);
	assert_int_equal(g.frame[0].octets.len, 2);
	assert_int_equal(g.first[1], 'q');
}

/* One number of a good file overwritten. */
static void
test_damage(void **state)
{
	static const struct {
		const char	*what;
		size_t		 at;		/* in the third packet block */
		uint32_t	 value;
		size_t		 frames;
		const char	*why;
	} cases[] = {
		{ "a block of length 0", 4, 0, 2, "impossible length" },
		{ "a length that is no multiple of 4", 4, 41, 2,
		  "impossible length" },
		{ "a block too short for a packet", 4, 28, 2,
		  "impossible length" },
		{ "a packet block of 17 MiB", 4, 17 << 20, 2,
		  "impossible length" },
		{ "a block longer than the file", 4, 400, 3, "cut short" },
		{ "a packet longer than its block", 20, 9, 2,
		  "longer than its block" },
		{ "a packet of 4 GiB", 20, UINT32_MAX, 2,
		  "longer than its block" },
		{ "lengths that differ", 36, 44, 3, "differs" },
		{ "an interface never described", 8, 1, 3,
		  "never described" },
	};
	static struct bytes good;

	(void)state;
	begin(false);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'a', 8);
	enhanced(&b, 0, 2, 'b', 8);
	enhanced(&b, 0, 3, 'c', 8);
	enhanced(&b, 0, 4, 'd', 8);
	good = b;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b = good;
		memcpy(b.at + 28 + 20 + 2 * 40 + cases[i].at,
		    &cases[i].value, 4);
		read_all();
		if (g.frames != cases[i].frames || !g.damaged ||
		    strstr(g.why, cases[i].why) == NULL ||
		    strstr(g.why, "at octet 128: ") == NULL)
			fail_msg("%s: got %zu frames, want %zu, \"%s\"",
			    cases[i].what, g.frames, cases[i].frames, g.why);
	}
}

/* A packet longer than 256 KiB within a block that has the room. */
static void
test_giant(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	put32(&b, 6);
	put32(&b, 32 + 300000);
	put32(&b, 0);
	put32(&b, 0);
	put32(&b, 0);
	put32(&b, 300000);
	put32(&b, 300000);
	read_all();
	assert_int_equal(g.frames, 0);
	assert_non_null(strstr(g.why, "longer than any can be"));
}

/*
 * Cut at each octet.  A packet whose octets are all there comes even if its
 * block's end is missing, and then the complaint.
 */
static void
test_cut(void **state)
{
	static const size_t ends[] = { 28, 48, 48 + 36, 48 + 36 + 40 };
	static const size_t packets[] = { 48 + 28 + 3, 48 + 36 + 28 + 6 };

	(void)state;
	begin(false);
	interface(&b, 1, 0);
	enhanced(&b, 0, 1, 'a', 3);
	enhanced(&b, 0, 1, 'b', 6);
	for (size_t cut = 4; cut <= b.len; cut++) {
		size_t want = (cut >= packets[0]) + (cut >= packets[1]);
		bool whole = false;

		for (size_t i = 0; i < 4; i++)
			whole |= cut == ends[i];
		collect(b.at, cut, NULL, &g);
		if (cut < 24) {
			assert_int_equal(g.opened, CAPTURE_BROKEN);
			continue;
		}
		if (g.frames != want || g.damaged == whole || g.mixed)
			fail_msg("cut at %zu: got %zu frames, want %zu: %s",
			    cut, g.frames, want, g.why);
	}
}

/* A filter means another program on each link type; where it means none,
 * the packets are left out and the file called so. */
static void
test_filter(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	interface(&b, 101, 0);
	enhanced(&b, 0, 1, 'a', 40);
	enhanced(&b, 1, 2, 'b', 40);
	enhanced(&b, 0, 3, 'c', 40);
	collect(b.at, b.len, "link[0] = 0x62", &g);
	assert_int_equal(g.frames, 1);
	assert_int_equal(g.frame[0].number, 2);
	assert_false(g.damaged);
	collect(b.at, b.len, "ether[0] != 0x61 and not ether host 1:2:3:4:5:6",
	    &g);
	assert_int_equal(g.frames, 1);
	assert_int_equal(g.first[0], 'c');
	assert_non_null(strstr(g.why, "after packet 2, "));
	assert_non_null(strstr(g.why, "filter: "));
}

static void
test_many_interfaces(void **state)
{
	static const uint8_t one[] = { 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0,
	    0, 0, 0, 0, 20, 0, 0, 0 };
	const size_t n = 65537;
	uint8_t *octets;

	(void)state;
	begin(false);
	octets = malloc(b.len + n * sizeof(one));
	assert_non_null(octets);
	memcpy(octets, b.at, b.len);
	for (size_t i = 0; i < n; i++)
		memcpy(octets + b.len + i * sizeof(one), one, sizeof(one));
	collect(octets, b.len + n * sizeof(one), "tcp", &g);
	assert_non_null(strstr(g.why, "more interfaces than we keep"));
	free(octets);
}

static void
test_more_at_a_time(void **state)
{
	(void)state;
	begin(false);
	interface(&b, 1, 0);
	for (uint32_t i = 0; i < MORE_FRAMES; i++) {
		/* what is no packet of the user's does not matter */
		if (i % 50 == 49)
			block(&b, 0x0bad, &body);
		enhanced(&b, 0, i * UINT64_C(1000001), (uint8_t)i,
		    more_length(i));
	}
	check_more(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed_interfaces),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_unknown_version),
		cmocka_unit_test(test_simple_packets),
		cmocka_unit_test(test_obsolete_packet),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_giant),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_many_interfaces),
		cmocka_unit_test(test_more_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
