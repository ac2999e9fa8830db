/* SPDX-License-Identifier: ISC */
/*
 * The chain that was shown matches no usable TLSA record of its server (RFC
 * 7672 section 3.1): somebody else's, or a record left behind at a change of
 * certificate.
 *
 * A key that the server showed before speaks for a slip of the publisher, as
 * one record in seven was in 2020; and a mismatch just found may be a
 * rollover caught in the act, until records of after the TTL say the same
 * (RFC 7671 section 8.1).  Newer records that fit take it back.  Those that
 * are gone since neither confirm nor excuse it.
 */
#include <stdio.h>

#include "detect/rules.h"

/* Not of the same afternoon: a man in the middle shows his again, too. */
static bool
shown_for_days(const struct brief *b)
{
	return b->past->key_known && b->past->offered_days >= 2;
}

static bool
is_settled(enum confirm_answer a)
{
	return a == CONFIRM_REAL || a == CONFIRM_FIXED;
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
	if (b->promise->confirm == CONFIRM_RACE)
		return WEIGHT_NOTE;
	if (shown_for_days(b) || !is_settled(b->promise->confirm) ||
	    b->promise->answer->state != POLICY_DANE_AUTH)
		return WEIGHT_HINT;
	return WEIGHT_STRONG;
}

/* How sure it is, in words. */
static const char *
confirm_text(enum confirm_answer a)
{
	switch (a) {
	case CONFIRM_WAIT:
		return MISMATCH_WAITS;
	case CONFIRM_REAL:
		return " (confirmed: records looked up after their TTL say the "
		    "same)";
	case CONFIRM_RACE:
		return " (a rollover caught in the act: newer records fit it)";
	case CONFIRM_WITHDRAWN:
		return " (not confirmed: the promise has been withdrawn since)";
	case CONFIRM_UNDECIDED:
		return MISMATCH_UNDECIDED;
	case CONFIRM_FIXED:
		return " (by a snapshot, which cannot be asked again)";
	case CONFIRM_NOTHING:
	case CONFIRM_ANSWERS:
		break;
	}
	return "";
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
	    confirm_text(b->promise->confirm));
	evidence_line(one, SIDE_SERVER, b->tls->certificate_at,
	    b->tls->chain_len > 0 ? b->tls->chain[0]->subject : NULL);
}
