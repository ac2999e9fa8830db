/* SPDX-License-Identifier: ISC */
/*
 * MAIL with REQUIRETLS outside TLS: the parameter exists under TLS only
 * (RFC 8689 section 4.2), and whoever asked for it wanted no mail in clear.
 */
#include "detect/rules.h"

void
detect_requiretls_in_clear(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;

	if (!b->smtp->requiretls)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_REQUIRETLS_IN_CLEAR,
		.weight = WEIGHT_STRONG,
		.at = smtp_rare(b->smtp)->requiretls_at,
		.expected = "REQUIRETLS under TLS only (RFC 8689 4.2)",
		.seen = "MAIL with REQUIRETLS in clear" },
	    "a mail that demands TLS all the way (REQUIRETLS) was begun in "
	    "clear with %s%s", brief_server(b, server),
	    brief_aftermath(b, after));
	evidence_line(one, SIDE_CLIENT, smtp_rare(b->smtp)->requiretls_at,
	    "MAIL ... REQUIRETLS");
}
