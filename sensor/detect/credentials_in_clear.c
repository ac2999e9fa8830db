/* SPDX-License-Identifier: ISC */
/*
 * AUTH outside TLS (RFC 4954 section 4: PLAIN and kin only under TLS).
 *
 * A mechanism that proves knowledge of the password without sending it is
 * less of a loss, but offers the material for guessing it.
 */
#include <stdio.h>

#include "detect/rules.h"

static bool
sends_no_password(const char *mechanism)
{
	static const char *const proofs[] = { "CRAM-MD5", "DIGEST-MD5",
	    "NTLM", "GSSAPI", "GSS-SPNEGO", "EXTERNAL", "ANONYMOUS" };

	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++)
		if (strcmp(mechanism, proofs[i]) == 0)
			return true;
	return strncmp(mechanism, "SCRAM-", 6) == 0;
}

/* Somebody took the encryption away, and a password went. */
static bool
stripped(const struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (grade_tampers(f->list[i].kind) &&
		    f->list[i].confidence >= CONFIDENCE_STRONG)
			return true;
	return false;
}

void
detect_credentials_in_clear(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX], line[80];
	struct finding *one;
	bool proof;

	if (smtp_rare(smtp)->auth == NULL)
		return;
	proof = sends_no_password(smtp_rare(smtp)->auth);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_CREDENTIALS_IN_CLEAR,
		.weight = proof ? WEIGHT_HINT : stripped(f) ? WEIGHT_PROOF :
		    WEIGHT_STRONG,
		.at = smtp_rare(smtp)->auth_at,
		.expected = "AUTH under TLS only (RFC 4954 4)",
		.seen = "AUTH in clear" },
	    proof ? "a login with %s to %s was in clear: it can be guessed "
	    "at offline%s" :
	    "a password was sent in clear with %s to %s%s",
	    smtp_rare(smtp)->auth,
	    brief_server(b, server),
	    smtp->auth_accepted ? ", and the server accepted it" : "");
	snprintf(line, sizeof(line), "AUTH %.60s ...", smtp_rare(smtp)->auth);
	evidence_line(one, SIDE_CLIENT, smtp_rare(smtp)->auth_at, line);
}
