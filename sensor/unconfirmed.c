/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "detect/rules.h"
#include "unconfirmed.h"

#define SECOND		INT64_C(1000000)
#define RETRY		(60 * SECOND)	/* after an answer that told nothing */
#define TRIES_MAX	3
#define KEY		DIGEST_SHA256

/* How a session would be judged, should it come out so. */
enum outcome { IF_REAL, IF_RACE, IF_WITHDRAWN, IF_UNDECIDED, OUTCOMES };

static const enum confirm_answer answer_of[OUTCOMES] = {
	[IF_REAL] = CONFIRM_REAL,
	[IF_RACE] = CONFIRM_RACE,
	[IF_WITHDRAWN] = CONFIRM_WITHDRAWN,
	[IF_UNDECIDED] = CONFIRM_UNDECIDED,
};

/* Few sessions have more than one finding, and struct findings has room for
 * many. */
struct judged {
	struct finding	*list;		/* owned, with their texts */
	unsigned	 count;
	enum verdict	 verdict;
};

struct waiting {
	STAILQ_ENTRY(waiting)	 link;
	int64_t			 session;
	struct judged		 as[OUTCOMES];
};

struct doubt {
	bool			 open;
	uint8_t			 key[KEY];
	struct policy_question	 question;
	struct promises_shown	 shown;		/* its certificates are ours */
	struct match_result	 first;
	int64_t			 looked_up, due;
	uint32_t		 ttl;
	unsigned		 tries;
	uint64_t		 ticket;	/* 0: nobody was asked yet */
	STAILQ_HEAD(, waiting)	 waiting;
};

struct unconfirmed {
	struct promises	*promises;
	struct store	*store;
	struct digest	*digest;
	unsigned	 open, sessions;
	unsigned	 known, next_known;
	uint8_t		 confirmed[UNCONFIRMED_KNOWN_MAX][KEY];
	struct doubt	 list[UNCONFIRMED_MAX];
	struct match_result later;
	struct findings	 at_hand;
};

struct unconfirmed *
unconfirmed_new(struct promises *p, struct store *s)
{
	struct unconfirmed *d;

	if ((d = calloc(1, sizeof(*d))) == NULL) {
		log_warn("unconfirmed");
		return NULL;
	}
	d->promises = p;
	d->store = s;
	if ((d->digest = digest_new()) == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

/* From `f`, whose texts are no longer its own then.  False: memory is
 * short. */
static bool
pack(struct judged *j, struct findings *f)
{
	size_t size = f->count * sizeof(f->list[0]);

	j->verdict = f->verdict;
	if (f->count == 0)
		return true;
	if ((j->list = malloc(size)) == NULL)
		return false;
	memcpy(j->list, f->list, size);
	j->count = f->count;
	f->count = 0;
	return true;
}

/* And back; the caller clears them. */
static void
unpack(struct judged *j, struct findings *f)
{
	f->count = j->count;
	f->verdict = j->verdict;
	if (j->count > 0)
		memcpy(f->list, j->list, j->count * sizeof(f->list[0]));
	free(j->list);
	*j = (struct judged){ 0 };
}

static void
free_waiting(struct waiting *w, struct findings *at_hand)
{
	for (int i = 0; i < OUTCOMES; i++) {
		unpack(&w->as[i], at_hand);
		findings_clear(at_hand);
	}
	free(w);
}

static void
close_doubt(struct unconfirmed *d, struct doubt *one)
{
	struct waiting *w;

	while ((w = STAILQ_FIRST(&one->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&one->waiting, link);
		d->sessions--;
		free_waiting(w, &d->at_hand);
	}
	for (unsigned i = 0; i < one->shown.count; i++)
		certificate_drop(one->shown.chain[i]);
	one->open = false;
	d->open--;
}

void
unconfirmed_free(struct unconfirmed *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < UNCONFIRMED_MAX; i++)
		if (d->list[i].open)
			close_doubt(d, &d->list[i]);
	digest_free(d->digest);
	free(d);
}

/* ------------------------------------------------------------------ */
/* which doubt it is                                                  */

/* Behind what is in `key` already. */
static void
mix(struct unconfirmed *d, uint8_t key[KEY], struct span what)
{
	uint8_t both[2 * KEY];

	memcpy(both, key, KEY);
	digest_sha256(d->digest, what, both + KEY);
	digest_sha256(d->digest, span_of(both, sizeof(both)), key);
}

/* The same certificates under the same records of the same name. */
static void
put_key(struct unconfirmed *d, const struct session_record *r,
    const struct policy_answer *a, uint8_t key[KEY])
{
	struct promises_shown shown;

	memset(key, 0, KEY);
	mix(d, key, span_text(a->base));
	for (unsigned i = 0; i < a->tlsa.count; i++) {
		const struct tlsa_record *one = &a->tlsa.list[i];
		const uint8_t numbers[3] = { one->usage, one->selector,
		    one->matching };

		mix(d, key, span_of(numbers, sizeof(numbers)));
		mix(d, key, one->data);
	}
	promises_show(r, &shown);
	for (unsigned i = 0; i < shown.count; i++)
		mix(d, key, span_of(shown.chain[i]->sha256, DIGEST_SHA256));
}

static struct doubt *
find(struct unconfirmed *d, const uint8_t key[KEY])
{
	for (unsigned i = 0; i < UNCONFIRMED_MAX; i++)
		if (d->list[i].open &&
		    memcmp(d->list[i].key, key, KEY) == 0)
			return &d->list[i];
	return NULL;
}

static bool
is_confirmed(const struct unconfirmed *d, const uint8_t key[KEY])
{
	for (unsigned i = 0; i < d->known; i++)
		if (memcmp(d->confirmed[i], key, KEY) == 0)
			return true;
	return false;
}

static void
remember(struct unconfirmed *d, const uint8_t key[KEY])
{
	memcpy(d->confirmed[d->next_known], key, KEY);
	d->next_known = (d->next_known + 1) % UNCONFIRMED_KNOWN_MAX;
	if (d->known < UNCONFIRMED_KNOWN_MAX)
		d->known++;
}

enum confirm_answer
unconfirmed_expect(struct unconfirmed *d, struct unconfirmed_case *c)
{
	put_key(d, c->r, c->promise->answer, c->key);
	if (is_confirmed(d, c->key))
		return CONFIRM_REAL;
	if (d->sessions >= UNCONFIRMED_SESSIONS_MAX ||
	    (d->open >= UNCONFIRMED_MAX && find(d, c->key) == NULL))
		return CONFIRM_UNDECIDED;
	return CONFIRM_WAIT;
}

/* ------------------------------------------------------------------ */
/* a session more                                                     */

/* Of the one domain whose records these are: another's may be stricter by
 * then, and are no answer. */
static void
put_question(struct unconfirmed *d, const struct unconfirmed_case *c,
    struct policy_question *q)
{
	const struct policy_answer *a = c->promise->answer;

	promises_ask(d->promises, c->r, q);
	if (a->domain[0] != '\0') {
		q->ndomains = 0;
		policy_question_add_domain(q, a->domain);
	}
}

static struct doubt *
open_doubt(struct unconfirmed *d, const struct unconfirmed_case *c)
{
	const struct policy_answer *a = c->promise->answer;
	struct doubt *one = d->list;

	while (one->open)
		one++;
	memset(one, 0, sizeof(*one));
	STAILQ_INIT(&one->waiting);
	memcpy(one->key, c->key, KEY);
	put_question(d, c, &one->question);
	promises_show(c->r, &one->shown);
	for (unsigned i = 0; i < one->shown.count; i++)
		certificate_take(one->shown.chain[i]);
	one->first = *c->promise->match;
	one->looked_up = a->looked_up;
	one->ttl = a->ttl;
	one->open = true;
	d->open++;
	confirm_mismatch(&(struct confirm_question){ .first = &one->first,
	    .looked_up = one->looked_up, .ttl = one->ttl,
	    .now = one->looked_up }, &one->due);
	return one;
}

static struct waiting *
new_waiting(struct unconfirmed *d, const struct unconfirmed_case *c)
{
	struct promise promise = *c->promise;
	struct waiting *w;
	bool ok = true;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->session = c->session;
	for (int i = 0; i < OUTCOMES && ok; i++) {
		promise.confirm = answer_of[i];
		detect_session(c->r, c->past, &promise, &d->at_hand);
		ok = pack(&w->as[i], &d->at_hand);
		findings_clear(&d->at_hand);
	}
	if (ok)
		return w;
	free_waiting(w, &d->at_hand);
	return NULL;
}

static int
undecided(struct unconfirmed *d, const struct unconfirmed_case *c,
    struct store_doubt *doubt, const char *why)
{
	struct findings f;
	struct promise promise = *c->promise;
	int rc;

	doubt->answer = CONFIRM_UNDECIDED;
	doubt->due = doubt->at;
	doubt->why = why;
	if (store_doubt(d->store, doubt) == -1)
		return -1;
	if (promise.confirm == CONFIRM_UNDECIDED)
		return 0;
	/* it was stored as one that waits */
	promise.confirm = CONFIRM_UNDECIDED;
	detect_session(c->r, c->past, &promise, &f);
	rc = store_revise(d->store, &(struct store_revision){
	    .session = c->session, .answer = CONFIRM_UNDECIDED,
	    .at = doubt->at, .why = why, .findings = &f });
	findings_clear(&f);
	return rc;
}

int
unconfirmed_add(struct unconfirmed *d, const struct unconfirmed_case *c)
{
	struct store_doubt doubt = { .session = c->session,
	    .answer = CONFIRM_WAIT, .at = c->now,
	    .verdict = c->f->verdict,
	    .finding = finding_of(c->f, KIND_CERTIFICATE_MISMATCH) };
	struct waiting *w;
	struct doubt *one;

	/* no finding, or a note: whatever is answered changes nothing */
	if (doubt.finding == NULL ||
	    doubt.finding->severity == SEVERITY_INFO ||
	    (c->promise->confirm != CONFIRM_WAIT &&
	    c->promise->confirm != CONFIRM_UNDECIDED))
		return 0;
	if (c->promise->confirm == CONFIRM_UNDECIDED)
		return undecided(d, c, &doubt, c->why != NULL ? c->why :
		    "too many were open");
	if ((w = new_waiting(d, c)) == NULL)
		return undecided(d, c, &doubt, "memory was short");
	if ((one = find(d, c->key)) == NULL)
		one = open_doubt(d, c);
	STAILQ_INSERT_TAIL(&one->waiting, w, link);
	d->sessions++;
	doubt.due = one->due;
	return store_doubt(d->store, &doubt);
}

/* ------------------------------------------------------------------ */
/* settling                                                           */

static int
settle(struct unconfirmed *d, struct doubt *one, const struct store_revision *like,
    unsigned *n)
{
	struct store_revision v = *like;
	struct waiting *w;
	int rc = 0;

	STAILQ_FOREACH(w, &one->waiting, link) {
		v.session = w->session;
		v.findings = &d->at_hand;
		for (int i = 0; i < OUTCOMES; i++)
			if (answer_of[i] == v.answer)
				unpack(&w->as[i], &d->at_hand);
		rc = store_revise(d->store, &v);
		findings_clear(&d->at_hand);
		if (rc == -1)
			break;
		++*n;
	}
	if (v.answer == CONFIRM_REAL)
		remember(d, one->key);
	log_info("tlsa %s: %s", one->question.ndomains > 0 ?
	    one->question.domains[0] : "mismatch", confirm_word(v.answer));
	close_doubt(d, one);
	return rc;
}

/* The certificates against the records as they are now.  False: those are
 * not known. */
static bool
compare(struct unconfirmed *d, const struct doubt *one,
    const struct policy_answer *a)
{
	switch (a->state) {
	case POLICY_UNKNOWN:
	case POLICY_MUST_NOT_DELIVER:
		return false;
	case POLICY_NOT_APPLICABLE:
	case POLICY_NONE_INSECURE:
	case POLICY_NONE_SECURE:
	case POLICY_DANE_HALF:
	case POLICY_DANE_TLS:
	case POLICY_DANE_AUTH:
	case POLICY_STATES:
		break;
	}
	if (!promises_compare(d->promises, &one->shown, a, &d->later)) {
		memset(&d->later, 0, sizeof(d->later));
		d->later.outcome = MATCH_NO_RECORDS;
	}
	return true;
}

static int
judge(struct unconfirmed *d, struct doubt *one, const struct policy_answer *a,
    int64_t now, unsigned *n)
{
	bool known = compare(d, one, a);
	struct confirm_question q = {
		.first = &one->first,
		.later = known ? &d->later : NULL,
		.looked_up = one->looked_up,
		.ttl = one->ttl,
		.now = now,
		.last = one->tries >= TRIES_MAX,
	};
	struct store_revision v = { .at = q.now, .later = a };

	if (!known && !q.last) {
		one->due = q.now + RETRY;
		return 0;
	}
	switch (v.answer = confirm_mismatch(&q, &one->due)) {
	case CONFIRM_WAIT:
		return 0;
	case CONFIRM_UNDECIDED:
		v.why = "no newer answer was to be had";
		break;
	case CONFIRM_NOTHING:
	case CONFIRM_REAL:
	case CONFIRM_RACE:
	case CONFIRM_WITHDRAWN:
	case CONFIRM_FIXED:
	case CONFIRM_ANSWERS:
		break;
	}
	return settle(d, one, &v, n);
}

int
unconfirmed_answered(struct unconfirmed *d, uint64_t ticket,
    const struct policy_answer *answer, int64_t now, unsigned *n)
{
	for (unsigned i = 0; i < UNCONFIRMED_MAX; i++) {
		struct doubt *one = &d->list[i];

		if (!one->open || one->ticket != ticket)
			continue;
		one->ticket = 0;
		return judge(d, one, answer, now, n);
	}
	return 0;
}

void
unconfirmed_run(struct unconfirmed *d, int64_t now)
{
	for (unsigned i = 0; i < UNCONFIRMED_MAX && d->open > 0; i++) {
		struct doubt *one = &d->list[i];

		if (!one->open || one->ticket != 0 || one->due > now)
			continue;
		/* 0: too much is open, and the next run tries again */
		one->ticket = promises_put_question(d->promises,
		    &one->question);
		one->tries += one->ticket != 0;
	}
}

int
unconfirmed_end(struct unconfirmed *d, int64_t now)
{
	struct store_revision v = { .answer = CONFIRM_UNDECIDED,
	    .at = now, .why = "the sensor ended before" };
	unsigned n = 0;

	for (unsigned i = 0; i < UNCONFIRMED_MAX; i++)
		if (d->list[i].open &&
		    settle(d, &d->list[i], &v, &n) == -1)
			return -1;
	return 0;
}
