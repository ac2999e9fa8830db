/* SPDX-License-Identifier: ISC */
/*
 * Offered, asked for, and refused.
 *
 * RFC 3207 section 4 knows 220, 501 (a parameter was given) and 454 (not
 * available for now).  A server does not offer what it refuses for good in
 * the same second, so 5xx, 3xx and 2xx that no TLS follows are another's
 * words; 454 and 421 are said by busy servers as well.  One that announced
 * ENHANCEDSTATUSCODES owes a code with each refusal (RFC 2034 section 4):
 * where it is missing, the author is another.
 */
#include "detect/rules.h"

#define SELDOM	20	/* one refusal in so many attempts is a busy hour */

/* A refusal in the server's own style, of a server that else accepts. */
static bool
busy(const struct brief *b)
{
	const struct past *p = b->past;

	return !b->exposed && b->smtp->starttls_reply_enhanced &&
	    p->established > 0 && p->client_tls_here > 0 &&
	    p->starttls_refused * SELDOM < p->established;
}

/* Two texts stand for the same octets of the server: whoever forges in this
 * session does not write a 220. */
static bool
contested(const struct brief *b)
{
	for (unsigned i = 0; i < b->r->conflicts_kept; i++)
		if (b->r->conflicts[i].side == SIDE_SERVER &&
		    b->r->conflicts[i].octets > 1)
			return true;
	return b->r->conflicts_seen > 1;
}

static enum weight
weigh(const struct brief *b)
{
	const struct smtp_facts *smtp = b->smtp;
	int class = smtp->starttls_reply / 100;

	if (class == 4) {
		if (smtp->enhanced_codes && !smtp->starttls_reply_enhanced &&
		    smtp->starttls_reply != 421)
			return WEIGHT_STRONG;
		if (contested(b) ||
		    brief_elsewhere(b, SIDE_SERVER,
		    smtp_upgrade(smtp)->starttls_reply_at))
			return WEIGHT_STRONG;
		return busy(b) ? WEIGHT_NOTE : WEIGHT_HINT;
	}
	/* a parameter, or TLS is there already, or a refused parameter's kin:
	 * the client's own doing */
	if (smtp->starttls_reply == 554 && smtp->starttls_times > 1)
		return WEIGHT_NOTE;
	if (smtp->starttls_reply == 501 &&
	    smtp_upgrade(smtp)->starttls_as_sent != NULL &&
	    strlen(smtp_upgrade(smtp)->starttls_as_sent) > strlen("STARTTLS"))
		return WEIGHT_NOTE;
	return WEIGHT_STRONG;
}

static const char *
meaning(const struct brief *b, enum weight w)
{
	int class = b->smtp->starttls_reply / 100;

	if (w == WEIGHT_NOTE)
		return class == 4 ? "once, in the server's own style: a busy "
		    "server" : "for a reason of the client's making";
	if (class == 4)
		return w != WEIGHT_STRONG ? "for now" : contested(b) ?
		    "for now, in a session with forged octets" :
		    brief_elsewhere(b, SIDE_SERVER,
		    smtp_upgrade(b->smtp)->starttls_reply_at) ?
		    "for now, in a packet from elsewhere" :
		    "without the status code that this server announced "
		    "(RFC 2034)";
	return class == 5 ? "for good, what it had offered a moment before" :
	    "with a code that means neither yes nor no (RFC 3207 4)";
}

void
detect_starttls_refused(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	struct finding *one;
	enum weight weight;

	if (smtp->starttls != STARTTLS_SENT || smtp->starttls_reply == 0 ||
	    smtp->starttls_reply == 220 ||
	    b->r->tls_state == RECORD_TLS_ESTABLISHED ||
	    b->r->tls_state == RECORD_TLS_UNSEEN ||
	    (b->r->offer != OFFER_OFFERED && smtp->starttls_reply >= 300))
		return;
	weight = weigh(b);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_REFUSED,
		.weight = weight,
		.because = b->past->established > 0 ? BECAUSE(HISTORY) : 0,
		.at = smtp_upgrade(smtp)->starttls_reply_at,
		.expected = "220, and TLS",
		.seen = smtp_upgrade(smtp)->starttls_reply_text != NULL ?
		    smtp_upgrade(smtp)->starttls_reply_text : "a refusal" },
	    "%s %sanswered %s with %d: refused %s%s",
	    brief_server(b, server), b->r->offer == OFFER_OFFERED ?
	    "offered STARTTLS and " : "", b->r->offer == OFFER_OFFERED ?
	    "it" : "STARTTLS", smtp->starttls_reply,
	    meaning(b, weight), brief_aftermath(b, after));
	evidence_starttls(one, smtp);
	evidence_starttls_reply(one, smtp);
}
