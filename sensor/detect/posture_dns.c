/* SPDX-License-Identifier: ISC */
/*
 * Posture of what DNS says: TLSA records against the certificate that an own
 * server shows (policy/lint.h judges), records nobody can use or trust, MX
 * hosts left out, answers that do not validate.
 *
 * Strangers choose the names a session is looked up by: they hand over mail
 * for a domain of theirs, or say any name in SNI that leads here.  So
 * domains and hosts must be the operator's own, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect/posture.h"
#include "policy/lint.h"
#include "schema/moment.h"

#define RECORDS_NAMED	3
#define RECORDS_MAX	120	/* octets of their text */

/* In the inventory, or the domain of a server that is. */
static bool
domain_is_own(const struct brief *b, const char *domain)
{
	const struct inventory *i = b->promise->inventory;
	char name[LOOKUP_NAME_MAX];

	if (!lookup_name_copy(name, domain))
		return false;
	if (inventory_owns_domain(i, name))
		return true;
	for (unsigned n = 0; n < i->nservers; n++)
		if (lookup_name_within(i->servers[n].name, name))
			return true;
	return false;
}

static bool
banner_says(const struct brief *b, const char *host)
{
	const char *banner = b->smtp->banner;
	char word[LOOKUP_NAME_MAX], name[LOOKUP_NAME_MAX];
	size_t len;

	if (banner == NULL || b->smtp->banner_masked)
		return false;
	len = strcspn(banner, " ");
	if (len >= sizeof(word))
		return false;
	memcpy(word, banner, len);
	word[len] = '\0';
	return lookup_name_copy(name, word) && strcmp(name, host) == 0;
}

/* By the inventory, as an own domain's MX, or in its own words. */
static bool
host_is_own(const struct brief *b, const struct policy_answer *a)
{
	const struct inventory *i = b->promise->inventory;
	const struct inventory_server *s = inventory_server_at(i,
	    &b->r->flow.ip[SIDE_SERVER]);

	if (a->host[0] == '\0')
		return false;
	if ((s != NULL && strcmp(s->name, a->host) == 0) ||
	    inventory_owns_domain(i, a->host))
		return true;
	if (a->domain[0] != '\0' && a->why != DANE_WHY_NOT_AN_MX &&
	    (a->tags & 1U << DANE_TAG_NOT_AN_MX) == 0 &&
	    domain_is_own(b, a->domain))
		return true;
	return banner_says(b, a->host);
}

/* ------------------------------------------------------------------ */
/* dnssec-bogus and dane-partial                                      */

static const char *
bogus_words(enum dane_why why)
{
	switch (why) {
	case DANE_WHY_MX_BOGUS:
		return "the MX records";
	case DANE_WHY_ADDRESS_BOGUS:
		return "the addresses of the mail server";
	case DANE_WHY_TLSA_BOGUS:
		return "the TLSA records, or their denial, of the mail server";
	default:
		return NULL;
	}
}

/* Could it be validated, one way or the other? */
static bool
is_settled(enum policy_state s)
{
	switch (s) {
	case POLICY_NONE_INSECURE:
	case POLICY_NONE_SECURE:
	case POLICY_DANE_HALF:
	case POLICY_DANE_TLS:
	case POLICY_DANE_AUTH:
		return true;
	case POLICY_UNKNOWN:
	case POLICY_NOT_APPLICABLE:
	case POLICY_MUST_NOT_DELIVER:
	case POLICY_STATES:
		break;
	}
	return false;
}

static void
mend_bogus(const struct brief *b, const char *name, enum dane_why why,
    struct findings *f)
{
	char subject[POSTURE_SUBJECT_MAX];

	/* longer names exist, and differ in their beginnings */
	snprintf(subject, sizeof(subject), "%s", name);
	posture_mend(f, b, &(struct lack){ subject, dane_why_word(why), {
		.kind = KIND_DNSSEC_BOGUS, .weight = WEIGHT_STRONG,
		.because = BECAUSE(DANE), .at = b->r->flow.first,
		.expected = "answers that validate, or an unsigned zone",
		.seen = dane_why_word(why) } },
	    "%s of %s fail DNSSEC validation: senders that validate do not "
	    "deliver", bogus_words(why), name);
}

/* Domain by domain: the strictest is not the one with the fault always. */
static void
look_at_validation(const struct brief *b, const struct policy_answer *a,
    struct findings *f)
{
	const struct policy_promise *well = NULL;

	for (unsigned i = 0; i < a->npromises; i++) {
		const struct policy_promise *p = &a->promises[i];

		if (!domain_is_own(b, p->domain))
			continue;
		if (bogus_words(p->why) != NULL) {
			mend_bogus(b, p->domain, p->why, f);
			return;
		}
		if (is_settled(p->state))
			well = p;
	}
	if (well != NULL) {
		posture_well(f, KIND_DNSSEC_BOGUS, well->domain);
		return;
	}
	if (a->npromises > 0 || !host_is_own(b, a))
		return;
	if (bogus_words(a->why) != NULL)
		mend_bogus(b, a->host, a->why, f);
	else if (is_settled(a->state))
		posture_well(f, KIND_DNSSEC_BOGUS, a->host);
}

static void
look_at_coverage(const struct brief *b, const struct policy_answer *a,
    struct findings *f)
{
	char detail[64];

	if (a->hosts == 0 || a->domain[0] == '\0' || !is_settled(a->state) ||
	    !domain_is_own(b, a->domain))
		return;
	if (a->covered == 0 || a->covered >= a->hosts) {
		posture_well(f, KIND_DANE_PARTIAL, a->domain);
		return;
	}
	snprintf(detail, sizeof(detail), "%u of %u MX hosts", a->covered,
	    a->hosts);
	posture_mend(f, b, &(struct lack){ a->domain, detail, {
		.kind = KIND_DANE_PARTIAL, .weight = WEIGHT_STRONG,
		.because = BECAUSE(DANE), .at = b->r->flow.first,
		.expected = "secure TLSA records of every MX host",
		.seen = detail } },
	    "%u of the %u MX hosts of %s have TLSA records under DNSSEC: who "
	    "closes those to a sender gets its mail at another, unprotected "
	    "(RFC 7672 section 2.2.1)", a->covered, a->hosts, a->domain);
}

/* ------------------------------------------------------------------ */
/* TLSA records                                                       */

static int
by_rdata(const void *a, const void *b)
{
	const struct tlsa_record *const *x = a, *const *y = b;

	return tlsa_compare(*x, *y);
}

/* "3 1 1 0123456789abcdef / 2 1 1 ...": which set it was, in one order. */
static void
name_records(const struct tlsa_set *s, char out[RECORDS_MAX])
{
	const struct tlsa_record *order[TLSA_RECORDS_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < s->count; i++)
		order[i] = &s->list[i];
	qsort(order, s->count, sizeof(order[0]), by_rdata);
	out[0] = '\0';
	for (unsigned i = 0; i < s->count && i < RECORDS_NAMED; i++) {
		n += (size_t)snprintf(out + n, RECORDS_MAX - n, "%s%u %u %u ",
		    i > 0 ? " / " : "", order[i]->usage, order[i]->selector,
		    order[i]->matching);
		for (size_t k = 0; k < 8 && k < order[i]->data.len; k++)
			n += (size_t)snprintf(out + n, RECORDS_MAX - n,
			    "%02x", order[i]->data.at[k]);
	}
	if (s->count > RECORDS_NAMED)
		snprintf(out + n, RECORDS_MAX - n, " and %u more",
		    s->count - RECORDS_NAMED);
}

static const struct lint_remark *
remark_of(const struct lint_list *l, enum lint_kind kind)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->list[i].kind == kind)
			return &l->list[i];
	return NULL;
}

/* Only some senders look behind an MX record that is not signed; and records
 * that can be asked about again may be yesterday's. */
static enum weight
weigh(const struct brief *b)
{
	return b->promise->answer->state == POLICY_DANE_HALF ? WEIGHT_HINT :
	    (b->promise->fixed && b->promise->confirm != CONFIRM_UNDECIDED) ||
	    b->promise->confirm == CONFIRM_REAL ? WEIGHT_PROOF : WEIGHT_STRONG;
}

static void
mend_match(const struct brief *b, enum kind kind, const char *subject,
    const struct lint_list *l, struct findings *f)
{
	const struct policy_answer *a = b->promise->answer;
	const struct lint_remark *said = remark_of(l, kind ==
	    KIND_TLSA_MISMATCH ? LINT_MISMATCH : LINT_AT_RISK);
	const struct lint_remark *stale = remark_of(l, LINT_STALE);
	char records[RECORDS_MAX], server[PARTY_MAX], until[64] = "";
	char day[MOMENT_TEXT];
	int64_t end = b->promise->match->not_after;

	name_records(&a->tlsa, records);
	if (kind == KIND_TLSA_AT_RISK && end > b->r->flow.first.time)
		snprintf(until, sizeof(until), "; the certificate is to be "
		    "changed by %s", moment_format_day(end, day));
	posture_mend(f, b, &(struct lack){ subject, records, {
		.kind = kind, .weight = weigh(b), .because = BECAUSE(DANE),
		.at = b->tls->certificate_at, .expected = records,
		.seen = subject } },
	    "%s, TLSA records of %s: %s%s%s%s", brief_server(b, server),
	    a->base, said->text, stale != NULL && kind == KIND_TLSA_AT_RISK ?
	    "; " : "", stale != NULL && kind == KIND_TLSA_AT_RISK ?
	    stale->text : "", until);
}

/* What the certificate was compared with. */
static void
look_at_match(const struct brief *b, const struct lint_list *l,
    struct findings *f)
{
	const struct match_result *m = b->promise->match;
	const struct certificate *c = posture_certificate(b);
	char subject[POSTURE_SUBJECT_MAX];

	if (m == NULL || c == NULL)
		return;
	posture_name_certificate(c, subject);
	switch (match_promise(m->outcome)) {
	case MATCH_KEPT:
		posture_well(f, KIND_TLSA_MISMATCH, subject);
		if (remark_of(l, LINT_AT_RISK) != NULL)
			mend_match(b, KIND_TLSA_AT_RISK, subject, l, f);
		else
			posture_well(f, KIND_TLSA_AT_RISK, subject);
		break;
	case MATCH_BROKEN:
		/* a risk that came true is at risk no more, nor is it well */
		if (remark_of(l, LINT_MISMATCH) != NULL)
			mend_match(b, KIND_TLSA_MISMATCH, subject, l, f);
		break;
	case MATCH_UNDECIDED:
	case MATCH_NOT_MADE:
		break;
	}
}

static void
look_at_secure(const struct brief *b, const struct policy_answer *a,
    const char *name, struct findings *f)
{
	const struct match_result *m = b->promise->match;
	struct lint_question q = { .records = &a->tlsa, .is_signed = true,
	    .shown = &m, .shown_count = m != NULL ? 1 : 0,
	    .now = b->r->flow.first.time };
	struct lint_list list;
	char records[RECORDS_MAX];

	posture_well(f, KIND_TLSA_UNSIGNED, name);
	if (a->tlsa.count == 0)
		return;
	lint_server(&q, &list);
	if (remark_of(&list, LINT_UNUSABLE) != NULL) {
		name_records(&a->tlsa, records);
		posture_mend(f, b, &(struct lack){ name, records, {
			.kind = KIND_TLSA_UNUSABLE, .weight = weigh(b),
			.because = BECAUSE(DANE), .at = b->r->flow.first,
			.expected = "a record with usage 2 or 3",
			.seen = records } },
		    "%s: %s (RFC 7672 section 3.1.3)", name,
		    remark_of(&list, LINT_UNUSABLE)->text);
		posture_well(f, KIND_TLSA_MISMATCH, "");
		posture_well(f, KIND_TLSA_AT_RISK, "");
		return;
	}
	posture_well(f, KIND_TLSA_UNUSABLE, name);
	look_at_match(b, &list, f);
}

/* No records that count: what was wrong with them is so no more. */
static void
look_at_none(const struct brief *b, const struct policy_answer *a,
    const char *name, struct findings *f)
{
	posture_well(f, KIND_TLSA_MISMATCH, "");
	posture_well(f, KIND_TLSA_AT_RISK, "");
	posture_well(f, KIND_TLSA_UNUSABLE, "");
	if ((a->tags & 1U << DANE_TAG_TLSA_UNSIGNED) == 0) {
		posture_well(f, KIND_TLSA_UNSIGNED, "");
		return;
	}
	posture_mend(f, b, &(struct lack){ name, "", {
		.kind = KIND_TLSA_UNSIGNED, .weight = WEIGHT_STRONG,
		.at = b->r->flow.first,
		.expected = "records that DNSSEC signs",
		.seen = "records, and no signature" } },
	    "%s: there are TLSA records, and DNSSEC does not sign them: "
	    "senders ignore them (RFC 7672 section 2.1.1)", name);
}

static void
look_at_records(const struct brief *b, const struct policy_answer *a,
    struct findings *f)
{
	const char *base = a->base[0] != '\0' ? a->base : a->host;
	char name[POSTURE_SUBJECT_MAX];

	/* a name too long for a line is told by its beginning */
	snprintf(name, sizeof(name), "_%u._tcp.%.*s",
	    b->r->flow.port[SIDE_SERVER], (int)(sizeof(name) - 16), base);
	switch (a->state) {
	case POLICY_DANE_HALF:
	case POLICY_DANE_TLS:
	case POLICY_DANE_AUTH:
		look_at_secure(b, a, name, f);
		break;
	case POLICY_NONE_INSECURE:
	case POLICY_NONE_SECURE:
		look_at_none(b, a, name, f);
		break;
	case POLICY_UNKNOWN:
	case POLICY_NOT_APPLICABLE:
	case POLICY_MUST_NOT_DELIVER:
	case POLICY_STATES:
		break;
	}
}

/* The session's own answer has it in. */
static bool
is_asked(const struct policy_answer *a, const char *domain)
{
	for (unsigned i = 0; a != NULL && i < a->npromises; i++)
		if (strcasecmp(a->promises[i].domain, domain) == 0)
			return true;
	return false;
}

/*
 * Whose MX records do not validate has no MX hosts that we know: then it is
 * told of servers with names in that domain, or, where there are none, of
 * all.
 */
static bool
is_served_here(const struct brief *b, const struct policy_answer *a)
{
	const struct inventory *i = b->promise->inventory;
	const struct inventory_server *here = inventory_server_at(i,
	    &b->r->flow.ip[SIDE_SERVER]);

	if (a->host[0] != '\0')
		return true;
	if (here != NULL && lookup_name_within(here->name, a->domain))
		return true;
	for (unsigned n = 0; n < i->nservers; n++)
		if (lookup_name_within(i->servers[n].name, a->domain))
			return false;
	return true;
}

static void
look_at_watched(const struct brief *b, struct findings *f)
{
	for (unsigned i = 0; i < b->promise->nwatched; i++) {
		const struct policy_answer *a = b->promise->watched[i];

		if (is_asked(b->promise->answer, a->domain) ||
		    !is_served_here(b, a))
			continue;
		look_at_validation(b, a, f);
		look_at_coverage(b, a, f);
	}
}

void
posture_look_at_dns(const struct brief *b, struct findings *f)
{
	const struct policy_answer *a = b->promise->answer;

	look_at_watched(b, f);
	if (a == NULL)
		return;
	look_at_validation(b, a, f);
	look_at_coverage(b, a, f);
	if (host_is_own(b, a))
		look_at_records(b, a, f);
}
