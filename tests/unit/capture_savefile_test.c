/* SPDX-License-Identifier: ISC */
#include "capture_build.h"

#define US	0xa1b2c3d4
#define NS	0xa1b23c4d

/* Two packets in each variant that pcap knows. */
static void
test_variants(void **state)
{
	static const struct {
		const char	*what;
		uint32_t	 magic;
		bool		 big;
		uint32_t	 fraction;
		uint32_t	 link;
		int		 want_link;
	} cases[] = {
		{ "little-endian, microseconds", US, false, 123456, 1, 1 },
		{ "big-endian, microseconds", US, true, 123456, 1, 1 },
		{ "little-endian, nanoseconds: cut", NS, false, 123456999, 1,
		  1 },
		{ "big-endian, nanoseconds: cut", NS, true, 123456999, 1, 1 },
		{ "raw IP", US, false, 123456, 101, 101 },
		{ "raw IP by the number of Linux", US, false, 123456, 12,
		  101 },
		{ "raw IP by the number of OpenBSD", US, false, 123456, 14,
		  101 },
		{ "cooked 2", US, true, 123456, 276, 276 },
		{ "a length of the frame check told as well", US, false,
		  123456, 1 | 0x54000000, 1 },
		{ "a link type nobody knows", US, false, 123456, 299, 299 },
	};
	static struct bytes b;
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b.big = cases[i].big;
		b.len = 0;
		pcap_begin(&b, cases[i].magic, 65535, cases[i].link);
		pcap_packet(&b, 0xf0000000, cases[i].fraction, 'a', 60);
		pcap_packet(&b, 5, 0, 'b', 1);
		collect(b.at, b.len, NULL, &g);
		if (g.frames != 2 || g.damaged || g.mixed ||
		    g.frame[0].time != INT64_C(0xf0000000) * 1000000 + 123456 ||
		    g.frame[1].time != 5000000 ||
		    g.frame[0].link_type != cases[i].want_link)
			fail_msg("%s: got %zu frames, time %lld, link %d: %s",
			    cases[i].what, g.frames,
			    (long long)g.frame[0].time, g.frame[0].link_type,
			    g.why);
		assert_int_equal(g.frame[0].number, 1);
		assert_int_equal(g.frame[1].number, 2);
		assert_int_equal(g.frame[0].octets.len, 60);
		assert_int_equal(g.first[0], 'a');
		assert_int_equal(g.first[1], 'b');
	}
}

static void
test_kuznetzov(void **state)
{
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, 0xa1b2cd34, 65535, 1);
	for (int i = 0; i < 2; i++) {
		put32(&b, 7);
		put32(&b, 8);
		put32(&b, 4);
		put32(&b, 60);
		put_number(&b, 0, 8);	/* interface, protocol, type */
		put(&b, "kkkk", 4);
	}
	collect(b.at, b.len, NULL, &g);
	assert_int_equal(g.frames, 2);
	assert_int_equal(g.frame[1].wire_len, 60);
	assert_int_equal(g.first[1], 'k');
	collect(b.at, b.len - 1, NULL, &g);
	assert_string_equal(g.why, "t.pcap: damaged after packet 1, at octet "
	    "52: packet cut short");
}

static void
test_lengths(void **state)
{
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 40, 1);
	pcap_packet(&b, 1, 0, 'a', 1500);	/* longer than stated */
	put32(&b, 1);
	put32(&b, 0);
	put32(&b, 3);
	put32(&b, 1500);			/* cut by the snap length */
	put(&b, "bbb", 3);
	put32(&b, 1);
	put32(&b, 0);
	put32(&b, 3);
	put32(&b, 2);				/* captured more than it had */
	put(&b, "ccc", 3);
	pcap_packet(&b, 2, 7, 'd', 60);		/* libpcap goes on with that */
	collect(b.at, b.len, NULL, &g);
	assert_int_equal(g.frames, 4);
	assert_false(g.damaged);
	assert_int_equal(g.frame[3].number, 4);
	assert_int_equal(g.frame[3].time, 2000007);
	assert_int_equal(g.frame[3].octets.len, 60);
	assert_int_equal(g.first[3], 'd');
	assert_int_equal(g.frame[0].octets.len, 1500);
	assert_int_equal(g.frame[1].octets.len, 3);
	assert_int_equal(g.frame[1].wire_len, 1500);
	assert_int_equal(g.frame[2].wire_len, 3);
}

static void
test_no_packets(void **state)
{
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 65535, 1);
	collect(b.at, b.len, NULL, &g);
	assert_int_equal(g.opened, CAPTURE_OPENED);
	assert_int_equal(g.frames, 0);
	assert_false(g.damaged);
}

static void
test_impossible_length(void **state)
{
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 65535, 1);
	pcap_packet(&b, 1, 0, 'a', 60);
	put32(&b, 1);
	put32(&b, 0);
	put32(&b, 0x7fffffff);
	put32(&b, 60);
	put(&b, "b", 1);
	collect(b.at, b.len, NULL, &g);
	assert_int_equal(g.frames, 1);
	assert_true(g.damaged);
	assert_non_null(strstr(g.why, "after packet 1, at octet 100: "));

	/* D-Bus is allowed more by libpcap; 256 KiB is the end for us. */
	b.len = 0;
	pcap_begin(&b, US, 0, 231);
	put32(&b, 1);
	put32(&b, 0);
	put32(&b, 300000);
	put32(&b, 300000);
	while (b.len < BUILD_MAX)
		put(&b, "d", 1);
	collect(b.at, b.len, NULL, &g);
	assert_int_equal(g.frames, 0);
	assert_true(g.damaged);
}

/* Cut at each octet: the packets that are whole come, then the complaint,
 * unless the cut is between two packets. */
static void
test_cut(void **state)
{
	static const size_t ends[] = { 24, 24 + 16 + 20, 24 + 2 * 16 + 20,
	    24 + 3 * 16 + 20 + 7 };
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 65535, 1);
	pcap_packet(&b, 1, 0, 'a', 20);
	pcap_packet(&b, 2, 0, 'b', 0);
	pcap_packet(&b, 3, 0, 'c', 7);
	for (size_t cut = 0; cut < b.len; cut++) {
		size_t want = 0;
		bool whole = cut == ends[0];

		for (size_t i = 1; i < 4 && cut >= ends[i]; i++) {
			want = i;
			whole = cut == ends[i];
		}
		collect(b.at, cut, NULL, &g);
		if (g.frames != want || (g.opened == CAPTURE_OPENED &&
		    g.damaged == whole) ||
		    (g.opened == CAPTURE_OPENED) != (cut >= 24))
			fail_msg("cut at %zu: got %zu frames, want %zu: %s",
			    cut, g.frames, want, g.why);
		if (cut > 0 && cut < 24)
			assert_int_equal(g.opened, cut < 4 ?
			    CAPTURE_FOREIGN : CAPTURE_BROKEN);
	}
	collect(b.at, ends[1] + 9, NULL, &g);
	assert_string_equal(g.why, "t.pcap: damaged after packet 1, at octet "
	    "60: packet header cut short");
	collect(b.at, ends[2] + 17, NULL, &g);
	assert_string_equal(g.why, "t.pcap: damaged after packet 2, at octet "
	    "76: packet cut short");
}

static void
test_filter_keeps_numbers(void **state)
{
	static struct bytes b;
	struct got g;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 65535, 1);
	pcap_packet(&b, 1, 0, 'a', 20);
	pcap_packet(&b, 2, 0, 'b', 20);
	pcap_packet(&b, 3, 0, 'a', 20);
	collect(b.at, b.len - 1, "ether[0] = 0x62", &g);
	assert_int_equal(g.frames, 1);
	assert_int_equal(g.frame[0].number, 2);
	assert_string_equal(g.why, "t.pcap: damaged after packet 2, at octet "
	    "96: packet cut short");
	collect(b.at, b.len, "ether[0 = 0x62", &g);
	assert_int_equal(g.opened, CAPTURE_BROKEN);
	assert_non_null(strstr(g.why, "t.pcap: filter: "));
}

static void
test_more_at_a_time(void **state)
{
	static struct bytes b;

	(void)state;
	b.len = 0;
	pcap_begin(&b, US, 65535, 1);
	for (uint32_t i = 0; i < MORE_FRAMES; i++)
		pcap_packet(&b, i, i, (uint8_t)i, more_length(i));
	check_more(&b);
}

static void
test_no_captures(void **state)
{
	static const struct {
		const char		*what;
		const char		*octets;
		size_t			 len;
		enum capture_opened	 want;
		const char		*why;
	} cases[] = {
		{ "nothing", "", 0, CAPTURE_EMPTY, "t.pcap: empty file" },
		{ "text", "From a@example.net\n", 19, CAPTURE_FOREIGN,
		  "t.pcap: not a pcap or pcapng capture" },
		{ "snoop", "snoop\0\0\0\0\0\0\2\0\0\0\4", 16, CAPTURE_FOREIGN,
		  "t.pcap: not a pcap or pcapng capture" },
		{ "one octet", "\xd4", 1, CAPTURE_FOREIGN,
		  "t.pcap: not a pcap or pcapng capture" },
		{ "a version to come",
		  "\xd4\xc3\xb2\xa1\3\0\0\0\0\0\0\0\0\0\0\0\xff\0\0\0\1\0\0",
		  24, CAPTURE_BROKEN, NULL },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		collect(cases[i].octets, cases[i].len, NULL, &g);
		if (g.opened != cases[i].want || (cases[i].why != NULL &&
		    strcmp(g.why, cases[i].why) != 0))
			fail_msg("%s: got %d \"%s\"", cases[i].what,
			    (int)g.opened, g.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_kuznetzov),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_no_packets),
		cmocka_unit_test(test_impossible_length),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_filter_keeps_numbers),
		cmocka_unit_test(test_more_at_a_time),
		cmocka_unit_test(test_no_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
