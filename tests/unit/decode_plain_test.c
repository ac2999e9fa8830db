/* SPDX-License-Identifier: ISC */
/*
 * What decode() tells at a glance is what it comes to header by header: of
 * plain frames, and of these with any one octet of their headers changed, or
 * cut anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decode/walk.h"
#include "decode_frames.h"

#define HEADERS_MAX	98	/* Ethernet, two tags, IPv6, TCP with options,
				 * and a bit of payload */

static const struct {
	const char	*frame;
	enum plain	 what;
	uint16_t	 port;		/* 0: 25 */
} plain[] = {
	{ "eth ip4 tcp", PLAIN_TCP, 0 },
	{ "eth ip6 tcp", PLAIN_TCP, 0 },
	{ "eth vlan=5 ip4 tcp", PLAIN_TCP, 0 },
	{ "eth vlan ip4 tcp", PLAIN_TCP, 0 },
	{ "eth qinq=7 vlan=5 ip4 tcp", PLAIN_TCP, 0 },
	{ "eth q9100=7 vlan ip6 tcp", PLAIN_TCP, 0 },
	{ "eth ip4 tcp", PLAIN_OTHER, 80 },
	{ "eth vlan=5 ip6 tcp", PLAIN_OTHER, 80 },
	{ "eth vlan=1 vlan=2 vlan=3 ip4 tcp", PLAIN_UNSURE, 0 },
	{ "eth ip4 ip4 tcp", PLAIN_UNSURE, 0 },
	{ "eth ip4 dns", PLAIN_UNSURE, 0 },
	{ "eth vlan=5 ip6 dns", PLAIN_UNSURE, 0 },
};

/* Both ways, each with a decoder and counters of its own. */
static void
compare(struct rig *glance, struct rig *walk, const struct frame *f,
    const char *name, size_t at, unsigned value)
{
	enum decode_result got, want;
	struct packet p, q;

	memset(&p, 0, sizeof(p));
	memset(&q, 0, sizeof(q));
	got = decode(glance->decoder, f, &p);
	want = decode_walk(walk->decoder, f, &q);
	if (got != want || memcmp(&glance->counters, &walk->counters,
	    sizeof(glance->counters)) != 0)
		fail_msg("%s, octet %zu %#x: got %d, want %d", name, at,
		    value, (int)got, (int)want);
	if ((got == DECODE_TCP || got == DECODE_DNS) &&
	    (p.wraps & WRAP_FRAGMENTS) == 0 && memcmp(&p, &q, sizeof(p)) != 0)
		fail_msg("%s, octet %zu %#x: not the same packet", name, at,
		    value);
}

static void
one_octet_changed(struct rig *glance, struct rig *walk, struct built *b,
    const char *name)
{
	struct frame f = frame_of(LINKTYPE_ETHERNET, built_octets(b),
	    built_octets(b).len);
	uint8_t *octets = b->room + b->begin;

	for (size_t at = 0; at < HEADERS_MAX && at < f.octets.len; at++) {
		uint8_t right = octets[at];

		for (unsigned value = 0; value < 256; value++) {
			octets[at] = (uint8_t)value;
			compare(glance, walk, &f, name, at, value);
		}
		octets[at] = right;
	}
}

/* By the snap length, on the wire, and with padding behind it. */
static void
another_length(struct rig *glance, struct rig *walk, const struct built *b,
    const char *name)
{
	uint8_t longer[256] = { 0 };
	struct span all = built_octets(b);
	struct frame f;

	assert_true(all.len < sizeof(longer));
	memcpy(longer, all.at, all.len);
	for (size_t len = 0; len <= sizeof(longer); len++) {
		f = frame_of(LINKTYPE_ETHERNET, span_of(longer, len), len);
		compare(glance, walk, &f, name, len, 0);
		f = frame_of(LINKTYPE_ETHERNET, span_of(longer, len), all.len);
		compare(glance, walk, &f, name, len, 1);
		f = frame_of(LINKTYPE_ETHERNET, span_of(longer, len), 65536);
		compare(glance, walk, &f, name, len, 2);
	}
}

static void
a_glance_tells_what_a_walk_does(void **state)
{
	static struct built b = { .payload = "220 mx.example ESMTP\r\n",
	    .payload_len = 22 };
	struct rig glance, walk;

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		const char *name = plain[i].frame;
		struct frame f;
		struct packet p;

		rig_open(&glance, true);
		rig_open(&walk, true);
		b.port = plain[i].port;
		frame_build(&b, name);
		f = frame_of(LINKTYPE_ETHERNET, built_octets(&b), built_octets(&b).len);
		assert_int_equal(decode_plain(glance.decoder, &f, &p),
		    plain[i].what);
		one_octet_changed(&glance, &walk, &b, name);
		another_length(&glance, &walk, &b, name);
		decoder_free(glance.decoder);
		decoder_free(walk.decoder);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glance_tells_what_a_walk_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
