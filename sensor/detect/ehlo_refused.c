/* SPDX-License-Identifier: ISC */
/*
 * EHLO was refused, so that nobody could be offered anything.
 *
 * Old servers do that by themselves, always; a server that took EHLO before
 * does not, and one that greets with ESMTP should not (RFC 5321 section
 * 4.2).  Where the refusal quotes another word than the client sent, or the
 * command arrives as X's, somebody overwrote it.
 */
#include "detect/rules.h"

#define TAKEN_BEFORE	5	/* sessions with an EHLO reply */
#define TAKEN_DAYS	2
#define DAY		INT64_C(86400000000)
#define MIXED_BUCKETS	3

/* The argument is missing, or the server takes nobody now (421), or not
 * this client (554): no word about EHLO. */
static bool
other_reason(const struct smtp_facts *smtp,
    const struct smtp_greeting *hello)
{
	return hello->code == 421 || hello->code == 554 ||
	    (hello->code == 501 && (smtp->hello_name == NULL ||
	    smtp->hello_name[0] == '\0')) || smtp->greeting_code >= 400;
}

/* The EHLO that was refused: HELO may have followed. */
static const struct smtp_greeting *
refused_hello(const struct smtp_facts *smtp)
{
	for (unsigned i = 0; i < smtp->hellos_kept; i++)
		if (smtp->hellos[i].offer == OFFER_EHLO_REFUSED)
			return &smtp->hellos[i];
	return NULL;
}

/* For more than a week now and then: whoever refuses from today on does
 * not become a habit by doing so often. */
static bool
does_both(const struct brief *b)
{
	const struct past *p = b->past;

	return p->broke_at == 0 && p->mixed_buckets >= MIXED_BUCKETS &&
	    p->first_missing != 0 &&
	    b->r->flow.first.time - p->first_missing >= 7 * DAY;
}

static bool
always_refuses(const struct brief *b)
{
	const struct past *p = b->past;

	return p->ehlo_refused >= TAKEN_BEFORE && p->first_missing != 0 &&
	    b->r->flow.first.time - p->first_missing >= DAY;
}

static enum weight
weigh(const struct brief *b, uint32_t *because)
{
	const struct past *p = b->past;
	uint32_t taken = p->offered + p->absent + p->masked;

	*because = 0;
	if (b->smtp->ehlo_echo_differs || b->smtp->hello_masked)
		return WEIGHT_PROOF;
	if (taken > 0)
		*because = BECAUSE(HISTORY);
	/* who promises TLS in DNS knows extensions */
	if (brief_owed(b) != 0 && !always_refuses(b) && !does_both(b))
		return WEIGHT_STRONG;
	if (taken >= TAKEN_BEFORE && p->offered_days >= TAKEN_DAYS &&
	    !does_both(b))
		return WEIGHT_STRONG;
	if (taken > 0)
		return WEIGHT_HINT;
	if (always_refuses(b))
		return brief_owed(b) != 0 ? WEIGHT_HINT : WEIGHT_NOTE;
	return b->smtp->banner_esmtp ? WEIGHT_HINT : WEIGHT_NOTE;
}

static const char *
reason(const struct brief *b, enum weight w)
{
	const struct past *p = b->past;

	if (b->smtp->hello_masked)
		return "the command arrived overwritten";
	if (b->smtp->ehlo_echo_differs)
		return "the refusal quotes another word than was sent";
	if (w == WEIGHT_STRONG && p->offered + p->absent + p->masked >=
	    TAKEN_BEFORE && p->offered_days >= TAKEN_DAYS)
		return "it took EHLO in all earlier sessions";
	if (p->offered + p->absent + p->masked > 0)
		return "it took EHLO before";
	if (always_refuses(b))
		return "it always does";
	if (brief_owed(b) != 0)
		return "it promises TLS, which cannot be had so";
	return b->smtp->banner_esmtp ? "it greets with ESMTP" :
	    "as servers without extensions do";
}

void
detect_ehlo_refused(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = refused_hello(b->smtp);
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	enum weight weight;
	struct finding *one;
	uint32_t because;

	if (b->r->offer != OFFER_EHLO_REFUSED || hello == NULL ||
	    b->r->protocol != RECORD_SMTP || other_reason(b->smtp, hello))
		return;
	weight = weigh(b, &because);
	if (weight == WEIGHT_NOTE && !b->exposed)
		return;
	f->taken |= weight > WEIGHT_NOTE && b->past->offered > 0;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_EHLO_REFUSED,
		.weight = weight,
		.because = because,
		.at = hello->reply_last,
		.expected = "a list of extensions (RFC 5321 4.1.1.1)",
		.seen = "a refusal" },
	    "%s refused EHLO with %d, and STARTTLS could not be offered; "
	    "%s%s", brief_server(b, server), hello->code, reason(b, weight),
	    brief_aftermath(b, after));
	evidence_line(one, SIDE_CLIENT, hello->command, "EHLO");
	evidence_line(one, SIDE_SERVER, b->smtp->greeting, b->smtp->banner);
}
