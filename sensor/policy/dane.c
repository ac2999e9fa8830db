/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "policy/dane_internal.h"
#include "policy/tlsa.h"

enum step
dane_conclude(struct dane_verdict *v, enum policy_state state,
    enum dane_why why)
{
	v->state = state;
	v->why = why;
	return STEP_DONE;
}

void
dane_tag(struct dane_verdict *v, enum dane_tag t)
{
	v->tags |= 1U << t;
}

void
dane_copy_name(char to[LOOKUP_NAME_MAX], const char *from)
{
	snprintf(to, LOOKUP_NAME_MAX, "%s", from);
}

const struct lookup_answer *
dane_ask(const struct judging *j, const char *name, enum lookup_type type)
{
	const struct lookup_answer *a = inquire(j->i, name, type);

	if (a != NULL && a->untrusted)
		dane_tag(j->v, DANE_TAG_AD_UNTRUSTED);
	return a;
}

enum step
dane_check_lookup(struct dane_verdict *v, const struct lookup_answer *a,
    enum dane_why bogus, enum dane_why failed)
{
	switch (a->status) {
	case LOOKUP_UNKNOWN:
		return dane_conclude(v, POLICY_UNKNOWN,
		    a->failure == LOOKUP_TIMEOUT ||
		    a->failure == LOOKUP_UNREACHABLE ? DANE_WHY_NO_RESOLVER :
		    DANE_WHY_NOT_ASKED);
	case LOOKUP_BOGUS:
		return dane_conclude(v, POLICY_MUST_NOT_DELIVER, bogus);
	case LOOKUP_FAILED:
		return dane_conclude(v, POLICY_MUST_NOT_DELIVER, failed);
	case LOOKUP_SECURE:
	case LOOKUP_INSECURE:
		break;
	}
	return STEP_GO_ON;
}

/* A host of which TLSA is to be found. */
struct candidate {
	const char		*host;
	enum lookup_type		 family;
	const char		*bases[2];	/* in the order of trial */
	unsigned		 nbases;
	bool			 secure;	/* every step so far */
};

/*
 * RFC 7672 section 2.2.2: addresses come first, because unsigned zones may
 * answer TLSA with nothing at all.  RFC 7672 section 2.2.3: behind a secure
 * alias the expanded name is tried before the original; names in between
 * never are.
 */
static enum step
find_bases(struct judging *j, struct candidate *c)
{
	const struct lookup_answer *a, *alias;
	enum step s;

	if ((a = dane_ask(j, c->host, c->family)) == NULL)
		return STEP_WAIT;
	s = dane_check_lookup(j->v, a, DANE_WHY_ADDRESS_BOGUS,
	    DANE_WHY_ADDRESS_FAILED);
	if (s != STEP_GO_ON)
		return s;
	if (a->found != LOOKUP_DATA)
		return dane_conclude(j->v, POLICY_NOT_APPLICABLE,
		    DANE_WHY_NO_ADDRESS);
	if (a->aliases > 0)
		dane_tag(j->v, DANE_TAG_MX_IS_ALIAS);
	if (a->status == LOOKUP_SECURE) {
		if (a->aliases > 0)
			c->bases[c->nbases++] = a->canonical;
		c->bases[c->nbases++] = c->host;
		return STEP_GO_ON;
	}
	c->secure = false;
	if (a->aliases == 0)
		return STEP_GO_ON;
	if ((alias = dane_ask(j, c->host, LOOKUP_CNAME)) == NULL)
		return STEP_WAIT;
	s = dane_check_lookup(j->v, alias, DANE_WHY_ADDRESS_BOGUS,
	    DANE_WHY_ADDRESS_FAILED);
	if (s == STEP_GO_ON && alias->status == LOOKUP_SECURE &&
	    alias->found == LOOKUP_DATA)
		c->bases[c->nbases++] = c->host;
	return s;
}

static bool
tlsa_name(const struct judging *j, const char *base, char out[LOOKUP_NAME_MAX])
{
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "_%u._tcp", j->q->port);
	return lookup_name_under(out, prefix, base);
}

/* A secure RRset at `base`: it decides.  RFC 7672 section 2.2. */
static enum step
take_tlsa(struct judging *j, const struct lookup_answer *a, const char *base)
{
	struct tlsa_set set = { .count = 0 };
	bool usable;

	for (unsigned i = 0; i < a->nrecords; i++)
		tlsa_add_rdata(&set, a->records[i].data);
	usable = tlsa_usable(&set) > 0;
	tlsa_clear(&set);
	dane_copy_name(j->v->base, base);
	j->v->tlsa = a;
	if (a->aliases > 0)
		dane_tag(j->v, DANE_TAG_TLSA_ALIAS);
	if (!j->mx_secure)
		return dane_conclude(j->v, POLICY_DANE_HALF,
		    DANE_WHY_MX_INSECURE);
	if (!usable)
		return dane_conclude(j->v, POLICY_DANE_TLS,
		    DANE_WHY_TLSA_UNUSABLE);
	return dane_conclude(j->v, POLICY_DANE_AUTH, DANE_WHY_TLSA);
}

/*
 * The first candidate with secure records wins; a failure at one is a
 * failure of the host, and no reason to try the next.
 */
static enum step
find_tlsa(struct judging *j, struct candidate *c)
{
	char name[LOOKUP_NAME_MAX];
	const struct lookup_answer *a;
	bool insecure = false;
	enum step s;

	for (unsigned i = 0; i < c->nbases; i++) {
		if (!tlsa_name(j, c->bases[i], name))
			continue;	/* too long to exist */
		if ((a = dane_ask(j, name, LOOKUP_TLSA)) == NULL)
			return STEP_WAIT;
		s = dane_check_lookup(j->v, a, DANE_WHY_TLSA_BOGUS,
		    DANE_WHY_TLSA_FAILED);
		if (s != STEP_GO_ON)
			return s;
		if (a->status == LOOKUP_SECURE && a->found == LOOKUP_DATA)
			return take_tlsa(j, a, c->bases[i]);
		if (a->status != LOOKUP_SECURE) {
			insecure = true;
			if (a->found == LOOKUP_DATA)
				dane_tag(j->v, DANE_TAG_TLSA_UNSIGNED);
		}
	}
	if (!c->secure)
		return dane_conclude(j->v, POLICY_NONE_INSECURE,
		    DANE_WHY_ADDRESS_INSECURE);
	if (insecure)
		return dane_conclude(j->v, POLICY_NONE_INSECURE,
		    DANE_WHY_TLSA_INSECURE);
	if (!j->mx_secure)
		return dane_conclude(j->v, POLICY_NONE_INSECURE,
		    DANE_WHY_MX_INSECURE);
	return dane_conclude(j->v, POLICY_NONE_SECURE, DANE_WHY_TLSA_ABSENT);
}

static enum step
judge_host(struct judging *j, const char *host, enum lookup_type family)
{
	struct candidate c = { .host = host, .family = family,
	    .secure = true };
	enum step s;

	if ((s = find_bases(j, &c)) != STEP_GO_ON)
		return s;
	return find_tlsa(j, &c);
}

/* RFC 7672 section 3.2.2. */
static void
add_references(struct judging *j)
{
	struct dane_verdict *v = j->v;
	const char *names[DANE_REFERENCES_MAX] = { v->base, NULL, NULL };

	if (v->base[0] == '\0')
		return;
	if (j->mx != NULL && (v->tags & 1U << DANE_TAG_NOT_AN_MX) == 0 &&
	    (j->mx_secure || (v->tags & 1U << DANE_TAG_IMPLICIT_MX) != 0)) {
		names[1] = v->domain;
		names[2] = j->mx->status == LOOKUP_SECURE ?
		    j->mx->canonical : NULL;
	}
	for (unsigned i = 0; i < DANE_REFERENCES_MAX; i++) {
		bool known = names[i] == NULL;

		for (unsigned n = 0; !known && n < v->nreferences; n++)
			known = strcmp(v->references[n], names[i]) == 0;
		if (!known)
			dane_copy_name(v->references[v->nreferences++],
			    names[i]);
	}
}

/* Records in unsigned zones bind nobody; their publisher may not know. */
static enum step
look_at_unsigned(struct judging *j)
{
	char name[LOOKUP_NAME_MAX];
	const struct lookup_answer *a;

	if (j->v->why != DANE_WHY_ADDRESS_INSECURE ||
	    !tlsa_name(j, j->v->host, name))
		return STEP_DONE;
	if ((a = dane_ask(j, name, LOOKUP_TLSA)) == NULL)
		return STEP_WAIT;
	if (lookup_has_data(a))
		dane_tag(j->v, DANE_TAG_TLSA_UNSIGNED);
	return STEP_DONE;
}

/*
 * An attacker may close the protected hosts and leave the others: a domain
 * is protected when each of them is (RFC 7672 section 2.2.1).
 */
static enum step
count_coverage(struct judging *j)
{
	struct dane_verdict scratch, *v = j->v;
	enum lookup_type other = j->family == LOOKUP_A ? LOOKUP_AAAA : LOOKUP_A;
	enum step s, all = STEP_DONE;

	v->hosts = j->nhosts;
	v->covered = 0;
	for (unsigned i = 0; i < j->nhosts; i++) {
		memset(&scratch, 0, sizeof(scratch));
		j->v = &scratch;
		s = judge_host(j, j->hosts[i].name, j->family);
		if (s == STEP_DONE && scratch.why == DANE_WHY_NO_ADDRESS)
			s = judge_host(j, j->hosts[i].name, other);
		if (s == STEP_WAIT)
			all = STEP_WAIT;
		else if (scratch.tlsa != NULL)
			v->covered++;
	}
	j->v = v;
	if (all == STEP_DONE && v->covered > 0 && v->covered < v->hosts)
		dane_tag(v, DANE_TAG_PARTIAL);
	return all;
}

static enum step
judge(struct judging *j)
{
	enum step s;

	if (j->q->domain != NULL) {
		if ((s = dane_find_mx(j)) != STEP_GO_ON)
			return s;
	} else {
		/* as good as it can be: the host's own promise */
		dane_tag(j->v, DANE_TAG_DOMAIN_UNKNOWN);
		j->mx_secure = true;
	}
	if ((s = dane_find_host(j)) == STEP_GO_ON)
		s = judge_host(j, j->v->host, j->family);
	if (s == STEP_WAIT || !j->q->curious)
		return s;
	s = look_at_unsigned(j);
	if (count_coverage(j) == STEP_WAIT)
		s = STEP_WAIT;
	return s;
}

bool
dane_judge(struct dane_verdict *v, const struct dane_question *q,
    struct inquiry *i)
{
	struct judging j = { .q = q, .i = i, .v = v,
	    .family = addr_is_v4(&q->server) ? LOOKUP_A : LOOKUP_AAAA };

	memset(v, 0, sizeof(*v));
	if (judge(&j) != STEP_DONE)
		return false;
	add_references(&j);
	return true;
}
