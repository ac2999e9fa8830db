/* SPDX-License-Identifier: ISC */
/*
 * STARTTLS was accepted, and the client went on in clear: no correct program
 * does that (RFC 3207 section 4), unless it was told something else than the
 * server said.  If the server answers in clear, somebody else accepted in
 * its name.  A client that only says QUIT or EHLO looked around.
 *
 * A capture of a decrypted connection looks the same, so the summary says
 * so.
 */
#include "detect/rules.h"

static enum weight
weigh(const struct brief *b)
{
	if (b->smtp->mails_accepted > 0 || b->smtp->auth_accepted)
		return WEIGHT_STRONG;
	return b->smtp->mail_commands > 0 || b->exposed ? WEIGHT_HINT :
	    WEIGHT_NOTE;
}

void
detect_tls_not_started(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;
	enum weight weight;

	if (!b->smtp->plain_after_accept ||
	    b->r->tls_state == RECORD_TLS_ESTABLISHED)
		return;
	weight = weigh(b);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_NOT_STARTED,
		.weight = weight,
		.at = smtp_rare(b->smtp)->plain_after_accept_at,
		.expected = "a TLS handshake behind the 220",
		.seen = "SMTP in clear" },
	    weight == WEIGHT_STRONG ?
	    "%s accepted STARTTLS, and both sides went on in clear%s (unless "
	    "this capture was decrypted)" : weight == WEIGHT_HINT ?
	    "%s accepted STARTTLS, and the client went on in clear without "
	    "an answer: it may have been told otherwise%s" :
	    "%s accepted STARTTLS, and the client left without it%s",
	    brief_server(b, server), brief_aftermath(b, after));
	evidence_starttls(one, b->smtp);
	evidence_starttls_reply(one, b->smtp);
}
