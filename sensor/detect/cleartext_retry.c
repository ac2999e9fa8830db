/* SPDX-License-Identifier: ISC */
/*
 * TLS failed, then the same client delivered in clear: to the same server,
 * or to another of its domain.
 *
 * Exim and OpenSMTPD do so at once, Postfix minutes to hours later.  With a
 * server that never got TLS up it is what opportunistic TLS is for, and
 * still exposed.
 */
#include <stdio.h>
#include <string.h>

#include "detect/rules.h"

#define SECOND		INT64_C(1000000)
#define WAITED_MAX	32
#define WHAT_MAX	128

/* "14 seconds", "20 minutes", "3 hours". */
static const char *
waited(int64_t seconds, char out[WAITED_MAX])
{
	if (seconds < 120)
		snprintf(out, WAITED_MAX, "%lld second%s", (long long)seconds,
		    seconds == 1 ? "" : "s");
	else if (seconds < 7200)
		snprintf(out, WAITED_MAX, "%lld minutes",
		    (long long)seconds / 60);
	else
		snprintf(out, WAITED_MAX, "%lld hours",
		    (long long)seconds / 3600);
	return out;
}

/* "TLS had failed", in this session or 20 minutes before it. */
static const char *
what_failed(const struct brief *b, bool here, char out[WHAT_MAX])
{
	const struct past *p = b->past;
	char before[WAITED_MAX];

	if (here)
		strcpy(out, "TLS had failed");
	else
		snprintf(out, WHAT_MAX, "TLS had %s %s before%s",
		    p->failed == PAST_FAILED_REFUSED ? "been refused" :
		    "failed", waited((b->r->flow.first.time - p->failed_at) /
		    SECOND, before), p->failed_there ?
		    " with another server of its domain" : "");
	return out;
}

void
detect_cleartext_retry(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	bool here = b->r->tls_state == RECORD_TLS_FAILED;
	bool as_ever = brief_never_worked(b), exempt = brief_exempt(b);
	char what[WHAT_MAX];
	struct finding *one;

	if (!b->exposed || b->r->tls_state == RECORD_TLS_ESTABLISHED ||
	    b->smtp->plain_after_accept ||
	    (!here && b->past->failed == PAST_FAILED_NOT))
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_CLEARTEXT_RETRY,
		.weight = exempt ? WEIGHT_NOTE :
		    brief_promised_wholly(b) ? WEIGHT_STRONG : WEIGHT_HINT,
		.because = b->past->client_tls_here > 0 ? BECAUSE(HISTORY) : 0,
		.at = smtp_mail(b->smtp)->first_mail.packet != 0 ?
		    smtp_mail(b->smtp)->first_mail :
		    smtp_rare(b->smtp)->auth_at,
		.expected = "TLS, which the client had tried",
		.seen = "a delivery in clear" },
	    "%s %s %s in clear after %s%s%s%s", brief_client(b, client),
	    here ? "went on with" : "came back to", brief_server(b, server),
	    what_failed(b, here, what), as_ever ? ", as it does with this "
	    "server for all clients" : "", brief_aftermath(b, after),
	    exempt ? brief_exemption(b) : "");
	evidence_line(one, SIDE_CLIENT, smtp_mail(b->smtp)->first_mail, "MAIL");
	evidence_line(one, SIDE_CLIENT, smtp_mail(b->smtp)->first_data, "DATA");
}
