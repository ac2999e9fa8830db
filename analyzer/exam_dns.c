/* SPDX-License-Identifier: ISC */
/*
 * What the DNS says of a name: MX, addresses, TLSA, and how far each can be
 * trusted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analyzer/exam.h"
#include "policy/grounds.h"
#include "policy/tlsa_text.h"

#define TRUST_MAX	200
#define LIST_MAX	400
#define PER_FAMILY	8	/* addresses of a host and family */

/* "signed (DNSSEC)", or what went wrong; and how grave that is. */
static enum exam_level
describe_trust(const struct lookup_answer *a, char out[TRUST_MAX])
{
	/* 6 says "bogus" once more (RFC 8914 section 4.7) */
	const char *ede = a->ede != 6 ? grounds_ede_text(a->ede) : NULL;
	const char *failure = lookup_failure_word(a->failure);

	switch (a->status) {
	case LOOKUP_SECURE:
		snprintf(out, TRUST_MAX, "signed (DNSSEC)");
		return EXAM_GOOD;
	case LOOKUP_INSECURE:
		snprintf(out, TRUST_MAX, "not signed (DNSSEC)%s",
		    a->untrusted ? "; the resolver says it is, and is not "
		    "to be believed" : "");
		return EXAM_WARNING;
	case LOOKUP_BOGUS:
		snprintf(out, TRUST_MAX, "its signatures do not validate "
		    "(DNSSEC bogus%s%s): it may be forged, and senders that "
		    "validate do not deliver", ede != NULL ? "; " : "",
		    ede != NULL ? ede : "");
		return EXAM_FAULT;
	case LOOKUP_FAILED:
		snprintf(out, TRUST_MAX, "the lookup failed (%s%s%s): "
		    "senders wait and do not deliver",
		    failure != NULL ? failure : "?",
		    ede != NULL ? "; " : "", ede != NULL ? ede : "");
		return EXAM_FAULT;
	case LOOKUP_UNKNOWN:
		break;
	}
	snprintf(out, TRUST_MAX, "could not be looked up (%s)",
	    failure != NULL ? failure : "?");
	return EXAM_UNKNOWN;
}

static json_t *
lookup_facts(const struct lookup_answer *a)
{
	json_t *f = json_pack("{s:s, s:s, s:I}", "status",
	    lookup_status_word(a->status), "found",
	    lookup_found_word(a->found), "ttl", (json_int_t)a->ttl);

	if (a->ede != LOOKUP_NO_EDE)
		json_object_set_new(f, "ede", json_integer(a->ede));
	if (a->aliases > 0)
		exam_keep(f, "canonical", a->canonical);
	exam_keep(f, "failure", lookup_failure_word(a->failure));
	return f;
}

/* A resolver turns them around; we do not. */
static int
in_order(const void *a, const void *b)
{
	const struct lookup_record *x = *(const struct lookup_record *const *)a;
	const struct lookup_record *y = *(const struct lookup_record *const *)b;
	size_t len = x->data.len < y->data.len ? x->data.len : y->data.len;
	int rc;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	if (len > 0 && (rc = memcmp(x->data.at, y->data.at, len)) != 0)
		return rc;
	return x->data.len < y->data.len ? -1 : x->data.len > y->data.len;
}

/* "a, b, and 3 more": the records, as far as they fit. */
static void
list_records(enum lookup_type t, const struct lookup_answer *a,
    char out[LIST_MAX])
{
	const struct lookup_record *sorted[LOOKUP_RECORDS_MAX];
	char one[LOOKUP_NAME_MAX + 8];
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < a->nrecords; i++)
		sorted[i] = &a->records[i];
	qsort(sorted, a->nrecords, sizeof(sorted[0]), in_order);
	for (unsigned i = 0; i < a->nrecords; i++) {
		lookup_record_text(t, sorted[i], one, sizeof(one));
		if (used + strlen(one) + 32 > LIST_MAX) {
			snprintf(out + used, LIST_MAX - used,
			    ", and %u more", a->nrecords - i);
			return;
		}
		used += (size_t)snprintf(out + used, LIST_MAX - used, "%s%s",
		    i > 0 ? ", " : "", one);
	}
}

/* --- MX --- */

static int
by_preference(const void *a, const void *b)
{
	const struct exam_host *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcasecmp(x->name, y->name);
}

static void
add_host(struct exam *e, const char *name, uint16_t preference)
{
	if (e->nhosts < DANE_HOSTS_MAX)
		e->hosts[e->nhosts++] = (struct exam_host){ .name = name,
		    .preference = preference };
}

static void
list_hosts(struct exam *e)
{
	const struct exam_remark fault = { EXAM_FAULT, "MX", "mx-is-address",
	    NULL, NULL };
	const struct lookup_record *r;
	unsigned nulls = 0;
	struct addr literal;
	const char *name;

	for (unsigned i = 0; i < e->mx->nrecords; i++) {
		r = &e->mx->records[i];
		name = (const char *)r->data.at;
		if (r->data.len == 0)
			nulls++;
		else if (addr_parse(&literal, name) == 0)
			exam_say(e, &fault, "%s is an address; an MX names a "
			    "host (RFC 5321 section 5.1)", name);
		else if (!lookup_name_ok(name))
			exam_say(e, &fault, "%s cannot be a host's name",
			    name);
		else
			add_host(e, name, r->preference);
	}
	if (nulls > 0 && e->nhosts == 0)
		exam_say(e, &(struct exam_remark){ EXAM_NOTE, "MX", "null-mx",
		    NULL, NULL }, "the domain takes no mail (null MX, RFC "
		    "7505)");
	else if (nulls > 0)
		exam_say(e, &(struct exam_remark){ EXAM_WARNING, "MX",
		    "null-mx-among-others", NULL, NULL }, "a null MX stands "
		    "among others; it must be the only one (RFC 7505 section "
		    "3)");
	if (e->mx->cut || e->mx->nrecords > e->nhosts + nulls)
		exam_say(e, &(struct exam_remark){ EXAM_NOTE, "MX", "cut",
		    NULL, NULL }, "more hosts than are looked at here (%u)",
		    e->nhosts);
	qsort(e->hosts, e->nhosts, sizeof(e->hosts[0]), by_preference);
}

static void
say_mx(struct exam *e)
{
	struct exam_remark r = { .about = "MX", .word = "mx" };
	char trust[TRUST_MAX], list[LIST_MAX];

	r.level = describe_trust(e->mx, trust);
	if (e->mx->status == LOOKUP_INSECURE)
		r.word = "mx-unsigned";
	if (r.level >= EXAM_UNKNOWN) {
		r.word = e->mx->status == LOOKUP_BOGUS ? "dnssec-bogus" :
		    "mx-failed";
		exam_say(e, &r, "%s", trust);
		return;
	}
	list_records(LOOKUP_MX, e->mx, list);
	exam_say(e, &r, "%s; %s%s", list, trust, r.level == EXAM_WARNING ?
	    ": whoever forges it is sent the mail, whatever the hosts' TLSA "
	    "records say" : "");
}

/* A name without MX is a host; mail for it goes there itself. */
static void
take_as_host(struct exam *e)
{
	struct exam_remark r = { EXAM_NOTE, "MX", "no-mx", NULL, NULL };
	char trust[TRUST_MAX];

	e->is_domain = false;
	if (e->mx->found == LOOKUP_NXDOMAIN) {
		r.level = EXAM_FAULT;
		r.word = "no-such-domain";
		describe_trust(e->mx, trust);
		exam_say(e, &r, "there is no such name; its absence is %s",
		    trust);
		return;
	}
	exam_say(e, &r, "none: looked at as a host.  Mail for addresses "
	    "@%s goes to it as well", e->name);
	add_host(e, e->name, 0);
}

static int
find_hosts(struct exam *e)
{
	e->mx = answers_ask(e->dns, &e->inquiry, e->name, LOOKUP_MX);
	if (e->mx == NULL)
		return -1;
	json_object_set_new(e->facts, "mx", lookup_facts(e->mx));
	e->is_domain = true;
	if (lookup_failed(e->mx) || e->mx->status == LOOKUP_UNKNOWN) {
		say_mx(e);
		return 0;
	}
	if (e->mx->found != LOOKUP_DATA) {
		take_as_host(e);
		return 0;
	}
	if (e->mx->aliases > 0)
		exam_say(e, &(struct exam_remark){ EXAM_NOTE, "CNAME",
		    "domain-is-alias", NULL, NULL }, "the domain is an alias "
		    "of %s", e->mx->canonical);
	say_mx(e);
	list_hosts(e);
	return 0;
}

/* --- addresses --- */

static void
add_addresses(struct exam *e, struct exam_host *h, enum lookup_type t,
    const struct lookup_answer *a)
{
	struct exam_address *to;

	for (unsigned i = 0; i < a->nrecords && i < PER_FAMILY; i++) {
		if (e->naddresses == EXAM_ADDRESSES_MAX)
			break;
		if (a->records[i].data.len != (t == LOOKUP_A ? 4 : 16))
			continue;
		to = &e->addresses[e->naddresses++];
		*to = (struct exam_address){ .host = h };
		to->addr = t == LOOKUP_A ? addr_v4(a->records[i].data.at) :
		    addr_v6(a->records[i].data.at);
		addr_format(&to->addr, to->text);
	}
}

/* One family; the number of addresses it has. */
static unsigned
say_addresses(struct exam *e, struct exam_host *h, enum lookup_type t)
{
	const struct lookup_answer *a = inquire(&e->inquiry, h->name, t);
	struct exam_remark r = { .about = t == LOOKUP_A ? "IPv4" : "IPv6",
	    .word = "address", .host = h };
	char trust[TRUST_MAX], list[LIST_MAX];
	json_t *facts;

	if (a == NULL)
		return 0;
	facts = lookup_facts(a);
	json_object_set_new(h->facts, t == LOOKUP_A ? "a" : "aaaa", facts);
	r.level = describe_trust(a, trust);
	if (a->status == LOOKUP_INSECURE)
		r.word = "address-unsigned";
	if (r.level >= EXAM_UNKNOWN) {
		r.word = a->status == LOOKUP_BOGUS ? "dnssec-bogus" :
		    "address-failed";
		exam_say(e, &r, "%s", trust);
		return 0;
	}
	if (a->found != LOOKUP_DATA)
		return 0;
	list_records(t, a, list);
	exam_say(e, &r, "%s; %s%s%s", list, trust, a->aliases > 0 ?
	    "; an alias of " : "", a->aliases > 0 ? a->canonical : "");
	if (a->aliases > 0 && t == LOOKUP_A && e->is_domain)
		exam_say(e, &(struct exam_remark){ EXAM_WARNING, "CNAME",
		    "mx-is-alias", h, NULL }, "an MX must not name an alias "
		    "(RFC 2181 section 10.3); some senders refuse it");
	add_addresses(e, h, t, a);
	return a->nrecords;
}

static int
find_addresses(struct exam *e)
{
	static const enum lookup_type families[] = { LOOKUP_A, LOOKUP_AAAA };
	json_t *hosts = json_array();
	struct exam_host *h;
	unsigned n;

	json_object_set_new(e->facts, "hosts", hosts);
	for (unsigned i = 0; i < e->nhosts; i++)
		for (int f = 0; f < 2; f++)
			inquire(&e->inquiry, e->hosts[i].name, families[f]);
	if (answers_fill(e->dns, &e->inquiry) == -1)
		return -1;
	for (unsigned i = 0; i < e->nhosts; i++) {
		h = &e->hosts[i];
		h->facts = json_object();
		json_array_append_new(hosts, h->facts);
		exam_keep(h->facts, "name", h->name);
		if (e->is_domain)
			json_object_set_new(h->facts, "preference",
			    json_integer(h->preference));
		n = say_addresses(e, h, LOOKUP_A);
		n += say_addresses(e, h, LOOKUP_AAAA);
		if (n == 0)
			exam_say(e, &(struct exam_remark){ EXAM_FAULT,
			    "address", "no-address", h, NULL }, "no address "
			    "is known of it: it cannot be reached");
	}
	return 0;
}

/* --- TLSA --- */

static void
ask_question(const struct exam *e, const struct exam_address *a,
    struct dane_question *q)
{
	/* the host's name as SNI says which MX host is meant (RFC 7672
	 * section 8.1) */
	*q = (struct dane_question){ .domain = e->is_domain ? e->name : NULL,
	    .server = a->addr, .port = (uint16_t)e->port,
	    .sni = a->host->name };
}

/* Until the rules have all the answers they want. */
static int
judge_policies(struct exam *e)
{
	struct dane_question q;
	bool waiting = true;

	while (waiting) {
		waiting = false;
		for (unsigned i = 0; i < e->naddresses; i++) {
			ask_question(e, &e->addresses[i], &q);
			if (!dane_judge(&e->addresses[i].dane, &q,
			    &e->inquiry))
				waiting = !e->inquiry.full;
		}
		if (waiting && answers_fill(e->dns, &e->inquiry) == -1)
			return -1;
	}
	return 0;
}

static int
compare_records(const void *a, const void *b)
{
	return tlsa_compare(a, b);
}

static void
take_records(struct exam *e, struct exam_host *h,
    const struct lookup_answer *a, const char *base)
{
	json_t *list = json_array(), *facts = lookup_facts(a);
	char text[LIST_MAX];

	for (unsigned i = 0; i < a->nrecords; i++)
		if (!tlsa_add_rdata(&h->records, a->records[i].data))
			h->records.left_out++;
	qsort(h->records.list, h->records.count, sizeof(h->records.list[0]),
	    compare_records);
	for (unsigned i = 0; i < h->records.count; i++) {
		tlsa_text(&h->records.list[i], text, sizeof(text));
		json_array_append_new(list, json_string(text));
	}
	h->is_signed = a->status == LOOKUP_SECURE;
	h->ttl = a->ttl;
	snprintf(text, sizeof(text), "_%u._tcp.%s", e->port, base);
	exam_keep(facts, "owner", text);
	json_object_set_new(facts, "records", list);
	json_object_set_new(h->facts, "tlsa", facts);
	exam_say(e, &(struct exam_remark){ h->is_signed ? EXAM_GOOD :
	    EXAM_WARNING, "TLSA", h->is_signed ? "tlsa" : "tlsa-unsigned",
	    h, NULL }, "%u record%s at %s; %s, TTL %u s",
	    h->records.count, h->records.count == 1 ? "" : "s", text,
	    h->is_signed ? "signed (DNSSEC)" : "not signed (DNSSEC)",
	    h->ttl);
}

/* Records where they bind nobody: their publisher may not know. */
static void
look_for_unsigned(struct exam *e, struct exam_host *h)
{
	const struct lookup_answer *a;
	char name[LOOKUP_NAME_MAX], prefix[24];

	snprintf(prefix, sizeof(prefix), "_%u._tcp", e->port);
	if (!lookup_name_under(name, prefix, h->name))
		return;
	a = answers_ask(e->dns, &e->inquiry, name, LOOKUP_TLSA);
	if (a != NULL && lookup_has_data(a) && a->status == LOOKUP_INSECURE)
		take_records(e, h, a, h->name);
}

static enum exam_level
policy_level(const struct dane_verdict *v)
{
	switch (v->state) {
	case POLICY_DANE_AUTH:
		return EXAM_GOOD;
	case POLICY_DANE_TLS:
	case POLICY_DANE_HALF:
	case POLICY_NONE_SECURE:
	case POLICY_NONE_INSECURE:
		return EXAM_WARNING;
	case POLICY_MUST_NOT_DELIVER:
		return EXAM_FAULT;
	case POLICY_NOT_APPLICABLE:
		return EXAM_NOTE;
	default:
		return EXAM_UNKNOWN;
	}
}

static void
say_policy(struct exam *e, struct exam_host *h)
{
	const struct exam_address *a;
	const struct dane_verdict *first = NULL;

	for (unsigned i = 0; i < e->naddresses; i++) {
		a = &e->addresses[i];
		if (a->host != h || (first != NULL &&
		    first->state == a->dane.state &&
		    first->why == a->dane.why))
			continue;
		if (first == NULL && a->dane.tlsa != NULL)
			take_records(e, h, a->dane.tlsa, a->dane.base);
		if (first == NULL && a->dane.tlsa == NULL)
			look_for_unsigned(e, h);
		if (first == NULL)
			exam_keep(h->facts, "policy",
			    policy_word(a->dane.state));
		exam_say(e, &(struct exam_remark){ policy_level(&a->dane),
		    "policy", policy_word(a->dane.state), h, NULL },
		    "%s%s: %s (%s)", first == NULL ? "" :
		    addr_is_v4(&a->addr) ? "over IPv4: " : "over IPv6: ",
		    policy_word(a->dane.state), policy_text(a->dane.state),
		    dane_why_word(a->dane.why));
		first = &a->dane;
	}
}

/* An attacker closes the covered hosts and leaves the others (RFC 7672
 * section 2.2.1). */
static void
say_coverage(struct exam *e)
{
	unsigned covered = 0;

	for (unsigned i = 0; i < e->nhosts; i++)
		covered += e->hosts[i].records.count > 0 &&
		    e->hosts[i].is_signed;
	json_object_set_new(e->facts, "hosts_covered", json_integer(covered));
	if (covered == 0 || e->nhosts < 2)
		return;
	exam_say(e, &(struct exam_remark){ covered == e->nhosts ? EXAM_GOOD :
	    EXAM_WARNING, "coverage", covered == e->nhosts ? "dane" :
	    "dane-partial", NULL, NULL }, "%u of %u MX hosts have signed "
	    "TLSA records%s", covered, e->nhosts, covered == e->nhosts ? "" :
	    ": an attacker closes these and strips the others");
}

int
exam_dns(struct exam *e)
{
	if (find_hosts(e) == -1 || find_addresses(e) == -1 ||
	    judge_policies(e) == -1)
		return -1;
	for (unsigned i = 0; i < e->nhosts; i++)
		say_policy(e, &e->hosts[i]);
	say_coverage(e);
	return 0;
}
