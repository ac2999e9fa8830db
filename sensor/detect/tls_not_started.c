/* SPDX-License-Identifier: ISC */
/*
 * STARTTLS was accepted, and the conversation went on in clear: no correct
 * program does that (RFC 3207 section 4).  A capture of a decrypted
 * connection looks the same, so the summary says so.
 */
#include "detect/rules.h"

void
detect_tls_not_started(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;

	if (!b->smtp->plain_after_accept ||
	    b->r->tls_state == RECORD_TLS_ESTABLISHED)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_NOT_STARTED,
		/* a client that only looks around and sends nothing */
		.weight = b->smtp->mail_commands > 0 || b->exposed ?
		    WEIGHT_STRONG : WEIGHT_HINT,
		.at = b->smtp->plain_after_accept_at,
		.expected = "a TLS handshake behind the 220",
		.seen = "SMTP in clear" },
	    "%s accepted STARTTLS and plaintext went on%s (unless this "
	    "capture was decrypted)", brief_server(b, server),
	    brief_aftermath(b, after));
	evidence_line(one, SIDE_CLIENT, b->smtp->starttls_command_at,
	    b->smtp->starttls_as_sent);
	evidence_line(one, SIDE_SERVER, b->smtp->starttls_reply_at,
	    b->smtp->starttls_reply_text);
}
