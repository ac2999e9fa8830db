/* SPDX-License-Identifier: ISC */
/*
 * Cases over a source that answers when the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "policy/policy.h"
#include "policy/snapshot.h"

#define D	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

static const char zone[] =
    ";! zone test: secure\n;! zone u.test: insecure\n$TTL 60\n"
    "dane.test. MX 10 mx.test.\n"
    "none.test. MX 10 mx2.test.\n"
    "u.test. MX 10 mx3.u.test.\n"
    "mx.test. A 192.0.2.1\n"
    "mx2.test. A 192.0.2.1\n"
    "mx3.u.test. A 192.0.2.1\n"
    "_25._tcp.mx.test. TLSA 3 1 1 " D "\n";

/* Questions that wait, answered by the snapshot in whatever order. */
struct world {
	struct snapshot	*snapshot;
	struct policy	*policy;
	struct {
		struct lookup_question	 question;
		lookup_done		*done;
		void			*context;
	} waiting[256];
	unsigned	 count, asked;
	int64_t		 until;		/* of answers given */
	struct policy_answer	*answer;
};

static void
ask(void *self, const struct lookup_question *q, lookup_done *done,
    void *context)
{
	struct world *w = self;

	assert_true(w->count < 256);
	w->waiting[w->count].question = *q;
	w->waiting[w->count].done = done;
	w->waiting[w->count++].context = context;
	w->asked++;
}

/* The question that waits at `at`; NULL: as if memory were short. */
static void
answer_one(struct world *w, unsigned at, bool give)
{
	struct lookup_answer *a = give ? snapshot_answer(w->snapshot,
	    &w->waiting[at].question) : NULL;
	lookup_done *done = w->waiting[at].done;
	void *context = w->waiting[at].context;

	if (a != NULL)
		a->until = w->until;
	w->waiting[at] = w->waiting[--w->count];
	done(context, a);
	lookup_answer_give(a);
}

static void
open_world(struct world *w, uint32_t patience, unsigned cases)
{
	char why[SNAPSHOT_WHY_MAX];
	struct policy_options o = { .cases = cases, .patience_ms = patience };

	memset(w, 0, sizeof(*w));
	w->until = 1000;
	w->snapshot = snapshot_read(span_text(zone), "zone", why);
	assert_non_null(w->snapshot);
	o.source = (struct lookup_source){ .self = w, .ask = ask,
	    .name = "test" };
	w->policy = policy_new(&o);
	assert_non_null(w->policy);
}

static void
close_world(struct world *w)
{
	policy_free(w->policy);
	snapshot_free(w->snapshot);
	policy_answer_free(w->answer);
}

static void
keep_answer(void *context, struct policy_answer *a)
{
	struct world *w = context;

	assert_non_null(a);
	policy_answer_free(w->answer);
	w->answer = a;
}

static void
put(struct world *w, const char *one, const char *two)
{
	struct policy_question q;

	memset(&q, 0, sizeof(q));
	policy_question_add_domain(&q, one);
	if (two != NULL)
		policy_question_add_domain(&q, two);
	addr_parse(&q.server, "192.0.2.1");
	q.port = 25;
	policy_ask(w->policy, &q, keep_answer, w);
}

static void
the_strictest_of_several_domains_counts(void **state)
{
	static const struct {
		const char		*one, *two, *of;
		enum policy_state	 want;
	} cases[] = {
		{ "dane.test", "none.test", "dane.test", POLICY_DANE_AUTH },
		{ "none.test", "dane.test", "dane.test", POLICY_DANE_AUTH },
		{ "u.test", "none.test", "none.test", POLICY_NONE_SECURE },
		{ "nosuch.test", "u.test", "u.test", POLICY_NONE_INSECURE },
		{ "example.org", "u.test", "u.test", POLICY_NONE_INSECURE },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_world(&w, 1000, 8);
		put(&w, cases[i].one, cases[i].two);
		while (w.count > 0)
			answer_one(&w, 0, true);
		assert_non_null(w.answer);
		assert_int_equal(w.answer->state, cases[i].want);
		assert_string_equal(w.answer->domain, cases[i].of);
		assert_int_equal(w.answer->npromises, 2);
		assert_string_equal(w.answer->promises[1].domain,
		    cases[i].two);
		close_world(&w);
	}
}

/* In whatever order answers come. */
static void
the_evidence_is_the_same_text_for_the_same_answers(void **state)
{
	char id[POLICY_ID_MAX] = "";
	struct world w;
	json_t *e;

	(void)state;
	for (int round = 0; round < 4; round++) {
		open_world(&w, 1000, 8);
		put(&w, "dane.test", "none.test");
		while (w.count > 0)
			answer_one(&w, round % 2 == 0 ? 0 : w.count - 1,
			    true);
		if (round == 0)
			memcpy(id, w.answer->evidence_id, sizeof(id));
		assert_string_equal(w.answer->evidence_id, id);
		close_world(&w);
	}
	open_world(&w, 1000, 8);
	put(&w, "dane.test", NULL);
	while (w.count > 0)
		answer_one(&w, 0, true);
	assert_string_not_equal(w.answer->evidence_id, id);
	e = json_loads(w.answer->evidence, 0, NULL);
	assert_non_null(e);
	assert_string_equal(json_string_value(json_object_get(e, "source")),
	    "test");
	assert_int_equal(json_array_size(json_object_get(e, "lookups")), 3);
	json_decref(e);
	assert_int_equal(w.answer->valid_until, 1000);
	assert_int_equal(w.answer->tlsa.count, 1);
	close_world(&w);
}

static void
who_waits_too_long_is_told_so_once(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 0, 8);
	put(&w, "dane.test", NULL);
	assert_null(w.answer);
	policy_tick(w.policy);
	assert_non_null(w.answer);
	assert_int_equal(w.answer->state, POLICY_UNKNOWN);
	assert_int_equal(w.answer->why, DANE_WHY_LATE);
	assert_int_equal(policy_open_cases(w.policy), 1);
	/* the lookup comes after all: it ends the case, and says nothing */
	answer_one(&w, 0, true);
	assert_int_equal(w.count, 0);
	assert_int_equal(policy_open_cases(w.policy), 0);
	assert_int_equal(w.answer->why, DANE_WHY_LATE);
	close_world(&w);
}

static void
more_cases_than_there_may_be_are_unknown_at_once(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 1000, 2);
	put(&w, "dane.test", NULL);
	put(&w, "none.test", NULL);
	assert_null(w.answer);
	put(&w, "u.test", NULL);
	assert_non_null(w.answer);
	assert_int_equal(w.answer->state, POLICY_UNKNOWN);
	assert_int_equal(w.answer->why, DANE_WHY_NOT_ASKED);
	close_world(&w);	/* with two open */
}

static void
short_memory_is_unknown_and_not_a_denial(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 1000, 2);
	put(&w, "dane.test", NULL);
	answer_one(&w, 0, true);
	answer_one(&w, 0, false);
	assert_non_null(w.answer);
	assert_int_equal(w.answer->state, POLICY_UNKNOWN);
	assert_int_equal(w.answer->why, DANE_WHY_NOT_ASKED);
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strictest_of_several_domains_counts),
		cmocka_unit_test(
		    the_evidence_is_the_same_text_for_the_same_answers),
		cmocka_unit_test(who_waits_too_long_is_told_so_once),
		cmocka_unit_test(
		    more_cases_than_there_may_be_are_unknown_at_once),
		cmocka_unit_test(short_memory_is_unknown_and_not_a_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
