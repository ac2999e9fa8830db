/* SPDX-License-Identifier: ISC */
/*
 * The chain that was shown matches no usable TLSA record of its server (RFC
 * 7672 section 3.1): somebody else's, or a record left behind at a change of
 * certificate.
 *
 * A key that the server showed before speaks for a slip of the publisher, as
 * one record in seven was in 2020; and a mismatch just found may be a
 * rollover caught in the act, until records of after the TTL say the same.
 */
#include <stdio.h>

#include "detect/rules.h"

/* Not of the same afternoon: a man in the middle shows his again, too. */
static bool
shown_for_days(const struct brief *b)
{
	return b->past->key_known && b->past->offered_days >= 2;
}

static enum weight
weigh(const struct brief *b)
{
	switch (b->promise->match->outcome) {
	/* nobody is authenticated by an anonymous suite, and two Postfix that
	 * do not verify each other choose one below TLS 1.3 */
	case MATCH_NO_CERTIFICATE:
	/* the promised issuer did sign it: its owner should mend the dates */
	case MATCH_EXPIRED:
	case MATCH_NOT_YET_VALID:
		return WEIGHT_NOTE;
	default:
		break;
	}
	if (shown_for_days(b) || !b->promise->confirmed ||
	    b->promise->answer->state != POLICY_DANE_AUTH)
		return WEIGHT_HINT;
	return WEIGHT_STRONG;
}

void
detect_certificate_mismatch(const struct brief *b, struct findings *f)
{
	const struct match_result *m = b->promise->match;
	char server[PARTY_MAX];
	struct finding *one;

	if (m == NULL || match_promise(m->outcome) != MATCH_BROKEN ||
	    (b->promise->answer->state != POLICY_DANE_AUTH &&
	    b->promise->answer->state != POLICY_DANE_HALF))
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_CERTIFICATE_MISMATCH,
		.weight = weigh(b),
		.because = BECAUSE(DANE),
		.at = b->tls->certificate_at.packet != 0 ?
		    b->tls->certificate_at : b->tls->server_hello_at,
		.expected = "a certificate that one of the TLSA records "
		    "describes",
		.seen = match_text(m->outcome) },
	    "what %s showed keeps none of the %u TLSA record%s of %s (%s)%s%s",
	    brief_server(b, server), b->promise->answer->tlsa.count,
	    b->promise->answer->tlsa.count == 1 ? "" : "s",
	    b->promise->answer->base, match_word(m->outcome),
	    shown_for_days(b) ? "; it showed that key before, so the "
	    "records may have been left behind" : "",
	    b->promise->confirmed ? "" : " (to be asked again when they run "
	    "out)");
	evidence_line(one, SIDE_SERVER, b->tls->certificate_at,
	    b->tls->chain_len > 0 ? b->tls->chain[0]->subject : NULL);
}
