/* SPDX-License-Identifier: ISC */
/*
 * Offered, and not used by a client that uses it: behind a stripper this is
 * all there is to see of it.  Where the greeting was masked or EHLO refused
 * on the way, the client says HELO, and does not even ask.
 *
 * Whose TLS failed just before has a reason, and cleartext-retry tells it.
 * A client that never does TLS is a habit of the client.  One that does, and
 * with this very server, does not stop for one mail.  People's mail programs
 * (port 587) change their settings as they like.
 */
#include "detect/rules.h"

#define USES_ELSEWHERE	3	/* sessions with TLS, and hardly one without */
#define PORT_SUBMISSION	587

/* Offered in the form that all know (Exim and OpenSMTPD know no other), or
 * not asked for with HELO alone. */
static bool
passed_by(const struct brief *b)
{
	if (b->r->offer == OFFER_OFFERED)
		return !b->smtp->offer_altered;
	return b->r->offer == OFFER_NOT_ASKED &&
	    b->smtp->hello == HELLO_HELO && b->past->client_tls_here > 0;
}

static bool
known_to_use(const struct past *p)
{
	/* it did both here: its own ways */
	if (p->client_tls_here > 0)
		return p->client_unused_here <= p->client_tls_here;
	return p->client_tls >= USES_ELSEWHERE &&
	    p->client_unused * 10 <= p->client_tls;
}

static void
put_lines(const struct brief *b, struct finding *one)
{
	const struct smtp_greeting *hello = brief_hello(b);

	if (b->r->offer == OFFER_OFFERED && hello != NULL)
		evidence_line(one, SIDE_SERVER, hello->reply_last,
		    b->smtp->offer_token);
	else if (hello != NULL)
		evidence_line(one, SIDE_CLIENT, hello->command, "HELO");
	evidence_line(one, SIDE_CLIENT, smtp_mail(b->smtp)->first_mail, "MAIL");
}

/* A mail in clear to a destination that demands TLS, and said so: no sender
 * that does DANE (RFC 7672 section 2.2) or MTA-STS passes by the offer. */
static bool
is_owed(const struct brief *b)
{
	return b->r->starttls == RECORD_STARTTLS_NOT_SENT &&
	    b->smtp->mail_commands > 0 &&
	    (brief_promised(b) & (BECAUSE(DANE) | BECAUSE(STS))) != 0 &&
	    (b->r->offer == OFFER_OFFERED ||
	    b->r->offer == OFFER_NOT_ASKED);
}

static void
say_owed(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	char promised[PROMISED_MAX];
	bool exempt = brief_exempt(b);

	put_lines(b, finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_UNUSED,
		.weight = exempt ? WEIGHT_NOTE :
		    brief_promised_wholly(b) ? WEIGHT_STRONG : WEIGHT_HINT,
		.because = known_to_use(b->past) ? BECAUSE(HISTORY) : 0,
		.at = smtp_mail(b->smtp)->first_mail,
		.expected = "STARTTLS, which the destination demands",
		.seen = "MAIL in clear" },
	    "%s did not %s STARTTLS of %s%s%s%s%s%s",
	    brief_client(b, client),
	    b->r->offer == OFFER_OFFERED ? "use the offered" :
	    "even ask (HELO) for the", brief_server(b, server),
	    brief_promise_words(b, promised),
	    exempt ? "" : ": it does not honour the promise", exempt ? "" :
	    b->past->failed != PAST_FAILED_NOT ? " once TLS has failed" :
	    ", or did not see the offer", brief_aftermath(b, after),
	    exempt ? brief_exemption(b) : ""));
}

void
detect_starttls_unused(const struct brief *b, struct findings *f)
{
	const struct past *p = b->past;
	uint32_t before = p->client_tls_here > 0 ? p->client_tls_here :
	    p->client_tls;
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];

	/* who is known to use it, uses it for such a mail as well */
	if (is_owed(b) && !(brief_exempt(b) && known_to_use(p))) {
		say_owed(b, f);
		return;
	}
	if (b->r->starttls != RECORD_STARTTLS_NOT_SENT ||
	    b->smtp->mail_commands == 0 || !passed_by(b) ||
	    !known_to_use(p) || (b->exposed && p->failed != PAST_FAILED_NOT) ||
	    b->r->flow.port[SIDE_SERVER] == PORT_SUBMISSION)
		return;
	put_lines(b, finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_UNUSED,
		.weight = WEIGHT_HINT,
		.because = BECAUSE(HISTORY),
		.at = smtp_mail(b->smtp)->first_mail,
		.expected = "STARTTLS, as this client used before",
		.seen = "MAIL in clear" },
	    "%s did not %s STARTTLS of %s, though it got TLS in %u earlier "
	    "session%s %s: it may not have seen the offer%s",
	    brief_client(b, client), b->r->offer == OFFER_OFFERED ?
	    "use the offered" : "even ask (HELO) for the",
	    brief_server(b, server), before, before == 1 ? "" : "s",
	    p->client_tls_here > 0 ? "with this server" : "with others",
	    brief_aftermath(b, after)));
}
