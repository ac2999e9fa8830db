/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "policy/certificates.h"
#include "policy/rollover.h"

#define MICROSECONDS	INT64_C(1000000)
#define WAIT_TTLS	2

enum which { OLD, NEW };	/* of the two chains */

struct planner {
	const struct rollover_question	*q;
	struct rollover_plan		*out;
	bool	old_kept, new_kept;
	bool	told;		/* when the records were published, and TTL */
	bool	settled;	/* no cache holds anything older */
	int64_t	until;		/* when they are */
};

static struct rollover_step *
step(struct planner *p, enum rollover_name name, enum rollover_state state,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static struct rollover_step *
step(struct planner *p, enum rollover_name name, enum rollover_state state,
    const char *fmt, ...)
{
	struct rollover_step *s = &p->out->steps[p->out->count];
	va_list ap;

	if (p->out->count + 1 < ROLLOVER_STEPS_MAX)
		p->out->count++;	/* the last may be written over */
	s->name = name;
	s->state = state;
	s->remove = -1;
	s->add = -1;
	va_start(ap, fmt);
	vsnprintf(s->text, sizeof(s->text), fmt, ap);
	va_end(ap);
	return s;
}

static void
conclude(struct planner *p, enum rollover_safety safety, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
conclude(struct planner *p, enum rollover_safety safety, const char *fmt, ...)
{
	va_list ap;

	p->out->safety = safety;
	if (safety == ROLLOVER_NOT_YET)
		p->out->until = p->until;
	va_start(ap, fmt);
	vsnprintf(p->out->text, sizeof(p->out->text), fmt, ap);
	va_end(ap);
}

static bool
same_ca(const struct rollover_question *q)
{
	struct certificate_facts a, b;

	for (unsigned i = 1; i < q->old_count; i++)
		for (unsigned j = 1; j < q->new_count; j++)
			if (certificates_describe(q->old_chain[i], &a) &&
			    certificates_describe(q->new_chain[j], &b) &&
			    strcmp(a.spki_sha256, b.spki_sha256) == 0)
				return true;
	return false;
}

/* The first record of a usage that matches by itself; -1. */
static int
matching(const struct planner *p, const struct match_result *r,
    enum tlsa_usage usage)
{
	for (unsigned i = 0; i < r->count; i++)
		if (p->q->records->list[i].usage == usage &&
		    r->verdicts[i].counts &&
		    r->verdicts[i].outcome == MATCH_MATCHED)
			return (int)i;
	return -1;
}

/* Does the set use this matching type with this usage and keys?  A record
 * of another type would be outranked, or would leave senders without one
 * (RFC 7671 sections 8 and 9). */
static bool
uses(const struct planner *p, enum tlsa_usage usage, uint8_t type)
{
	const struct tlsa_set *s = p->q->records;

	for (unsigned i = 0; i < s->count; i++)
		if (s->list[i].fault == TLSA_USABLE &&
		    s->list[i].usage == usage &&
		    s->list[i].selector == TLSA_SPKI &&
		    s->list[i].matching == type)
			return true;
	return false;
}

/* Its place in `made`, where it is put unless it is there; -1 if the chain
 * has no such certificate. */
static int
make(struct planner *p, enum tlsa_usage usage, uint8_t type, enum which which)
{
	const struct rollover_question *q = p->q;
	const struct span *chain = which == NEW ? q->new_chain : q->old_chain;
	unsigned count = which == NEW ? q->new_count : q->old_count;
	unsigned depth = usage == TLSA_DANE_TA ? 1 : 0;
	const struct tlsa_record kind = { .usage = (uint8_t)usage, .selector =
	    TLSA_SPKI, .matching = type == TLSA_FULL ? TLSA_SHA256 : type };
	struct tlsa_set *made = &p->out->made;
	unsigned last;

	if (depth >= count || !tlsa_add_made(made, &kind, chain[depth],
	    false))
		return -1;
	last = made->count - 1;
	for (unsigned i = 0; i < last; i++)
		if (tlsa_compare(&made->list[i], &made->list[last]) == 0)
			return (int)i;
	return (int)last;
}

/* The record of a leaf, once for each matching type in use. */
static void
publish_leaf(struct planner *p, enum rollover_name name,
    enum rollover_state state, enum which which, const char *text)
{
	bool strong = uses(p, TLSA_DANE_EE, TLSA_SHA512);

	if (uses(p, TLSA_DANE_EE, TLSA_SHA256) || !strong)
		step(p, name, state, "%s", text)->add =
		    make(p, TLSA_DANE_EE, TLSA_SHA256, which);
	if (strong)
		step(p, name, state, "%s", text)->add =
		    make(p, TLSA_DANE_EE, TLSA_SHA512, which);
}

/* A pair's trust anchor gives way to that of the next CA only if the leaf's
 * record holds the fort, and there is another to put in its place. */
static bool
replace_anchors(struct planner *p)
{
	const struct tlsa_set *s = p->q->records;
	struct rollover_step *t;
	bool replaced = false;

	if (p->q->new_count < 2 ||
	    matching(p, p->q->old, TLSA_DANE_EE) == -1)
		return false;
	for (unsigned i = 0; i < s->count; i++) {
		if (s->list[i].fault != TLSA_USABLE ||
		    s->list[i].usage != TLSA_DANE_TA ||
		    p->q->new->verdicts[i].outcome != MATCH_MISMATCHED)
			continue;
		t = step(p, ROLLOVER_PUBLISH, ROLLOVER_NOW, "replace the "
		    "trust anchor record by that of the next CA; the record "
		    "of the certificate in use goes on matching");
		t->remove = (int)i;
		t->add = make(p, TLSA_DANE_TA, s->list[i].matching, NEW);
		replaced = true;
	}
	return replaced;
}

/* The record that makes the next certificate known beforehand. */
static void
plan_publish(struct planner *p, enum rollover_state state)
{
	if (state == ROLLOVER_NOW && replace_anchors(p))
		return;
	publish_leaf(p, ROLLOVER_PUBLISH, state, NEW, "publish the record "
	    "of the next certificate beside those there are");
}

static void
plan_later(struct planner *p, bool wait, enum rollover_state deploy)
{
	if (wait)
		step(p, ROLLOVER_WAIT, ROLLOVER_LATER, "wait for two TTLs "
		    "(%u s), until no cache and no name server holds the "
		    "older records", WAIT_TTLS * p->q->ttl);
	step(p, ROLLOVER_DEPLOY, deploy, deploy == ROLLOVER_NOW ?
	    "deploy the next certificate on all servers" :
	    "then deploy the next certificate on all servers");
	step(p, ROLLOVER_REPLACE, ROLLOVER_LATER, "then replace the records "
	    "that describe the old one");
}

/* The next certificate is known to DNS; is it to every cache? */
static void
plan_deploy(struct planner *p)
{
	const char *by = matching(p, p->q->new, TLSA_DANE_EE) != -1 ?
	    "3 x x" : "2 x x";

	step(p, ROLLOVER_PUBLISH, ROLLOVER_DONE, "a %s record already "
	    "matches the next certificate", by);
	if (!p->told) {
		step(p, ROLLOVER_WAIT, ROLLOVER_NOW, "wait until the records "
		    "are two TTLs old");
		plan_later(p, false, ROLLOVER_LATER);
		conclude(p, ROLLOVER_UNKNOWN, "it is not known since when "
		    "the records are published, and with which TTL: when "
		    "that is longer than two TTLs, deploy");
		return;
	}
	if (!p->settled) {
		step(p, ROLLOVER_WAIT, ROLLOVER_NOW, "wait: caches and name "
		    "servers may still hold older records, which need not "
		    "match");
		plan_later(p, false, ROLLOVER_LATER);
		conclude(p, ROLLOVER_NOT_YET, "do not deploy the next "
		    "certificate yet: the records are not two TTLs old");
		return;
	}
	step(p, ROLLOVER_WAIT, ROLLOVER_DONE, "the records are more than "
	    "two TTLs old");
	plan_later(p, false, ROLLOVER_NOW);
	conclude(p, ROLLOVER_SAFE, "deploy the next certificate now: a %s "
	    "record matches it in every cache", by);
}

static void
plan_shows_old(struct planner *p)
{
	if (!p->old_kept && p->new_kept) {
		step(p, ROLLOVER_DEPLOY, ROLLOVER_NOW, "deploy the next "
		    "certificate: the records match it already");
		conclude(p, ROLLOVER_BROKEN, "no record matches the "
		    "certificate in use (%s): mail is being lost",
		    match_word(p->q->old->outcome));
		return;
	}
	if (!p->old_kept) {
		publish_leaf(p, ROLLOVER_MEND, ROLLOVER_NOW, OLD, "publish "
		    "the record of the certificate in use at once");
		plan_publish(p, ROLLOVER_LATER);
		plan_later(p, true, ROLLOVER_LATER);
		conclude(p, ROLLOVER_BROKEN, "no record matches the "
		    "certificate in use (%s): mail is being lost",
		    match_word(p->q->old->outcome));
		return;
	}
	if (p->new_kept) {
		plan_deploy(p);
		return;
	}
	plan_publish(p, ROLLOVER_NOW);
	plan_later(p, true, ROLLOVER_LATER);
	conclude(p, ROLLOVER_SAFE, "publish first: no record matches the "
	    "next certificate (%s), so it must not be deployed yet",
	    match_word(p->q->new->outcome));
}

static void
plan_shows_both(struct planner *p)
{
	if (!p->new_kept || !p->old_kept) {
		publish_leaf(p, ROLLOVER_MEND, ROLLOVER_NOW, p->new_kept ?
		    OLD : NEW, p->new_kept ? "publish the record of the "
		    "certificate that some servers still show at once" :
		    "publish the record of the certificate that some "
		    "servers show already at once");
		plan_later(p, false, ROLLOVER_LATER);
		conclude(p, ROLLOVER_BROKEN, "some servers show a "
		    "certificate that no record matches: mail is being lost");
		return;
	}
	step(p, ROLLOVER_PUBLISH, ROLLOVER_DONE, "the records match both "
	    "certificates");
	step(p, ROLLOVER_DEPLOY, ROLLOVER_NOW, "deploy the next certificate "
	    "on the servers that still show the old one");
	step(p, ROLLOVER_REPLACE, ROLLOVER_LATER, "then replace the records "
	    "that describe the old one");
	if (p->told && !p->settled)
		conclude(p, ROLLOVER_NOT_YET, "some servers changed before "
		    "the records were two TTLs old: senders with older "
		    "records in their cache may be lost until then");
	else
		conclude(p, ROLLOVER_SAFE, "go on: the records match both "
		    "certificates");
}

/* Does a record like `r` match the next certificate, or will it when this
 * plan is carried out? */
static bool
is_covered(const struct planner *p, const struct tlsa_record *r)
{
	const struct tlsa_set *s = p->q->records, *made = &p->out->made;

	for (unsigned i = 0; i < s->count; i++)
		if (s->list[i].usage == r->usage &&
		    s->list[i].matching == r->matching &&
		    p->q->new->verdicts[i].outcome == MATCH_MATCHED)
			return true;
	for (unsigned i = 0; i < made->count; i++)
		if (made->list[i].usage == r->usage &&
		    made->list[i].matching == r->matching)
			return true;
	return false;
}

/* What does not match the certificate in use, now the next one, goes. */
static unsigned
plan_replace(struct planner *p)
{
	const struct tlsa_set *s = p->q->records;
	const struct tlsa_record *r;
	struct rollover_step *t;
	unsigned stale = 0;

	for (unsigned i = 0; i < s->count; i++) {
		r = &s->list[i];
		if (p->q->new->verdicts[i].outcome == MATCH_MATCHED)
			continue;
		stale++;
		t = step(p, ROLLOVER_REPLACE, ROLLOVER_NOW, "take away a "
		    "record that matches nothing any more");
		t->remove = (int)i;
		if (r->fault == TLSA_USABLE && !is_covered(p, r))
			t->add = make(p, r->usage, r->matching, NEW);
		if (t->add != -1)
			snprintf(t->text, sizeof(t->text), "replace a record "
			    "of the old certificate by that of the one in "
			    "use");
	}
	return stale;
}

static void
plan_shows_new(struct planner *p)
{
	if (!p->new_kept) {
		publish_leaf(p, ROLLOVER_MEND, ROLLOVER_NOW, NEW, "publish "
		    "the record of the certificate in use at once");
		conclude(p, ROLLOVER_BROKEN, "the next certificate is "
		    "deployed and no record matches it (%s): mail is being "
		    "lost, for up to two TTLs; the old one back on the "
		    "servers %s", match_word(p->q->new->outcome), p->old_kept ?
		    "mends it at once" : "would not help");
		return;
	}
	step(p, ROLLOVER_PUBLISH, ROLLOVER_DONE, "a record matches the next "
	    "certificate");
	step(p, ROLLOVER_DEPLOY, ROLLOVER_DONE, "the servers show it");
	if (plan_replace(p) > 0)
		conclude(p, ROLLOVER_SAFE, "replace what is left of the old "
		    "certificate: until then fewer records match than there "
		    "should");
	else if (p->told && !p->settled)
		conclude(p, ROLLOVER_FINISHED, "done; older records may be "
		    "in caches until the present ones are two TTLs old");
	else
		conclude(p, ROLLOVER_FINISHED, "done: all records match the "
		    "certificate in use");
}

static bool
are_certificates(const struct rollover_question *q)
{
	struct certificate_facts f;

	return q->old_count > 0 && q->new_count > 0 &&
	    certificates_describe(q->old_chain[0], &f) &&
	    certificates_describe(q->new_chain[0], &f);
}

bool
rollover_plan(const struct rollover_question *q, struct rollover_plan *out)
{
	struct planner p = {
		.q = q, .out = out,
		.old_kept = match_promise(q->old->outcome) == MATCH_KEPT,
		.new_kept = match_promise(q->new->outcome) == MATCH_KEPT,
		.told = q->published != 0 && q->ttl != 0,
		.until = q->published + WAIT_TTLS * q->ttl * MICROSECONDS,
	};

	p.settled = p.told && q->now >= p.until;
	if (!are_certificates(q))
		return false;
	out->same_ca = same_ca(q);
	switch (q->shown) {
	case ROLLOVER_SHOWS_OLD:
		plan_shows_old(&p);
		break;
	case ROLLOVER_SHOWS_BOTH:
		plan_shows_both(&p);
		break;
	case ROLLOVER_SHOWS_NEW:
		plan_shows_new(&p);
		break;
	case ROLLOVER_SHOWS_OTHER:
		conclude(&p, ROLLOVER_UNKNOWN, "a server shows a certificate "
		    "that is neither the one in use nor the next: find out "
		    "which it is before anything is changed");
		break;
	}
	return true;
}

void
rollover_forget(struct rollover_plan *p)
{
	tlsa_clear(&p->made);
}

const char *
rollover_name_word(enum rollover_name n)
{
	static const char *const words[ROLLOVER_NAMES] = {
		[ROLLOVER_MEND] = "mend", [ROLLOVER_PUBLISH] = "publish",
		[ROLLOVER_WAIT] = "wait", [ROLLOVER_DEPLOY] = "deploy",
		[ROLLOVER_REPLACE] = "replace",
	};

	return n < ROLLOVER_NAMES ? words[n] : "?";
}

const char *
rollover_state_word(enum rollover_state s)
{
	switch (s) {
	case ROLLOVER_DONE:
		return "done";
	case ROLLOVER_NOW:
		return "now";
	case ROLLOVER_LATER:
		return "later";
	}
	return "?";
}

const char *
rollover_safety_word(enum rollover_safety s)
{
	switch (s) {
	case ROLLOVER_SAFE:
		return "safe";
	case ROLLOVER_NOT_YET:
		return "not-yet";
	case ROLLOVER_UNKNOWN:
		return "unknown";
	case ROLLOVER_BROKEN:
		return "broken";
	case ROLLOVER_FINISHED:
		return "finished";
	}
	return "?";
}
