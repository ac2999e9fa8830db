/* SPDX-License-Identifier: ISC */
/*
 * Sessions whose lookup failed: what is asked again and when, who is judged
 * again and as what, and who is left.  DNS and database are played here, and
 * so is the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/rules.h"
#include "detect_scenes.h"
#include "unanswered.h"

#define SECOND		INT64_C(1000000)
#define DAY		(86400 * SECOND)

static struct play {
	bool			 fixed;		/* a snapshot */
	bool			 unworthy, busy;
	unsigned		 asked, freed;
	struct policy_question	 question;
	size_t			 size;		/* of a record */
	enum confirm_answer	 confirm, expected;
	const char		*doubt;		/* why it cannot be asked */
	/* what was written */
	unsigned		 opened, refused, left, again;
	int64_t			 due, last_left;
	unsigned		 tries;
	char			 why[64], why_left[64];
	enum verdict		 verdict;
	enum severity		 severity;
} play;

bool
promises_change(const struct promises *p)
{
	(void)p;
	return !play.fixed;
}

bool
promises_worth(const struct promises *p, const struct session_record *r)
{
	(void)p;
	(void)r;
	return !play.unworthy;
}

uint64_t
promises_put_question(struct promises *p, const struct policy_question *q)
{
	(void)p;
	if (play.busy)
		return 0;
	play.question = *q;
	return ++play.asked;
}

/* One question for each server. */
void
promises_ask(const struct promises *p, const struct session_record *r,
    struct policy_question *q)
{
	(void)p;
	memset(q, 0, sizeof(*q));
	q->server = r->flow.ip[SIDE_SERVER];
	policy_question_add_domain(q, "a.example");
}

void
promises_weigh(struct promises *p, const struct session_record *r,
    const struct policy_answer *answer, struct promise *out)
{
	(void)p;
	(void)r;
	*out = (struct promise){ .answer = answer, .confirm = play.confirm };
}

enum confirm_answer
unconfirmed_expect(struct unconfirmed *d, struct unconfirmed_case *c)
{
	(void)d;
	(void)c;
	return CONFIRM_REAL;
}

int
unconfirmed_add(struct unconfirmed *d, const struct unconfirmed_case *c)
{
	(void)d;
	play.expected = c->promise->confirm;
	play.doubt = c->why;
	return 0;
}

int
store_unanswered(struct store *s, const struct store_unanswered *u)
{
	(void)s;
	play.opened += u->why_left == NULL;
	play.refused += u->why_left != NULL;
	play.due = u->due;
	snprintf(play.why, sizeof(play.why), "%s", u->why);
	snprintf(play.why_left, sizeof(play.why_left), "%s",
	    u->why_left != NULL ? u->why_left : "");
	return 0;
}

int
store_left(struct store *s, const struct store_left *l)
{
	(void)s;
	play.left++;
	play.last_left = l->session;
	play.tries = l->tries;
	snprintf(play.why_left, sizeof(play.why_left), "%s", l->why);
	return 0;
}

int
store_again(struct store *s, const struct store_again *a)
{
	(void)s;
	play.again++;
	play.tries = a->tries;
	play.verdict = a->findings->verdict;
	play.severity = findings_gravest(a->findings);
	return 0;
}

size_t
session_record_size(const struct session_record *r)
{
	(void)r;
	return play.size;
}

/* The records are the test's. */
void
session_record_free(struct session_record *r)
{
	(void)r;
	play.freed++;
}

static struct made_up		 records[UNANSWERED_SESSIONS_MAX + 8];
static const struct past	 nothing;

static struct unanswered *
open_scene(void)
{
	struct unanswered *u = unanswered_new(NULL, NULL, NULL);

	memset(&play, 0, sizeof(play));
	play.size = 1000;
	assert_non_null(u);
	return u;
}

/* The clerk's part of it; was it kept? */
static bool
meet(struct unanswered *u, unsigned session, uint16_t server, bool tls,
    const struct policy_answer *answer, int64_t now)
{
	struct made_up *m = &records[session];
	struct promise promise = { .answer = answer };
	bool kept;

	make_up(m, session);
	if (tls) {
		offers(m);
		m->record.tls_state = RECORD_TLS_ESTABLISHED;
	} else
		lacks_and_mails(m);
	m->record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1,
	    (uint8_t)(server >> 8), (uint8_t)server });
	detect_session(&m->record, &nothing, &promise, &m->findings);
	assert_int_equal(unanswered_add(u, &(struct unanswered_case){
	    .session = session, .r = &m->record, .past = &nothing,
	    .answer = answer, .f = &m->findings, .now = now }, &kept), 0);
	findings_clear(&m->findings);
	return kept;
}

static const struct policy_answer failed = {
	.state = POLICY_MUST_NOT_DELIVER, .why = DANE_WHY_MX_FAILED };
static const struct policy_answer dane = { .state = POLICY_DANE_AUTH,
	.why = DANE_WHY_TLSA, .base = "mx.a.example", .ttl = 600,
	.looked_up = NOON + 100 * SECOND };

/* What comes of `answer` to the question that was asked last. */
static unsigned
hear(struct unanswered *u, const struct policy_answer *answer, int64_t now)
{
	unsigned n = 0;

	assert_int_equal(unanswered_answered(u, play.asked, answer, now, &n),
	    0);
	return n;
}

static const struct {
	const char		*name;
	struct policy_answer	 answer;
	bool			 kept;
} answers[] = {
	{ "MX failed", { .state = POLICY_MUST_NOT_DELIVER,
	  .why = DANE_WHY_MX_FAILED }, true },
	{ "TLSA bogus", { .state = POLICY_MUST_NOT_DELIVER,
	  .why = DANE_WHY_TLSA_BOGUS }, true },
	{ "the resolver does not answer", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_NO_RESOLVER }, true },
	{ "the budget was spent", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_NOT_ASKED }, true },
	{ "too late", { .state = POLICY_UNKNOWN, .why = DANE_WHY_LATE },
	  true },
	{ "the policy process ended", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_GONE }, true },
	{ "the address of its only name is bogus", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_ADDRESS_BOGUS }, true },
	{ "one domain of two could not be asked about", {
	  .state = POLICY_NONE_SECURE, .why = DANE_WHY_TLSA_ABSENT,
	  .npromises = 2, .promises = { { "a", POLICY_NONE_SECURE,
	  DANE_WHY_TLSA_ABSENT }, { "b", POLICY_UNKNOWN, DANE_WHY_LATE } } },
	  true },
	{ "... but the other promises all there is", {
	  .state = POLICY_DANE_AUTH, .why = DANE_WHY_TLSA,
	  .npromises = 2, .promises = { { "a", POLICY_DANE_AUTH,
	  DANE_WHY_TLSA }, { "b", POLICY_UNKNOWN, DANE_WHY_LATE } } },
	  false },
	{ "it has no name", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_NO_NAME }, false },
	{ "more questions than a case may have", { .state = POLICY_UNKNOWN,
	  .why = DANE_WHY_TOO_MANY }, false },
	{ "nothing is promised", { .state = POLICY_NONE_INSECURE,
	  .why = DANE_WHY_MX_INSECURE }, false },
	{ "no MX of that domain", { .state = POLICY_NOT_APPLICABLE,
	  .why = DANE_WHY_NOT_AN_MX }, false },
};

static void
what_failed_is_kept(void **state)
{
	struct unanswered *u;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		u = open_scene();
		if (meet(u, 1, 1, false, &answers[i].answer, NOON) !=
		    answers[i].kept || play.opened != answers[i].kept)
			fail_msg("%s: got %u kept", answers[i].name,
			    play.opened);
		unanswered_free(u);
		assert_int_equal(play.freed, answers[i].kept);
	}
	/* not asked at all, as too much was open; or as nothing was to ask */
	u = open_scene();
	assert_true(meet(u, 1, 1, false, NULL, NOON));
	assert_string_equal(play.why, "not-asked");
	play.unworthy = true;
	assert_false(meet(u, 2, 1, false, NULL, NOON));
	/* a snapshot says the same whenever it is asked */
	play.unworthy = false;
	play.fixed = true;
	assert_false(meet(u, 3, 1, false, &failed, NOON));
	unanswered_free(u);
}

static void
what_is_answered_is_judged_again(void **state)
{
	struct unanswered *u = open_scene();

	(void)state;
	assert_true(meet(u, 1, 1, false, &failed, NOON));
	assert_true(play.due == NOON + 30 * SECOND);
	assert_string_equal(play.why, "mx-failed");
	assert_true(meet(u, 2, 1, false, &failed, NOON + SECOND));
	assert_true(meet(u, 3, 2, false, &failed, NOON + SECOND));
	assert_int_equal(unanswered_run(u, NOON + 30 * SECOND - 1), 0);
	assert_int_equal(play.asked, 0);
	/* that of two sessions; the other one is not due yet */
	assert_int_equal(unanswered_run(u, NOON + 30 * SECOND), 0);
	assert_int_equal(play.asked, 1);
	assert_string_equal(play.question.domains[0], "a.example");
	/* nobody is asked twice at once */
	assert_int_equal(unanswered_run(u, NOON + 30 * SECOND), 0);
	assert_int_equal(play.asked, 1);
	assert_int_equal(hear(u, &dane, NOON + 30 * SECOND), 2);
	assert_int_equal(play.again, 2);
	assert_int_equal(play.tries, 1);
	assert_int_equal(play.verdict, VERDICT_ATTACK);
	assert_int_equal(play.severity, SEVERITY_CRITICAL);
	assert_int_equal(play.freed, 2);
	/* a ticket of somebody else */
	assert_int_equal(hear(u, &dane, NOON), 0);
	assert_int_equal(unanswered_run(u, NOON + 31 * SECOND), 0);
	assert_int_equal(play.asked, 2);
	assert_int_equal(hear(u, &(struct policy_answer){
	    .state = POLICY_NONE_INSECURE }, NOON + 31 * SECOND), 1);
	assert_int_equal(play.verdict, VERDICT_BENIGN);
	assert_int_equal(play.severity, SEVERITY_INFO);
	assert_int_equal(play.freed, 3);
	unanswered_free(u);
}

/* RFC 2308 section 7: no failure stands for more than five minutes. */
static void
pauses_grow_to_five_minutes(void **state)
{
	static const int pauses[] = { 30, 60, 120, 240, 300, 300, 300 };
	struct unanswered *u = open_scene();
	int64_t now = NOON;
	unsigned asked = 0;

	(void)state;
	meet(u, 1, 1, false, &failed, now);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		now += pauses[i] * SECOND;
		assert_int_equal(unanswered_run(u, now - 1), 0);
		assert_int_equal(play.asked, asked);
		/* nobody can be asked: it stays due */
		play.busy = true;
		assert_int_equal(unanswered_run(u, now), 0);
		play.busy = false;
		assert_int_equal(unanswered_run(u, now), 0);
		assert_int_equal(play.asked, ++asked);
		assert_int_equal(hear(u, i % 2 == 0 ? &failed : NULL, now), 0);
	}
	assert_int_equal(play.again, 0);
	assert_int_equal(unanswered_run(u, NOON + DAY + 1), 0);
	assert_int_equal(play.left, 1);
	assert_int_equal(play.tries, asked);
	assert_string_equal(play.why_left,
	    "it could not be looked up for a day");
	assert_int_equal(play.freed, 1);
	unanswered_free(u);
}

static void
what_is_open_at_the_end_is_left(void **state)
{
	struct unanswered *u = open_scene();

	(void)state;
	meet(u, 1, 1, false, &failed, NOON);
	meet(u, 2, 1, true, &failed, NOON);
	meet(u, 3, 2, true, &failed, NOON);
	assert_int_equal(unanswered_end(u, NOON), 0);
	assert_int_equal(play.left, 3);
	assert_string_equal(play.why_left, "the sensor ended before");
	assert_int_equal(unanswered_end(u, NOON), 0);
	assert_int_equal(play.left, 3);
	assert_int_equal(play.freed, 3);
	unanswered_free(u);
}

static void
who_got_tls_gives_way_to_who_did_not(void **state)
{
	struct unanswered *u = open_scene();
	unsigned n = 0;

	(void)state;
	while (n < UNANSWERED_SESSIONS_MAX)
		assert_true(meet(u, n++, 1, true, &failed, NOON));
	assert_false(meet(u, n, 1, true, &failed, NOON));
	assert_string_equal(play.why_left, "too many were open");
	assert_true(meet(u, n++, 1, false, &failed, NOON));
	assert_int_equal(play.left, 1);
	assert_int_equal(play.last_left, 0);	/* the eldest */
	assert_int_equal(play.refused, 1);
	unanswered_free(u);

	/* questions, likewise; and none of these gives way to its like */
	u = open_scene();
	for (n = 0; n < UNANSWERED_MAX; n++)
		assert_true(meet(u, n, (uint16_t)n, n == 0, &failed, NOON));
	assert_false(meet(u, n, (uint16_t)n, true, &failed, NOON));
	assert_true(meet(u, n, (uint16_t)n, false, &failed, NOON));
	assert_int_equal(play.left, 1);
	assert_false(meet(u, n + 1, (uint16_t)(n + 1), false, &failed, NOON));
	/* one more of a question that is open takes no other place */
	assert_true(meet(u, n + 2, 7, false, &failed, NOON));
	/* a few are asked at a time, and all in the end */
	for (unsigned i = 1; i <= UNANSWERED_MAX / 16; i++) {
		assert_int_equal(unanswered_run(u, NOON + 30 * SECOND), 0);
		assert_int_equal(play.asked, 16 * i);
	}
	unanswered_free(u);

	/* octets */
	u = open_scene();
	play.size = UNANSWERED_OCTETS_MAX / 2;
	assert_true(meet(u, 1, 1, true, &failed, NOON));
	assert_true(meet(u, 2, 1, false, &failed, NOON));
	play.size = 1;
	assert_false(meet(u, 3, 1, true, &failed, NOON));
	play.size = UNANSWERED_OCTETS_MAX / 2;
	assert_true(meet(u, 3, 1, false, &failed, NOON));
	assert_false(meet(u, 4, 1, false, &failed, NOON));
	play.size = (size_t)UNANSWERED_OCTETS_MAX + 1;
	assert_false(meet(u, 5, 1, false, &failed, NOON));
	assert_int_equal(play.left, 1);
	play.size = UNANSWERED_OCTETS_MAX / 2;
	unanswered_free(u);
}

/* Within what a failure may be kept for, or the records live, a sender might
 * have been answered so; later they may be of another certificate. */
static void
a_mismatch_by_late_records_is_undecided(void **state)
{
	struct policy_answer answer = dane;
	static const struct {
		uint32_t		 ttl, after;
		enum confirm_answer	 want;
	} cases[] = {
		{ 60, 300, CONFIRM_REAL }, { 60, 301, CONFIRM_UNDECIDED },
		{ 3600, 3600, CONFIRM_REAL }, { 3600, 3601, CONFIRM_UNDECIDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unanswered *u = open_scene();

		meet(u, 1, 1, true, &failed, NOON);
		answer.ttl = cases[i].ttl;
		answer.looked_up = NOON + cases[i].after * SECOND;
		play.confirm = CONFIRM_WAIT;
		unanswered_run(u, answer.looked_up);
		assert_int_equal(hear(u, &answer, answer.looked_up), 1);
		assert_int_equal(play.expected, cases[i].want);
		assert_int_equal(play.doubt != NULL,
		    cases[i].want == CONFIRM_UNDECIDED);
		unanswered_free(u);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_is_kept),
		cmocka_unit_test(what_is_answered_is_judged_again),
		cmocka_unit_test(pauses_grow_to_five_minutes),
		cmocka_unit_test(what_is_open_at_the_end_is_left),
		cmocka_unit_test(who_got_tls_gives_way_to_who_did_not),
		cmocka_unit_test(a_mismatch_by_late_records_is_undecided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
