/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "clerk.h"
#include "detect/detect.h"
#include "unanswered.h"

#define BATCH		256		/* records taken at once */
/* A transaction takes so many records, and is so old, at most: what of it the
 * store's cache of pages cannot hold is written twice. */
#define COMMIT_RECORDS	240000
#define COMMIT_MS	1000
#define WAIT_MS		200
#define PARKED_MAX	1024
#define AHEAD		4	/* records, for each depth of fetching */
#define DEPTHS		(1 + STORE_DEPTHS)
#define IN_LINE_MAX	512		/* fewer than policy takes at once */

static void
fail(struct clerk *c)
{
	if (!atomic_exchange(&c->failed, true))
		pthread_kill(c->waiter, SIGUSR1);
}

/* Records whose question is open; a place is free while `record` is NULL.
 * In order: a ring, and who has no question waits for those before. */
struct parked {
	unsigned	count, first;
	struct place {
		uint64_t		 ticket;	/* 0: no question is open */
		struct session_record	*record;
		struct policy_answer	*answer;	/* NULL: none */
	} list[PARKED_MAX];
};

/* Judge a record and have it stored; -1: the store takes no more.  True in
 * *kept: who judges it again has it. */
static int
judge_record(struct clerk *c, struct session_record *r,
    const struct policy_answer *answer, bool *kept)
{
	struct promise promise;
	enum store_place place;
	struct findings f;
	struct past past;
	struct unconfirmed_case doubt = { .r = r, .past = &past,
	    .promise = &promise, .f = &f };
	int64_t id;
	int rc;

	if (r->stage == RECORD_NOTE)
		return store_note(c->store, r);
	if (store_place(c->store, r, &place, &id, &past) == -1)
		return -1;
	if (place != STORE_NEW)
		return 0;
	promises_weigh(c->promises, r, answer, &promise);
	if (promise.confirm == CONFIRM_WAIT)
		promise.confirm = unconfirmed_expect(c->unconfirmed, &doubt);
	detect_session(r, &past, &promise, &f);
	rc = store_session(c->store, id, &(struct store_case){ .r = r,
	    .past = &past, .promise = &promise }, &f);
	if (rc == 0 && promises_change(c->promises)) {
		doubt.session = id;
		doubt.now = clock_wall_us();
		rc = unconfirmed_add(c->unconfirmed, &doubt);
		if (rc == 0)
			rc = unanswered_add(c->unanswered,
			    &(struct unanswered_case){ .session = id, .r = r,
			    .past = &past, .answer = answer, .f = &f,
			    .now = doubt.now }, kept);
	}
	findings_clear(&f);
	return rc;
}

static void
file_record(struct clerk *c, struct session_record *r,
    const struct policy_answer *answer)
{
	bool kept = false;

	/* A store that failed said so; records still on their way are let
	 * go, so that the roads can end. */
	if (!atomic_load(&c->failed) &&
	    judge_record(c, r, answer, &kept) == -1)
		fail(c);
	if (!kept)
		session_record_free(r);
}

/* False: there is no room, or nothing to ask. */
static bool
park(struct clerk *c, struct session_record *r)
{
	struct parked *p = c->parked;
	uint64_t ticket;

	if (r->stage != RECORD_FINAL || p->count == PARKED_MAX ||
	    (ticket = promises_put(c->promises, r)) == 0)
		return false;
	for (unsigned i = 0; i < PARKED_MAX; i++) {
		if (p->list[i].record != NULL)
			continue;
		p->list[i].record = r;
		p->list[i].ticket = ticket;
		p->count++;
		break;
	}
	return true;
}

/* The record that asked, which is the caller's then; or NULL. */
static struct session_record *
unpark(struct parked *p, uint64_t ticket)
{
	for (unsigned i = 0; i < PARKED_MAX; i++) {
		struct session_record *r = p->list[i].record;

		if (r == NULL || p->list[i].ticket != ticket)
			continue;
		p->list[i].record = NULL;
		p->count--;
		return r;
	}
	return NULL;
}

/* Those at the head of the line that wait for nothing more. */
static unsigned
file_head(struct clerk *c)
{
	struct parked *p = c->parked;
	unsigned n = 0;

	while (p->count > 0 && p->list[p->first].ticket == 0) {
		struct place *head = &p->list[p->first];

		file_record(c, head->record, head->answer);
		policy_answer_free(head->answer);
		*head = (struct place){ .record = NULL };
		p->first = (p->first + 1) % PARKED_MAX;
		p->count--;
		n++;
	}
	return n;
}

/* True: its record waits in line, and has the answer now. */
static bool
tell_line(struct clerk *c, uint64_t ticket, struct policy_answer *answer)
{
	struct parked *p = c->parked;

	for (unsigned i = 0; c->in_order && i < p->count; i++) {
		struct place *one = &p->list[(p->first + i) % PARKED_MAX];

		if (one->ticket != ticket)
			continue;
		one->ticket = 0;
		one->answer = answer;
		return true;
	}
	return false;
}

/* An answer to what was judged before. */
static void
settle(struct clerk *c, uint64_t ticket, const struct policy_answer *answer,
    unsigned *n)
{
	int64_t now = clock_wall_us();

	if (!atomic_load(&c->failed) &&
	    (unconfirmed_answered(c->unconfirmed, ticket, answer, now,
	    n) == -1 || unanswered_answered(c->unanswered, ticket, answer,
	    now, n) == -1))
		fail(c);
}

/* What is due to be asked again. */
static void
ask_again(struct clerk *c)
{
	int64_t now = clock_wall_us();

	unconfirmed_run(c->unconfirmed, now);
	if (!atomic_load(&c->failed) &&
	    unanswered_run(c->unanswered, now) == -1)
		fail(c);
}

/* What is still open then is left as it is. */
static void
end_asking(struct clerk *c)
{
	int64_t now = clock_wall_us();

	if (!atomic_load(&c->failed) &&
	    (unconfirmed_end(c->unconfirmed, now) == -1 ||
	    unanswered_end(c->unanswered, now) == -1))
		fail(c);
}

/* Records whose answer came, and judgements of before. */
static unsigned
file_answered(struct clerk *c)
{
	struct policy_answer *answer;
	struct session_record *r;
	unsigned n = 0;
	uint64_t ticket;

	while (promises_take(c->promises, &ticket, &answer)) {
		if (tell_line(c, ticket, answer))
			continue;
		if ((r = unpark(c->parked, ticket)) != NULL) {
			file_record(c, r, answer);
			n++;
		} else
			settle(c, ticket, answer, &n);
		policy_answer_free(answer);
	}
	return c->in_order ? n + file_head(c) : n;
}

/* In line; the road waits while it is full. */
static unsigned
take_in_order(struct clerk *c, struct session_record *r)
{
	struct parked *p = c->parked;
	unsigned n = 0;

	while (p->count >= IN_LINE_MAX) {
		promises_run(c->promises, WAIT_MS);
		n += file_answered(c);
	}
	p->list[(p->first + p->count++) % PARKED_MAX] = (struct place){
	    .ticket = r->stage != RECORD_FINAL ? 0 :
	    promises_put(c->promises, r), .record = r };
	return n + file_head(c);
}

/* A snapshot answers at once, and so in order; the network when it can. */
static unsigned
take_record(struct clerk *c, struct session_record *r)
{
	if (c->in_order)
		return take_in_order(c, r);
	if (!park(c, r)) {
		file_record(c, r, NULL);
		return 1;
	}
	if (promises_change(c->promises))
		return 0;
	promises_run(c->promises, 0);
	return file_answered(c);
}

/* The last answers; each comes, or is given up by policy/ for lateness. */
static void
wait_for_answers(struct clerk *c)
{
	while (c->parked->count > 0) {
		promises_run(c->promises, WAIT_MS);
		file_answered(c);
	}
}

static void
commit(struct clerk *c)
{
	if (!atomic_load(&c->failed) && store_commit(c->store) == -1)
		fail(c);
}

/*
 * The roads' cores have what they wrote, and what was learnt lies anywhere:
 * fetched while others are at work, the deepest of the nearest.  What the
 * store needs is known as soon as the record itself is there.
 */
static void
foresee(const struct clerk *c, void *const *batch, size_t n, size_t i)
{
	size_t at = i + DEPTHS * AHEAD;

	for (unsigned depth = 0; depth < DEPTHS; depth++, at -= AHEAD) {
		if (at >= n)
			continue;
		if (depth < RECORD_DEPTHS)
			session_record_foresee(batch[at], depth);
		if (depth > 0)
			store_foresee(c->store, batch[at], depth - 1);
	}
}

static void *
clerk_main(void *argument)
{
	struct clerk *c = argument;
	size_t n, uncommitted = 0;
	void *batch[BATCH];
	int64_t since = 0;
	bool closed;

	pthread_setname_np(pthread_self(), "clerk");
	do {
		n = queue_take(c->records, batch, BATCH, WAIT_MS, &closed);
		if (uncommitted == 0)
			since = clock_steady_ms();
		for (size_t i = 0; i < n; i++) {
			foresee(c, batch, n, i);
			uncommitted += take_record(c, batch[i]);
		}
		ask_again(c);
		promises_run(c->promises, 0);
		uncommitted += file_answered(c);
		/* what policy learnt waits for nobody */
		if (uncommitted == 0 && store_is_open(c->store))
			uncommitted++;
		if (uncommitted > 0 && (n == 0 || closed ||
		    uncommitted >= COMMIT_RECORDS ||
		    clock_steady_ms() - since >= COMMIT_MS)) {
			commit(c);
			uncommitted = 0;
		}
	} while (!closed);
	wait_for_answers(c);
	end_asking(c);
	commit(c);
	return NULL;
}

int
clerk_start(struct clerk *c)
{
	int error;

	/* a snapshot answers at once */
	c->in_order = c->in_order && promises_change(c->promises);
	if ((c->parked = calloc(1, sizeof(*c->parked))) == NULL) {
		log_warn("clerk");
		return -1;
	}
	if ((c->unconfirmed = unconfirmed_new(c->promises,
	    c->store)) == NULL || (c->unanswered = unanswered_new(c->promises,
	    c->store, c->unconfirmed)) == NULL)
		return -1;
	if ((error = pthread_create(&c->thread, NULL, clerk_main, c)) != 0) {
		errno = error;
		log_warn("clerk thread");
		return -1;
	}
	return 0;
}

void
clerk_join(struct clerk *c)
{
	pthread_join(c->thread, NULL);
	unanswered_free(c->unanswered);
	unconfirmed_free(c->unconfirmed);
	free(c->parked);
}
