/* SPDX-License-Identifier: ISC */
/* Fragments in numbers that nobody sends in good faith. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode_pieces.h"

/*
 * A flood of first fragments: as many datagrams are kept as one of the
 * limits allows, the newest ones, and each other is counted as dropped.
 */
static void
floods_are_bounded(void **state)
{
	static const struct {
		const char *name;
		uint32_t datagrams, memory;
		int at_least, at_most;	/* kept of 1000 */
	} cases[] = {
		{ "by number", 8, 1 << 30, 8, 8 },
		{ "by octets", 100000, 64 * 1024, 30, 54 },
		{ "no room at all", 100000, 1000, 0, 0 },
		{ "not even for one", 0, 1 << 30, 0, 0 },
	};
	static struct pieces pieces;
	static struct built built;
	static char text[1400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct decode_limits limits = DECODE_LIMITS_DEFAULT;
		struct rig r;
		struct packet p;
		int kept = 0;

		rig_open(&r, false);
		decoder_free(r.decoder);
		limits.fragment_datagrams = cases[i].datagrams;
		limits.fragment_memory = cases[i].memory;
		r.decoder = decoder_new(&limits, r.ports, false, &r.counters);
		assert_non_null(r.decoder);
		built.payload = text;
		built.payload_len = sizeof(text);
		frame_build(&built, "ip4 tcp");
		cut_piece(&pieces, 0, built_octets(&built), 0, 1200);
		cut_piece(&pieces, 1, built_octets(&built), 1200, 232);
		for (uint32_t id = 0; id < 1000; id++) {
			put16(pieces.at[0] + 4, id);
			give(&r, &pieces, 0, 1000, &p);
		}
		/* the newest first, which makes no room */
		for (uint32_t id = 1000; id-- > 0; kept++) {
			put16(pieces.at[1] + 4, id);
			if (give(&r, &pieces, 1, 1000, &p) != DECODE_TCP)
				break;
		}
		if (kept < cases[i].at_least || kept > cases[i].at_most)
			fail_msg("%s: got %d kept, want %d to %d",
			    cases[i].name, kept, cases[i].at_least,
			    cases[i].at_most);
		assert_true(r.counters.n[COUNT_fragments_dropped] >=
		    (uint64_t)(1000 - cases[i].at_most));
		decoder_free(r.decoder);
	}
}

/* 1432 octets in pieces of eight are 179, and fine; 2504 are too many. */
static void
many_pieces(void **state)
{
	static struct pieces pieces;
	static struct built built;
	static char text[20000];
	struct rig r;
	struct packet p;

	(void)state;
	for (int large = 0; large < 2; large++) {
		size_t size = large ? sizeof(text) : 1400;
		enum decode_result got = DECODE_HELD;

		rig_open(&r, false);
		built.payload = text;
		built.payload_len = size;
		frame_build(&built, "ip6 tcp");
		for (size_t at = 0; at < size + 32; at += 8) {
			cut_piece(&pieces, 0, built_octets(&built), at, 8);
			got = give(&r, &pieces, 0, 1000, &p);
		}
		assert_int_equal(got, large ? DECODE_BAD : DECODE_TCP);
		if (!large)
			assert_int_equal(packet_checksum(&p), CHECKSUM_GOOD);
		assert_int_equal(r.counters.n[COUNT_fragments_dropped],
		    large);
		decoder_free(r.decoder);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
