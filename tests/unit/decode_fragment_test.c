/* SPDX-License-Identifier: ISC */
/* IP fragments, as honest and as hostile senders cut them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode_pieces.h"
#include "decode/fragment.h"

/* 32 octets of header and 64 of payload, in four pieces. */
static const char payload[] =
    "0123456789abcdef0123456789ABCDEFghijklmnopqrstuvGHIJKLMNOPQRSTUV";

static void
cut_in_four(struct pieces *pieces, struct built *built, bool v6)
{
	built->payload = payload;
	built->payload_len = 64;
	frame_build(built, v6 ? "ip6 tcp" : "ip4 tcp");
	cut_piece(pieces, 0, built_octets(built), 0, 24);
	cut_piece(pieces, 1, built_octets(built), 24, 16);
	cut_piece(pieces, 2, built_octets(built), 40, 32);
	cut_piece(pieces, 3, built_octets(built), 72, 24);
}

static void
check_whole(const struct packet *p, bool v6)
{
	assert_int_equal(p->source_port, CLIENT_PORT);
	assert_int_equal(p->destination_port, 25);
	assert_int_equal(p->payload.len, 64);
	assert_int_equal(p->payload_wire, 64);
	assert_memory_equal(p->payload.at, payload, 64);
	assert_true(p->wraps & WRAP_FRAGMENTS);
	assert_int_equal(packet_checksum(p), CHECKSUM_GOOD);
	assert_memory_equal(p->source.octets + (v6 ? 0 : 12),
	    v6 ? CLIENT6 : CLIENT4, v6 ? 16 : 4);
}

/* Each of the 24 orders, each family; once as is, once with every fragment
 * twice, the second at once or after all. */
static void
any_order(void **state)
{
	static struct pieces pieces;
	static struct built built;

	(void)state;
	for (int n = 0; n < 4 * 4 * 4 * 4 * 2 * 3; n++) {
		bool v6 = n & 1;
		int twice = n / 2 % 3, order[4], seen = 0, repeated = 0;
		struct rig r;
		struct packet p;

		for (int i = 0, k = n / 6; i < 4; i++, k /= 4)
			seen |= 1 << (order[i] = k % 4);
		if (seen != 15)
			continue;
		rig_open(&r, false);
		cut_in_four(&pieces, &built, v6);
		for (int i = 0; i < 4; i++) {
			enum decode_result got = give(&r, &pieces, order[i],
			    1000, &p), want = i == 3 ? DECODE_TCP :
			    DECODE_HELD;

			if (got != want)
				fail_msg("IPv%d order %d%d%d%d at %d: got %d,"
				    " want %d", v6 ? 6 : 4, order[0],
				    order[1], order[2], order[3], i, got,
				    want);
			if (got == DECODE_TCP) {
				check_whole(&p, v6);
				assert_int_equal(p.mark.packet, order[3] + 1);
			}
			if (twice == 1) {
				got = give(&r, &pieces, order[i], 1000, &p);
				assert_int_equal(got, i == 3 ? DECODE_OTHER :
				    DECODE_HELD);
				repeated++;
			}
		}
		for (int i = 0; twice == 2 && i < 4; i++, repeated++)
			assert_int_equal(give(&r, &pieces, order[i], 1000,
			    &p), DECODE_OTHER);
		assert_int_equal(r.counters.n[COUNT_fragments],
		    4 + repeated);
		assert_int_equal(r.counters.n[COUNT_fragments_whole], 1);
		assert_int_equal(r.counters.n[COUNT_fragments_repeated],
		    repeated);
		assert_int_equal(r.counters.n[COUNT_fragments_overlapping],
		    0);
		decoder_free(r.decoder);
		assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 0);
	}
}

struct hostile {
	const char	*name;
	struct { size_t from, len; int flaw; }	 cuts[5];
};

enum { HONEST, OTHER_OCTETS, NOT_LAST, IS_LAST };

/* What each does is within its last cut. */
static const struct hostile hostile[] = {
	{ "the same place says something else",
	    { { 0, 24, 0 }, { 24, 16, 0 }, { 24, 16, OTHER_OCTETS } } },
	{ "the first fragment says something else",
	    { { 0, 24, 0 }, { 0, 24, OTHER_OCTETS } } },
	{ "one begins inside another", { { 0, 24, 0 }, { 16, 24, 0 } } },
	{ "one ends inside another", { { 24, 16, 0 }, { 8, 24, 0 } } },
	{ "one within another", { { 0, 40, 0 }, { 8, 16, 0 } } },
	{ "one around another", { { 8, 16, 0 }, { 0, 40, 0 } } },
	{ "the same place, longer", { { 0, 24, 0 }, { 0, 32, 0 } } },
	{ "the same place, shorter", { { 0, 24, 0 }, { 0, 16, 0 } } },
	{ "across two others",
	    { { 0, 24, 0 }, { 40, 32, 0 }, { 16, 32, 0 } } },
	{ "two ends, the second earlier",
	    { { 72, 24, 0 }, { 40, 16, IS_LAST } } },
	{ "two ends, the second later",
	    { { 40, 16, IS_LAST }, { 72, 24, 0 } } },
	{ "an end before what was there", { { 40, 32, 0 },
	    { 24, 16, IS_LAST } } },
	{ "something behind the end", { { 40, 16, IS_LAST },
	    { 56, 16, 0 } } },
	{ "the last fragment once more, but not as the last",
	    { { 72, 24, 0 }, { 72, 24, NOT_LAST } } },
	{ "a fragment once more, but as the last",
	    { { 24, 16, 0 }, { 24, 16, IS_LAST } } },
};

static void
flaw(struct pieces *pieces, int n, bool v6, int what)
{
	uint8_t *at = pieces->at[n];
	size_t header = v6 ? 48 : 20;

	switch (what) {
	case OTHER_OCTETS:
		at[header] ^= 1;
		break;
	case NOT_LAST:
		at[v6 ? 43 : 6] |= v6 ? 1 : 0x20;
		break;
	case IS_LAST:
		at[v6 ? 43 : 6] &= v6 ? 0xfe : 0xdf;
		break;
	}
}

/* Refused as a whole: neither then nor later does anything come of it, but
 * another datagram of these hosts is not hurt. */
static void
overlaps_are_refused(void **state)
{
	static struct pieces pieces;
	static struct built built;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(hostile) / sizeof(*hostile); i++) {
		const struct hostile *h = &hostile[i / 2];
		bool v6 = i & 1;
		struct rig r;
		struct packet p;
		int n = 0;

		rig_open(&r, false);
		cut_in_four(&pieces, &built, v6);
		for (; h->cuts[n].len != 0; n++) {
			bool last = h->cuts[n + 1].len == 0;
			enum decode_result got;

			cut_piece(&pieces, 5, built_octets(&built),
			    h->cuts[n].from, h->cuts[n].len);
			flaw(&pieces, 5, v6, h->cuts[n].flaw);
			got = give(&r, &pieces, 5, 1000, &p);
			if (got != (last ? DECODE_BAD : DECODE_HELD))
				fail_msg("%s, IPv%d, %d: got %d, want %d",
				    h->name, v6 ? 6 : 4, n, got, last ?
				    DECODE_BAD : DECODE_HELD);
		}
		assert_int_equal(r.counters.n[COUNT_fragments_overlapping],
		    1);
		for (int k = 0; k < 4; k++)
			assert_int_equal(give(&r, &pieces, k, 2000, &p),
			    DECODE_BAD);
		for (int k = 0; k < 4; k++) {
			pieces.at[k][v6 ? 47 : 5] ^= 1;
			assert_int_equal(give(&r, &pieces, k, 3000, &p),
			    k == 3 ? DECODE_TCP : DECODE_HELD);
		}
		assert_int_equal(r.counters.n[COUNT_fragments_overlapping],
		    1);
		decoder_free(r.decoder);
	}
}

static void
impossible_fragments(void **state)
{
	static const struct {
		const char *name;
		int at4, to4;		/* the low octet of a field */
		size_t len;		/* of the payload */
	} cases[] = {
		{ "no multiple of eight, and not the last", 0, 0, 23 },
		{ "empty", 0, 0, 0 },
		{ "it would end behind octet 65535", 6, 0x3f, 24 },
	};
	static struct pieces pieces;
	static struct built built;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		struct packet p;

		rig_open(&r, false);
		cut_in_four(&pieces, &built, false);
		cut_piece(&pieces, 0, built_octets(&built), 0, cases[i].len);
		if (cases[i].at4 != 0) {
			pieces.at[0][cases[i].at4] = (uint8_t)cases[i].to4;
			pieces.at[0][cases[i].at4 + 1] = 0xff;
		}
		if (give(&r, &pieces, 0, 1000, &p) != DECODE_BAD)
			fail_msg("%s: want %d", cases[i].name, DECODE_BAD);
		decoder_free(r.decoder);
		assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 0);
	}
}

/* A protocol that nobody here reads is not gathered. */
static void
other_protocols_are_not_kept(void **state)
{
	static struct pieces pieces;
	static struct built built;
	struct rig r;
	struct packet p;

	(void)state;
	rig_open(&r, false);
	built.payload = payload;
	built.payload_len = 64;
	frame_build(&built, "ip4 icmp data");
	cut_piece(&pieces, 0, built_octets(&built), 0, 24);
	assert_int_equal(give(&r, &pieces, 0, 1000, &p), DECODE_OTHER);
	assert_int_equal(r.counters.n[COUNT_fragments], 1);
	decoder_free(r.decoder);
	assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 0);
}

/* Thirty seconds of packet time; then its number may be used again. */
static void
too_late(void **state)
{
	static struct pieces pieces;
	static struct built built;
	struct rig r;
	struct packet p;
	const int64_t second = 1000000;

	(void)state;
	rig_open(&r, false);
	cut_in_four(&pieces, &built, false);
	give(&r, &pieces, 0, 0, &p);
	give(&r, &pieces, 1, 10 * second, &p);
	give(&r, &pieces, 2, 30 * second, &p);
	assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 0);
	assert_int_equal(give(&r, &pieces, 3, 31 * second, &p), DECODE_HELD);
	assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 1);
	/* the capture that follows was made before this one */
	assert_int_equal(give(&r, &pieces, 0, -1000 * second, &p),
	    DECODE_HELD);
	assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 2);
	/* and times that no clock shows */
	give(&r, &pieces, 1, INT64_MAX, &p);
	give(&r, &pieces, 2, INT64_MIN, &p);
	decoder_free(r.decoder);
	assert_int_equal(r.counters.n[COUNT_fragments_timed_out], 5);
}

/* A finished datagram's number comes again: within a second with other
 * octets, or after it with the same. */
static void
the_number_is_used_again(void **state)
{
	static struct pieces pieces;
	static struct built built;
	struct rig r;
	struct packet p;

	(void)state;
	rig_open(&r, false);
	for (int round = 0; round < 3; round++) {
		cut_in_four(&pieces, &built, false);
		if (round == 1) {
			/* the sequence number, and the payload */
			pieces.at[0][24] ^= 1;
			pieces.at[1][30] ^= 1;
			pieces.at[2][20] ^= 1;
			pieces.at[3][20] ^= 1;
		}
		for (int i = 0; i < 4; i++)
			assert_int_equal(give(&r, &pieces, i,
			    round == 2 ? 3000000 : 1000, &p),
			    i == 3 ? DECODE_TCP : DECODE_HELD);
	}
	assert_int_equal(r.counters.n[COUNT_fragments_repeated], 0);
	assert_int_equal(r.counters.n[COUNT_fragments_whole], 3);
	decoder_free(r.decoder);
}

/* Octets the snap length took from one fragment end the payload there. */
static void
cut_fragments(void **state)
{
	static struct pieces pieces;
	static struct built built;
	struct rig r;
	struct packet p;
	struct frame f;

	(void)state;
	for (int n = 0; n < 4; n++) {
		static const int captured[4] = { -1, 0, 32, 56 };
		enum decode_result got = DECODE_HELD;

		rig_open(&r, false);
		cut_in_four(&pieces, &built, false);
		for (int i = 0; i < 4; i++) {
			f = frame_of(RAW, span_of(pieces.at[i],
			    pieces.len[i] - (i == n ? 8 : 0)),
			    pieces.len[i]);
			got = decode(r.decoder, &f, &p);
		}
		assert_int_equal(got, n == 0 ? DECODE_CUT : DECODE_TCP);
		if (n > 0) {
			assert_int_equal(p.payload_wire, 64);
			assert_int_equal(p.payload.len, captured[n]);
			assert_memory_equal(p.payload.at, payload,
			    p.payload.len);
			assert_int_equal(packet_checksum(&p),
			    CHECKSUM_UNKNOWN);
		}
		decoder_free(r.decoder);
	}
}

/* Fragments inside a tunnel, a tunnel inside fragments, and both at once. */
static void
fragments_and_tunnels(void **state)
{
	static const struct {
		const char *name, *inner, *outer;
		uint16_t wraps;
	} cases[] = {
		{ "a fragmented segment in VXLAN", "ip4 tcp",
		    "ip4 vxlan eth data4", WRAP_VXLAN },
		{ "a fragmented segment in 6in4", "ip6 tcp", "ip4 data6",
		    WRAP_IP },
		{ "VXLAN in fragments", "ip4 vxlan eth vlan=5 ip4 tcp", NULL,
		    WRAP_VXLAN | WRAP_VLAN },
		{ "GRE in fragments of IPv6", "ip6 gre ip4 tcp", NULL,
		    WRAP_GRE },
		{ "extension headers in fragments of IPv6",
		    "ip6 dstopts ah tcp", NULL, 0 },
		{ "fragments of a tunnel in another",
		    "ip4 geneve eth ip6 tcp", "ip6 gre data4",
		    WRAP_GENEVE | WRAP_GRE },
	};
	static struct pieces pieces;
	static struct built built;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		struct packet p;
		struct span all;
		enum decode_result got = DECODE_HELD;
		size_t header;

		rig_open(&r, false);
		built.payload = payload;
		built.payload_len = 64;
		frame_build(&built, cases[i].inner);
		all = built_octets(&built);
		header = all.at[0] >> 4 == 6 ? 40 : 20;
		cut_piece(&pieces, 1, all, 0, 48);
		cut_piece(&pieces, 0, all, 48, all.len - header - 48);
		for (int n = 0; n < 2; n++) {
			if (cases[i].outer != NULL) {
				built.payload = (char *)pieces.at[n];
				built.payload_len = pieces.len[n];
				frame_build(&built, cases[i].outer);
				all = built_octets(&built);
				memcpy(pieces.at[n], all.at, all.len);
				pieces.len[n] = all.len;
			}
			got = give(&r, &pieces, n, 1000, &p);
			assert_int_equal(got, n == 0 ? DECODE_HELD :
			    DECODE_TCP);
		}
		if ((cases[i].wraps | WRAP_FRAGMENTS) != p.wraps)
			fail_msg("%s: got wraps %#x, want %#x", cases[i].name,
			    p.wraps, cases[i].wraps | WRAP_FRAGMENTS);
		check_whole(&p, strstr(cases[i].inner, "ip6 tcp") != NULL ||
		    strstr(cases[i].inner, "ah tcp") != NULL);
		decoder_free(r.decoder);
	}
}

/* Fragments of fragments: as deep as the limit says, then it is bad. */
static void
fragments_in_fragments(void **state)
{
	static struct pieces pieces;
	static struct built built;
	struct rig r;
	struct packet p;
	enum decode_result got;

	(void)state;
	for (int levels = 1; levels <= FRAGMENT_LEVELS + 1; levels++) {
		rig_open(&r, false);
		built.payload = payload;
		built.payload_len = 64;
		frame_build(&built, "ip4 tcp");
		/* each level: the first part is known, the rest comes now */
		for (int n = 0; n < levels; n++) {
			struct span all = built_octets(&built);

			built.room[built.begin + 5] = (uint8_t)n;
			cut_piece(&pieces, 1, all, 0, 16);
			cut_piece(&pieces, 0, all, 16, all.len - 36);
			assert_int_equal(give(&r, &pieces, 1, 1000, &p),
			    DECODE_HELD);
			built.payload = (char *)pieces.at[0];
			built.payload_len = pieces.len[0];
			frame_build(&built, "ip4 data4");
		}
		memcpy(pieces.at[2], built_octets(&built).at,
		    built_octets(&built).len);
		pieces.len[2] = built_octets(&built).len;
		got = give(&r, &pieces, 2, 1000, &p);
		if (got != (levels <= FRAGMENT_LEVELS ? DECODE_TCP :
		    DECODE_BAD))
			fail_msg("%d levels: got %d", levels, got);
		if (got == DECODE_TCP)
			check_whole(&p, false);
		else
			assert_int_equal(
			    r.counters.n[COUNT_decode_too_deep], 1);
		decoder_free(r.decoder);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(overlaps_are_refused),
		cmocka_unit_test(impossible_fragments),
		cmocka_unit_test(other_protocols_are_not_kept),
		cmocka_unit_test(too_late),
		cmocka_unit_test(the_number_is_used_again),
		cmocka_unit_test(cut_fragments),
		cmocka_unit_test(fragments_and_tunnels),
		cmocka_unit_test(fragments_in_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
