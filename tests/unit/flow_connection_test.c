/* SPDX-License-Identifier: ISC */
/*
 * How connections begin and end: roles, SYN, FIN, RST, the same ports
 * again, late copies.
 */
#include "flow_script.h"

#define COUNT_OF(a)	(sizeof(a) / sizeof((a)[0]))

struct told {
	const char	*name, *script, *want;
};

static const struct told endings[] = {
	{ "FIN with data, both ways",
	  "Cs Ss S0:220/0 C0:QUIT/3f S3:221/5f C5a/7 t3",
	  "S:220 C:QUIT C. S:221 S. =finished" },
	{ "half-closed: the other side goes on",
	  "Cs Ss C0:abc/0f S0:one/4 t5 S3:two/4 C4a/6 t3",
	  "C:abc C. S:onetwo =cut" },
	{ "closed without a word before the server speaks",
	  "Cs Ss C0f/0 S0:220/1 S3f/1 t3", "C. S:220 S. =finished" },
	{ "FIN captured before the last octets",
	  "Cs Ss S3f/0 S0:220/0 C0f/4 t3", "S:220 S. C. =finished" },
	{ "FIN captured before all else of a short connection",
	  "S3f/4 C0:QUIT/3f S0:220/0 Ss Cs C5a/4 t3",
	  "S:220 C:QUIT C. S. =finished" },
	{ "FIN and data repeated after all is said",
	  "Cs Ss S0:220/0f C0f/4 S0:220/0f C0f/4 S4a/1 t3",
	  "S:220 S. C. =finished" },
	{ "octets behind a FIN are not heard",
	  "Cs Ss S0:220/0f S3:xyz/0 C0a/4", "S:220 S. =cut" },
	{ "a segment that reaches over the FIN",
	  "Cs Ss S0:220/0 S3f/0 S2:0abc/0 C0a/4", "S:220 S. =cut" },
	{ "a FIN that waits, and octets beyond it",
	  "Cs Ss S3f/0 S4:xyz/0 S0:220/0 C0a/4", "S:220 S. =cut" },
	{ "silence ends it", "Cs Ss S0:220/0 t1000 t2", "S:220 =idle" },
	{ "a word now and then keeps it",
	  "Cs Ss S0:220/0 t600 C0:NOOP/3 t600 C4:NOOP/3 t600",
	  "S:220 C:NOOPNOOP =cut" },
	{ "it goes on after a silence that had ended it",
	  "Cs Ss S0:220/0 t1000 C0:EHLO/3 S3:250/4",
	  "S:220 =idle C:EHLO S:250 =cut" },
};

static const struct told resets[] = {
	{ "a RST that fits", "Cs Ss S0:220/0 C0r t3", "S:220 C. =reset" },
	{ "a RST that fits what is acknowledged, ahead of what we heard last",
	  "Cs Ss S0:220/0 S3:221/0 C0a/3 S3r t3", "S:220221 S. =reset" },
	{ "RST in both directions within a moment",
	  "Cs Ss S0:220/0 C0r S3r t3", "S:220 C. S. =reset" },
	{ "the answer to a SYN is a RST", "Cs S0r/0 t3", "" },
	{ "a RST with a wrong sequence is ignored",
	  "Cs Ss S0:220/0 S9r C0:EHLO/3 S3:250/4 t5 C4:MAIL/6",
	  "S:220 C:EHLO S:250 C:MAIL =cut" },
	{ "a RST with a wrong sequence, and then the octets before it",
	  "Cs Ss S0:220/0 S7r t5 C0:EHLO/3 S3:250-/4 S7:250/4 C4:x/10",
	  "S:220 C:EHLO S:250-250 C:x =cut" },
	{ "a RST captured before the last octets",
	  "Cs Ss S7r S3:250-/0 S0:220/0 C0a/7 t3", "S:220250- S. =reset" },
	{ "a RST that both ends ignore",
	  "Cs Ss S0:220/0 S3r C0:EHLO/3 S3:250/4 C4:MAIL/6 t3 S6:250/8",
	  "S:220 C:EHLO S:250 C:MAIL S:250 =cut" },
	{ "data after the RST is not acknowledged",
	  "Cs Ss S0:220/0 C0a/3 S3r S3:250/0 S6:250/0 t3 S3:250/0",
	  "S:220250250 S. =reset" },
	{ "data after the RST is acknowledged",
	  "Cs Ss S0:220/0 C0a/3 S3r S3:250/0 C0a/6 t5 C0:MAIL/6",
	  "S:220250 C:MAIL =cut" },
	{ "only ACKs show that the RST was forged",
	  "Cs Ss S0:354/0 C0:abc/3 S3r/3 C3:def/3 t1 C6:ghi/3 S3a/9 t5 "
	  "C9:jkl/3 S3a/12", "S:354 C:abcdefghijkl =cut" },
	{ "a forged RST, seconds of silence, and on it goes",
	  "Cs Ss S0:354/0 C0:abc/3 S3r t5 S3:250/3 C3:x/6",
	  "S:354 C:abc S. =reset S:250 C:x =cut" },
	{ "RST after both have finished is no reset",
	  "Cs Ss S0:221/0f C0f/4 S4r t3", "S:221 S. C. =finished" },
	{ "RST instead of the second FIN",
	  "Cs Ss S0:221/0f C0a/4 C0r t3", "S:221 S. C. =reset" },
	{ "a client that closes before the last reply resets",
	  "Cs Ss S0:220/0 C0:QUIT/3f S3:221/5 C5r S6f/5 C5r t3",
	  "S:220 C:QUIT C. S:221 S. =reset" },
	{ "a late RST of a connection that is over",
	  "Cs Ss S0:220/0f C0f/4 t3 C1r", "S:220 S. C. =finished" },
	{ "a stray RST", "C0r S0r", "" },
};

static const struct told again[] = {
	{ "the same ports again after FIN",
	  "Cs Ss S0:220/0f C0f/4 cs ss s0:554/0 t3",
	  "S:220 S. C. =finished S:554 =cut" },
	{ "the same ports again after FIN and some time",
	  "Cs Ss S0:220/0f C0f/4 t5 cs ss s0:554/0 t3",
	  "S:220 S. C. =finished S:554 =cut" },
	{ "the same ports again after RST",
	  "Cs Ss S0:220/0 C0r cs ss s0:554/0 t3",
	  "S:220 C. =reset S:554 =cut" },
	{ "the same ports again after FIN, SYN not captured",
	  "Cs Ss S0:220/0f C0f/4 t5 ss s0:554/0 t3",
	  "S:220 S. C. =finished S:554 =cut" },
	{ "a SYN is tried again with another number",
	  "Cs Cs cs ss s0:220/0 c0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the first SYN comes late, once more",
	  "Cs cs Cs ss s0:220/0 c0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the answered SYN was not captured",
	  "Cs ss c0a/0 s0:220/0 c0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "a new SYN on a live connection, and its answer",
	  "Cs Ss S0:220/0 C0a/3 cs ss s0:554/0 c0a/3",
	  "S:220 =replaced S:554 =cut" },
	{ "a new SYN on a connection silent for minutes, and its answer",
	  "Cs Ss S0:220/0 C0:EHLO/3 t600 cs ss s0:554/0 c0a/3",
	  "S:220 C:EHLO =replaced S:554 =cut" },
	{ "a new SYN-ACK on a live connection, its SYN not captured",
	  "Cs Ss S0:220/0 C0a/3 ss c0a/0 s0:554/0 c0a/3",
	  "S:220 =replaced S:554 =cut" },
	{ "a new SYN on a live connection, behind its answer",
	  "Cs Ss S0:220/0 C0a/3 ss cs s0:554/0 c0a/3",
	  "S:220 =replaced S:554 =cut" },
	{ "a stray SYN with another number kills nothing",
	  "Cs Ss S0:220/0 cs C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "a forged SYN to which an honest segment seems to be the answer",
	  "Cs Ss S0:220/0 C0:EHLO/3 C3s S3:250/4 C4:x/6",
	  "S:220 C:EHLO S:250 C:x =cut" },
	{ "a new SYN and its answer on one that began before the capture",
	  "S100:250/50 t3 C50:MAIL/103 cs ss s0:554/0 c0a/3",
	  "S:250 C:MAIL =replaced S:554 =cut" },
	{ "a stray SYN, and the server challenges it",
	  "Cs Ss S0:220/0 C0a/3 cs S3a/0 C0:EHLO/3 S3:250/4",
	  "S:220 C:EHLO S:250 =cut" },
	{ "a stray SYN-ACK kills nothing",
	  "Cs Ss S0:220/0 ss C0:EHLO/3 S3:250/4",
	  "S:220 C:EHLO S:250 =cut" },
	{ "a forged SYN before the answer to the real one",
	  "Cs cs Ss C0a/0 S0:220/0 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "one direction only, and a new SYN",
	  "Cs C0:EHLO/3 t3 cs c0:HELO/9", "C:EHLO =replaced C:HELO =cut" },
	{ "one direction only, and a stray SYN",
	  "Cs C0:EHLO/3 t3 cs C4:MAIL/9 C8:RCPT/9", "C:EHLOMAILRCPT =cut" },
	{ "another connection in the middle of which the capture began",
	  "Cs Ss S0:220/0 C0a/3 s100:354/9 c9:a/103 c10:b/103 c11:c/103 "
	  "c12:d/103 c13:e/103 c14:f/103 c15:g/103 c16:h/103 s103:250/17 "
	  "c17:i/106 s106:2/18 t3",
	  "S:220 =replaced C:i S:2 =cut" },
	{ "late copies of a whole connection give no second one",
	  "Cs Ss S0:220/0 C0:QUIT/3f S3:221/5f C5a/7 t3 "
	  "Cs Ss S0:220/0 C0:QUIT/3f S3:221/5f C5a/7 t3",
	  "S:220 C:QUIT C. S:221 S. =finished" },
	{ "late copies of the end of one that began before the capture",
	  "S50:221/5f C5f/54 t3 S50:221/5f C5f/54 t3",
	  "S:221 S. C. =finished" },
	{ "the capture ends, another begins with the same",
	  "Cs Ss S0:220/0 . Cs Ss S0:220/0", "S:220 =cut S:220 =cut" },
};

static const struct told clocks[] = {
	{ "one wrong stamp far ahead ends nothing",
	  "Cs Ss S0:220/0 j31536000 C0a/3 j-31536000 C0:EHLO/3",
	  "S:220 C:EHLO =cut" },
	{ "two wrong stamps with right ones between end nothing",
	  "Cs Ss S0:220/0 j31536000 C0a/3 j-31536000 C0a/3 j31536000 C0a/3 "
	  "j-31536000 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "two wrong stamps with one a little late between end nothing",
	  "Cs Ss S0:220/0 j31536000 C0a/3 j-31536001 C0a/3 j31536001 C0a/3 "
	  "j-31536000 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the clock is set back by an hour, and things end as they should",
	  "Cs Ss S0:220/0 j-3600 C0:EHLO/3 S3:250/4 t899 C4:x/6 t1000",
	  "S:220 C:EHLO S:250 C:x =idle" },
	{ "the clock is set back by an hour, and a gap takes its time",
	  "Cs Ss S0:220/0 j-3600 S4:y/0 C0a/5 t3 S5:z/0",
	  "S:220 S-1 S:yz =cut" },
};

static void
check_all(const struct told *cases, size_t n)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	for (size_t i = 0; i < 2 * n; i++) {
		const struct told *c = &cases[i / 2];

		script_open(&b, &limits, i);
		b.ticks = i % 2 != 0;
		play_all(&b, c->script);
		flow_table_free(b.table);
		if (strcmp(told(&b), c->want) != 0)
			fail_msg("%s%s:\n got  %s\n want %s", c->name,
			    b.ticks ? " (ticking)" : "", told(&b), c->want);
	}
}

static void
connections_end_once_and_rightly(void **state)
{
	(void)state;
	check_all(endings, COUNT_OF(endings));
	check_all(resets, COUNT_OF(resets));
}

static void
the_same_ports_may_come_again(void **state)
{
	(void)state;
	check_all(again, COUNT_OF(again));
}

static void
time_may_step(void **state)
{
	(void)state;
	check_all(clocks, COUNT_OF(clocks));
}

static const struct {
	struct told	 told;
	uint16_t	 port;		/* of the client */
	enum flow_roles	 roles;
	bool		 flipped;	/* 198.51.100.25 is the client */
} roles[] = {
	{ { "a SYN tells", "Cs Ss S0:220/0", "S:220 =cut" },
	  SCRIPT_PORT, ROLES_SYN, false },
	{ { "a SYN-ACK alone tells", "Ss S0:220/0", "S:220 =cut" },
	  SCRIPT_PORT, ROLES_SYN, false },
	{ { "no SYN: the port tells", "S0:220/0 C0:x/3", "S:220 C:x =cut" },
	  SCRIPT_PORT, ROLES_PORT, false },
	{ { "a SYN from the SMTP port is a call from it", "Ss/ Cs/0 S0:x/0",
	    "C:x =cut" }, SCRIPT_PORT, ROLES_SYN, true },
	{ { "both call at the same time: the port tells",
	    "Ss/ Cs Ss/0 Cs/0 S0:220/0 C0:x/3", "S:220 C:x =cut" },
	  SCRIPT_PORT, ROLES_SYN, false },
	{ { "both call, the client first", "Cs Ss/ Cs/0 Ss/0 S0:220/0",
	    "S:220 =cut" }, SCRIPT_PORT, ROLES_SYN, false },
	{ { "port 25 to port 25, with a SYN", "Cs Ss S0:220/0 C0:x/3",
	    "S:220 C:x =cut" }, 25, ROLES_SYN, false },
	{ { "port 25 to port 25, the SYN-ACK first", "Ss Cs S0:220/0 C0:x/3",
	    "S:220 C:x =cut" }, 25, ROLES_SYN, false },
	{ { "port 25 to port 25 midstream: who speaks first is the client",
	    "S0:220/0 C0:x/3", "C:220 S:x =cut" }, 25, ROLES_GUESS, true },
	{ { "port 25 to port 25, the SYN behind the data",
	    "S3:250/4 S0:220/0 C0:EHLO/3 Ss Cs", "S:220 C:EHLO S:250 =cut" },
	  25, ROLES_SYN, false },
};

static void
roles_are_told_by_syn_then_port_then_order(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	const struct flow_facts *f;
	struct script b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		script_open(&b, &limits, i);
		b.client_port = roles[i].port;
		play_all(&b, roles[i].told.script);
		flow_table_free(b.table);
		f = &b.teller.facts;
		if (strcmp(told(&b), roles[i].told.want) != 0)
			fail_msg("%s:\n got  %s\n want %s",
			    roles[i].told.name, told(&b),
			    roles[i].told.want);
		if (f->roles != roles[i].roles ||
		    (f->ip[SIDE_CLIENT].octets[12] == 198) !=
		    roles[i].flipped)
			fail_msg("%s: roles by %d, client %d...",
			    roles[i].told.name, f->roles,
			    f->ip[SIDE_CLIENT].octets[12]);
	}
}

static void
traits_of_packets_are_kept(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	const struct flow_facts *f;
	const struct flow_traits *t;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs~60 Ss~50^7 S0:220/0~49^9 C0:EHLO/3u S3a/4~1 "
	    "S77r~2 C4f/3 S3:250/0b");
	flow_table_free(b.table);
	f = &b.teller.facts;
	t = &f->side[SIDE_SERVER];
	assert_int_equal(f->first.packet, 1);
	assert_int_equal(f->last.packet, 8);
	assert_int_equal(t->packets, 5);
	assert_true(t->syn && !t->fin && !t->rst);
	assert_int_equal(t->isn, isn_of(false, false));
	/* not of pure ACKs and RSTs, which anybody forges */
	assert_int_equal(t->ttl_first, 50);
	assert_int_equal(t->ttl_min, 49);
	assert_int_equal(t->ttl_max, 64);
	assert_int_equal(t->vlan, 0);
	assert_int_equal(t->bad_checksums, 1);
	assert_int_equal(f->resets_ignored, 1);
	assert_true(f->side[SIDE_CLIENT].fin);
	assert_true(f->side[SIDE_CLIENT].urgent);
	assert_int_equal(counter_read(&b.counters, COUNT_segments_urgent), 1);
}

/* Packets are a millisecond apart. */
static const struct {
	const char	*name, *script;
	uint32_t	 handshake;
	bool		 differs;
	uint16_t	 mss_again;
	uint8_t		 scale_again;
} handshakes[] = {
	{ "SYN, SYN-ACK", "Csm1460w7 Ssm1460w7 S0:220/0", 1000, false, 0, 0 },
	{ "the SYN twice, from two ports of a switch",
	  "Cs Cs Ss S0:220/0", 2000, false, 0, 0 },
	{ "the SYN again: which of them was answered?",
	  "Cs j1 Cs Ss S0:220/0", 0, false, 0, 0 },
	{ "captured the other way round", "Ss Cs S0:220/0", 0, false, 0, 0 },
	{ "no SYN", "Ss S0:220/0", 0, false, 0, 0 },
	{ "a clock set back", "Cs j-3600 Ss S0:220/0", 0, false, 0, 0 },
	{ "the SYN-ACK again", "Cs Ssm1460w7 j1 Ssm1460w7 S0:220/0", 1000,
	  false, 0, 0 },
	{ "... with another MSS", "Cs Ssm1460w7 Ssm536w7 S0:220/0", 1000,
	  true, 536, 7 },
	{ "... behind a router that lowers it",
	  "Cs Ssm1460w7 Ssm1380w7~63 S0:220/0", 1000, false, 0, 0 },
	{ "... without scale", "Cs Ssm1460w7 Ssm1460 S0:220/0", 1000, true,
	  1460, 0xff },
	{ "... the first of two others counts",
	  "Cs Ssm1460w7 Ssm100w1 Ssm200w2 S0:220/0", 1000, true, 100, 1 },
	{ "another SYN of the client's is its own affair",
	  "Csm1460w7 Csm536 Ss S0:220/0", 2000, false, 0, 0 },
};

static void
handshakes_are_measured_and_compared(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	const struct flow_traits *t;
	struct script b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(handshakes); i++) {
		script_open(&b, &limits, 1);
		play_all(&b, handshakes[i].script);
		flow_table_free(b.table);
		t = &b.teller.facts.side[SIDE_SERVER];
		if (b.teller.facts.handshake != handshakes[i].handshake ||
		    t->syn_differs != handshakes[i].differs ||
		    t->mss_again != handshakes[i].mss_again ||
		    t->window_scale_again != handshakes[i].scale_again)
			fail_msg("%s: got %u us, %d, MSS %u, scale %u",
			    handshakes[i].name, b.teller.facts.handshake,
			    t->syn_differs, t->mss_again,
			    t->window_scale_again);
	}
}

static void
a_clock_set_back_does_not_move_the_beginning(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs Ss j-1 S0:220/0 j-3600 C0:x/3");
	flow_table_free(b.table);
	assert_int_equal(b.teller.facts.first.packet, 3);
	assert_int_equal(b.teller.facts.last.packet, 4);
}

static void
who_reset_is_told(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs Ss S0:220/0 S500r C0a/3 S3r C0:x/3 t3");
	flow_table_free(b.table);
	assert_string_equal(told(&b), "S:220 C:x S. =reset");
	assert_true(b.teller.facts.reset_by[SIDE_SERVER]);
	assert_false(b.teller.facts.reset_by[SIDE_CLIENT]);
	assert_int_equal(b.teller.facts.resets_ignored, 1);
}

/* Not only at the end of the capture: soon. */
static void
a_rst_ahead_of_its_octets_ends_the_connection(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct script b;

	(void)state;
	script_open(&b, &limits, 1);
	play_all(&b, "Cs Ss S7r S3:250-/0 S0:220/0 C0a/7");
	assert_int_equal(flow_table_count(b.table), 1);
	play_all(&b, "t3");
	assert_int_equal(flow_table_count(b.table), 0);
	flow_table_free(b.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_end_once_and_rightly),
		cmocka_unit_test(the_same_ports_may_come_again),
		cmocka_unit_test(time_may_step),
		cmocka_unit_test(roles_are_told_by_syn_then_port_then_order),
		cmocka_unit_test(traits_of_packets_are_kept),
		cmocka_unit_test(handshakes_are_measured_and_compared),
		cmocka_unit_test(a_clock_set_back_does_not_move_the_beginning),
		cmocka_unit_test(who_reset_is_told),
		cmocka_unit_test(a_rst_ahead_of_its_octets_ends_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
