/* SPDX-License-Identifier: ISC */
/*
 * What the reader is told of each side: order, gaps, conflicts, skipping.
 * Each script is played a second time with the clock ticking, and with
 * another hash: what is told must not depend on either.
 */
#include "flow_script.h"

struct told {
	const char	*name, *script, *want;
};

static const struct told order[] = {
	{ "greeting and command in order",
	  "Cs Ss C0a S0:220/0 C0:EHLO/3 S3:250/4", "S:220 C:EHLO S:250 =cut" },
	{ "every packet twice",
	  "Cs Cs Ss Ss C0a C0a S0:220/0 S0:220/0 C0:EHLO/3 C0:EHLO/3 "
	  "S3f/4 S3f/4 C4f/4 C4f/4 S4a/5 S4a/5",
	  "S:220 C:EHLO S. C. =finished" },
	{ "every packet again with another VLAN and one hop less",
	  "Cs^1 Cs^2~63 Ss^1 Ss^2~63 S0:220/0^1 S0:220/0^2~63 "
	  "C0:EHLO/3^1 C0:EHLO/3^2~63", "S:220 C:EHLO =cut" },
	{ "SYN and SYN-ACK captured in the wrong order",
	  "Ss Cs S0:220/0 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the reply was captured before the command it acknowledges",
	  "Cs Ss S0:220/0 S3:250/4 C0:EHLO/3", "S:220 C:EHLO S:250 =cut" },
	{ "an ACK before its data",
	  "Cs Ss C0a/3 S0:220/0 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "data captured before the SYN",
	  "S0:220/0 Cs Ss C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "segments of one side in the wrong order",
	  "Cs Ss S3:def/0 S0:abc/0 S6:ghi/0", "S:abcdefghi =cut" },
	{ "segments in reverse", "Cs Ss S9:jkl/0 S6:ghi/0 S3:def/0 S0:abc/0",
	  "S:abcdefghijkl =cut" },
	{ "the same waits twice", "Cs Ss S3:def/0 S3:def/0 S0:abc/0",
	  "S:abcdef =cut" },
	{ "time steps back by an hour between segments in the wrong order",
	  "Cs Ss S3:def/0 j-3600 S0:abc/0 C0:x/6 S6:ghi/1",
	  "S:abcdef C:x S:ghi =cut" },
	{ "five minutes pass without a packet, then two in the wrong order",
	  "Cs Ss S0:abc/0 j300 S6:ghi/0 S3:def/0 C0:x/9",
	  "S:abcdefghi C:x =cut" },
	{ "the server's sequence numbers wrap",
	  "Cs Ss S0:0123456789/0 S10:abcdefghij/0 C0:x/20",
	  "S:0123456789abcdefghij C:x =cut" },
	{ "data in the SYN", "Cs:EHLO Ss/4 S0:220/4", "C:EHLO S:220 =cut" },
	{ "data in the SYN that the server refused, and once more",
	  "Cs:EHLO Ss S0:220/0 C0:EHLO/3 S3:250/4", "C:EHLO S:220250 =cut" },
	{ "data in the SYN-ACK", "Cs Ss:220/0 C0:EHLO/3",
	  "S:220 C:EHLO =cut" },
	{ "urgent data is heard in line",
	  "Cs Ss S0:22/0 S2:0/0u C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "a keep-alive of length 0", "Cs Ss S0:abc/0 C0a/3 S2a/0 C0a/3",
	  "S:abc =cut" },
	{ "a keep-alive with a garbage octet is no conflict",
	  "Cs Ss S0:abc/0 C0a/3 S2:\001/0", "S:abc =cut" },
	{ "a zero-window probe, and its octet again with more",
	  "Cs Ss S0:abc/0 C0a/3 S3:d/0 C0a/3 S3:d/0 C0a/4 S3:def/0",
	  "S:abcdef =cut" },
	{ "data captured after all of the connection's end",
	  "Cs Ss S0:220/0f S0f/0 C0f/4 t1 S0:220/0 C0:EHLO/4",
	  "S:220 S. C. =finished" },
	{ "a segment far outside of any window",
	  "Cs Ss S0:abc/0 S500000000:zzz/0 S3:def/0", "S:abcdef =cut" },
	{ "a segment that acknowledges what was never said waits for nothing",
	  "Cs Ss S0:abc/0 C0:EHLO/500000000 S3:250/0",
	  "S:abc C:EHLO S:250 =cut" },
	{ "no octets, no session", "Cs Ss C0a C0f/0 S0f/1", "" },
};

static const struct told gaps[] = {
	{ "a hole that the receiver acknowledged is a gap, in time",
	  "Cs Ss S0:abc/0 S6:ghi/0 C0a/9 t3 S9:jkl/0",
	  "S:abc S-3 S:ghijkl =cut" },
	{ "a hole nobody acknowledged is filled by the retransmission",
	  "Cs Ss S0:abc/0 S6:ghi/0 C0a/3 t3 S3:def/0",
	  "S:abcdefghi =cut" },
	{ "a hole is given its time, whatever waited before it",
	  "Cs Ss S3:b/0 t1 S0:xxx/0 S5:d/0 C0a/6 t1 S4:c/0",
	  "S:xxxbcd =cut" },
	{ "two holes", "Cs Ss S0:a/0 S2:c/0 S4:e/0 C0:x/5 t3",
	  "S:a S-1 S:c S-1 S:e C:x =cut" },
	{ "octets of a gap that come after all are not heard",
	  "Cs Ss S0:abc/0 S6:ghi/0 C0a/9 t3 S3:def/0 S9:j/0",
	  "S:abc S-3 S:ghij =cut" },
	{ "a lost command: the reply is given after the gap",
	  "Cs Ss S0:220/0 S3:250/4 t3", "S:220 C-4 S:250 =cut" },
	{ "a hole at the end of the capture",
	  "Cs Ss S0:abc/0 S6:ghi/0", "S:abc S-3 S:ghi =cut" },
	{ "acknowledged at the end, but never seen",
	  "Cs Ss S0:abc/0 C0a/9", "S:abc S-6 =cut" },
	{ "nothing but an ACK tells that the server spoke",
	  "Cs Ss C0a/0 C0a/52", "S-52 =cut" },
	{ "the last octet acknowledged is a FIN that was missed",
	  "Cs Ss S0:abc/0 C0a/4 C0:x/4 t3 S4a/1", "S:abc C:x =cut" },
	{ "one octet acknowledged, but more comes: it was no FIN",
	  "Cs Ss S0:abc/0 C0:x/4 t3 S4:efg/1", "S:abc C:x S-1 S:efg =cut" },
	{ "one octet acknowledged, and the FIN comes later",
	  "Cs Ss S0:abc/0 C0:x/4 t3 S3f/0 C1f/4", "S:abc C:x S. C. =finished" },
	{ "FIN tells of octets that are missing",
	  "Cs Ss S0:220/0 S6f/0 C0a/7 t3", "S:220 S-3 S. =cut" },
	{ "only the client's direction",
	  "Cs C0:EHLO/3 C4:MAIL/9", "C:EHLOMAIL =cut" },
	{ "only the server's direction",
	  "Ss S0:220/0 S3:250/4", "S:220250 =cut" },
	{ "only the server's direction, and no SYN-ACK",
	  "S0:220/0 S3:250/4", "S:220250 =cut" },
	{ "only one direction, with a hole",
	  "Cs C0:EHLO/3 C8:RCPT/9 t3", "C:EHLO C-4 C:RCPT =cut" },
	{ "only one direction at first",
	  "Cs C0:EHLO/3 t3 C4:MAIL/9 S9:354/8 C8:x/12",
	  "C:EHLOMAIL S-6 S:354 C:x =cut" },
	{ "from the middle of a connection",
	  "S100:250/50 t3 C50:MAIL/103 S103:251/54",
	  "S:250 C:MAIL S:251 =cut" },
	{ "from the middle, in the wrong order",
	  "S103:251/54 C50:MAIL/103 S100:250/50",
	  "S:250 C:MAIL S:251 =cut" },
	{ "from the middle, with a forged segment far away",
	  "S100:250/50 C50:MAIL/103 S300000000:xxx/54 t3 S103:251/54",
	  "S:250 C:MAIL S:251 =cut" },
	{ "more than any window is lost, and the receiver has it",
	  "Cs Ss S0:abc/0 C0a/30000000 S30000000:def/0 C0a/30000003 t3 "
	  "S30000003:g/0", "S:abc S-29999997 S:defg =cut" },
};

static const struct told snap[] = {
	{ "the snap length cut the payload",
	  "Cs Ss S0:abc/0+4 S7:def/0", "S:abc S-4 S:def =cut" },
	{ "the snap length cut all of the payload",
	  "Cs Ss S0a/0+7 S7:def/0", "S-7 S:def =cut" },
	{ "what the snap length cut is in the other copy",
	  "Cs Ss S0:abc/0+4 S0:abcdefg/0 S7:hij/0 C0:x/10",
	  "S:abcdefghij C:x =cut" },
	{ "the cut copy comes second",
	  "Cs Ss S0:abcdefg/0 S0:abc/0+4 S7:hij/0 C0:x/10",
	  "S:abcdefghij C:x =cut" },
	{ "cut while it waits, and whole in another copy",
	  "Cs Ss S3:de/0+1 S3:def/0 S0:abc/0 S6:g/0", "S:abcdefg =cut" },
	{ "cut while it waits, no other copy",
	  "Cs Ss S3:de/0+1 S0:abc/0 S6:g/0 C0:x/7",
	  "S:abcde S-1 S:g C:x =cut" },
	{ "the other side goes on behind what was cut",
	  "Cs Ss S0:abc/0+4 C0:x/7", "S:abc S-4 C:x =cut" },
	{ "cut, and nothing comes for a while",
	  "Cs Ss S0:abc/0+4 t3 S7:h/0", "S:abc S-4 S:h =cut" },
	{ "every segment is cut", "Cs Ss S0:a/0+1 S2:c/0+1 S4:e/0+1 C0:x/6",
	  "S:a S-1 S:c S-1 S:e S-1 C:x =cut" },
	{ "cut, with a FIN", "Cs Ss S0:abc/0+4f C0f/8",
	  "S:abc S-4 S. C. =finished" },
	{ "cut, with a FIN, and whole in the other copy",
	  "Cs Ss S0:abc/0+4f S0:abcdefg/0f C0f/8",
	  "S:abcdefg S. C. =finished" },
	{ "what was cut comes in part, cut otherwise",
	  "Cs Ss S0:abc/0+7 S5:fgh/0 S10:k/0 C0:x/11",
	  "S:abc S-2 S:fgh S-2 S:k C:x =cut" },
};

static const struct told conflicts[] = {
	{ "same octets cut differently are no conflict",
	  "Cs Ss S0:abcdef/0 S2:cd/0 S4:efgh/0", "S:abcdefgh =cut" },
	{ "a later copy with other octets, before the ACK",
	  "Cs Ss S0:250-STARTTLS/0 S0:250-XXXXXXXX/0 C0:EHLO/12",
	  "S:250-STARTTLS S!4=STARTTLS/XXXXXXXX C:EHLO =cut" },
	{ "a later copy with other octets, after the ACK",
	  "Cs Ss S0:250-XXXXXXXX/0 C0:EHLO/12 S0:250-STARTTLS/0",
	  "S:250-XXXXXXXX C:EHLO S!4=XXXXXXXX/STARTTLS =cut" },
	{ "the other copy is longer: what is beyond is new",
	  "Cs Ss S0:250_a/0 S0:250-bcd/0", "S:250_a S!3=_a/-b S:cd =cut" },
	{ "the other copy is shorter",
	  "Cs Ss S0:250-abc/0 S0:251/0", "S:250-abc S!2=0/1 =cut" },
	{ "the other copy covers several segments",
	  "Cs Ss S0:ab/0 S2:cd/0 S4:ef/0 S0:aBcdEf/0",
	  "S:abcdef S!1=b/B S!4=e/E =cut" },
	{ "conflicts among segments of one octet",
	  "Cs Ss S0:a/0 S1:b/0 S2:c/0 C0a/3 S1:X/0 S2:Y/0",
	  "S:abc S!1=b/X S!2=c/Y =cut" },
	{ "the conflicting copy itself twice is told once",
	  "Cs Ss S0:abc/0 S0:xbc/0 S0:xbc/0", "S:abc S!0=a/x =cut" },
	{ "three copies, all different",
	  "Cs Ss S0:abc/0 S0:xbc/0 S0:aby/0", "S:abc S!0=a/x S!2=c/y =cut" },
	{ "a late copy after the time of remembering",
	  "Cs Ss S0:abc/0 C0a/3 t20 S0:xyz/0", "S:abc =cut" },
	{ "a late copy, while the connection goes on",
	  "Cs Ss S0:abc/0 C0a/3 t5 C0a/3 t4 C0a/3 j2 S0:xyz/0",
	  "S:abc =cut" },
	{ "two different copies while both wait",
	  "Cs Ss S3:def/0 S3:dXf/0 S0:abc/0", "S:abcdef S!4=e/X =cut" },
	{ "the first copy wins, though it waits behind the other",
	  "Cs Ss S3:def/0 S1:XYZ/0 S0:a/0", "S:aXYdef S!3=d/Z =cut" },
	{ "of three copies in a heap the first wins each octet",
	  "Cs Ss S4:efg/0 S2:CDEF/0 S1:bcdefg/0 S0:a/0",
	  "S:abCD S!2=CD/cd S:efg S!4=ef/EF =cut" },
	{ "a conflict in what the client says",
	  "Cs Ss S0:220/0 C0:STARTTLS/3 C0:XXXXXXXX/3",
	  "S:220 C:STARTTLS C!0=STARTTLS/XXXXXXXX =cut" },
	{ "a conflict behind the FIN",
	  "Cs Ss S0:221/0f S0:220/0 C0f/4", "S:221 S. S!2=1/0 C. =finished" },
	{ "a conflict in the middle, counted from what was seen first",
	  "S100:abc/0 t3 S100:aXc/0", "S:abc S!1=b/X =cut" },
};

static const struct told checksums[] = {
	{ "all checksums are wrong: left to the sender's card",
	  "Cs Ss S0:220/0b C0:EHLO/3b S3:250/4b", "S:220 C:EHLO S:250 =cut" },
	{ "a damaged copy among good ones, and the octets again",
	  "Cs Ss S0:abc/0g S3:dXf/0b S3:def/0g C0:x/6g",
	  "S:abcdef C:x =cut" },
	{ "a damaged copy ahead of a good one cut otherwise",
	  "Cs Ss S0:abc/0g S3:dXf/0b S6:gh/0g S3:d/0g S4:efg/0g C0:x/8g",
	  "S:abcdefgh C:x =cut" },
	{ "a damaged copy is no conflict",
	  "Cs Ss S0:abc/0g S3:def/0g S3:dXf/0b", "S:abcdef =cut" },
	{ "a damaged copy came first of all, when nobody could know",
	  "Cs Ss S0:aXc/0b S0:abc/0g C0:x/3", "S:aXc C:x =cut" },
	{ "a wrong checksum, but the receiver has acknowledged it",
	  "Cs Ss S0:abc/0g S3:def/0b C0:x/6g S6:g/1g",
	  "S:abcdef C:x S:g =cut" },
	{ "a wrong checksum that nobody has seen acknowledged",
	  "Cs Ss S0:abc/0g S3:def/0b", "S:abcdef =cut" },
	{ "a wrong checksum in one direction only",
	  "Ss S0:abc/0g S3:def/0b t3 S6:g/0g", "S:abcdefg =cut" },
	{ "a FIN with a wrong checksum where others are right",
	  "Cs Ss S0:abc/0g S3f/0b C0:x/3g S3:def/1g",
	  "S:abc C:x S:def =cut" },
	{ "a RST with a wrong checksum where others are right",
	  "Cs Ss S0:abc/0g S3rb C0a/3 t3 S3:def/1g", "S:abcdef =cut" },
	{ "right by chance once among many wrong",
	  "Cs Ss S0:a/0b S1:b/0b S2:c/0g S3:d/0b C0:x/4", "S:abcd C:x =cut" },
};

static const struct {
	struct told	 told;
	enum flow_want	 asked;
	uint64_t	 skip;		/* of the client */
} wants[] = {
	{ { "skipped octets are not told",
	  "Cs Ss C0:abcdef/0 C6:gh/0", "C:efgh =cut" },
	  FLOW_REMEMBER, 4 },
	{ { "a skip over several segments",
	  "Cs Ss C0:abc/0 C3:def/0 C6:ghi/0", "C:hi =cut" },
	  FLOW_REMEMBER, 7 },
	{ { "a gap inside a skip", "Cs Ss C0:abc/0 C6:ghi/0 S0a/9 t3",
	  "C:ghi =cut" },
	  FLOW_REMEMBER, 6 },
	{ { "a gap across the end of a skip",
	  "Cs Ss C0:abc/0 C6:ghi/0 S0a/9 t3", "C-2 C:ghi =cut" },
	  FLOW_REMEMBER, 4 },
	{ { "a skip in the wrong order",
	  "Cs Ss C3:def/0 C6:ghi/0 C0:abc/0", "C:ghi =cut" },
	  FLOW_REMEMBER, 6 },
	{ { "a skip, every packet twice",
	  "Cs Ss C0:abc/0 C0:abc/0 C3:def/0 C3:def/0", "C:f =cut" },
	  FLOW_REMEMBER, 5 },
	{ { "a skip that the connection does not live to see the end of",
	  "Cs Ss C0:abc/0f S0f/4", "C. S. =finished" },
	  FLOW_REMEMBER, 500 },
	{ { "nothing of a counted side is told but its end",
	  "Cs Ss S0:220/0 C0:EHLO/3f S3f/5", "C. S. =finished" },
	  FLOW_COUNT, 0 },
	{ { "a counted side waits for nothing",
	  "Cs Ss S0:220/0 S9f/0 C0f/10 S3:x/0", "S. C. =finished" },
	  FLOW_COUNT, 0 },
	{ { "of a body nothing is remembered",
	  "Cs Ss S0:abc/0 S0:xbc/0", "S:abc =cut" }, FLOW_DELIVER, 0 },
	{ { "of a body, everything is delivered",
	  "Cs Ss S3:def/0 S0:abc/0 S3:def/0 C0:x/6", "S:abcdef C:x =cut" },
	  FLOW_DELIVER, 0 },
};

static void
check(const struct told *c, enum flow_want asked, uint64_t skip, bool ticks)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	script_open(&b, &limits, ticks ? 42 : 7);
	b.ticks = ticks;
	b.teller.want = asked;
	b.teller.skip_client = skip;
	play_all(&b, c->script);
	flow_table_free(b.table);
	if (strcmp(told(&b), c->want) != 0)
		fail_msg("%s%s:\n got  %s\n want %s", c->name,
		    ticks ? " (ticking)" : "", told(&b), c->want);
}

static void
check_all(const struct told *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(&cases[i], FLOW_REMEMBER, 0, false);
		check(&cases[i], FLOW_REMEMBER, 0, true);
	}
}

#define COUNT_OF(a)	(sizeof(a) / sizeof((a)[0]))

static void
octets_are_told_in_the_order_they_were_meant(void **state)
{
	(void)state;
	check_all(order, COUNT_OF(order));
}

static void
what_is_missing_is_said_to_be(void **state)
{
	(void)state;
	check_all(gaps, COUNT_OF(gaps));
	check_all(snap, COUNT_OF(snap));
}

static void
copies_that_differ_are_told(void **state)
{
	(void)state;
	check_all(conflicts, COUNT_OF(conflicts));
	check_all(checksums, COUNT_OF(checksums));
}

static void
what_is_not_wanted_is_not_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wants); i++)
		for (int ticks = 0; ticks < 2; ticks++)
			check(&wants[i].told, wants[i].asked, wants[i].skip,
			    ticks != 0);
}

/* In octets that differ, not in the stretch they are spread over. */
static void
conflicting_octets_are_counted(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs Ss S0:abcdef/0 S0:aXcdeY/0 S0:aXcdeY/0 C0:x/6");
	flow_table_free(b.table);
	assert_int_equal(b.teller.facts.side[SIDE_SERVER].conflicting, 2);
	assert_int_equal(counter_read(&b.counters, COUNT_conflicts), 1);
	assert_int_equal(b.teller.facts.side[SIDE_SERVER].retransmitted, 2);
}

/* A server's words are kept once for all its connections. */
static void
what_servers_repeat_is_compared_too(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	for (int i = 0; i < 5; i++, b.client_port++) {
		b.teller.len = 0;
		play_all(&b, "Cs Ss S0:220_mx.example_ESMTP/0 C0:EHLO/20 "
		    "S20:250-mx.example_SIZE/4 S39:250_ok/4");
	}
	b.client_port--;
	play_all(&b, "S4:MX.example_ESMTP/0 S16:XMTP250-mX.example/4");
	assert_string_equal(told(&b), "S:220_mx.example_ESMTP C:EHLO "
	    "S:250-mx.example_SIZE250_ok "
	    "S!4=mx/MX S!16=S/X S!25=x/X");
	flow_table_free(b.table);
}

static void
missing_octets_are_counted(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	const struct flow_traits *t;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs Ss S0:abc/0+2 S5:f/0 S9:j/0 C0:x/10");
	flow_table_free(b.table);
	t = &b.teller.facts.side[SIDE_SERVER];
	assert_string_equal(told(&b), "S:abc S-2 S:f S-3 S:j C:x =cut");
	assert_int_equal(t->octets, 5);
	assert_int_equal(t->missing, 5);
	assert_true(t->snap_cut);
	assert_false(b.teller.facts.side[SIDE_CLIENT].snap_cut);
	assert_int_equal(counter_read(&b.counters, COUNT_gap_octets), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_told_in_the_order_they_were_meant),
		cmocka_unit_test(what_is_missing_is_said_to_be),
		cmocka_unit_test(copies_that_differ_are_told),
		cmocka_unit_test(what_is_not_wanted_is_not_told),
		cmocka_unit_test(conflicting_octets_are_counted),
		cmocka_unit_test(what_servers_repeat_is_compared_too),
		cmocka_unit_test(missing_octets_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
