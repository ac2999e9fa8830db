/* SPDX-License-Identifier: ISC */
/*
 * The DNS that led to this server was tampered with, or seems to be.
 *
 * Two answers to one question that contradict each other: one of them was
 * forged, and whoever forged it can send mail where he likes.  Without the
 * question in the capture it may be two questions that look alike.
 *
 * Only the TLSA question fails: DANE is kept from the sender, who then must
 * not deliver (RFC 7672 section 2.1); or the name server does not know the
 * type.
 */
#include <stdio.h>

#include "detect/rules.h"

#define DETAIL_MAX	(2 * DNS_ANSWER_TEXT + 200)

static const char *
type_word(uint16_t type)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return "address";
	case DNS_MX:
		return "MX";
	case DNS_CNAME:
		return "CNAME";
	case DNS_TLSA:
		return "TLSA";
	}
	return "DNS";
}

/* An answer as a line of the evidence; the resolver is no side of the
 * connection, so it stands with the server's. */
static void
said(struct finding *one, const struct dns_said *s)
{
	char line[DETAIL_MAX];

	snprintf(line, sizeof(line), "DNS (hop limit %u%s): %s", s->hop_limit,
	    s->authentic ? ", AD" : "", s->text);
	evidence_line(one, SIDE_SERVER, s->at, line);
}

static void
two_answers(const struct brief *b, const struct dns_conflict *c,
    struct findings *f)
{
	char seen[DETAIL_MAX], resolver[ADDR_TEXT_MAX];
	struct finding *one;

	snprintf(seen, sizeof(seen), "from %s: \"%s\" and \"%s\"",
	    addr_format(&c->resolver, resolver), c->before.text,
	    c->after.text);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_DNS_CONFLICT,
		.weight = c->asked ? WEIGHT_STRONG : WEIGHT_HINT,
		.at = c->after.at,
		.expected = "one answer to one question",
		.seen = seen },
	    "one %s question for %s got two answers that differ: "
	    "\"%s\" (hop limit %u) and \"%s\" (hop limit %u)",
	    type_word(c->type), c->name, c->before.text, c->before.hop_limit,
	    c->after.text, c->after.hop_limit);
	said(one, &c->before);
	said(one, &c->after);
}

static void
tlsa_fails(const struct brief *b, const struct dns_tlsa_failure *t,
    struct findings *f)
{
	char seen[DETAIL_MAX], resolver[ADDR_TEXT_MAX];

	snprintf(seen, sizeof(seen), "%u refused (error %u), %u unanswered",
	    t->refused, t->rcode, t->unanswered);
	finding_add(f, b, &(struct opinion){
		.kind = KIND_DNS_CONFLICT,
		.weight = WEIGHT_HINT,
		.at = t->last,
		.expected = "TLSA records, or the word that there are none",
		.seen = seen },
	    "%s%u TLSA questions for %s failed at %s, which answers well what "
	    "else it is asked about that host",
	    t->refused == DNS_FAILURES_MAX ? "at least " : "",
	    t->refused + t->unanswered, t->host,
	    addr_format(&t->resolver, resolver));
}

void
detect_dns_conflict(const struct brief *b, struct findings *f)
{
	const struct dns_facts *dns = b->r->dns;

	if (dns == NULL)
		return;
	for (unsigned i = 0; i < dns->conflicts_kept; i++)
		two_answers(b, &dns->conflicts[i], f);
	if (dns->tlsa_fails)
		tlsa_fails(b, &dns->tlsa, f);
}
