/* SPDX-License-Identifier: ISC */
/*
 * TLS failed, then the same client delivered in clear: to the same server,
 * or to another of its domain.
 *
 * Exim and OpenSMTPD do so at once, Postfix minutes to hours later.  With a
 * server that never got TLS up it is what opportunistic TLS is for, and
 * still exposed.
 */
#include "detect/rules.h"

#define SECOND		INT64_C(1000000)

void
detect_cleartext_retry(const struct brief *b, struct findings *f)
{
	const struct past *p = b->past;
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	bool here = b->r->tls_state == RECORD_TLS_FAILED;
	int64_t waited;
	struct finding *one;

	if (!b->exposed || b->r->tls_state == RECORD_TLS_ESTABLISHED ||
	    b->smtp->plain_after_accept ||
	    (!here && p->failed == PAST_FAILED_NOT))
		return;
	waited = (b->r->flow.first.time - p->failed_at) / SECOND;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_CLEARTEXT_RETRY,
		.weight = WEIGHT_HINT,
		.because = p->client_tls_here > 0 ? BECAUSE(HISTORY) : 0,
		.at = b->smtp->first_mail.packet != 0 ? b->smtp->first_mail :
		    b->smtp->auth_at,
		.expected = "TLS, which the client had tried",
		.seen = "a delivery in clear" },
	    here ? "%s went on in clear with %s after TLS had failed%s" :
	    "%s came back to %s in clear after TLS had %s %lld seconds "
	    "before%s%s", brief_client(b, client), brief_server(b, server),
	    here ? brief_aftermath(b, after) :
	    p->failed == PAST_FAILED_REFUSED ? "been refused" : "failed",
	    (long long)waited, p->failed_there ?
	    " with another server of its domain" : "",
	    brief_aftermath(b, after));
	evidence_line(one, SIDE_CLIENT, b->smtp->first_mail, "MAIL");
	evidence_line(one, SIDE_CLIENT, b->smtp->first_data, "DATA");
}
