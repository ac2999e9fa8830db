/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "detect/detect.h"
#include "unanswered.h"

#define SECOND		INT64_C(1000000)
#define RETRY_FIRST	(30 * SECOND)	/* as long as we keep a failure */
#define RETRY_MOST	(300 * SECOND)	/* RFC 2308 section 7 */
#define PATIENCE	(86400 * SECOND)
#define ASKED_AT_ONCE	16		/* new mail asks as well */

struct question;

struct held {
	TAILQ_ENTRY(held)	 link;		/* of its question */
	TAILQ_ENTRY(held)	 age;		/* of those with TLS, or without */
	struct question		*of;
	int64_t			 session, since;
	struct session_record	*r;		/* ours */
	struct past		 past;
	size_t			 size;
};
TAILQ_HEAD(helds, held);

struct question {
	bool			 open;
	struct policy_question	 asks;
	int64_t			 since, due, pause;
	unsigned		 tries;
	uint64_t		 ticket;	/* 0: nobody is being asked */
	struct helds		 waiting;
};

struct unanswered {
	struct promises	*promises;
	struct store	*store;
	struct unconfirmed	*unconfirmed;
	unsigned	 open, sessions;
	size_t		 octets;
	struct helds	 secured, bare;		/* with TLS, and without */
	struct question	 list[UNANSWERED_MAX];
	struct findings	 at_hand;
};

struct unanswered *
unanswered_new(struct promises *p, struct store *s, struct unconfirmed *c)
{
	struct unanswered *u;

	if ((u = calloc(1, sizeof(*u))) == NULL) {
		log_warn("unanswered");
		return NULL;
	}
	u->promises = p;
	u->store = s;
	u->unconfirmed = c;
	TAILQ_INIT(&u->secured);
	TAILQ_INIT(&u->bare);
	return u;
}

static struct helds *
by_age(struct unanswered *u, const struct session_record *r)
{
	return r->tls_state == RECORD_TLS_ESTABLISHED ? &u->secured :
	    &u->bare;
}

static void
let_go(struct unanswered *u, struct held *h)
{
	struct question *q = h->of;

	TAILQ_REMOVE(&q->waiting, h, link);
	TAILQ_REMOVE(by_age(u, h->r), h, age);
	u->sessions--;
	u->octets -= h->size;
	session_record_free(h->r);
	free(h);
	if (TAILQ_EMPTY(&q->waiting)) {
		q->open = false;
		u->open--;
	}
}

void
unanswered_free(struct unanswered *u)
{
	struct held *h;

	if (u == NULL)
		return;
	while ((h = TAILQ_FIRST(&u->secured)) != NULL ||
	    (h = TAILQ_FIRST(&u->bare)) != NULL)
		let_go(u, h);
	free(u);
}

/* As it was judged. */
static int
leave(struct unanswered *u, struct held *h, int64_t now, const char *why)
{
	const struct store_left left = { .session = h->session, .at = now,
	    .tries = h->of->tries, .why = why };

	let_go(u, h);
	return store_left(u->store, &left);
}

static int
leave_all(struct unanswered *u, struct question *q, int64_t now,
    const char *why)
{
	while (q->open)
		if (leave(u, TAILQ_FIRST(&q->waiting), now, why) == -1)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ */
/* a session more                                                     */

static struct question *
find(struct unanswered *u, const struct policy_question *asks)
{
	for (unsigned i = 0; i < UNANSWERED_MAX && u->open > 0; i++)
		if (u->list[i].open && memcmp(&u->list[i].asks, asks,
		    sizeof(*asks)) == 0)
			return &u->list[i];
	return NULL;
}

/* There is one that is not open. */
static struct question *
open_question(struct unanswered *u, const struct policy_question *asks,
    int64_t now)
{
	struct question *q = u->list;

	while (q->open)
		q++;
	memset(q, 0, sizeof(*q));
	memcpy(&q->asks, asks, sizeof(*asks));
	TAILQ_INIT(&q->waiting);
	q->since = now;
	q->pause = RETRY_FIRST;
	q->due = now + q->pause;
	q->open = true;
	u->open++;
	return q;
}

static bool
has_room(struct unanswered *u, const struct policy_question *asks,
    size_t size)
{
	return u->sessions < UNANSWERED_SESSIONS_MAX &&
	    u->octets + size <= UNANSWERED_OCTETS_MAX &&
	    (u->open < UNANSWERED_MAX || find(u, asks) != NULL);
}

/* What was not stripped gives way to what may have been; the eldest first. */
static int
make_room(struct unanswered *u, const struct unanswered_case *c,
    const struct policy_question *asks, size_t size)
{
	struct held *h;

	if (by_age(u, c->r) == &u->secured || size > UNANSWERED_OCTETS_MAX)
		return 0;
	while (!has_room(u, asks, size) &&
	    (h = TAILQ_FIRST(&u->secured)) != NULL)
		if (leave(u, h, c->now, "sessions without TLS took its "
		    "place") == -1)
			return -1;
	return 0;
}

/* NULL: memory is short. */
static struct held *
hold(struct unanswered *u, const struct unanswered_case *c,
    const struct policy_question *asks, size_t size)
{
	struct held *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->session = c->session;
	h->since = c->now;
	h->r = c->r;
	h->past = *c->past;
	h->size = size;
	if ((h->of = find(u, asks)) == NULL)
		h->of = open_question(u, asks, c->now);
	TAILQ_INSERT_TAIL(&h->of->waiting, h, link);
	TAILQ_INSERT_TAIL(by_age(u, c->r), h, age);
	u->sessions++;
	u->octets += size;
	return h;
}

/* DANE_WHY_NOTHING: it was answered, or there is nothing to ask. */
static enum dane_why
why_not(const struct unanswered *u, const struct unanswered_case *c)
{
	if (!promises_change(u->promises) || c->r->stage != RECORD_FINAL)
		return DANE_WHY_NOTHING;
	if (c->answer != NULL)
		return policy_unanswered(c->answer);
	return promises_worth(u->promises, c->r) ? DANE_WHY_NOT_ASKED :
	    DANE_WHY_NOTHING;
}

int
unanswered_add(struct unanswered *u, const struct unanswered_case *c,
    bool *kept)
{
	enum dane_why why = why_not(u, c);
	struct store_unanswered row = { .session = c->session, .at = c->now,
	    .due = c->now, .why = dane_why_word(why), .findings = c->f };
	struct policy_question asks;
	struct held *h = NULL;
	size_t size;

	*kept = false;
	if (why == DANE_WHY_NOTHING)
		return 0;
	promises_ask(u->promises, c->r, &asks);
	size = session_record_size(c->r);
	if (make_room(u, c, &asks, size) == -1)
		return -1;
	if (!has_room(u, &asks, size))
		row.why_left = "too many were open";
	else if ((h = hold(u, c, &asks, size)) == NULL)
		row.why_left = "memory was short";
	else
		row.due = h->of->due;
	*kept = h != NULL;
	return store_unanswered(u->store, &row);
}

/* ------------------------------------------------------------------ */
/* asking                                                             */

int
unanswered_run(struct unanswered *u, int64_t now)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < UNANSWERED_MAX && u->open > 0 &&
	    asked < ASKED_AT_ONCE; i++) {
		struct question *q = &u->list[i];

		if (!q->open || q->ticket != 0 || q->due > now)
			continue;
		if (now - q->since > PATIENCE) {
			if (leave_all(u, q, now, "it could not be looked up "
			    "for a day") == -1)
				return -1;
			continue;
		}
		/* 0: too much is open, and the next run tries again */
		q->ticket = promises_put_question(u->promises, &q->asks);
		q->tries += q->ticket != 0;
		asked++;
	}
	return 0;
}

/* Of whenever the lookup could have worked for a sender, too, a mismatch is
 * one that may be confirmed; records of much later may be of another day. */
static bool
is_late(const struct held *h, const struct policy_answer *a)
{
	int64_t least = (int64_t)a->ttl * SECOND;

	return a->looked_up - h->since > (least > RETRY_MOST ? least :
	    RETRY_MOST);
}

static int
judge(struct unanswered *u, struct held *h, const struct policy_answer *a,
    int64_t now)
{
	struct promise promise;
	struct unconfirmed_case c = { .session = h->session, .r = h->r,
	    .past = &h->past, .promise = &promise, .f = &u->at_hand,
	    .now = now };
	int rc;

	promises_weigh(u->promises, h->r, a, &promise);
	if (promise.confirm == CONFIRM_WAIT && is_late(h, a)) {
		promise.confirm = CONFIRM_UNDECIDED;
		c.why = "the records were looked up too late";
	} else if (promise.confirm == CONFIRM_WAIT)
		promise.confirm = unconfirmed_expect(u->unconfirmed, &c);
	detect_session(h->r, &h->past, &promise, &u->at_hand);
	rc = store_again(u->store, &(struct store_again){
	    .session = h->session, .of = { .r = h->r, .past = &h->past,
	    .promise = &promise }, .findings = &u->at_hand, .at = now,
	    .tries = h->of->tries });
	if (rc == 0)
		rc = unconfirmed_add(u->unconfirmed, &c);
	findings_clear(&u->at_hand);
	return rc;
}

static int
settle(struct unanswered *u, struct question *q,
    const struct policy_answer *a, int64_t now, unsigned *n)
{
	struct held *h;

	log_info("policy %s: asked again %u times, and answered",
	    q->asks.ndomains > 0 ? q->asks.domains[0] : "of a server",
	    q->tries);
	while (q->open) {
		h = TAILQ_FIRST(&q->waiting);
		if (judge(u, h, a, now) == -1)
			return -1;
		++*n;
		let_go(u, h);
	}
	return 0;
}

int
unanswered_answered(struct unanswered *u, uint64_t ticket,
    const struct policy_answer *answer, int64_t now, unsigned *n)
{
	for (unsigned i = 0; i < UNANSWERED_MAX; i++) {
		struct question *q = &u->list[i];

		if (!q->open || q->ticket != ticket)
			continue;
		q->ticket = 0;
		if (answer != NULL &&
		    policy_unanswered(answer) == DANE_WHY_NOTHING)
			return settle(u, q, answer, now, n);
		q->pause = 2 * q->pause < RETRY_MOST ? 2 * q->pause :
		    RETRY_MOST;
		q->due = now + q->pause;
		return 0;
	}
	return 0;
}

int
unanswered_end(struct unanswered *u, int64_t now)
{
	for (unsigned i = 0; i < UNANSWERED_MAX; i++)
		if (leave_all(u, &u->list[i], now, "the sensor ended before")
		    == -1)
			return -1;
	return 0;
}
