/* SPDX-License-Identifier: ISC */
/*
 * Offered, and not used by a client that uses it: behind a stripper this is
 * all there is to see of it.
 *
 * A client that never does TLS is a habit of the client.  One that does, and
 * with this very server, does not stop for one mail.
 */
#include <stdio.h>

#include "detect/rules.h"

#define USES_ELSEWHERE	3	/* sessions with TLS, and hardly one without */

/* Exim and OpenSMTPD know no other spelling. */
static bool
understood(const struct brief *b)
{
	return !b->smtp->offer_altered;
}

static enum weight
weigh(const struct past *p)
{
	/* it did both here, half and half: its own ways */
	if (p->client_tls_here > 0)
		return p->client_unused_here > p->client_tls_here ?
		    WEIGHT_NOTE : WEIGHT_HINT;
	return p->client_tls >= USES_ELSEWHERE &&
	    p->client_unused * 10 <= p->client_tls ? WEIGHT_HINT :
	    WEIGHT_NOTE;
}

void
detect_starttls_unused(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = brief_hello(b);
	const struct past *p = b->past;
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;

	if (b->r->offer != OFFER_OFFERED || hello == NULL ||
	    b->r->starttls != RECORD_STARTTLS_NOT_SENT ||
	    b->smtp->mail_commands == 0 || !understood(b) ||
	    weigh(p) == WEIGHT_NOTE)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_UNUSED,
		.weight = WEIGHT_HINT,
		.because = BECAUSE(HISTORY),
		.at = b->smtp->first_mail,
		.expected = "STARTTLS, as this client used before",
		.seen = "MAIL in clear behind a complete offer" },
	    "%s did not use the STARTTLS that %s offered, though it got TLS "
	    "in %u earlier session%s %s: it may not have seen the offer%s",
	    brief_client(b, client), brief_server(b, server),
	    p->client_tls_here > 0 ? p->client_tls_here : p->client_tls,
	    (p->client_tls_here > 0 ? p->client_tls_here : p->client_tls) ==
	    1 ? "" : "s", p->client_tls_here > 0 ? "with this server" :
	    "with others", brief_aftermath(b, after));
	evidence_line(one, SIDE_SERVER, hello->reply_last,
	    b->smtp->offer_token);
	evidence_line(one, SIDE_CLIENT, b->smtp->first_mail, "MAIL");
}
