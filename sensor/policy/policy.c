/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "policy/grounds.h"
#include "policy/policy.h"

/* What one lookup leads back to. */
struct errand {
	struct policy_case	*owner;
	struct inquiry_line	*line;
};

/* One question, until it is answered and nothing is outstanding. */
struct policy_case {
	TAILQ_ENTRY(policy_case) link;
	struct policy		*policy;
	struct policy_question	 question;
	policy_done		*done;		/* NULL: answered already */
	void			*context;
	int64_t			 deadline;	/* milliseconds */
	unsigned		 outstanding;	/* lookups and fetches */
	bool			 stepping;
	bool			 starved;	/* an answer did not come */
	struct inquiry		 inquiry;
	struct errand		 errands[INQUIRY_MAX];	/* of its lines */
	struct dane_verdict	 dane[POLICY_DOMAINS_MAX];
	struct sts_verdict	 sts[POLICY_DOMAINS_MAX];
};

struct policy {
	struct policy_options	 options;
	struct digest		*digest;
	unsigned		 open;
	TAILQ_HEAD(, policy_case) cases;
};

void
policy_question_add_domain(struct policy_question *q, const char *domain)
{
	if (q->ndomains < POLICY_DOMAINS_MAX)
		snprintf(q->domains[q->ndomains++], LOOKUP_NAME_MAX, "%s",
		    domain);
}

void
policy_question_add_name(struct policy_question *q, const char *name)
{
	if (q->nnames < POLICY_NAMES_MAX)
		snprintf(q->names[q->nnames++], LOOKUP_NAME_MAX, "%s", name);
}

struct policy_answer *
policy_answer_new(enum dane_why why)
{
	struct policy_answer *a = calloc(1, sizeof(*a));

	if (a != NULL) {
		a->why = why;
		a->sts_why = STS_WHY_NOT_LOOKED;
	}
	return a;
}

void
policy_answer_free(struct policy_answer *a)
{
	if (a == NULL)
		return;
	tlsa_clear(&a->tlsa);
	free(a->evidence);
	free(a);
}

static bool
failed(enum policy_state state, enum dane_why why)
{
	if (state == POLICY_MUST_NOT_DELIVER)
		return true;
	return state == POLICY_UNKNOWN && (why == DANE_WHY_NOT_ASKED ||
	    why == DANE_WHY_NO_RESOLVER || why == DANE_WHY_LATE ||
	    why == DANE_WHY_GONE || why == DANE_WHY_ADDRESS_BOGUS ||
	    why == DANE_WHY_ADDRESS_FAILED);
}

enum dane_why
policy_unanswered(const struct policy_answer *a)
{
	if (a->state == POLICY_DANE_AUTH)
		return DANE_WHY_NOTHING;
	if (failed(a->state, a->why))
		return a->why;
	for (unsigned i = 0; i < a->npromises; i++)
		if (failed(a->promises[i].state, a->promises[i].why))
			return a->promises[i].why;
	return DANE_WHY_NOTHING;
}

struct policy *
policy_new(const struct policy_options *o)
{
	struct policy *p;

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->digest = digest_new()) == NULL) {
		log_warnx("policy: memory is short");
		free(p);
		return NULL;
	}
	p->options = *o;
	TAILQ_INIT(&p->cases);
	return p;
}

static void
free_case(struct policy_case *c)
{
	TAILQ_REMOVE(&c->policy->cases, c, link);
	c->policy->open--;
	inquiry_clear(&c->inquiry);
	free(c);
}

void
policy_free(struct policy *p)
{
	struct policy_case *c;

	if (p == NULL)
		return;
	while ((c = TAILQ_FIRST(&p->cases)) != NULL) {
		if (p->options.sts != NULL)
			sts_store_forget(p->options.sts, c);
		free_case(c);
	}
	digest_free(p->digest);
	free(p);
}

/* The verdict that asks most; the first of its kind. */
static unsigned
strictest(const struct policy_case *c)
{
	unsigned best = 0, n = c->question.ndomains;

	for (unsigned i = 1; i < n; i++)
		if (c->dane[i].state > c->dane[best].state)
			best = i;
	return best;
}

static void
take_tlsa(struct policy_answer *a, const struct lookup_answer *tlsa)
{
	if (tlsa == NULL)
		return;
	for (unsigned i = 0; i < tlsa->nrecords; i++)
		tlsa_add_rdata(&a->tlsa, tlsa->records[i].data);
	a->looked_up = tlsa->at;
	/* until nobody has them any more, be it we who keep them for longer */
	a->ttl = tlsa->ttl;
	if (tlsa->until > tlsa->at + (int64_t)tlsa->ttl * 1000000)
		a->ttl = (uint32_t)((tlsa->until - tlsa->at) / 1000000);
}

static void
take_verdict(struct policy_answer *a, const struct dane_verdict *v)
{
	a->state = v->state;
	a->why = v->why;
	a->by = v->by;
	a->hosts = v->hosts;
	a->covered = v->covered;
	memcpy(a->domain, v->domain, sizeof(a->domain));
	memcpy(a->host, v->host, sizeof(a->host));
	memcpy(a->base, v->base, sizeof(a->base));
	memcpy(a->references, v->references, sizeof(a->references));
	a->nreferences = v->nreferences;
	take_tlsa(a, v->tlsa);
}

static void
take_sts(struct policy_answer *a, const struct sts_verdict *s)
{
	if (a->sts_why != STS_WHY_NOT_LOOKED && s->mode <= a->sts)
		return;
	a->sts = s->mode;
	a->sts_why = s->why;
	a->sts_match = s->match;
}

static void
take_promises(const struct policy_case *c, struct policy_answer *a)
{
	for (unsigned i = 0; i < c->question.ndomains; i++) {
		struct policy_promise *p = &a->promises[a->npromises++];

		memcpy(p->domain, c->question.domains[i], sizeof(p->domain));
		p->state = c->dane[i].state;
		p->why = c->dane[i].why;
		a->tags |= c->dane[i].tags;
		if (c->policy->options.sts != NULL)
			take_sts(a, &c->sts[i]);
	}
	if (c->question.ndomains == 0)
		a->tags = c->dane[0].tags;
}

static void
take_validity(const struct policy_case *c, struct policy_answer *a)
{
	a->valid_until = INT64_MAX;
	if (c->policy->options.source.free_of_charge)
		return;
	for (unsigned i = 0; i < c->inquiry.count; i++) {
		const struct lookup_answer *d = c->inquiry.lines[i].answer;

		if (d != NULL && d->until < a->valid_until)
			a->valid_until = d->until;
	}
}

static void
take_evidence(struct policy_case *c, struct policy_answer *a,
    const struct dane_question *q)
{
	struct json_text text = { .at = NULL };
	struct grounds e = {
		.source = c->policy->options.source.name,
		.question = q,
		.verdicts = c->dane,
		.sts = c->policy->options.sts == NULL ? NULL : c->sts,
		.nverdicts = c->question.ndomains == 0 ? 1 :
		    c->question.ndomains,
		.inquiry = &c->inquiry,
	};
	uint8_t hash[DIGEST_SHA256];

	grounds_write(&text, &e);
	if (text.failed || text.at == NULL) {
		json_text_free(&text);
		return;
	}
	digest_sha256(c->policy->digest, span_of(text.at, text.len), hash);
	digest_hex(span_of(hash, (POLICY_ID_MAX - 1) / 2), a->evidence_id);
	a->evidence = text.at;
}

static void
answer(struct policy_case *c, const struct dane_question *q)
{
	struct policy_answer *a = policy_answer_new(DANE_WHY_NOTHING);
	policy_done *done = c->done;

	if (a != NULL) {
		take_verdict(a, &c->dane[strictest(c)]);
		take_promises(c, a);
		take_validity(c, a);
		take_evidence(c, a, q);
	}
	c->done = NULL;
	done(c->context, a);
}

static void step(struct policy_case *c);

static void
told_again(void *context)
{
	struct policy_case *c = context;

	c->outstanding--;
	if (c->outstanding == 0 && !c->stepping)
		step(c);
}

static void
told(void *context, struct lookup_answer *a)
{
	struct errand *l = context;
	struct policy_case *c = l->owner;

	if (a == NULL)
		c->starved = true;
	else
		inquiry_tell(l->line, a);
	told_again(c);
}

/* Questions on their way after this call. */
static void
ask_wanted(struct policy_case *c)
{
	const struct lookup_source *s = &c->policy->options.source;
	struct inquiry_line *line;
	struct errand *l;

	while ((line = inquiry_next(&c->inquiry)) != NULL) {
		l = &c->errands[line - c->inquiry.lines];
		*l = (struct errand){ c, line };
		c->outstanding++;
		s->ask(s->self, &line->question, told, l);
	}
}

static void
fill_question(const struct policy_case *c, struct dane_question *q,
    const char *names[POLICY_NAMES_MAX])
{
	const struct policy_question *p = &c->question;

	for (unsigned i = 0; i < p->nnames; i++)
		names[i] = p->names[i];
	*q = (struct dane_question){
		.server = p->server,
		.port = p->port,
		.sni = p->sni[0] == '\0' ? NULL : p->sni,
		.banner = p->banner[0] == '\0' ? NULL : p->banner,
		.names = names,
		.nnames = p->nnames,
		/* looking around costs lookups: not for long lists */
		.curious = p->curious && p->ndomains <= 2,
	};
}

/* False: answers are missing. */
static bool
judge_domain(struct policy_case *c, struct dane_question *q, unsigned i)
{
	struct sts_store *store = c->policy->options.sts;
	bool done, fetching = false;

	q->domain = c->question.ndomains == 0 ? NULL : c->question.domains[i];
	done = dane_judge(&c->dane[i], q, &c->inquiry);
	if (store == NULL || !done)
		return done;
	done = sts_judge(&c->sts[i], store, c->dane[i].domain,
	    c->dane[i].host, &c->inquiry, told_again, c, &fetching);
	if (fetching)
		c->outstanding++;
	return done;
}

/* True: all verdicts stand.  The question is filled either way. */
static bool
judge(struct policy_case *c, struct dane_question *q)
{
	unsigned n = c->question.ndomains == 0 ? 1 : c->question.ndomains;
	bool all = true;

	for (unsigned i = 0; i < n; i++)
		if (!judge_domain(c, q, i))
			all = false;
	return all;
}

/* Verdicts that could not be reached are "unknown" for that reason. */
static void
cut_short(struct policy_case *c, struct dane_question *q, enum dane_why why)
{
	unsigned n = c->question.ndomains == 0 ? 1 : c->question.ndomains;

	for (unsigned i = 0; i < n; i++) {
		struct dane_verdict *v = &c->dane[i];

		q->domain = c->question.ndomains == 0 ? NULL :
		    c->question.domains[i];
		if (!dane_judge(v, q, &c->inquiry)) {
			v->state = POLICY_UNKNOWN;
			v->why = why;
			v->tlsa = NULL;
		}
	}
}

/* Run the rules, ask what they want, until they are content. */
static void
step(struct policy_case *c)
{
	const char *names[POLICY_NAMES_MAX];
	struct dane_question q;
	bool content = false;

	c->stepping = true;
	fill_question(c, &q, names);
	while (c->done != NULL && c->outstanding == 0) {
		unsigned before = c->inquiry.count;

		if ((content = judge(c, &q)))
			break;
		ask_wanted(c);
		/* nothing asked, nothing new: it cannot be known */
		if (c->starved || (c->outstanding == 0 &&
		    c->inquiry.count == before))
			break;
	}
	c->stepping = false;
	if (c->outstanding > 0 && c->done != NULL && !c->starved)
		return;
	if (c->done != NULL) {
		if (!content)
			cut_short(c, &q, c->starved ? DANE_WHY_NOT_ASKED :
			    DANE_WHY_TOO_MANY);
		answer(c, &q);
	}
	if (c->outstanding == 0)
		free_case(c);
}

void
policy_ask(struct policy *p, const struct policy_question *q,
    policy_done *done, void *context)
{
	struct policy_case *c = NULL;

	if (p->open >= p->options.cases ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		done(context, policy_answer_new(DANE_WHY_NOT_ASKED));
		return;
	}
	c->policy = p;
	c->question = *q;
	c->done = done;
	c->context = context;
	c->deadline = clock_steady_ms() + p->options.patience_ms;
	TAILQ_INSERT_TAIL(&p->cases, c, link);
	p->open++;
	step(c);
}

void
policy_tick(struct policy *p)
{
	const char *names[POLICY_NAMES_MAX];
	int64_t now = clock_steady_ms();
	struct dane_question q;
	struct policy_case *c;

	/* oldest first; what is answered waits only for its last lookups */
	TAILQ_FOREACH(c, &p->cases, link) {
		if (c->deadline > now)
			break;
		if (c->done == NULL)
			continue;
		fill_question(c, &q, names);
		cut_short(c, &q, DANE_WHY_LATE);
		answer(c, &q);
	}
}

unsigned
policy_open_cases(const struct policy *p)
{
	return p->open;
}
