/* SPDX-License-Identifier: ISC */
/*
 * Compression, seen through captures: what decompresses is delivered, what
 * does not is told.
 */
#include "capture_build.h"

#define PACKETS	9

/* Packets that do not compress to nothing. */
static void
capture(struct bytes *b)
{
	b->len = 0;
	pcap_begin(b, 0xa1b2c3d4, 65535, 1);
	for (unsigned i = 0; i < PACKETS; i++)
		pcap_packet(b, i * 77777, i * 131, (uint8_t)(i * 37), 100 + i);
}

static void
want_all(const struct bytes *b, const char *what)
{
	struct got g;

	collect(b->at, b->len, NULL, &g);
	if (g.frames != PACKETS || g.damaged || g.mixed)
		fail_msg("%s: got %zu packets, want %d: %s", what, g.frames,
		    PACKETS, g.why);
}

static void
test_whole(void **state)
{
	static struct bytes b, c;

	(void)state;
	capture(&b);
	c.len = 0;
	gzip(&c, b.at, b.len);
	want_all(&c, "gzip");
	c.len = 0;
	gzip(&c, b.at, 3);
	gzip(&c, b.at + 3, 100);
	gzip(&c, b.at, 0);
	gzip(&c, b.at + 103, b.len - 103);
	want_all(&c, "gzip, four members, cut within the magic");
	put(&c, "\0\0\0\0\0", 5);
	want_all(&c, "gzip, padded with zeros");
	c.len = 0;
	zstd(&c, b.at, b.len);
	want_all(&c, "zstd");
	c.len = 0;
	put(&c, "\x5e\x2a\x4d\x18\3\0\0\0abc", 11);
	zstd(&c, b.at, 50);
	zstd(&c, b.at + 50, b.len - 50);
	want_all(&c, "zstd, a skippable frame and two others");
}

/* Cut at each octet: never more packets, never silence. */
static void
cut_everywhere(const struct bytes *c, const char *what)
{
	size_t most = 0;
	struct got g;

	for (size_t cut = 5; cut < c->len; cut++) {
		collect(c->at, cut, NULL, &g);
		if (g.opened != CAPTURE_OPENED) {
			assert_int_equal(g.opened, CAPTURE_BROKEN);
			continue;
		}
		if (!g.damaged || g.mixed || g.frames > PACKETS ||
		    g.frames < most)
			fail_msg("%s cut at %zu: got %zu packets: %s", what,
			    cut, g.frames, g.why);
		most = g.frames;
	}
	assert_int_equal(most, PACKETS);	/* all but the trailer */
}

static void
test_cut(void **state)
{
	static struct bytes b, c;
	struct got g;

	(void)state;
	capture(&b);
	c.len = 0;
	gzip(&c, b.at, b.len);
	cut_everywhere(&c, "gzip");
	collect(c.at, c.len - 1, NULL, &g);
	assert_string_equal(g.why, "t.pcap: damaged after packet 9, at octet "
	    "1104 once uncompressed: gzip data cut short");
	c.len = 0;
	zstd(&c, b.at, b.len);
	cut_everywhere(&c, "zstd");
	collect(c.at, c.len - 1, NULL, &g);
	assert_string_equal(g.why, "t.pcap: damaged after packet 9, at octet "
	    "1104 once uncompressed: zstd data cut short");
}

/* One octet wrong anywhere in the data or the trailer is told. */
static void
test_flipped(void **state)
{
	static struct bytes b, c;
	struct got g;

	(void)state;
	capture(&b);
	for (int form = 0; form < 2; form++) {
		c.len = 0;
		if (form == 0)
			gzip(&c, b.at, b.len);
		else
			zstd(&c, b.at, b.len);
		for (size_t i = 10; i < c.len; i++) {
			c.at[i] ^= 0x55;
			collect(c.at, c.len, NULL, &g);
			if (g.opened == CAPTURE_OPENED && !g.damaged)
				fail_msg("octet %zu of form %d: not noticed",
				    i, form);
			c.at[i] ^= 0x55;
		}
	}
}

static void
test_something_behind(void **state)
{
	static struct bytes b, c;
	struct got g;

	(void)state;
	capture(&b);
	c.len = 0;
	gzip(&c, b.at, b.len);
	put(&c, "garbage", 7);
	collect(c.at, c.len, NULL, &g);
	assert_int_equal(g.frames, PACKETS);
	assert_non_null(strstr(g.why, "something else behind the gzip data"));
}

static void
test_empty_inside(void **state)
{
	static struct bytes c;
	struct got g;

	(void)state;
	c.len = 0;
	gzip(&c, "", 0);
	collect(c.at, c.len, NULL, &g);
	assert_int_equal(g.opened, CAPTURE_EMPTY);
	c.len = 0;
	gzip(&c, "hello", 5);
	collect(c.at, c.len, NULL, &g);
	assert_int_equal(g.opened, CAPTURE_FOREIGN);
}

/* A frame that asks for a window of 2 GiB gets none. */
static void
test_zstd_window(void **state)
{
	static const uint8_t huge[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8,
	    0x01, 0x00, 0x00 };
	struct got g;

	(void)state;
	collect(huge, sizeof(huge), NULL, &g);
	assert_int_equal(g.opened, CAPTURE_BROKEN);
	assert_non_null(strstr(g.why, "memory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_something_behind),
		cmocka_unit_test(test_empty_inside),
		cmocka_unit_test(test_zstd_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
