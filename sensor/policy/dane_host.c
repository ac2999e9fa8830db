/* SPDX-License-Identifier: ISC */
/*
 * From a domain to its MX hosts, and which of them a server address is.
 */
#include <stdlib.h>

#include "policy/dane_internal.h"

/* RFC 7672 section 2.2: to an address literal DANE does not apply. */
static enum step
check_domain(struct judging *j)
{
	const char *domain = j->q->domain;

	if (domain[0] == '[')
		return dane_conclude(j->v, POLICY_NOT_APPLICABLE,
		    DANE_WHY_LITERAL);
	for (const char *c = domain; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			return dane_conclude(j->v, POLICY_NOT_APPLICABLE,
			    DANE_WHY_IDN);
	if (!lookup_name_copy(j->v->domain, domain))
		return dane_conclude(j->v, POLICY_NOT_APPLICABLE,
		    DANE_WHY_BAD_NAME);
	return STEP_GO_ON;
}

static int
by_preference(const void *a, const void *b)
{
	const struct host *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum step
list_hosts(struct judging *j)
{
	struct host all[LOOKUP_RECORDS_MAX];
	unsigned n = 0, nulls = 0, addresses = 0;
	struct addr literal;

	for (unsigned i = 0; i < j->mx->nrecords; i++) {
		const struct lookup_record *r = &j->mx->records[i];
		const char *name = (const char *)r->data.at;

		if (r->data.len == 0)
			nulls++;
		else if (addr_parse(&literal, name) == 0)
			addresses++;
		else
			all[n++] = (struct host){ r->preference, name };
	}
	if (n == 0)
		return dane_conclude(j->v, POLICY_NOT_APPLICABLE, nulls > 0 ?
		    DANE_WHY_NULL_MX : addresses > 0 ?
		    DANE_WHY_MX_IS_ADDRESS : DANE_WHY_BAD_NAME);
	if (nulls > 0)	/* RFC 7505 section 3: it must be the only one */
		dane_tag(j->v, DANE_TAG_NULL_AMONG_OTHERS);
	qsort(all, n, sizeof(all[0]), by_preference);
	j->nhosts = n < DANE_HOSTS_MAX ? n : DANE_HOSTS_MAX;
	j->cut = j->mx->cut || n > j->nhosts;
	memcpy(j->hosts, all, j->nhosts * sizeof(all[0]));
	return STEP_GO_ON;
}

/* RFC 5321 section 5.1 and RFC 7672 section 2.2.1. */
enum step
dane_find_mx(struct judging *j)
{
	enum step s;

	if ((s = check_domain(j)) != STEP_GO_ON)
		return s;
	if ((j->mx = dane_ask(j, j->v->domain, LOOKUP_MX)) == NULL)
		return STEP_WAIT;
	s = dane_check_lookup(j->v, j->mx, DANE_WHY_MX_BOGUS,
	    DANE_WHY_MX_FAILED);
	if (s != STEP_GO_ON)
		return s;
	j->mx_secure = j->mx->status == LOOKUP_SECURE;
	if (j->mx->found == LOOKUP_NXDOMAIN)
		return dane_conclude(j->v, POLICY_NOT_APPLICABLE,
		    DANE_WHY_NO_DOMAIN);
	if (j->mx->found == LOOKUP_DATA)
		return list_hosts(j);
	dane_tag(j->v, DANE_TAG_IMPLICIT_MX);
	j->hosts[0] = (struct host){ 0, j->v->domain };
	j->nhosts = 1;
	return STEP_GO_ON;
}

static bool
has_server(const struct judging *j, const struct lookup_answer *a)
{
	const uint8_t *octets = j->q->server.octets;
	struct span want = j->family == LOOKUP_A ? span_of(octets + 12, 4) :
	    span_of(octets, 16);

	if (!lookup_has_data(a))
		return false;
	for (unsigned i = 0; i < a->nrecords; i++)
		if (span_equal(a->records[i].data, want))
			return true;
	return false;
}

static enum step
choose(struct judging *j, const char *host, enum dane_by by)
{
	dane_copy_name(j->v->host, host);
	j->v->by = by;
	return STEP_DONE;
}

/* Does this name lead to the server?  STEP_GO_ON: not as far as we know. */
static enum step
leads_here(struct judging *j, const char *name)
{
	const struct lookup_answer *a;

	if ((a = dane_ask(j, name, j->family)) == NULL)
		return STEP_WAIT;
	if (has_server(j, a))
		return STEP_DONE;
	if (j->unheard == NULL && (lookup_failed(a) ||
	    a->status == LOOKUP_UNKNOWN))
		j->unheard = a;
	return STEP_GO_ON;
}

/* Is it an MX host, or the name that one is an alias of? */
static const char *
host_called(const struct judging *j, const char *name)
{
	for (unsigned i = 0; i < j->nhosts; i++)
		if (strcmp(j->hosts[i].name, name) == 0)
			return j->hosts[i].name;
	for (unsigned i = 0; i < j->nhosts; i++) {
		const struct lookup_answer *a = dane_ask(j, j->hosts[i].name,
		    j->family);

		if (a != NULL && a->aliases > 0 &&
		    strcmp(a->canonical, name) == 0)
			return j->hosts[i].name;
	}
	return NULL;
}

/* The addresses of all MX hosts, asked for together. */
static enum step
ask_addresses(const struct judging *j)
{
	enum step s = STEP_GO_ON;

	for (unsigned i = 0; i < j->nhosts; i++)
		if (dane_ask(j, j->hosts[i].name, j->family) == NULL)
			s = STEP_WAIT;
	return s;
}

/*
 * RFC 7672 section 8.1 obliges a DANE sender to say the TLSA base domain in
 * SNI, RFC 8461 section 7.1 an MTA-STS sender the MX host.  A name that is
 * no MX host's must at least lead to the server.
 */
static enum step
choose_by_sni(struct judging *j)
{
	char name[LOOKUP_NAME_MAX];
	const char *host;
	enum step s;

	if (j->q->sni == NULL || !lookup_name_copy(name, j->q->sni))
		return STEP_GO_ON;
	if ((host = host_called(j, name)) != NULL)
		return choose(j, host, DANE_BY_SNI);
	if ((s = leads_here(j, name)) != STEP_DONE)
		return s;
	if (j->mx == NULL)
		return choose(j, name, DANE_BY_SNI);
	/* a relay is what the sender was told, not what an MX said */
	dane_tag(j->v, DANE_TAG_NOT_AN_MX);
	j->mx_secure = true;
	return choose(j, name, DANE_BY_SNI);
}

static enum step
choose_by_address(struct judging *j)
{
	const char *host = NULL;
	unsigned matches = 0;

	for (unsigned i = 0; i < j->nhosts; i++) {
		const struct lookup_answer *a = dane_ask(j, j->hosts[i].name,
		    j->family);

		if (a == NULL || !has_server(j, a))
			continue;
		if (matches++ == 0)
			host = j->hosts[i].name;
	}
	if (matches == 0)
		return STEP_GO_ON;
	if (matches > 1)
		dane_tag(j->v, DANE_TAG_AMBIGUOUS);
	return choose(j, host, DANE_BY_MX);
}

/*
 * DNS answers in the capture are not proof, but names: with an MX host's
 * name at this address our resolver merely sees another part of the pool.
 */
static enum step
choose_by_names(struct judging *j)
{
	char name[LOOKUP_NAME_MAX];
	const char *host;
	enum step s;

	for (unsigned i = 0; i < j->q->nnames; i++) {
		if (!lookup_name_copy(name, j->q->names[i]))
			continue;
		if ((host = host_called(j, name)) != NULL)
			return choose(j, host, DANE_BY_DNS);
		if (j->mx != NULL)
			continue;
		if ((s = leads_here(j, name)) == STEP_WAIT)
			return s;
		if (s == STEP_DONE)
			return choose(j, name, DANE_BY_DNS);
	}
	return STEP_GO_ON;
}

/* What a server calls itself counts when its address agrees. */
static enum step
choose_by_banner(struct judging *j)
{
	char name[LOOKUP_NAME_MAX];
	enum step s;

	if (j->q->banner == NULL || !lookup_name_copy(name, j->q->banner) ||
	    strchr(name, '.') == NULL)
		return STEP_GO_ON;
	if ((s = leads_here(j, name)) != STEP_DONE)
		return s;
	return choose(j, name, DANE_BY_BANNER);
}

/* No MX host has this address, as far as we know: how far is that? */
static enum step
explain_stranger(struct judging *j)
{
	const struct lookup_answer *worst = NULL;
	unsigned failed = 0, unknown = 0;

	for (unsigned i = 0; i < j->nhosts; i++) {
		const struct lookup_answer *a = dane_ask(j, j->hosts[i].name,
		    j->family);

		if (a == NULL)
			return STEP_WAIT;
		if (a->status == LOOKUP_UNKNOWN)
			unknown++;
		if (!lookup_failed(a))
			continue;
		failed++;
		if (worst == NULL || a->status == LOOKUP_BOGUS)
			worst = a;
		if (failed == 1)
			dane_copy_name(j->v->host, j->hosts[i].name);
	}
	/* then it cannot have been reached by a compliant sender */
	if (failed > 0 && failed == j->nhosts && !j->cut)
		return dane_check_lookup(j->v, worst, DANE_WHY_ADDRESS_BOGUS,
		    DANE_WHY_ADDRESS_FAILED);
	j->v->host[0] = '\0';
	if (failed > 0)
		return dane_conclude(j->v, POLICY_UNKNOWN,
		    DANE_WHY_ADDRESS_FAILED);
	if (unknown > 0)
		return dane_conclude(j->v, POLICY_UNKNOWN, DANE_WHY_NOT_ASKED);
	if (j->cut)
		return dane_conclude(j->v, POLICY_UNKNOWN, DANE_WHY_TOO_MANY);
	return dane_conclude(j->v, POLICY_NOT_APPLICABLE, DANE_WHY_NOT_AN_MX);
}

/* No name leads to it: is there none, or could it not be learnt? */
static enum step
explain_nameless(struct judging *j)
{
	enum dane_why why = DANE_WHY_NO_NAME;

	if (j->unheard != NULL && dane_check_lookup(j->v, j->unheard,
	    DANE_WHY_ADDRESS_BOGUS, DANE_WHY_ADDRESS_FAILED) == STEP_DONE)
		why = j->v->why;
	return dane_conclude(j->v, POLICY_UNKNOWN, why);
}

/* STEP_GO_ON: v->host is it. */
enum step
dane_find_host(struct judging *j)
{
	static enum step (*const ways[])(struct judging *) = { choose_by_sni,
	    choose_by_address, choose_by_names };
	enum step s;

	if (ask_addresses(j) == STEP_WAIT)
		return STEP_WAIT;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if ((s = ways[i](j)) != STEP_GO_ON)
			return s == STEP_DONE ? STEP_GO_ON : STEP_WAIT;
	if (j->mx != NULL &&
	    ((s = explain_stranger(j)) == STEP_WAIT ||
	    j->v->why != DANE_WHY_NOT_AN_MX))
		return s;
	s = choose_by_banner(j);
	if (j->mx != NULL || s == STEP_WAIT)
		return s == STEP_WAIT ? STEP_WAIT : STEP_DONE;
	if (s == STEP_DONE)
		return STEP_GO_ON;
	return explain_nameless(j);
}

