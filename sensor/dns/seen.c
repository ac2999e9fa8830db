/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "dns/seen_internal.h"

#define PORT_DNS	53
#define CLASS_IN	1
#define CHAIN_MAX	8	/* CNAMEs followed, as resolvers do */

/*
 * Answers to one question race each other within a round trip.  A stub that
 * asks again with the same ID and port (glibc does, after five seconds) may
 * honestly get another answer; that is told by the time, and by its second
 * question where that was captured.  What comes twice within RETRY is one
 * question, copied by the switch.
 */
#define RACE		(4 * DNS_SECOND)
#define RETRY		(DNS_SECOND / 5)
#define QUESTION	(10 * DNS_SECOND)

struct dns_seen *
dns_seen_new(const struct dns_limits *limits, struct counters *counters)
{
	int64_t keep = limits->remember_seconds * DNS_SECOND;
	struct dns_seen *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->counters = counters;
	d->seed = limits->seed;
	d->keep = keep;
	dns_shelf_init(&d->questions, sizeof(struct dns_question),
	    limits->questions, QUESTION, counters,
	    COUNT_dns_questions_forgotten);
	dns_shelf_init(&d->names, sizeof(struct dns_led), limits->names, keep,
	    counters, COUNT_dns_names_forgotten);
	dns_shelf_init(&d->mx, sizeof(struct dns_shelf_item), limits->names,
	    keep, counters, COUNT_dns_names_forgotten);
	dns_shelf_init(&d->hosts, sizeof(struct dns_host), limits->names, keep,
	    counters, COUNT_dns_names_forgotten);
	dns_shelf_init(&d->doubts, sizeof(struct dns_doubt), limits->conflicts,
	    keep, counters, COUNT_dns_conflicts_forgotten);
	return d;
}

void
dns_seen_forget(struct dns_seen *d)
{
	dns_shelf_clear(&d->questions);
	dns_shelf_clear(&d->names);
	dns_shelf_clear(&d->mx);
	dns_shelf_clear(&d->hosts);
	dns_shelf_clear(&d->doubts);
}

void
dns_seen_free(struct dns_seen *d)
{
	if (d == NULL)
		return;
	dns_seen_forget(d);
	free(d);
}

/* ------------------------------------------------------------------ */
/* names                                                              */

static void
learn_name(struct dns_seen *d, const struct addr *address, const char *name,
    int64_t time)
{
	uint64_t key = dns_key_address(d->seed, address);
	struct dns_led *led;

	for (led = dns_shelf_find(&d->names, key); led != NULL;
	    led = dns_shelf_next(&d->names, led))
		if (strcmp(led->name, name) == 0) {
			dns_shelf_touch(&d->names, led, time);
			return;
		}
	led = dns_shelf_add_few(&d->names, key, time, DNS_NAMES_EACH);
	if (led == NULL)
		return;
	led->address = *address;
	strcpy(led->name, name);
}

static void
learn_key(struct dns_seen *d, uint64_t key, int64_t time)
{
	struct dns_shelf_item *i = dns_shelf_find(&d->mx, key);

	if (i != NULL)
		dns_shelf_touch(&d->mx, i, time);
	else
		dns_shelf_add(&d->mx, key, time);
}

static void
learn_mx(struct dns_seen *d, const char *domain, const char *host,
    int64_t time)
{
	uint64_t key = dns_key_name(d->seed, host);

	if (strcmp(host, ".") == 0)	/* takes no mail, RFC 7505 */
		return;
	learn_key(d, key, time);
	learn_key(d, dns_key_pair(d->seed, key,
	    dns_key_name(d->seed, domain)), time);
}

/* Where the CNAMEs of an answer lead from the name that was asked for. */
static void
follow(const struct dns_message *m, char final[DNS_NAME_MAX + 1])
{
	char owner[DNS_NAME_MAX + 1], target[DNS_NAME_MAX + 1];
	uint16_t none;

	strcpy(final, m->name);
	for (int hops = 0; hops < CHAIN_MAX; hops++) {
		bool moved = false;

		for (unsigned k = 0; k < m->kept && !moved; k++) {
			const struct dns_record *r = &m->answers[k];

			moved = r->type == DNS_CNAME &&
			    dns_record_owner(m, r, owner) &&
			    strcmp(owner, final) == 0 &&
			    dns_record_target(m, r, target, &none);
		}
		if (!moved)
			return;
		strcpy(final, target);
	}
}

/* Only what answers the question: additional records are anybody's word
 * (RFC 5452 section 6). */
static void
learn(struct dns_seen *d, const struct dns_message *m,
    const struct packet *p)
{
	char final[DNS_NAME_MAX + 1], name[DNS_NAME_MAX + 1];
	int64_t time = p->mark.time;
	uint16_t preference;
	struct addr address;
	bool well = false;

	follow(m, final);
	for (unsigned k = 0; k < m->kept; k++) {
		const struct dns_record *r = &m->answers[k];

		if (r->type != m->type || !dns_record_owner(m, r, name) ||
		    strcmp(name, final) != 0)
			continue;
		if (dns_record_address(m, r, &address)) {
			well = true;
			learn_name(d, &address, m->name, time);
			if (strcmp(m->name, final) != 0)
				learn_name(d, &address, final, time);
		} else if (r->type == DNS_MX &&
		    dns_record_target(m, r, name, &preference))
			learn_mx(d, m->name, name, time);
	}
	if (well)
		dns_host_well(d, m->name, p);
}

/* ------------------------------------------------------------------ */
/* questions answered twice                                           */

static uint64_t
doubt_key(const struct dns_seen *d, const struct dns_message *m)
{
	return dns_key_pair(d->seed, dns_key_name(d->seed, m->name), m->type);
}

static void
write_said(struct dns_said *said, const struct packet *p,
    const struct dns_message *m, const struct dns_answer *a)
{
	said->at = p->mark;
	said->hop_limit = p->ttl;
	said->authentic = m->authentic;
	said->with_signatures = m->signatures > 0;
	strcpy(said->text, a->text);
}

static void
note_conflict(struct dns_seen *d, const struct packet *p,
    const struct dns_message *m, const struct dns_question *q,
    const struct dns_answer *a)
{
	int64_t time = p->mark.time > q->said.at.time ? p->mark.time :
	    q->said.at.time;
	uint64_t key = doubt_key(d, m);
	struct dns_doubt *doubt = dns_shelf_find(&d->doubts, key);
	struct dns_conflict *c;

	if (doubt != NULL && doubt->item.last >= time - d->keep) {
		doubt->conflict.times++;
		doubt->conflict.asked |= q->asked;
		dns_shelf_touch(&d->doubts, doubt, time);
		return;
	}
	if (doubt != NULL)
		dns_shelf_renew(&d->doubts, doubt, time);
	else if ((doubt = dns_shelf_add(&d->doubts, key, time)) == NULL)
		return;
	count(d->counters, COUNT_dns_conflicts);
	c = &doubt->conflict;
	strcpy(c->name, m->name);
	c->type = m->type;
	c->client = p->destination;
	c->resolver = p->source;
	c->asked = q->asked;
	c->times = 1;
	c->before = q->said;
	write_said(&c->after, p, m, a);
	memcpy(doubt->about, q->about, q->abouts * sizeof(q->about[0]));
	memcpy(doubt->about + q->abouts, a->about,
	    a->abouts * sizeof(a->about[0]));
	doubt->abouts = q->abouts + a->abouts;
}

static struct dns_question *
question(struct dns_seen *d, uint64_t key, int64_t time)
{
	struct dns_question *q = dns_shelf_find(&d->questions, key);

	if (q == NULL)
		return dns_shelf_add(&d->questions, key, time);
	if (q->item.last < time - QUESTION)
		dns_shelf_renew(&d->questions, q, time);
	else
		dns_shelf_touch(&d->questions, q, time);
	return q;
}

static void
compare(struct dns_seen *d, const struct packet *p,
    const struct dns_message *m, struct dns_question *q,
    const struct dns_answer *a)
{
	int64_t apart = p->mark.time - q->said.at.time;

	if (a->verdict == DNS_SAYS_NOTHING)
		return;
	if (q->verdict == DNS_SAYS_NOTHING) {
		q->verdict = a->verdict;
		q->digest = a->digest;
		write_said(&q->said, p, m, a);
		memcpy(q->about, a->about, a->abouts * sizeof(a->about[0]));
		q->abouts = a->abouts;
		return;
	}
	if (q->in_conflict || q->retried || apart > RACE || -apart > RACE ||
	    !dns_answer_differs(q->verdict, q->digest, a->verdict, a->digest))
		return;
	q->in_conflict = true;
	note_conflict(d, p, m, q, a);
}

/* ------------------------------------------------------------------ */
/* messages                                                           */

static void
take_question(struct dns_seen *d, const struct packet *p,
    const struct dns_message *m)
{
	uint64_t key = dns_key_question(d->seed, p, m);
	struct dns_question *q = question(d, key, p->mark.time);
	const char *host;
	struct dns_doubt *doubt;

	if (q == NULL)
		return;
	if (q->asked) {
		q->retried |= p->mark.time - q->asked_at > RETRY;
		return;
	}
	q->asked = true;
	q->asked_at = p->mark.time;
	/* the answers overtook it on the way through the capture */
	if (q->in_conflict &&
	    (doubt = dns_shelf_find(&d->doubts, doubt_key(d, m))) != NULL)
		doubt->conflict.asked = true;
	if (m->type == DNS_TLSA && !q->answered &&
	    (host = dns_host_of_tlsa(m->name)) != NULL)
		dns_host_asked(d, host, key, p);
}

static void
take_answer(struct dns_seen *d, const struct packet *p,
    const struct dns_message *m)
{
	uint64_t key = dns_key_question(d->seed, p, m);
	struct dns_question *q = question(d, key, p->mark.time);
	bool error = m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN;
	struct dns_answer a;
	const char *host;

	if (q == NULL)
		return;
	dns_answer_read(&a, m, d->seed);
	compare(d, p, m, q, &a);
	if (m->type == DNS_TLSA && (host = dns_host_of_tlsa(m->name)) != NULL)
		dns_host_answered(d, host, key, p, m->rcode,
		    error && !q->failed);
	q->answered = true;
	q->failed |= error;
	if (a.verdict == DNS_SAYS_DATA)
		learn(d, m, p);
}

void
dns_seen_take(struct dns_seen *d, const struct packet *p)
{
	struct dns_message m;

	switch (dns_message_read(&m, p->payload, p->payload_wire)) {
	case DNS_READ_GOOD:
		break;
	case DNS_READ_CUT:
		count(d->counters, COUNT_dns_cut);
		break;
	case DNS_READ_BAD:
		count(d->counters, COUNT_dns_bad);
		return;
	}
	if (!m.asked || m.opcode != 0 || m.class != CLASS_IN ||
	    m.name[0] == '\0' || !dns_answer_wanted(m.type))
		return;
	if (m.response && p->source_port == PORT_DNS)
		take_answer(d, p, &m);
	else if (!m.response && p->destination_port == PORT_DNS)
		take_question(d, p, &m);
}
