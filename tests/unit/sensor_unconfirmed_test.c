/* SPDX-License-Identifier: ISC */
/*
 * Mismatches that wait for the end of a TTL: what is asked when, and what is
 * revised.  DNS and database are played here, and so is the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/rules.h"
#include "detect_scenes.h"
#include "unconfirmed.h"

#define SECOND		INT64_C(1000000)
#define TTL		600
#define OVER		(NOON + (TTL + 5) * SECOND)	/* with some slack */
#define SEEN_MAX	(UNCONFIRMED_SESSIONS_MAX + 8)

/* What was asked, and what was written. */
static struct play {
	unsigned		 asked, doubts, revised;
	struct policy_question	 question;
	bool			 busy;		/* too much is open */
	enum match_outcome	 later;
	enum confirm_answer	 first[SEEN_MAX], answers[SEEN_MAX];
	int64_t			 due;
	enum verdict		 verdict;	/* of the last revision, ... */
	enum severity		 severity;	/* and its mismatch */
	char			 why[64], summary[600];
} play;

uint64_t
promises_put_question(struct promises *p, const struct policy_question *q)
{
	(void)p;
	if (play.busy)
		return 0;
	play.question = *q;
	return ++play.asked;
}

void
promises_ask(const struct promises *p, const struct session_record *r,
    struct policy_question *q)
{
	(void)p;
	memset(q, 0, sizeof(*q));
	q->server = r->flow.ip[SIDE_SERVER];
	policy_question_add_domain(q, "a.example");
	policy_question_add_domain(q, "b.example");
}

void
promises_show(const struct session_record *r, struct promises_shown *s)
{
	memset(s, 0, sizeof(*s));
	s->chain[s->count++] = tls_facts(r->tls)->chain[0];
}

bool
promises_compare(struct promises *p, const struct promises_shown *s,
    const struct policy_answer *answer, struct match_result *result)
{
	(void)p;
	assert_int_equal(s->count, 1);
	if (answer->tlsa.count == 0)
		return false;
	memset(result, 0, sizeof(*result));
	result->outcome = play.later;
	return true;
}

int
store_doubt(struct store *s, const struct store_doubt *d)
{
	(void)s;
	play.first[play.doubts++] = d->answer;
	play.due = d->due;
	snprintf(play.why, sizeof(play.why), "%s", d->why != NULL ? d->why :
	    "");
	assert_int_equal(d->verdict, VERDICT_SUSPICIOUS);
	assert_int_equal(d->finding->severity, SEVERITY_MEDIUM);
	return 0;
}

int
store_revise(struct store *s, const struct store_revision *v)
{
	const struct finding *one = finding_of(v->findings,
	    KIND_CERTIFICATE_MISMATCH);

	(void)s;
	assert_non_null(one);
	play.answers[play.revised++] = v->answer;
	play.verdict = v->findings->verdict;
	play.severity = one->severity;
	snprintf(play.summary, sizeof(play.summary), "%s", one->summary);
	snprintf(play.why, sizeof(play.why), "%s", v->why != NULL ? v->why :
	    "");
	return 0;
}

/* The certificates that the sessions show, which nobody owns. */
struct certificate *
certificate_take(struct certificate *c)
{
	return c;
}

void
certificate_drop(struct certificate *c)
{
	(void)c;
}

/* A session under these records, and what was found to be so. */
struct scene {
	struct unconfirmed	*u;
	struct made_up		 m;
	struct certificate	 leaf;
	struct policy_answer	 answer;
	struct match_result	 first;
	struct past		 past;
};

static void
open_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	memset(&play, 0, sizeof(play));
	s->u = unconfirmed_new(NULL, NULL);
	assert_non_null(s->u);
	s->answer.state = POLICY_DANE_AUTH;
	s->answer.tlsa.count = 1;
	s->answer.looked_up = NOON;
	s->answer.ttl = TTL;
	strcpy(s->answer.domain, "b.example");
	strcpy(s->answer.base, "mx.example");
	s->first.outcome = MATCH_MISMATCHED;
}

/* The clerk's part of it; what it was judged as. */
static enum confirm_answer
meet(struct scene *s, uint8_t key, int64_t session)
{
	struct promise promise = { .answer = &s->answer,
	    .match = &s->first };
	struct unconfirmed_case c = { .session = session, .r = &s->m.record,
	    .past = &s->past, .promise = &promise, .f = &s->m.findings,
	    .now = NOON };
	enum confirm_answer said;

	make_up(&s->m, (uint64_t)session);
	shows(&s->m);
	s->leaf = *s->m.chain[0];
	s->leaf.sha256[0] = key;
	s->leaf.sha256[1] = (uint8_t)(session >> 8 & (key == 0 ? 255 : 0));
	s->leaf.sha256[2] = (uint8_t)(key == 0 ? session : 0);
	s->m.chain[0] = &s->leaf;
	said = promise.confirm = unconfirmed_expect(s->u, &c);
	detect_session(&s->m.record, &s->past, &promise, &s->m.findings);
	assert_int_equal(unconfirmed_add(s->u, &c), 0);
	findings_clear(&s->m.findings);
	return said;
}

/* At that time it is asked, and answered so. */
static unsigned
hear(struct scene *s, int64_t now, enum policy_state state,
    enum match_outcome later)
{
	struct policy_answer answer = { .state = state,
	    .tlsa.count = state >= POLICY_DANE_HALF ? 1 : 0 };
	unsigned before = play.asked, n = 0;

	unconfirmed_run(s->u, now);
	assert_int_equal(play.asked, before + 1);
	play.later = later;
	assert_int_equal(unconfirmed_answered(s->u, play.asked, &answer, now,
	    &n), 0);
	return n;
}

static const struct {
	const char		*name;
	enum policy_state	 state;
	enum match_outcome	 later;
	enum confirm_answer	 want;
	enum verdict		 verdict;
	enum severity		 severity;
	const char		*words;
} outcomes[] = {
	{ "the records of after the TTL agree", POLICY_DANE_AUTH,
	  MATCH_MISMATCHED, CONFIRM_REAL, VERDICT_ATTACK, SEVERITY_HIGH,
	  "(confirmed" },
	{ "they fit", POLICY_DANE_AUTH, MATCH_MATCHED, CONFIRM_RACE,
	  VERDICT_BENIGN, SEVERITY_INFO, "(a rollover" },
	{ "there are none", POLICY_NONE_SECURE, MATCH_MISMATCHED,
	  CONFIRM_WITHDRAWN, VERDICT_SUSPICIOUS, SEVERITY_MEDIUM,
	  "(not confirmed: the promise has been withdrawn since)" },
	{ "they authenticate nobody", POLICY_DANE_TLS, MATCH_UNUSABLE,
	  CONFIRM_WITHDRAWN, VERDICT_SUSPICIOUS, SEVERITY_MEDIUM,
	  "(not confirmed" },
};

static void
what_the_newer_records_say_is_what_it_becomes(void **state)
{
	static struct scene s;
	unsigned n;

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		open_scene(&s);
		assert_int_equal(meet(&s, 1, 11), CONFIRM_WAIT);
		assert_int_equal(meet(&s, 1, 12), CONFIRM_WAIT);
		assert_true(play.due == OVER);
		unconfirmed_run(s.u, OVER - 1);
		assert_int_equal(play.asked, 0);
		n = hear(&s, OVER, outcomes[i].state, outcomes[i].later);
		if (n != 2 || play.revised != 2 ||
		    play.answers[1] != outcomes[i].want ||
		    play.verdict != outcomes[i].verdict ||
		    play.severity != outcomes[i].severity ||
		    strstr(play.summary, outcomes[i].words) == NULL)
			fail_msg("%s: got %u revised, %s, %s, %s: %s",
			    outcomes[i].name, n,
			    confirm_word(play.answers[1]),
			    verdict_word(play.verdict),
			    severity_word(play.severity), play.summary);
		/* of the domain whose records these were, and of no other */
		assert_int_equal(play.question.ndomains, 1);
		assert_string_equal(play.question.domains[0], "b.example");
		/* settled: nothing is asked any more */
		unconfirmed_run(s.u, OVER + 1000 * SECOND);
		assert_int_equal(play.asked, 1);
		unconfirmed_free(s.u);
	}
}

static void
what_was_confirmed_is_known_the_next_time(void **state)
{
	static struct scene s;

	(void)state;
	open_scene(&s);
	meet(&s, 1, 11);
	hear(&s, OVER, POLICY_DANE_AUTH, MATCH_MISMATCHED);
	assert_int_equal(meet(&s, 1, 12), CONFIRM_REAL);
	assert_int_equal(meet(&s, 2, 13), CONFIRM_WAIT);	/* another key */
	strcpy(s.answer.base, "mx2.example");			/* name */
	assert_int_equal(meet(&s, 1, 14), CONFIRM_WAIT);
	assert_int_equal(play.doubts, 3);
	unconfirmed_free(s.u);
}

static void
an_answer_that_tells_nothing_is_asked_for_again(void **state)
{
	static struct scene s;
	int64_t now = OVER;

	(void)state;
	open_scene(&s);
	meet(&s, 1, 11);
	play.busy = true;		/* nobody can be asked now */
	unconfirmed_run(s.u, now);
	play.busy = false;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(hear(&s, now, i == 0 ? POLICY_UNKNOWN :
		    POLICY_MUST_NOT_DELIVER, MATCH_MISMATCHED), 0);
		unconfirmed_run(s.u, now + 59 * SECOND);
		assert_int_equal(play.asked, i + 1);
		now += 60 * SECOND;
	}
	assert_int_equal(play.revised, 0);
	assert_int_equal(hear(&s, now, POLICY_UNKNOWN, MATCH_MISMATCHED), 1);
	assert_int_equal(play.answers[0], CONFIRM_UNDECIDED);
	assert_int_equal(play.verdict, VERDICT_SUSPICIOUS);
	assert_string_equal(play.why, "no newer answer was to be had");
	unconfirmed_free(s.u);
}

static void
what_is_open_at_the_end_is_undecided(void **state)
{
	static struct scene s;

	(void)state;
	open_scene(&s);
	meet(&s, 1, 11);
	meet(&s, 2, 12);
	assert_int_equal(unconfirmed_end(s.u, OVER - 1), 0);
	assert_int_equal(play.revised, 2);
	assert_int_equal(play.answers[1], CONFIRM_UNDECIDED);
	assert_string_equal(play.why, "the sensor ended before");
	assert_non_null(strstr(play.summary, MISMATCH_UNDECIDED));
	assert_int_equal(unconfirmed_end(s.u, OVER), 0);
	assert_int_equal(play.revised, 2);
	unconfirmed_free(s.u);
}

static void
beyond_the_limits_it_is_undecided_at_once(void **state)
{
	static struct scene s;

	(void)state;
	open_scene(&s);
	for (int i = 0; i < UNCONFIRMED_MAX; i++)
		assert_int_equal(meet(&s, 0, i + 1), CONFIRM_WAIT);
	assert_int_equal(meet(&s, 0, 4000), CONFIRM_UNDECIDED);
	assert_int_equal(play.first[UNCONFIRMED_MAX], CONFIRM_UNDECIDED);
	assert_string_equal(play.why, "too many were open");
	/* one more of those that are open takes no other place */
	assert_int_equal(meet(&s, 0, 1), CONFIRM_WAIT);
	unconfirmed_free(s.u);

	open_scene(&s);
	for (int i = 0; i < UNCONFIRMED_SESSIONS_MAX; i++)
		assert_int_equal(meet(&s, 1, i + 1), CONFIRM_WAIT);
	assert_int_equal(meet(&s, 1, 9000), CONFIRM_UNDECIDED);
	assert_int_equal(hear(&s, OVER, POLICY_DANE_AUTH, MATCH_MATCHED),
	    UNCONFIRMED_SESSIONS_MAX);
	assert_int_equal(meet(&s, 1, 9001), CONFIRM_WAIT);
	unconfirmed_free(s.u);
}

/* Its outcome would change nothing. */
static void
a_note_is_not_asked_about(void **state)
{
	static struct scene s;

	(void)state;
	open_scene(&s);
	s.first.outcome = MATCH_EXPIRED;
	meet(&s, 1, 11);
	assert_int_equal(play.doubts, 0);
	unconfirmed_run(s.u, OVER);
	assert_int_equal(play.asked, 0);
	unconfirmed_free(s.u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_newer_records_say_is_what_it_becomes),
		cmocka_unit_test(what_was_confirmed_is_known_the_next_time),
		cmocka_unit_test(an_answer_that_tells_nothing_is_asked_for_again),
		cmocka_unit_test(what_is_open_at_the_end_is_undecided),
		cmocka_unit_test(beyond_the_limits_it_is_undecided_at_once),
		cmocka_unit_test(a_note_is_not_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
