/* SPDX-License-Identifier: ISC */
/*
 * Plaintext of the server behind its 220 to STARTTLS and before TLS
 * (Poddebniak et al., USENIX Security 2021; CVE-2021-38371): a client that
 * keeps it takes it for replies under TLS.
 */
#include "detect/rules.h"

/* The answer to a ClientHello, in clear or behind an alert (as IronPort says
 * why), is no injection but the end of the handshake: tls-disrupted's.  What
 * came first, hello or text, is not asked: captures do not keep such order. */
static bool
answers_hello(const struct brief *b)
{
	return b->r->tls_state == RECORD_TLS_FAILED && b->tls != NULL &&
	    b->tls->client_hello && b->tls->failed_by == SIDE_SERVER;
}

void
detect_response_injection(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX];
	struct finding *one;

	/* replies behind a 220 that the client talked on after are the
	 * plaintext that tls-not-started tells of */
	if (smtp_rare(smtp)->server_early_octets == 0 || answers_hello(b))
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_RESPONSE_INJECTION,
		.weight = WEIGHT_STRONG,
		.at = smtp_rare(smtp)->server_early_at,
		.expected = "nothing between the 220 and the ServerHello "
		    "(RFC 3207 4)",
		.seen = smtp_rare(smtp)->server_early != NULL ?
		    smtp_rare(smtp)->server_early :
		    "plaintext" },
	    "%u octet%s of plaintext replies stand behind the 220 of %s, "
	    "before TLS: injected on the way",
	    smtp_rare(smtp)->server_early_octets,
	    smtp_rare(smtp)->server_early_octets == 1 ? "" : "s",
	    brief_server(b, server));
	evidence_starttls_reply(one, smtp);
	evidence_line(one, SIDE_SERVER, smtp_rare(smtp)->server_early_at,
	    smtp_rare(smtp)->server_early);
}
