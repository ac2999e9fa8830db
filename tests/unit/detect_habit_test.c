/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/rules.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)

static const struct {
	const char	*name;
	struct past	 past;
	enum habit	 habit;
} habits[] = {
#define OFFERS(n, d)	.offered = (n), .offered_days = (d),		\
	.first_offered = NOON - 9 * DAY, .last_offered = NOON - HOUR
	{ "nothing", { 0 }, HABIT_UNKNOWN },
	{ "never an offer", { .absent = 1 }, HABIT_NEVER },
	{ "one offer, of unknown quality",
	  { OFFERS(1, 1), .here_offered = 1 }, HABIT_UNKNOWN },
	{ "one offer, and TLS came up",
	  { OFFERS(1, 1), .here_offered = 1, .established = 1 },
	  HABIT_OFFERED_ONCE },
	{ "two offers", { OFFERS(2, 1), .here_offered = 1 },
	  HABIT_OFFERED_ONCE },
	{ "four on two days", { OFFERS(4, 2), .here_offered = 1 },
	  HABIT_OFFERED_ONCE },
	{ "five on one day", { OFFERS(5, 1), .here_offered = 1 },
	  HABIT_OFFERED_ONCE },
	{ "five on two days", { OFFERS(5, 2), .here_offered = 1 },
	  HABIT_OFFERED },
	{ "... with an exception from the beginning on",
	  { OFFERS(5, 2), .here_offered = 1, .absent = 1 },
	  HABIT_OFFERED_ONCE },
	{ "... with exceptions since it broke",
	  { OFFERS(5, 2), .here_offered = 1, .absent = 9,
	    .broke_at = NOON - HOUR }, HABIT_OFFERED },
	{ "offered to others in these hours alone", { .peers = 1 },
	  HABIT_OTHERS },
	{ "mixed for a week",
	  { OFFERS(10, 5), .here_offered = 1, .absent = 10,
	    .mixed_buckets = 3, .first_missing = NOON - 7 * DAY },
	  HABIT_MIXED },
	{ "... not quite a week",
	  { OFFERS(10, 5), .here_offered = 1, .absent = 10,
	    .mixed_buckets = 3, .first_missing = NOON - 7 * DAY + 1 },
	  HABIT_OFFERED_ONCE },
	{ "... nine without",
	  { OFFERS(10, 5), .here_offered = 1, .absent = 9,
	    .mixed_buckets = 3, .first_missing = NOON - 7 * DAY },
	  HABIT_OFFERED_ONCE },
	{ "... in two hours only",
	  { OFFERS(10, 5), .here_offered = 1, .absent = 10,
	    .mixed_buckets = 2, .first_missing = NOON - 7 * DAY },
	  HABIT_OFFERED_ONCE },
	{ "... after a clean habit",
	  { OFFERS(10, 5), .here_offered = 1, .absent = 10,
	    .mixed_buckets = 3, .first_missing = NOON - 7 * DAY,
	    .broke_at = NOON - 7 * DAY }, HABIT_OFFERED },
	{ "... and this network never had it",
	  { OFFERS(10, 5), .absent = 10, .mixed_buckets = 3, .peers = 1,
	    .first_missing = NOON - 7 * DAY }, HABIT_OTHERS },
	{ "hidden from here for three days",
	  { OFFERS(10, 5), .here_missing = 5, .here_missing_days = 3,
	    .nets_offered = 1, .net_servers_offering = 1, .peers = 1 },
	  HABIT_HIDDEN },
	{ "... for two",
	  { OFFERS(10, 5), .here_missing = 5, .here_missing_days = 2,
	    .nets_offered = 1, .net_servers_offering = 1, .peers = 1 },
	  HABIT_OTHERS },
	{ "... four times",
	  { OFFERS(10, 5), .here_missing = 4, .here_missing_days = 3,
	    .nets_offered = 1, .net_servers_offering = 1, .peers = 1 },
	  HABIT_OTHERS },
	{ "... and no other server offers it here: the path",
	  { OFFERS(10, 5), .here_missing = 5, .here_missing_days = 3,
	    .nets_offered = 1, .peers = 1 }, HABIT_OTHERS },
	{ "switched off a week ago",
	  { .offered = 9, .offered_days = 5, .here_offered = 1,
	    .last_offered = NOON - 7 * DAY, .absent = 10,
	    .first_missing = NOON - 6 * DAY, .last_missing = NOON - HOUR,
	    .broke_at = NOON - 6 * DAY }, HABIT_SWITCHED_OFF },
	{ "... a little less",
	  { .offered = 9, .offered_days = 5, .here_offered = 1,
	    .last_offered = NOON - 7 * DAY + 1, .absent = 10,
	    .first_missing = NOON - 6 * DAY, .last_missing = NOON - HOUR,
	    .broke_at = NOON - 6 * DAY }, HABIT_OFFERED },
	{ "... in nine sessions",
	  { .offered = 9, .offered_days = 5, .here_offered = 1,
	    .last_offered = NOON - 7 * DAY, .absent = 9,
	    .first_missing = NOON - 6 * DAY, .last_missing = NOON - HOUR,
	    .broke_at = NOON - 6 * DAY }, HABIT_OFFERED },
	{ "a back end that never offers it",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 3,
	    .name_days = 2, .absent = 3 }, HABIT_POOL },
	{ "... met twice",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 2,
	    .name_days = 2, .absent = 2 }, HABIT_OFFERED_ONCE },
	{ "... on one day",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 3,
	    .name_days = 1, .absent = 3 }, HABIT_OFFERED_ONCE },
	{ "... that came up as the habit broke",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 9,
	    .name_days = 5, .absent = 9, .broke_at = NOON - 7 * DAY },
	  HABIT_OFFERED },
	{ "... and is believed after a week and ten sessions",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 10,
	    .name_days = 5, .absent = 10, .broke_at = NOON - 7 * DAY },
	  HABIT_POOL },
	{ "... and the same name offered it once",
	  { OFFERS(9, 5), .here_offered = 1, .names = 2, .name_missing = 9,
	    .name_days = 5, .name_offered = 1, .absent = 9 },
	  HABIT_OFFERED_ONCE },
};

static void
a_habit_begins_at_its_threshold(void **state)
{
	static const struct smtp_facts silence;

	(void)state;
	for (size_t i = 0; i < LENGTH(habits); i++) {
		char why[REASON_MAX];
		struct made_up m;
		struct brief b = { .smtp = &silence,
		    .past = &habits[i].past };
		enum habit got;

		make_up(&m, 1);
		m.record.flow.first.time = NOON;
		b.r = &m.record;
		got = brief_habit(&b);
		if (got != habits[i].habit)
			fail_msg("%s: got habit %d, want %d", habits[i].name,
			    got, habits[i].habit);
		habit_reason(&b, got, why);
		assert_in_range(strlen(why), 10, REASON_MAX - 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_habit_begins_at_its_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
