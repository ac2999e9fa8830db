/* SPDX-License-Identifier: ISC */
/*
 * Mail passed in clear although TLS was due: this very session shows it
 * (the offer was masked, STARTTLS was accepted or asked for, the server
 * demands it, RFC 3207 section 4), or another rule found an offer gone that
 * the past, or other clients, say was due.  An offer that the client never
 * takes up is a habit of the client, and a note; so are mails that may go in
 * clear (exempt.c).  A destination that tests MTA-STS asks to be told of any:
 * little, but more than a note.
 */
#include "detect/rules.h"

struct reason {
	enum weight	 weight;
	uint32_t	 because;
	const char	*expected;
	const char	*clause;	/* ends the summary */
};

/* What this session says by itself. */
static bool
by_itself(const struct brief *b, struct reason *reason)
{
	if (b->r->offer == OFFER_MASKED)
		*reason = (struct reason){ WEIGHT_STRONG, 0,
		    "TLS: the server's offer was overwritten on the way",
		    ": the offer of TLS had been overwritten" };
	else if (b->smtp->plain_after_accept)
		*reason = (struct reason){ WEIGHT_STRONG, 0,
		    "TLS: the server had accepted STARTTLS (RFC 3207 4)",
		    " although STARTTLS had just been accepted" };
	else if (b->r->starttls == RECORD_STARTTLS_SENT ||
	    b->r->starttls == RECORD_STARTTLS_MASKED)
		*reason = (struct reason){ WEIGHT_HINT, 0,
		    "TLS: the client had asked for it",
		    " after STARTTLS had been asked for and did not lead to TLS"
		};
	else if (b->smtp->starttls_demanded)
		*reason = (struct reason){ WEIGHT_HINT, 0,
		    "TLS: the server demands it",
		    " although the server had demanded STARTTLS" };
	else
		return false;
	return true;
}

/* What the findings about the offer say. */
static bool
by_others(const struct findings *f, struct reason *reason)
{
	static const struct {
		enum kind	 kind;
		const char	*clause;
	} causes[] = {
		{ KIND_STARTTLS_ABSENT, " although an offer of TLS was due" },
		{ KIND_EHLO_REFUSED, " after EHLO had been refused" },
		{ KIND_BANNER_MASKED, " behind an overwritten greeting" },
		{ KIND_CLEARTEXT_RETRY, " after TLS had failed" },
		{ KIND_STARTTLS_UNUSED, " although this client uses TLS" },
	};
	const struct finding *one;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		one = finding_of(f, causes[i].kind);
		if (one == NULL || one->severity == SEVERITY_INFO)
			continue;
		*reason = (struct reason){
			one->confidence >= CONFIDENCE_STRONG &&
			one->kind != KIND_STARTTLS_UNUSED ? WEIGHT_STRONG :
			WEIGHT_HINT, one->because,
			"TLS: its past, or others, show that it was due",
			causes[i].clause };
		return true;
	}
	return false;
}

static bool
cannot_validate(const struct brief *b)
{
	const struct policy_answer *a = b->promise->answer;

	return a != NULL && a->state == POLICY_MUST_NOT_DELIVER;
}

static bool
is_promised(const struct brief *b)
{
	return (brief_owed(b) & (BECAUSE(DANE) | BECAUSE(STS))) != 0;
}

/*
 * No sender that knows DANE or MTA-STS goes on without TLS, whatever became
 * of it (RFC 7672 section 2.2, RFC 8461 section 5); one that passes by an
 * offer knows neither.
 */
static void
make_graver(const struct brief *b, const struct findings *f,
    struct reason *reason)
{
	bool passed_by = finding_of(f, KIND_STARTTLS_UNUSED) != NULL &&
	    finding_of(f, KIND_CLEARTEXT_RETRY) == NULL;

	if (reason->weight != WEIGHT_HINT)
		return;
	if (cannot_validate(b)) {
		reason->weight = WEIGHT_STRONG;
		reason->because |= BECAUSE(DANE);
	} else if (is_promised(b) && !passed_by &&
	    b->r->offer != OFFER_UNSEEN)
		reason->weight = WEIGHT_STRONG;
}

/* TLS was due, by whatever, were it another mail. */
static bool
by_exemption(const struct brief *b, const struct findings *f,
    struct reason *reason)
{
	*reason = (struct reason){ .weight = WEIGHT_NOTE };
	if (!brief_exempt(b) || (brief_promised(b) == 0 &&
	    !cannot_validate(b) && !by_itself(b, reason) &&
	    !by_others(f, reason)))
		return false;
	*reason = (struct reason){ WEIGHT_NOTE, 0,
	    "TLS, but for mail that may go without", brief_exemption(b) };
	return true;
}

static bool
why(const struct brief *b, const struct findings *f, struct reason *reason)
{
	if (by_exemption(b, f, reason) || by_itself(b, reason) ||
	    by_others(f, reason))
		return true;
	if (cannot_validate(b)) {
		*reason = (struct reason){ WEIGHT_STRONG, BECAUSE(DANE),
		    "no delivery: DNS could not be validated (RFC 7672 2.1.2)",
		    " although the DNS of its destination cannot be validated"
		};
		return true;
	}
	if (is_promised(b)) {	/* whatever was missed of the offer */
		*reason = (struct reason){ WEIGHT_HINT, 0,
		    "TLS, as its destination promises",
		    " although its destination promises TLS" };
		return true;
	}
	if (brief_hoped(b)) {
		*reason = (struct reason){ WEIGHT_HINT, BECAUSE(STS),
		    "TLS, as its destination tests by MTA-STS",
		    " although its destination hopes for TLS (MTA-STS, mode "
		    "testing)" };
		return true;
	}
	if (b->r->offer != OFFER_OFFERED)
		return false;
	*reason = (struct reason){ WEIGHT_NOTE, 0,
	    "TLS: the server offered it",
	    ": the server offered STARTTLS and the client did not use it" };
	return true;
}

/* What DNS promises, a header that was not seen may take back. */
static const char *
unseen(const struct brief *b, const struct reason *reason)
{
	return smtp_mail(b->smtp)->headers_unseen > 0 &&
	    reason->weight > WEIGHT_NOTE &&
	    (brief_promised(b) != 0 || cannot_validate(b)) ? "; whether its "
	    "header allows that (RFC 8689 3) was not seen" : "";
}

void
detect_mail_in_clear(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX], mails[COUNTED_MAX];
	struct reason reason;
	struct finding *one;

	if (record_mails(b->r) == 0 || !why(b, f, &reason))
		return;
	make_graver(b, f, &reason);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_MAIL_IN_CLEAR,
		.weight = reason.weight,
		.because = reason.because,
		.tentative = reason.because == BECAUSE(STS) && brief_hoped(b),
		.at = smtp_mail(smtp)->first_accepted.packet != 0 ?
		    smtp_mail(smtp)->first_accepted :
		    smtp_mail(smtp)->first_data,
		.expected = reason.expected,
		.seen = "a mail transaction in clear" },
	    "%s to %s went in clear%s%s",
	    mails_counted(record_mails(b->r), mails), brief_server(b, server),
	    reason.clause, unseen(b, &reason));
	evidence_starttls(one, smtp);
	evidence_starttls_reply(one, smtp);
	evidence_line(one, SIDE_CLIENT, smtp_mail(smtp)->first_mail, "MAIL");
	evidence_line(one, SIDE_CLIENT, smtp_mail(smtp)->first_data, "DATA");
	evidence_line(one, SIDE_SERVER, smtp_mail(smtp)->first_accepted, "250");
}
