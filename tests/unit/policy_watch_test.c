/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/watch.h"

#define NOON	INT64_C(1795176715066175)

static const char	zone[] =
    "$ORIGIN .\n$TTL 60\n"
    ";! zone own.example: secure\n"
    "own.example. MX 10 mx.own.example.\n"
    "own.example. MX 20 mx2.own.example.\n"
    "mx.own.example. A 192.0.2.1\n"
    "mx2.own.example. A 192.0.2.2\n"
    "_25._tcp.mx.own.example. TLSA 3 1 1 000102030405060708090a0b0c0d0e0f"
    "101112131415161718191a1b1c1d1e1f\n"
    ";! zone torn.example: bogus\n";

struct place {
	char			 path[64];
	struct ask		*ask;
	struct inventory	 inventory;
	struct watch		*watch;
};

static int
setup(void **state)
{
	struct ask_options o = ASK_OPTIONS_DEFAULT;
	struct place *p = calloc(1, sizeof(*p));
	char why[INVENTORY_WHY_MAX];
	int fd;

	assert_non_null(p);
	snprintf(p->path, sizeof(p->path), "/tmp/watch_test.XXXXXX");
	assert_int_not_equal(fd = mkstemp(p->path), -1);
	assert_int_equal(write(fd, zone, strlen(zone)), strlen(zone));
	close(fd);
	o.engine.snapshot = p->path;
	o.in_process = true;
	assert_non_null(p->ask = ask_open(&o));
	inventory_add_domain(&p->inventory, "own.example", why);
	inventory_add_domain(&p->inventory, "torn.example", why);
	assert_non_null(p->watch = watch_new(&p->inventory));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	watch_free(p->watch);
	ask_close(p->ask);
	inventory_free(&p->inventory);
	unlink(p->path);
	free(p);
	return 0;
}

static void
set_question(struct policy_question *q, uint8_t last)
{
	memset(q, 0, sizeof(*q));
	q->server = addr_v4((uint8_t[]){ 192, 0, 2, last });
	q->port = 25;
	policy_question_add_domain(q, "mail.of.the.session.example");
}

/* How many answers came; all are to be the watch's. */
static unsigned
take(struct place *p)
{
	struct policy_answer *answer;
	uint64_t ticket;
	unsigned n = 0;

	ask_run(p->ask);
	while (ask_take(p->ask, &ticket, &answer)) {
		assert_true(watch_take(p->watch, ticket, answer));
		n++;
	}
	return n;
}

static void
own_domains_are_known_at_a_server_once_it_was_met(void **state)
{
	const struct policy_answer *known[WATCH_DOMAINS_MAX];
	struct place *p = *state;
	struct policy_question q;

	set_question(&q, 1);
	assert_int_equal(watch_known(p->watch, &q.server, 25, known), 0);
	watch_put(p->watch, p->ask, &q, NOON, false);
	assert_int_equal(take(p), 2);
	assert_int_equal(watch_known(p->watch, &q.server, 25, known), 2);
	assert_string_equal(known[0]->domain, "own.example");
	assert_int_equal(known[0]->state, POLICY_DANE_AUTH);
	assert_int_equal(known[0]->hosts, 2);
	assert_int_equal(known[0]->covered, 1);
	assert_string_equal(known[1]->domain, "torn.example");
	assert_int_equal(known[1]->why, DANE_WHY_MX_BOGUS);
	assert_int_equal(known[1]->npromises, 1);
	/* another port is another server */
	assert_int_equal(watch_known(p->watch, &q.server, 587, known), 0);
}

static void
they_are_asked_again_only_when_the_answer_is_old(void **state)
{
	struct place *p = *state;
	struct policy_question q;

	set_question(&q, 1);
	watch_put(p->watch, p->ask, &q, NOON, true);
	watch_put(p->watch, p->ask, &q, NOON, true);	/* still open */
	assert_int_equal(take(p), 2);
	watch_put(p->watch, p->ask, &q, NOON, true);
	watch_put(p->watch, p->ask, &q, INT64_MAX, false);
	assert_int_equal(take(p), 0);
	/* of a snapshot answers hold for ever; INT64_MAX is behind that */
	watch_put(p->watch, p->ask, &q, INT64_MAX, true);
	assert_int_equal(take(p), 2);
}

static void
an_answer_to_somebody_else_is_left_alone(void **state)
{
	struct place *p = *state;
	struct policy_answer *answer;
	struct policy_question q;
	uint64_t ticket, mine;
	unsigned others = 0;

	set_question(&q, 1);
	watch_put(p->watch, p->ask, &q, NOON, false);
	mine = ask_put(p->ask, &q);
	ask_run(p->ask);
	while (ask_take(p->ask, &ticket, &answer)) {
		if (watch_take(p->watch, ticket, answer))
			continue;
		assert_int_equal(ticket, mine);
		policy_answer_free(answer);
		others++;
	}
	assert_int_equal(others, 1);
	assert_false(watch_take(p->watch, mine, NULL));
	assert_false(watch_take(p->watch, 0, NULL));
}

static void
more_servers_than_there_is_room_for_are_not_watched(void **state)
{
	const struct policy_answer *known[WATCH_DOMAINS_MAX];
	struct place *p = *state;
	struct policy_question q;

	for (unsigned n = 0; n < WATCH_SERVERS_MAX + 10; n++) {
		set_question(&q, (uint8_t)n);
		watch_put(p->watch, p->ask, &q, NOON, false);
		take(p);
		assert_int_equal(watch_known(p->watch, &q.server, 25, known),
		    n < WATCH_SERVERS_MAX ? 2 : 0);
	}
}

/* What nobody answers is not asked at each session, and what sessions ask
 * has room beside it. */
static void
questions_are_bounded(void **state)
{
	struct place *p = *state;
	struct policy_answer *answer;
	struct policy_question q;
	uint64_t ticket, before;

	for (unsigned n = 0; n < WATCH_SERVERS_MAX; n++) {
		set_question(&q, (uint8_t)n);
		watch_put(p->watch, p->ask, &q, NOON, true);
	}
	assert_int_equal(ask_counted(p->ask)->asked, WATCH_OPEN_MAX);
	ask_run(p->ask);
	while (ask_take(p->ask, &ticket, &answer)) {
		policy_answer_free(answer);
		assert_true(watch_take(p->watch, ticket, NULL));
	}
	before = ask_counted(p->ask)->asked;
	set_question(&q, 0);
	watch_put(p->watch, p->ask, &q, NOON + WATCH_PAUSE - 1, true);
	assert_int_equal(ask_counted(p->ask)->asked, before);
	watch_put(p->watch, p->ask, &q, NOON + WATCH_PAUSE, true);
	assert_int_equal(ask_counted(p->ask)->asked, before + 2);
}

/* An open question dies with the watch; an empty inventory asks nothing. */
static void
nothing_to_watch_and_nothing_left(void **state)
{
	const struct policy_answer *known[WATCH_DOMAINS_MAX];
	struct inventory none = { .ndomains = 0 };
	struct watch *w = watch_new(&none);
	struct place *p = *state;
	struct policy_question q;

	assert_non_null(w);
	set_question(&q, 1);
	watch_put(w, p->ask, &q, NOON, false);
	ask_run(p->ask);
	assert_int_equal(ask_counted(p->ask)->asked, 0);
	assert_int_equal(watch_known(w, &q.server, 25, known), 0);
	watch_free(w);
	watch_free(NULL);
	watch_put(p->watch, p->ask, &q, NOON, false);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(own_domains_are_known_at_a_server_once_it_was_met),
		test(they_are_asked_again_only_when_the_answer_is_old),
		test(an_answer_to_somebody_else_is_left_alone),
		test(more_servers_than_there_is_room_for_are_not_watched),
		test(questions_are_bounded),
		test(nothing_to_watch_and_nothing_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
