/* SPDX-License-Identifier: ISC */
/* What the traits of the decisive packet weigh, and how that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/rules.h"
#include "detect_scenes.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define HOPS	(1U << PATH_HOP_LIMIT)
#define STAMP	(1U << PATH_NO_STAMP)
#define CLOCK	(1U << PATH_CLOCK)
#define ID	(1U << PATH_ID)
#define WINDOW	(1U << PATH_WINDOW)
#define SOON	(1U << PATH_SOON)

enum { SILENT = -1 };

static struct path_oddities	odd;

static const struct {
	const char	*name;
	unsigned	 signs;
	bool		 reset, stays, syn_ack;
	uint64_t	 first, last;	/* packets; the decisive one is 9 */
	int		 weight;
} cases[] = {
	{ "nothing", 0, false, false, false, 9, 9, SILENT },
	{ "hop limit", HOPS, false, false, false, 9, 9, WEIGHT_NOTE },
	{ "IP-ID", ID, false, false, false, 9, 9, WEIGHT_NOTE },
	{ "window", WINDOW, false, false, false, 9, 9, WEIGHT_NOTE },
	{ "time", SOON, false, false, false, 9, 9, WEIGHT_NOTE },
	{ "SYN-ACK", 0, false, false, true, 9, 9, WEIGHT_NOTE },
	{ "timestamp missing", STAMP, false, false, false, 9, 9,
	  WEIGHT_HINT },
	{ "another clock", CLOCK, false, false, false, 9, 9, WEIGHT_HINT },
	{ "two", HOPS | ID, false, false, false, 9, 9, WEIGHT_HINT },
	{ "... SYN-ACK and window", WINDOW, false, false, true, 9, 9,
	  WEIGHT_HINT },
	{ "three", HOPS | ID | WINDOW, false, false, false, 9, 9,
	  WEIGHT_STRONG },
	{ "another clock, and sooner", CLOCK | SOON, false, false, false, 9,
	  9, WEIGHT_STRONG },
	{ "all in another packet", HOPS | ID | CLOCK | WINDOW, false, false,
	  false, 10, 12, SILENT },
	{ "... just before", HOPS | ID | CLOCK | WINDOW, false, false, false,
	  7, 8, SILENT },
	{ "in one of several like it", HOPS | ID, false, false, false, 7, 12,
	  WEIGHT_HINT },
	/* from here on: what moves by itself does not count by itself */
	{ "another way from here on", HOPS, false, true, false, 9, 9,
	  SILENT },
	{ "another count from here on", ID, false, true, false, 9, 9,
	  SILENT },
	{ "a greater window from here on", WINDOW, false, true, false, 9, 9,
	  SILENT },
	{ "another way and another count from here on", HOPS | ID, false,
	  true, false, 9, 9, WEIGHT_HINT },
	{ "another clock from here on", CLOCK, false, true, false, 9, 9,
	  WEIGHT_HINT },
	{ "... and another way", CLOCK | HOPS, false, true, false, 9, 9,
	  WEIGHT_STRONG },
	/* a RST: a firewall's, perhaps */
	{ "a RST's hop limit", HOPS, true, false, false, 9, 9, WEIGHT_NOTE },
	{ "a RST's hop limit and IP-ID", HOPS | ID, true, false, false, 9, 9,
	  WEIGHT_HINT },
	{ "all of a RST", HOPS | ID | WINDOW | CLOCK | SOON, true, false,
	  false, 9, 9, WEIGHT_HINT },
};

static void
is_odd(struct made_up *m, unsigned signs, uint64_t first, uint64_t last)
{
	memset(&odd, 0, sizeof(odd));
	odd.side[SIDE_SERVER][0] = (struct path_oddity){
		.first = { .time = NOON + 7, .packet = first }, .last = last,
		.count = 1, .others = 14, .signs = signs, .ttl = 61,
		.usual_ttl = 52, .id = 0, .usual_id = 4711, .window = 65535,
		.usual_least = 501, .usual_most = 509, .ticks = -7654321,
		.elapsed = 1200000, .delay = 3100, .round_trip = 40000 };
	odd.count[SIDE_SERVER] = 1;
	m->record.odd = &odd;
	for (int i = 0; i < SIDES; i++)
		m->record.flow.side[i].window_scale = 7;
}

static void
traits_are_weighed_together(void **state)
{
	struct past past = { 0 };
	struct made_up m;
	const struct finding *one;
	struct grade want;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		make_up(&m, 1);
		refused(&m, 454, "454 4.7.0 no");
		is_odd(&m, cases[i].signs, cases[i].first, cases[i].last);
		odd.side[SIDE_SERVER][0].reset = cases[i].reset;
		odd.side[SIDE_SERVER][0].stays = cases[i].stays;
		m.record.flow.side[SIDE_SERVER].syn_differs =
		    cases[i].syn_ack;
		detect_session(&m.record, &past, NULL, &m.findings);
		one = finding_of(&m.findings, KIND_PATH_ANOMALY);
		if ((one != NULL) != (cases[i].weight != SILENT))
			fail_msg("%s: got %s", cases[i].name, one != NULL ?
			    one->summary : "silence");
		if (one == NULL) {
			findings_clear(&m.findings);
			continue;
		}
		want = grade_of(KIND_PATH_ANOMALY,
		    (enum weight)cases[i].weight,
		    &(struct circumstances){ .exposed = false });
		if (one->severity != want.severity ||
		    one->confidence != want.confidence)
			fail_msg("%s: got %s, %s", cases[i].name,
			    severity_word(one->severity),
			    confidence_word(one->confidence));
		if ((strstr(one->summary, "honest reasons") != NULL) !=
		    (cases[i].weight == WEIGHT_NOTE))
			fail_msg("%s: got %s", cases[i].name, one->summary);
		findings_clear(&m.findings);
	}
}

static void
only_several_traits_make_another_finding_surer(void **state)
{
	struct past past = { 0 };
	struct made_up m;
	const struct finding *one;
	static const struct { unsigned signs; enum confidence want; } of[] = {
		{ HOPS, CONFIDENCE_CIRCUMSTANTIAL },
		{ ID, CONFIDENCE_CIRCUMSTANTIAL },
		{ HOPS | ID, CONFIDENCE_STRONG },
		{ STAMP, CONFIDENCE_STRONG },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(of); i++) {
		make_up(&m, 1);
		refused(&m, 454, "454 4.7.0 no");
		is_odd(&m, of[i].signs, 9, 9);
		detect_session(&m.record, &past, NULL, &m.findings);
		one = finding_of(&m.findings, KIND_STARTTLS_REFUSED);
		assert_non_null(one);
		assert_int_equal(one->confidence, of[i].want);
		findings_clear(&m.findings);
	}
}

static void
never_without_another_finding(void **state)
{
	struct past past = { 0 };
	struct made_up m;

	(void)state;
	make_up(&m, 1);
	gets_tls(&m);
	is_odd(&m, HOPS | ID | CLOCK | WINDOW | SOON, 9, 9);
	detect_session(&m.record, &past, NULL, &m.findings);
	assert_null(finding_of(&m.findings, KIND_PATH_ANOMALY));
	findings_clear(&m.findings);
}

static void
it_is_told_in_numbers(void **state)
{
	static const char want[] = "hop limit 61, the 14 others with 52; no "
	    "TCP timestamp, which the 14 others have; a TCP timestamp "
	    "7654321 ticks behind what the others had 1.2 s before; IP-ID 0, "
	    "where the others count (4711 before it); a window of 8388480 "
	    "octets, the others 64128 to 65152; a delay of 3.1 ms behind "
	    "what it answers, where the round trip takes 40.0 ms";
	struct past past = { 0 };
	struct made_up m;
	const struct finding *one;

	(void)state;
	make_up(&m, 1);
	refused(&m, 454, "454 4.7.0 no");
	is_odd(&m, (1U << PATH_SIGNS) - 1, 9, 9);
	detect_session(&m.record, &past, NULL, &m.findings);
	one = finding_of(&m.findings, KIND_PATH_ANOMALY);
	assert_non_null(one);
	if (strstr(one->summary, want) == NULL ||
	    strstr(one->evidence.at, want) == NULL)
		fail_msg("got %s, %s", one->summary, one->evidence.at);
	findings_clear(&m.findings);
	/* nothing scales unless both ends do: RFC 7323 section 2.2 */
	m.record.flow.side[SIDE_CLIENT].window_scale = 0xff;
	m.record.flow.side[SIDE_SERVER].syn_differs = true;
	m.record.flow.side[SIDE_SERVER].mss = 1460;
	m.record.flow.side[SIDE_SERVER].mss_again = 536;
	m.record.flow.side[SIDE_SERVER].window_scale_again = 0xff;
	detect_session(&m.record, &past, NULL, &m.findings);
	one = finding_of(&m.findings, KIND_PATH_ANOMALY);
	assert_non_null(strstr(one->evidence.at,
	    "a window of 65535 octets, the others 501 to 509"));
	assert_non_null(strstr(one->evidence.at,
	    "one with MSS 1460 and scale 7, one with MSS 536 and no scale"));
	findings_clear(&m.findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traits_are_weighed_together),
		cmocka_unit_test(
		    only_several_traits_make_another_finding_surer),
		cmocka_unit_test(never_without_another_finding),
		cmocka_unit_test(it_is_told_in_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
