/* SPDX-License-Identifier: ISC */
/* Every way a segment may be wrapped, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode_frames.h"

struct wrapped {
	const char	*name;
	int		 link_type;
	const char	*headers;
	uint16_t	 wraps, vlan;
};

#define ETHER	1

static const struct wrapped wrapped[] = {
	{ "plain Ethernet", ETHER, "eth ip4 tcp", 0, 0 },
	{ "plain Ethernet with IPv6", ETHER, "eth ip6 tcp", 0, 0 },
	{ "IPv4 with options", ETHER, "eth ip4=4 tcp", 0, 0 },
	{ "IPv4 with as many options as there can be", ETHER,
	    "eth ip4=28 tcp", 0, 0 },
	{ "802.3 with LLC and SNAP", ETHER, "eth snap ip4 tcp", 0, 0 },
	{ "802.3 with SNAP for bridges", ETHER, "eth snap=f8 ip6 tcp", 0, 0 },
	{ "802.3 with IP right behind LLC", ETHER, "eth llc ip4 tcp", 0, 0 },

	{ "Linux cooked", 113, "cooked ip4 tcp", 0, 0 },
	{ "Linux cooked, IPv6", 113, "cooked ip6 tcp", 0, 0 },
	{ "Linux cooked, a tag", 113, "cooked vlan=5 ip4 tcp", WRAP_VLAN, 5 },
	{ "Linux cooked, LLC", 113, "cooked snap ip4 tcp", 0, 0 },
	{ "Linux cooked 2", 276, "cooked2 ip4 tcp", 0, 0 },
	{ "Linux cooked 2, a tag", 276, "cooked2 vlan=5 ip6 tcp", WRAP_VLAN,
	    5 },
	{ "raw IP, version 4", 101, "ip4 tcp", 0, 0 },
	{ "raw IP, version 6", 101, "ip6 tcp", 0, 0 },
	{ "raw IP by its BSD number", 12, "ip4 tcp", 0, 0 },
	{ "raw IP by its OpenBSD number", 14, "ip6 tcp", 0, 0 },
	{ "IPv4 link type", 228, "ip4 tcp", 0, 0 },
	{ "IPv6 link type", 229, "ip6 tcp", 0, 0 },
	{ "NULL from a big-endian machine", 0, "family=2 ip4 tcp", 0, 0 },
	{ "NULL from a little-endian machine", 0, "swapped=2 ip4 tcp", 0, 0 },
	{ "NULL, IPv6 of Linux", 0, "swapped=a ip6 tcp", 0, 0 },
	{ "NULL, IPv6 of OpenBSD", 0, "swapped=18 ip6 tcp", 0, 0 },
	{ "NULL, IPv6 of FreeBSD", 0, "swapped=1c ip6 tcp", 0, 0 },
	{ "NULL, IPv6 of Darwin", 0, "swapped=1e ip6 tcp", 0, 0 },
	{ "LOOP", 108, "family=2 ip4 tcp", 0, 0 },
	{ "LOOP, IPv6", 108, "family=18 ip6 tcp", 0, 0 },
	{ "PPP", 9, "ppp ip4 tcp", 0, 0 },
	{ "PPP with address and control", 9, "ppp=3 ip6 tcp", 0, 0 },
	{ "PPP, protocol compressed", 9, "ppp=1 ip4 tcp", 0, 0 },
	{ "PPP on a serial line", 50, "ppp=3 ip4 tcp", 0, 0 },
	{ "Cisco HDLC on a serial line", 50, "hdlc ip4 tcp", 0, 0 },
	{ "Cisco HDLC", 104, "hdlc ip6 tcp", 0, 0 },
	{ "PPPoE link type", 51, "pppoe ppp ip4 tcp", WRAP_PPPOE, 0 },

	{ "802.1Q", ETHER, "eth vlan=5 ip4 tcp", WRAP_VLAN, 5 },
	{ "802.1Q with IPv6", ETHER, "eth vlan=fff ip6 tcp", WRAP_VLAN,
	    0xfff },
	{ "802.1ad: the inner tag counts", ETHER,
	    "eth qinq=7 vlan=5 ip4 tcp", WRAP_VLAN, 5 },
	{ "QinQ before 802.1ad", ETHER, "eth q9100=7 vlan=5 ip4 tcp",
	    WRAP_VLAN, 5 },
	{ "802.1Q twice", ETHER, "eth vlan=7 vlan=5 ip4 tcp", WRAP_VLAN, 5 },
	{ "a priority tag names no VLAN", ETHER, "eth vlan=7 vlan ip4 tcp",
	    WRAP_VLAN, 7 },
	{ "a tag before LLC", ETHER, "eth vlan=5 snap ip4 tcp", WRAP_VLAN,
	    5 },
	{ "PPPoE", ETHER, "eth pppoe ppp ip4 tcp", WRAP_PPPOE, 0 },
	{ "PPPoE with IPv6 in a VLAN", ETHER, "eth vlan=5 pppoe ppp ip6 tcp",
	    WRAP_VLAN | WRAP_PPPOE, 5 },

	{ "MPLS", ETHER, "eth mpls ip4 tcp", WRAP_MPLS, 0 },
	{ "MPLS, upstream assigned", ETHER, "eth mplsup ip6 tcp", WRAP_MPLS,
	    0 },
	{ "three labels and IPv6", ETHER, "eth mpls mpls mpls ip6 tcp",
	    WRAP_MPLS, 0 },
	{ "MPLS behind a tag", ETHER, "eth vlan=5 mpls ip4 tcp",
	    WRAP_VLAN | WRAP_MPLS, 5 },
	{ "Ethernet pseudowire", ETHER, "eth mpls mpls eth ip4 tcp",
	    WRAP_MPLS, 0 },
	{ "Ethernet pseudowire with IPv6", ETHER, "eth mpls eth ip6 tcp",
	    WRAP_MPLS, 0 },
	{ "Ethernet pseudowire with control word", ETHER,
	    "eth mpls control eth vlan=5 ip6 tcp", WRAP_MPLS | WRAP_VLAN, 5 },
	{ "MPLS over PPP", 9, "ppp mpls ip4 tcp", WRAP_MPLS, 0 },
	{ "MPLS in IP", ETHER, "eth ip4 mpls ip4 tcp", WRAP_MPLS | WRAP_IP,
	    0 },

	{ "GRE", ETHER, "eth ip4 gre ip4 tcp", WRAP_GRE, 0 },
	{ "GRE with checksum", ETHER, "eth ip4 gre=8 ip4 tcp", WRAP_GRE, 0 },
	{ "GRE with key", ETHER, "eth ip4 gre=2 ip6 tcp", WRAP_GRE, 0 },
	{ "GRE with sequence number", ETHER, "eth ip4 gre=1 ip4 tcp",
	    WRAP_GRE, 0 },
	{ "GRE with all three", ETHER, "eth ip4 gre=b ip4 tcp", WRAP_GRE, 0 },
	{ "GRE over IPv6 with Ethernet inside", ETHER,
	    "eth ip6 gre=2 eth vlan=5 ip4 tcp", WRAP_GRE | WRAP_VLAN, 5 },
	{ "GRE with MPLS inside", ETHER, "eth ip4 gre mpls ip4 tcp",
	    WRAP_GRE | WRAP_MPLS, 0 },
	{ "ERSPAN I", ETHER, "eth ip4 gre erspan1 eth ip4 tcp", WRAP_ERSPAN,
	    0 },
	{ "ERSPAN II", ETHER, "eth ip4 gre=1 erspan2 eth vlan=5 ip4 tcp",
	    WRAP_ERSPAN | WRAP_VLAN, 5 },
	{ "ERSPAN III", ETHER, "eth ip4 gre=1 erspan3 eth ip6 tcp",
	    WRAP_ERSPAN, 0 },
	{ "ERSPAN III with a subheader", ETHER,
	    "eth ip4 gre=1 erspan3=1 eth ip4 tcp", WRAP_ERSPAN, 0 },
	{ "ERSPAN III with IP inside", ETHER,
	    "eth ip4 gre=1 erspan3=801 ip6 tcp", WRAP_ERSPAN, 0 },
	{ "VXLAN", ETHER, "eth ip4 vxlan eth ip4 tcp", WRAP_VXLAN, 0 },
	{ "VXLAN by the number of old Linux, over IPv6", ETHER,
	    "eth ip6 vxlan=2118 eth ip6 tcp", WRAP_VXLAN, 0 },
	{ "VXLAN: the inner tag counts", ETHER,
	    "eth vlan=7 ip4 vxlan eth vlan=5 ip4 tcp",
	    WRAP_VXLAN | WRAP_VLAN, 5 },
	{ "VXLAN: the outer tag, when there is no inner", ETHER,
	    "eth vlan=7 ip4 vxlan eth ip4 tcp", WRAP_VXLAN | WRAP_VLAN, 7 },
	{ "VXLAN-GPE with Ethernet", ETHER, "eth ip4 gpe eth ip4 tcp",
	    WRAP_VXLAN, 0 },
	{ "VXLAN-GPE with IPv4", ETHER, "eth ip4 gpe ip4 tcp", WRAP_VXLAN,
	    0 },
	{ "VXLAN-GPE with IPv6", ETHER, "eth ip4 gpe ip6 tcp", WRAP_VXLAN,
	    0 },
	{ "Geneve", ETHER, "eth ip4 geneve eth ip4 tcp", WRAP_GENEVE, 0 },
	{ "Geneve with options and IPv4", ETHER, "eth ip4 geneve=3 ip4 tcp",
	    WRAP_GENEVE, 0 },
	{ "Geneve with as many options as there can be, IPv6", ETHER,
	    "eth ip6 geneve=3f ip6 tcp", WRAP_GENEVE, 0 },
	{ "IP in IP", ETHER, "eth ip4 ip4 tcp", WRAP_IP, 0 },
	{ "6in4", ETHER, "eth ip4 ip6 tcp", WRAP_IP, 0 },
	{ "IPv6 in IPv6", ETHER, "eth ip6 ip6 tcp", WRAP_IP, 0 },
	{ "IPv4 in IPv6", ETHER, "eth ip6 dstopts ip4 tcp", WRAP_IP, 0 },
	{ "Ethernet in IP", ETHER, "eth ip4 etherip eth ip4 tcp", WRAP_IP,
	    0 },
	{ "Ethernet behind segment routing", ETHER,
	    "eth ip6 route=4 eth ip4 tcp", WRAP_IP, 0 },
	{ "a mirror of a tunnel of a tunnel", ETHER,
	    "eth ip4 gre=1 erspan2 eth vlan=5 ip4 vxlan eth ip4 ip6 tcp",
	    WRAP_ERSPAN | WRAP_VLAN | WRAP_VXLAN | WRAP_IP, 5 },

	{ "hop-by-hop options", ETHER, "eth ip6 hopopts tcp", 0, 0 },
	{ "destination options of 64 octets", ETHER, "eth ip6 dstopts=7 tcp",
	    0, 0 },
	{ "mobile IPv6 routing", ETHER, "eth ip6 route=2 tcp", 0, 0 },
	{ "segment routing", ETHER, "eth ip6 route=4 tcp", 0, 0 },
	{ "an atomic fragment", ETHER, "eth ip6 fragment tcp", 0, 0 },
	{ "an authentication header", ETHER, "eth ip6 ah tcp", 0, 0 },
	{ "an authentication header in IPv4", ETHER, "eth ip4 ah tcp", 0, 0 },
	{ "a mobility header", ETHER, "eth ip6 mobility tcp", 0, 0 },
	{ "all extension headers", ETHER,
	    "eth ip6 hopopts dstopts route=2 fragment ah dstopts tcp", 0, 0 },
};

/* A copy of exactly its size, so that a sanitizer sees each step beyond. */
static enum decode_result
decode_copy(struct rig *b, const struct frame *whole, size_t len,
    struct packet *p, uint8_t **copy)
{
	struct frame f = *whole;

	*copy = malloc(len + 1);
	assert_non_null(*copy);
	memcpy(*copy, f.octets.at, len);
	f.octets = span_of(*copy, len);
	return decode(b->decoder, &f, p);
}

static bool
innermost_is_v6(const char *headers)
{
	char version = 0;

	for (; (headers = strstr(headers, "ip")) != NULL; headers++)
		if (headers[2] == '4' || headers[2] == '6')
			version = headers[2];
	return version == '6';
}

static void
check_packet(const struct wrapped *c, const struct packet *p)
{
	bool v6 = innermost_is_v6(c->headers);

	assert_memory_equal(p->source.octets + (v6 ? 0 : 12),
	    v6 ? CLIENT6 : CLIENT4, v6 ? 16 : 4);
	assert_memory_equal(p->destination.octets + (v6 ? 0 : 12),
	    v6 ? SERVER6 : SERVER4, v6 ? 16 : 4);
	assert_int_equal(addr_is_v4(&p->source), !v6);
	assert_int_equal(p->source_port, CLIENT_PORT);
	assert_int_equal(p->destination_port, 25);
	assert_int_equal(p->seq, 0x01020304);
	assert_int_equal(p->ack, 0x05060708);
	assert_int_equal(p->flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p->window, 0x2000);
	assert_true(p->has_timestamp);
	assert_int_equal(p->timestamp, 7);
	assert_int_equal(p->timestamp_echo, 9);
	assert_false(p->has_mss);
	assert_false(p->has_window_scale);
	assert_int_equal(p->ttl, 57);
	assert_int_equal(p->ip_id, v6 ? 0 : 0x4711);
	assert_false(p->ip_checksum_bad);
	assert_int_equal(p->mark.packet, 3);
	assert_int_equal(p->mark.time, 1000000);
	assert_int_equal(p->payload_wire, 21);
	assert_true(p->segment.len == 32 + p->payload.len);
}

/* Whole, it is shown with all its facts; on another port it is not ours. */
static void
wrapped_is_found(void **state)
{
	static struct built built;
	struct rig b;
	struct packet p;
	struct frame f;
	enum decode_result got;

	(void)state;
	rig_open(&b, false);
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++) {
		const struct wrapped *c = &wrapped[i];

		built.port = 25;
		frame_build(&built, c->headers);
		f = frame_of(c->link_type, built_octets(&built),
		    built_octets(&built).len);
		got = decode(b.decoder, &f, &p);
		if (got != DECODE_TCP || p.wraps != c->wraps ||
		    p.vlan != c->vlan ||
		    packet_checksum(&p) != CHECKSUM_GOOD)
			fail_msg("%s: got result %d wraps %#x vlan %d "
			    "checksum %d, want 0 %#x %d 1", c->name, got,
			    p.wraps, p.vlan, packet_checksum(&p), c->wraps,
			    c->vlan);
		check_packet(c, &p);
		assert_int_equal(p.payload.len, 21);
		assert_memory_equal(p.payload.at, "EHLO client.example\r\n",
		    21);

		built.port = 443;
		frame_build(&built, c->headers);
		f = frame_of(c->link_type, built_octets(&built),
		    built_octets(&built).len);
		got = decode(b.decoder, &f, &p);
		if (got != DECODE_OTHER)
			fail_msg("%s, other port: got %d, want %d", c->name,
			    got, DECODE_OTHER);
		assert_true(decode_knows(c->link_type));
	}
	decoder_free(b.decoder);
}

/* Cut by the snap length, it is shown from the whole TCP header on, and
 * what is missing of the payload is told. */
static void
wrapped_is_cut(void **state)
{
	static struct built built;
	struct rig b;
	struct packet p;
	uint8_t *copy;

	(void)state;
	rig_open(&b, false);
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++) {
		const struct wrapped *c = &wrapped[i];
		struct span all;
		struct frame f;

		built.port = 25;
		frame_build(&built, c->headers);
		all = built_octets(&built);
		f = frame_of(c->link_type, all, all.len);
		for (size_t n = 0; n < all.len; n++) {
			enum decode_result got = decode_copy(&b, &f, n, &p,
			    &copy), want = n < all.len - 21 ? DECODE_CUT :
			    DECODE_TCP;

			/* below a label it takes some octets to guess */
			if (got != want && !(want == DECODE_CUT &&
			    got == DECODE_OTHER && c->wraps & WRAP_MPLS))
				fail_msg("%s cut at %zu of %zu: got %d, "
				    "want %d", c->name, n, all.len, got,
				    want);
			if (got == DECODE_TCP) {
				check_packet(c, &p);
				assert_int_equal(p.payload.len,
				    n - (all.len - 21));
				assert_int_equal(packet_checksum(&p),
				    CHECKSUM_UNKNOWN);
			}
			free(copy);
		}
	}
	decoder_free(b.decoder);
}

static bool
is_tunnel(const struct wrapped *c)
{
	return c->wraps & (WRAP_MPLS | WRAP_GRE | WRAP_ERSPAN | WRAP_VXLAN |
	    WRAP_GENEVE) || strstr(c->headers, "etherip") != NULL;
}

/* Cut on the wire, so that its lengths lie, it is never shown. */
static void
wrapped_is_too_short(void **state)
{
	static struct built built;
	struct rig b;
	struct packet p;
	uint8_t *copy;

	(void)state;
	rig_open(&b, false);
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++) {
		const struct wrapped *c = &wrapped[i];
		struct span all;

		built.port = 25;
		frame_build(&built, c->headers);
		all = built_octets(&built);
		for (size_t n = 0; n < all.len; n++) {
			struct frame f = frame_of(c->link_type, all, n);
			enum decode_result got = decode_copy(&b, &f, n, &p,
			    &copy);

			/* nonsense in a tunnel means that it was none */
			if (got != DECODE_BAD && !(got == DECODE_OTHER &&
			    is_tunnel(c)))
				fail_msg("%s ends at %zu of %zu: got %d, "
				    "want %d", c->name, n, all.len, got,
				    DECODE_BAD);
			free(copy);
		}
	}
	decoder_free(b.decoder);
}

/* With any one octet altered it is shown only on a port that was asked for,
 * and with nothing outside the frame. */
static void
wrapped_is_damaged(void **state)
{
	static struct built built;
	struct rig b;
	struct packet p;

	(void)state;
	rig_open(&b, false);
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++) {
		const struct wrapped *c = &wrapped[i];
		size_t len;

		built.port = 25;
		frame_build(&built, c->headers);
		len = built_octets(&built).len;
		for (size_t n = 0; n < len * 8; n++) {
			uint8_t *copy, *at = built.room + built.begin + n / 8;
			struct frame f = frame_of(c->link_type,
			    built_octets(&built), len);

			*at ^= (uint8_t)(1 << n % 8);
			if (decode_copy(&b, &f, len, &p, &copy) ==
			    DECODE_TCP) {
				assert_true(p.source_port == 25 ||
				    p.destination_port == 25);
				assert_true(p.payload.at >= copy &&
				    p.payload.at + p.payload.len <=
				    copy + len);
				packet_checksum(&p);
			}
			*at ^= (uint8_t)(1 << n % 8);
			free(copy);
		}
	}
	decoder_free(b.decoder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapped_is_found),
		cmocka_unit_test(wrapped_is_cut),
		cmocka_unit_test(wrapped_is_too_short),
		cmocka_unit_test(wrapped_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
