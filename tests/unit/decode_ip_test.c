/* SPDX-License-Identifier: ISC */
/* Packets that are odd, wrong, or only look like TCP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode_frames.h"

#define ETHER	1

struct change {
	int	at;		/* from the start of the frame; 0: no more */
	uint8_t	to;
};

struct odd {
	const char		*name;
	int			 link_type;
	const char		*headers;
	struct change		 changes[8];
	int			 longer;	/* octets behind the packet */
	enum decode_result	 want;
	int			 payload;	/* on the wire, if TCP */
};

/* Where things are in "eth ip4 tcp" and "eth ip6 tcp". */
#define V4(field)	(14 + (field))
#define V6(field)	(14 + (field))
#define TCP4(field)	(34 + (field))

static const struct odd odds[] = {
	{ "padding of a short Ethernet frame is no payload", ETHER,
	    "eth ip4 tcp", { { 0, 0 } }, 30, DECODE_TCP, 21 },
	{ "padding behind IPv6 is no payload", ETHER, "eth ip6 tcp",
	    { { 0, 0 } }, 30, DECODE_TCP, 21 },
	{ "padding in PPPoE, whose length lies, is no payload", ETHER,
	    "eth pppoe ppp ip4 tcp", { { 18, 0 }, { 19, 4 } }, 9, DECODE_TCP,
	    21 },
	{ "total length 0: segmentation was left to the card", ETHER,
	    "eth ip4 tcp", { { V4(2), 0 }, { V4(3), 0 } }, 0, DECODE_TCP, 21 },
	{ "payload length 0: the same for IPv6", ETHER, "eth ip6 tcp",
	    { { V6(4), 0 }, { V6(5), 0 } }, 0, DECODE_TCP, 21 },
	{ "total length 0 inside VXLAN", ETHER, "eth ip4 vxlan eth ip4 tcp",
	    { { 66, 0 }, { 67, 0 } }, 0, DECODE_TCP, 21 },
	{ "total length shorter than the segment was", ETHER, "eth ip4 tcp",
	    { { V4(3), 72 } }, 0, DECODE_TCP, 20 },

	{ "IPv4 that says it is version 6", ETHER, "eth ip4 tcp",
	    { { V4(0), 0x65 } }, 0, DECODE_BAD, 0 },
	{ "IPv6 that says it is version 4", ETHER, "eth ip6 tcp",
	    { { V6(0), 0x45 } }, 0, DECODE_BAD, 0 },
	{ "raw IP of version 5", 101, "ip4 tcp", { { 0, 0 } }, -1000,
	    DECODE_BAD, 0 },
	{ "an IPv4 header of 16 octets", ETHER, "eth ip4 tcp",
	    { { V4(0), 0x44 } }, 0, DECODE_BAD, 0 },
	{ "total length below the header", ETHER, "eth ip4 tcp",
	    { { V4(3), 19 } }, 0, DECODE_BAD, 0 },
	{ "total length beyond the frame: a host would drop it", ETHER,
	    "eth ip4 tcp", { { V4(3), 74 } }, 0, DECODE_BAD, 0 },
	{ "payload length beyond the frame", ETHER, "eth ip6 tcp",
	    { { V6(5), 54 } }, 0, DECODE_BAD, 0 },
	{ "an IPv4 option without room for its length", ETHER,
	    "eth ip4=4 tcp", { { V4(20), 1 }, { V4(21), 1 }, { V4(22), 1 },
	    { V4(23), 7 } }, 0, DECODE_BAD, 0 },
	{ "an IPv4 option of length 1", ETHER, "eth ip4=4 tcp",
	    { { V4(21), 1 } }, 0, DECODE_BAD, 0 },
	{ "an IPv4 option longer than the header", ETHER, "eth ip4=4 tcp",
	    { { V4(21), 5 } }, 0, DECODE_BAD, 0 },
	{ "IPv4 options ended early", ETHER, "eth ip4=8 tcp",
	    { { V4(20), 0 }, { V4(21), 1 } }, 0, DECODE_TCP, 21 },
	{ "a data offset of 16 octets", ETHER, "eth ip4 tcp",
	    { { TCP4(12), 0x40 } }, 0, DECODE_BAD, 0 },
	{ "a data offset beyond the segment", ETHER, "eth ip4 tcp",
	    { { TCP4(12), 0xf0 } }, 0, DECODE_BAD, 0 },
	{ "a data offset that makes all the rest options", ETHER,
	    "eth ip4 tcp", { { TCP4(12), 0xd0 } }, 0, DECODE_TCP, 1 },
	{ "an extension header beyond the packet", ETHER,
	    "eth ip6 hopopts tcp", { { V6(41), 0xff } }, 0, DECODE_BAD, 0 },
	{ "a hop-by-hop option beyond its header, and no length", ETHER,
	    "eth ip6 hopopts tcp", { { V6(4), 0 }, { V6(5), 0 },
	    { V6(43), 5 } }, 0, DECODE_BAD, 0 },
	{ "a hop-by-hop option without its own length, and no length", ETHER,
	    "eth ip6 hopopts tcp", { { V6(4), 0 }, { V6(5), 0 },
	    { V6(42), 0 }, { V6(43), 0 }, { V6(44), 0 }, { V6(45), 0 },
	    { V6(46), 0 }, { V6(47), 1 } }, 0, DECODE_BAD, 0 },
	{ "hop-by-hop options of nothing but Pad1, and no length", ETHER,
	    "eth ip6 hopopts tcp", { { V6(4), 0 }, { V6(5), 0 },
	    { V6(42), 0 }, { V6(43), 0 } }, 0, DECODE_TCP, 21 },
	{ "a fragment in a packet without a length", ETHER,
	    "eth ip6 fragment tcp", { { V6(4), 0 }, { V6(5), 0 },
	    { V6(43), 1 } }, 0, DECODE_BAD, 0 },
	{ "below a label IPv4 whose source looks like an ethertype", ETHER,
	    "eth mpls ip4 tcp", { { 28, 0xc3 }, { 29, 0x47 }, { 30, 0x08 },
	    { 31, 0x00 }, { 32, 0x45 }, { 33, 0x0a } }, 0, DECODE_TCP, 21 },
	{ "an atomic fragment has its own reserved bits", ETHER,
	    "eth ip6 fragment tcp", { { V6(43), 0x06 } }, 0, DECODE_TCP, 21 },

	{ "TCP quoted by ICMP", ETHER, "eth ip4 icmp ip4 tcp", { { 0, 0 } },
	    0, DECODE_OTHER, 0 },
	{ "TCP quoted by ICMPv6", ETHER, "eth ip6 icmp6 ip6 tcp",
	    { { 0, 0 } }, 0, DECODE_OTHER, 0 },
	{ "TCP quoted by ICMP in a tunnel", ETHER,
	    "eth ip4 gre ip4 icmp ip4 tcp", { { 0, 0 } }, 0, DECODE_OTHER,
	    0 },
	{ "IPv6's extension headers mean nothing in IPv4", ETHER,
	    "eth ip4 dstopts tcp", { { 0, 0 } }, 0, DECODE_OTHER, 0 },
	{ "ARP", ETHER, "eth ip4 tcp", { { 12, 0x08 }, { 13, 0x06 } }, 0,
	    DECODE_OTHER, 0 },
	{ "a length where SNAP has an ethertype", ETHER, "eth snap ip4 tcp",
	    { { 20, 0 }, { 21, 60 } }, 0, DECODE_OTHER, 0 },
	{ "netlink in Linux cooked", 113, "cooked=338 ip4 tcp", { { 0, 0 } },
	    0, DECODE_OTHER, 0 },
	{ "NULL with an unknown family", 0, "family=7 ip4 tcp", { { 0, 0 } },
	    0, DECODE_OTHER, 0 },
	{ "PPP with compressed data", 9, "ppp ip4 tcp", { { 1, 0xfd } }, 0,
	    DECODE_OTHER, 0 },
	{ "PPPoE with a code of discovery", ETHER, "eth pppoe ppp ip4 tcp",
	    { { 15, 9 } }, 0, DECODE_OTHER, 0 },
	{ "PPPoE of version 2", ETHER, "eth pppoe ppp ip4 tcp",
	    { { 14, 0x21 } }, 0, DECODE_BAD, 0 },
	{ "a link type we do not know", 105, "eth ip4 tcp", { { 0, 0 } }, 0,
	    DECODE_OTHER, 0 },

	{ "PPTP", ETHER, "eth ip4 gre=12 ip4 tcp", { { 0, 0 } }, 0,
	    DECODE_OTHER, 0 },
	{ "GRE with routing", ETHER, "eth ip4 gre=4 ip4 tcp", { { 0, 0 } }, 0,
	    DECODE_OTHER, 0 },
	{ "GRE with a length for a protocol", ETHER, "eth ip4 gre llc ip4 tcp",
	    { { 36, 0 }, { 37, 80 } }, 0, DECODE_OTHER, 0 },
	{ "GRE that does not hold the IPv4 it announces", ETHER,
	    "eth ip4 gre ip4 tcp", { { 38, 0xff } }, 0, DECODE_OTHER, 0 },
	{ "ERSPAN II of another version", ETHER,
	    "eth ip4 gre=1 erspan2 eth ip4 tcp", { { 42, 0x50 } }, 0,
	    DECODE_OTHER, 0 },
	{ "ERSPAN III with a frame of another kind", ETHER,
	    "eth ip4 gre=1 erspan3=1000 eth ip4 tcp", { { 0, 0 } }, 0,
	    DECODE_OTHER, 0 },
	{ "ERSPAN cut by the mirror, which says so", ETHER,
	    "eth ip4 gre=1 erspan2=1 eth ip4 tcp", { { 66, 2 } }, 0,
	    DECODE_TCP, 21 + 0x200 },
	{ "ERSPAN cut by the mirror, which does not say so", ETHER,
	    "eth ip4 gre=1 erspan2 eth ip4 tcp", { { 66, 2 } }, 0,
	    DECODE_OTHER, 0 },
	{ "port 4789 without VXLAN's flag", ETHER,
	    "eth ip4 vxlan eth ip4 tcp", { { 42, 0 } }, 0, DECODE_OTHER, 0 },
	{ "port 4789 with something else behind a fitting octet", ETHER,
	    "eth ip4 vxlan eth ip4 tcp", { { 64, 0xff } }, 0, DECODE_OTHER,
	    0 },
	{ "VXLAN-GPE with a service header", ETHER,
	    "eth ip4 gpe eth ip4 tcp", { { 45, 4 } }, 0, DECODE_OTHER, 0 },
	{ "Geneve of version 1", ETHER, "eth ip4 geneve eth ip4 tcp",
	    { { 42, 0x40 } }, 0, DECODE_OTHER, 0 },
	{ "a UDP length beyond the packet", ETHER,
	    "eth ip4 vxlan eth ip4 tcp", { { 38, 0xff } }, 0, DECODE_BAD, 0 },
	{ "below a label something that is neither IP nor Ethernet", ETHER,
	    "eth mpls ip4 tcp", { { 18, 0x35 } }, 0, DECODE_OTHER, 0 },
	{ "below a label the channel of RFC 4385", ETHER,
	    "eth mpls control eth ip4 tcp", { { 18, 0x10 } }, 0,
	    DECODE_OTHER, 0 },
	{ "below a label a MAC address that begins like IPv4", ETHER,
	    "eth mpls eth ip4 tcp", { { 18, 0x46 } }, 0, DECODE_TCP, 21 },
	{ "below a label a MAC address that begins like IPv6", ETHER,
	    "eth mpls eth ip4 tcp", { { 18, 0x60 }, { 22, 0xff } }, 0,
	    DECODE_TCP, 21 },
	{ "EtherIP of another version", ETHER,
	    "eth ip4 etherip eth ip4 tcp", { { 34, 0x20 } }, 0, DECODE_OTHER,
	    0 },
};

static void
change(struct built *b, const struct odd *o)
{
	for (size_t i = 0; i < 8 && o->changes[i].at != 0; i++)
		b->room[b->begin + (size_t)o->changes[i].at] =
		    o->changes[i].to;
	if (o->longer == -1000)		/* the first octet of raw IP */
		b->room[b->begin] = 0x55;
}

static void
odd_packets(void **state)
{
	static struct built built;
	struct rig r;

	(void)state;
	rig_open(&r, false);
	for (size_t i = 0; i < sizeof(odds) / sizeof(*odds); i++) {
		const struct odd *o = &odds[i];
		size_t behind = o->longer > 0 ? (size_t)o->longer : 0, len;
		struct frame f;
		struct packet p;
		enum decode_result got;
		uint8_t *copy;

		frame_build(&built, o->headers);
		change(&built, o);
		len = built_octets(&built).len;
		copy = calloc(1, len + behind);
		assert_non_null(copy);
		memcpy(copy, built_octets(&built).at, len);
		f = frame_of(o->link_type, span_of(copy, len + behind),
		    len + behind);
		got = decode(r.decoder, &f, &p);
		if (got != o->want)
			fail_msg("%s: got %d, want %d", o->name, got,
			    o->want);
		if (got == DECODE_TCP && p.payload_wire !=
		    (uint32_t)o->payload)
			fail_msg("%s: got %u octets of payload, want %d",
			    o->name, p.payload_wire, o->payload);
		free(copy);
	}
	assert_int_equal(r.counters.n[COUNT_decode_link_unknown], 1);
	decoder_free(r.decoder);
}

/* Sixteen headers are the limit, whatever they are. */
static void
nested_too_deep(void **state)
{
	static const struct { const char *headers; bool deep; } cases[] = {
		{ "eth vlan=1 vlan=2 vlan=3 vlan=4 vlan=5 vlan=6 vlan=7 "
		    "vlan=8 vlan=9 vlan=a vlan=b vlan=c vlan=d ip4 tcp",
		    false },
		{ "eth vlan=1 vlan=2 vlan=3 vlan=4 vlan=5 vlan=6 vlan=7 "
		    "vlan=8 vlan=9 vlan=a vlan=b vlan=c vlan=d vlan=e ip4 "
		    "tcp", true },
		{ "eth mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls "
		    "mpls mpls mpls mpls mpls mpls mpls ip4 tcp", true },
		{ "eth ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 "
		    "ip4 ip4 ip4 ip4 tcp", true },
		{ "eth ip4 gre ip4 gre ip4 gre ip4 gre ip4 gre ip4 gre ip4 "
		    "gre ip4 gre ip4 tcp", true },
		{ "eth ip6 dstopts dstopts dstopts dstopts dstopts dstopts "
		    "dstopts dstopts dstopts dstopts dstopts dstopts "
		    "dstopts dstopts tcp", true },
	};
	static struct built built;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		struct packet p;
		struct frame f;
		enum decode_result got, want = cases[i].deep ? DECODE_BAD :
		    DECODE_TCP;

		rig_open(&r, false);
		frame_build(&built, cases[i].headers);
		f = frame_of(ETHER, built_octets(&built),
		    built_octets(&built).len);
		got = decode(r.decoder, &f, &p);
		if (got != want)
			fail_msg("%s: got %d, want %d", cases[i].headers,
			    got, want);
		assert_int_equal(r.counters.n[COUNT_decode_too_deep],
		    cases[i].deep);
		decoder_free(r.decoder);
	}
}

/* More than 65535 octets, with RFC 2675's option and without. */
static void
jumbograms(void **state)
{
	static const struct {
		const char *name;
		uint32_t says, less;	/* than is there */
		bool option;
		enum decode_result want;
	} cases[] = {
		{ "a jumbogram", 0, 0, true, DECODE_TCP },
		{ "a jumbogram beyond its frame", 0, 1, true, DECODE_BAD },
		{ "a jumbogram that need not be one", 65535, 0, true,
		    DECODE_BAD },
		{ "no length and no option: left to the card", 0, 0, false,
		    DECODE_TCP },
	};
	static struct built built;
	static char text[70000];

	(void)state;
	built.payload = text;
	built.payload_len = sizeof(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		struct packet p;
		struct span all;
		struct frame f;
		enum decode_result got;
		uint8_t *at;

		rig_open(&r, false);
		frame_build(&built, "eth ip6 hopopts tcp");
		all = built_octets(&built);
		at = built.room + built.begin + 14;
		put16(at + 4, 0);
		if (cases[i].option) {
			memcpy(at + 42, "\xc2\4", 2);
			put32(at + 44, cases[i].says != 0 ? cases[i].says :
			    (uint32_t)all.len - 54);
		}
		f = frame_of(ETHER, span_first(all, all.len - cases[i].less),
		    all.len - cases[i].less);
		got = decode(r.decoder, &f, &p);
		if (got != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].name, got,
			    cases[i].want);
		if (got == DECODE_TCP) {
			assert_int_equal(p.payload_wire, sizeof(text));
			assert_int_equal(packet_checksum(&p), CHECKSUM_GOOD);
		}
		decoder_free(r.decoder);
	}
	built.payload = NULL;
}

/* Each frame is counted once, by where it ended. */
static void
outcomes_are_counted(void **state)
{
	static struct built built;
	struct rig r;
	struct packet p;
	struct frame f;

	(void)state;
	rig_open(&r, false);
	frame_build(&built, "eth ip4 vxlan eth ip4 tcp");
	f = frame_of(ETHER, built_octets(&built), built_octets(&built).len);
	built.room[FRAME_MAX - 21 - 32 - 20 + 10] ^= 1;	/* IP checksum */
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_TCP);
	assert_true(p.ip_checksum_bad);
	f.octets.len = 60;
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_CUT);
	f.octets.len = f.wire_len = 20;
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_BAD);
	f.wire_len = 0;		/* less than was captured: cannot be */
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_BAD);
	f.octets = span_of(NULL, 0);
	assert_int_equal(decode(r.decoder, &f, &p), DECODE_BAD);

	assert_int_equal(r.counters.n[COUNT_decode_tcp], 1);
	assert_int_equal(r.counters.n[COUNT_decode_tunnels], 1);
	assert_int_equal(r.counters.n[COUNT_ip_checksum_bad], 1);
	assert_int_equal(r.counters.n[COUNT_decode_cut], 1);
	assert_int_equal(r.counters.n[COUNT_decode_bad], 3);
	assert_int_equal(r.counters.n[COUNT_decode_other], 0);
	assert_false(decode_knows(105));
	assert_false(decode_knows(-1));
	decoder_free(r.decoder);
	decoder_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_packets),
		cmocka_unit_test(nested_too_deep),
		cmocka_unit_test(jumbograms),
		cmocka_unit_test(outcomes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
