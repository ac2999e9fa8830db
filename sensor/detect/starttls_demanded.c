/* SPDX-License-Identifier: ISC */
/*
 * The server demands STARTTLS (530, RFC 3207 section 4) although its EHLO
 * reply, seen whole, did not offer it: one of the two is not its own.
 */
#include "detect/rules.h"

void
detect_starttls_demanded(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;

	if (!b->smtp->starttls_demanded || (b->r->offer != OFFER_ABSENT &&
	    b->r->offer != OFFER_MASKED))
		return;
	f->taken = true;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_DEMANDED,
		.weight = WEIGHT_STRONG,
		.at = smtp_rare(b->smtp)->starttls_demanded_at,
		.expected = "an offer of what is demanded",
		.seen = "530 and no STARTTLS in the EHLO reply" },
	    "%s demands STARTTLS, but its EHLO reply arrived without the "
	    "offer%s", brief_server(b, server), brief_aftermath(b, after));
	evidence_line(one, SIDE_SERVER,
	    smtp_rare(b->smtp)->starttls_demanded_at, "530");
}
