/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "baseline_sights.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* One session, short: hours from noon, the client's network, what came. */
struct told {
	double			hours;
	uint64_t		net;
	enum server_offer	offer;
};

static struct server_past *
learned(const struct told *list, size_t count)
{
	struct server_past *p = server_past_new();

	assert_non_null(p);
	for (size_t i = 0; i < count; i++) {
		struct server_sight s = sight(list[i].hours, list[i].net,
		    list[i].offer);

		server_past_learn(p, &s);
	}
	return p;
}

/* ------------------------------------------------------------------ */
/* counts                                                             */

struct scene {
	const char	*name;
	struct told	 told[8];
	double		 hours;		/* of the session that asks, */
	uint64_t	 net;		/* from here */
	struct {
		unsigned offered, missing, days, peers, here, here_missing;
		unsigned here_days, nets, nets_missing, mixed;
	} want;
};

static const struct scene scenes[] = {
	{ "nothing before",
	  { { 0, 0, SERVER_OFFER_UNKNOWN } }, 0, A,
	  { 0 } },
	{ "one offer an hour ago",
	  { { -1, A, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .here = 1, .nets = 1 } },
	{ "one offer to another network an hour ago",
	  { { -1, B, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .peers = 1, .nets = 1 } },
	{ "... three hours ago: still the same hours",
	  { { -3, B, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .peers = 1, .nets = 1 } },
	{ "... four hours ago: no more",
	  { { -4, B, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .nets = 1 } },
	{ "an offer that comes later says nothing of now",
	  { { 5, A, SERVER_OFFERED } }, 0, A,
	  { 0 } },
	{ "... but one to others within three hours does",
	  { { 2, B, SERVER_OFFERED } }, 0, A,
	  { .peers = 1 } },
	{ "offers on three days",
	  { { -49, A, SERVER_OFFERED }, { -25, A, SERVER_OFFERED },
	    { -24.5, A, SERVER_OFFERED }, { -1, A, SERVER_OFFERED } }, 0, A,
	  { .offered = 4, .days = 3, .here = 4, .nets = 1 } },
	{ "offered to one, not to another, in one hour",
	  { { -1, A, SERVER_OFFERED }, { -0.9, B, SERVER_ABSENT } }, 0, B,
	  { .offered = 1, .missing = 1, .days = 1, .peers = 1,
	    .here_missing = 1, .here_days = 1, .nets = 1, .nets_missing = 1,
	    .mixed = 1 } },
	{ "masked and refused are missing, too",
	  { { -3, A, SERVER_MASKED }, { -2, A, SERVER_EHLO_REFUSED },
	    { -1, A, SERVER_ABSENT } }, 0, A,
	  { .missing = 3, .here_missing = 3, .here_days = 1,
	    .nets_missing = 1 } },
	{ "missed before the last offer: not since then",
	  { { -3, B, SERVER_ABSENT }, { -2, A, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .missing = 1, .days = 1, .here = 1, .nets = 1 } },
	{ "missed on the same two days in turns: two days",
	  { { -24, A, SERVER_ABSENT }, { -1, A, SERVER_ABSENT },
	    { -24.5, A, SERVER_ABSENT }, { -1.5, A, SERVER_ABSENT },
	    { -24.7, A, SERVER_ABSENT } }, 0, A,
	  { .missing = 5, .here_missing = 5, .here_days = 2,
	    .nets_missing = 1 } },
	{ "days to come do not count, even in a known network",
	  { { -24, A, SERVER_ABSENT }, { 24, A, SERVER_ABSENT },
	    { 48, A, SERVER_ABSENT } }, 0, A,
	  { .missing = 1, .here_missing = 3, .here_days = 1,
	    .nets_missing = 1 } },
	{ "offered to others long before and long after: not in these hours",
	  { { -240, B, SERVER_OFFERED }, { 240, B, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .nets = 1 } },
	{ "... and once more to a third in these: both count",
	  { { -240, B, SERVER_OFFERED }, { 240, B, SERVER_OFFERED },
	    { 1, C, SERVER_OFFERED } }, 0, A,
	  { .offered = 1, .days = 1, .nets = 1, .peers = 2 } },
	{ "an unseen reply is no sight of an offer",
	  { { -1, B, SERVER_OFFER_UNKNOWN } }, 0, A,
	  { 0 } },
};

static void
what_was_before_is_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(scenes); i++) {
		const struct scene *c = &scenes[i];
		struct server_sight s = sight(c->hours, c->net,
		    SERVER_ABSENT);
		size_t n = 0;
		struct server_past *p;
		struct past past;

		while (n < LENGTH(c->told) && c->told[n].net != 0)
			n++;
		p = learned(c->told, n);
		past = recalled(p, &s);
#define IS(got, wanted)							\
		if ((got) != (wanted))					\
			fail_msg("%s: %s: got %u, want %u", c->name, #got,\
			    (unsigned)(got), (unsigned)(wanted))
		IS(past.offered, c->want.offered);
		IS(past.offered_plainly, c->want.offered);
		IS(past.absent + past.masked + past.ehlo_refused,
		    c->want.missing);
		IS(past.offered_days, c->want.days);
		IS(past.peers, c->want.peers);
		IS(past.here_offered, c->want.here);
		IS(past.here_missing, c->want.here_missing);
		IS(past.here_missing_days, c->want.here_days);
		IS(past.nets_offered, c->want.nets);
		IS(past.nets_missing, c->want.nets_missing);
		IS(past.mixed_buckets, c->want.mixed);
#undef IS
		server_past_free(p);
	}
}

static void
first_and_last_are_those_before(void **state)
{
	static const struct told list[] = {
		{ -30, A, SERVER_OFFERED }, { -2, A, SERVER_OFFERED },
		{ 7, A, SERVER_OFFERED }, { -20, A, SERVER_ABSENT },
		{ 9, A, SERVER_ABSENT },
	};
	struct server_past *p = learned(list, LENGTH(list));
	struct server_sight s = sight(0, A, SERVER_ABSENT);
	struct past past = recalled(p, &s);

	(void)state;
	assert_int_equal(past.first_offered, NOON - 30 * HOUR);
	assert_int_equal(past.last_offered, NOON - 2 * HOUR);
	assert_int_equal(past.first_missing, NOON - 20 * HOUR);
	assert_int_equal(past.last_missing, NOON - 20 * HOUR);
	server_past_free(p);
}

static void
handshakes_and_greetings_are_counted(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s = sight(-1, A, SERVER_OFFERED);
	struct past past;

	(void)state;
	s.banner = true;
	s.tls = SERVER_TLS_ESTABLISHED;
	server_past_learn(p, &s);
	s.tls = SERVER_TLS_BROKEN;
	server_past_learn(p, &s);
	s.tls = SERVER_TLS_REFUSED;
	s.banner_masked = true;
	s.plainly = false;
	server_past_learn(p, &s);
	s.at = NOON;
	past = recalled(p, &s);
	assert_int_equal(past.established, 1);
	assert_int_equal(past.handshakes_failed, 1);
	assert_int_equal(past.starttls_refused, 1);
	assert_int_equal(past.banners_plain, 2);
	assert_int_equal(past.banners_masked, 1);
	assert_int_equal(past.offered, 3);
	assert_int_equal(past.offered_plainly, 2);
	server_past_free(p);
}

/* ------------------------------------------------------------------ */
/* time                                                               */

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* Exceptions from session `from` on. */
static void
shuffle_and_compare(unsigned from)
{
	enum { MANY = 40 };	/* fewer than any table holds */
	struct server_sight list[MANY], swap;
	struct server_past *p = server_past_new(), *q;
	struct past want, got;
	uint64_t seed = 1;

	for (unsigned i = 0; i < MANY; i++) {
		/* within two days: nothing is folded */
		list[i] = sight(-40.0 + i, i % 20, i % 3 == 0 && i >= from ?
		    SERVER_ABSENT : SERVER_OFFERED);
		list[i].name = 1 + i % 4;
		list[i].reply = 1 + i % 3;
		list[i].key = 1 + i % 7;
		list[i].issuer = 1 + i % 7 % 2;
		server_past_learn(p, &list[i]);
	}
	swap = list[7];
	for (int hours = -50; hours < 10; hours += 3) {
		swap.at = NOON + hours * HOUR + HOUR / 2;
		want = recalled(p, &swap);
		for (int round = 0; round < 3; round++) {
			for (unsigned i = MANY - 1; i > 0; i--) {
				unsigned k = (unsigned)(next(&seed) % i);
				struct server_sight one = list[i];

				list[i] = list[k];
				list[k] = one;
			}
			q = server_past_new();
			for (unsigned i = 0; i < MANY; i++)
				server_past_learn(q, &list[i]);
			got = recalled(q, &swap);
			assert_memory_equal(&got, &want, sizeof(got));
			server_past_free(q);
		}
	}
	swap.at = NOON;
	assert_int_equal(recalled(p, &swap).broke_at != 0, from > 12);
	server_past_free(p);
}

static void
the_order_of_reading_changes_nothing(void **state)
{
	(void)state;
	shuffle_and_compare(0);
	shuffle_and_compare(20);	/* a habit, and then exceptions */
}

static void
a_habit_that_broke_stays_on_record(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;

	(void)state;
	for (int day = -10; day < 0; day++) {
		s = sight(day * 24, A, SERVER_OFFERED);
		server_past_learn(p, &s);
	}
	/* taken now and then, until nothing but that is remembered */
	for (int day = 0; day < 100; day++) {
		s = sight(day * 24, A, SERVER_OFFERED);
		server_past_learn(p, &s);
		s = sight(day * 24 + 0.5, A, SERVER_ABSENT);
		server_past_learn(p, &s);
		server_past_expire(p, s.at - 60 * DAY);
	}
	s = sight(100 * 24, A, SERVER_ABSENT);
	assert_int_equal(recalled(p, &s).broke_at, NOON + HOUR / 2);
	/* an older capture of the time in between changes nothing of that */
	s = sight(50 * 24 - 1, A, SERVER_OFFERED);
	server_past_learn(p, &s);
	s = sight(100 * 24, A, SERVER_ABSENT);
	assert_int_equal(recalled(p, &s).broke_at, NOON + HOUR / 2);
	/* once no offer is left there is no habit either */
	server_past_expire(p, NOON + 200 * DAY);
	assert_int_equal(recalled(p, &s).broke_at, 0);
	server_past_free(p);
}

static void
hours_become_days_and_no_session_is_lost(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;
	struct past past;

	(void)state;
	for (int hour = 0; hour < 20 * 24; hour++) {
		s = sight(hour, A, hour % 5 == 0 ? SERVER_ABSENT :
		    SERVER_OFFERED);
		server_past_learn(p, &s);
	}
	s = sight(20 * 24, A, SERVER_ABSENT);
	past = recalled(p, &s);
	assert_int_equal(past.offered, 20 * 24 * 4 / 5);
	assert_int_equal(past.absent, 20 * 24 / 5);
	assert_int_equal(past.offered_days, 21);	/* noon to noon */
	assert_int_equal(past.first_missing, NOON);
	server_past_free(p);
}

static void
an_old_capture_is_folded_in_behind_newer_ones(void **state)
{
	struct server_past *p = server_past_new();
	struct server_sight s;
	struct past past;

	(void)state;
	s = sight(0, A, SERVER_OFFERED);
	server_past_learn(p, &s);
	for (int hour = 0; hour < 24; hour++) {
		s = sight(-10 * 24 - 12 + hour, B, SERVER_OFFERED);
		server_past_learn(p, &s);
	}
	/* judged by what was before it, not by what came since */
	s = sight(-9 * 24 - 11, B, SERVER_ABSENT);
	past = recalled(p, &s);
	assert_int_equal(past.offered, 24);
	assert_int_equal(past.offered_days, 1);
	assert_int_equal(past.last_offered, NOON - (9 * 24 + 13) * HOUR);
	assert_int_equal(past.peers, 0);
	s = sight(-12 * 24, B, SERVER_ABSENT);
	past = recalled(p, &s);
	assert_int_equal(past.offered, 0);
	assert_int_equal(past.last_offered, 0);
	server_past_free(p);
}

/* How many keywords a list has, beside the latest that offered. */
static void
keywords_are_counted(void **state)
{
	struct server_past *p = server_past_new(), *loaded;
	uint8_t octets[SERVER_OCTETS_MAX];
	struct server_sight s;
	struct past past;

	(void)state;
	for (int day = 3; day > 0; day--) {
		s = sight(-day * 24, A, SERVER_OFFERED);
		s.reply = (uint64_t)day;
		s.keywords = (uint16_t)(day + 4);
		server_past_learn(p, &s);
	}
	/* one that offers nothing is no usual one */
	s = sight(-1, A, SERVER_ABSENT);
	s.reply = 9;
	s.keywords = 20;
	server_past_learn(p, &s);
	loaded = server_past_unpack(octets, server_past_pack(p, octets));
	assert_non_null(loaded);
	s = sight(0, B, SERVER_ABSENT);
	s.reply = 8;
	s.keywords = 4;
	past = recalled(loaded, &s);
	assert_int_equal(past.keywords, 4);
	assert_int_equal(past.keywords_usual, 5);
	s.at = NOON - 40 * HOUR;	/* ahead of the latest */
	past = recalled(loaded, &s);
	assert_int_equal(past.keywords_usual, 6);
	server_past_free(p);
	server_past_free(loaded);
}

static void
what_is_too_old_is_forgotten(void **state)
{
	struct server_past *p = server_past_new(), *fresh = server_past_new();
	struct server_sight s, now;
	struct past was, is;

	(void)state;
	s = sight(-100 * 24, B, SERVER_OFFERED);
	s.name = s.reply = s.key = s.issuer = 1;
	server_past_learn(p, &s);
	s = sight(0, A, SERVER_OFFERED);
	s.name = s.reply = s.key = s.issuer = 2;
	server_past_learn(p, &s);
	server_past_learn(fresh, &s);
	server_past_expire(p, NOON - 60 * DAY);
	now = sight(1, A, SERVER_ABSENT);
	was = recalled(p, &now);
	is = recalled(fresh, &now);
	assert_memory_equal(&was, &is, sizeof(was));
	server_past_expire(p, NOON + 60 * DAY);
	server_past_free(fresh);
	fresh = server_past_new();
	same(p, fresh);
	/* and it goes on learning */
	server_past_learn(p, &s);
	server_past_learn(fresh, &s);
	same(p, fresh);
	server_past_free(p);
	server_past_free(fresh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_before_is_counted),
		cmocka_unit_test(first_and_last_are_those_before),
		cmocka_unit_test(handshakes_and_greetings_are_counted),
		cmocka_unit_test(the_order_of_reading_changes_nothing),
		cmocka_unit_test(a_habit_that_broke_stays_on_record),
		cmocka_unit_test(hours_become_days_and_no_session_is_lost),
		cmocka_unit_test(
		    an_old_capture_is_folded_in_behind_newer_ones),
		cmocka_unit_test(keywords_are_counted),
		cmocka_unit_test(what_is_too_old_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
