/* SPDX-License-Identifier: ISC */
/*
 * The client's STARTTLS was overwritten on its way to the server.
 *
 * Behind the box it arrives as X's; before the box the server's refusal
 * quotes a word that the client never sent (Durumeric et al., IMC 2015,
 * took that echo as proof).  PIX from about 5.1 sends NOOP and blanks.
 */
#include "detect/rules.h"

/* STARTTLS with its letters in another order: a box writes other letters, a
 * finger slips.  Whoever types by hand sends no mail after it. */
static bool
is_slip(const struct brief *b)
{
	const char *sent = smtp_upgrade(b->smtp)->starttls_as_sent;
	unsigned letters[256] = { 0 }, wrong = 0;

	if (b->smtp->starttls != STARTTLS_MASKED || sent == NULL ||
	    b->smtp->mail_commands > 0 || b->exposed)
		return false;
	for (const char *p = "starttls"; *p != '\0'; p++)
		letters[(unsigned char)*p]++;
	for (const char *p = sent; *p != '\0'; p++)
		letters[span_lower((uint8_t)*p)]--;
	for (size_t i = 0; i < 256; i++)
		wrong += letters[i] != 0;
	return wrong == 0;
}

static enum weight
weigh(const struct brief *b)
{
	if (is_slip(b))
		return WEIGHT_NOTE;
	if (b->smtp->starttls == STARTTLS_MASKED ||
	    b->smtp->starttls_echo_differs)
		return WEIGHT_PROOF;
	/* eight octets of NOOP where a client that uses TLS says STARTTLS */
	return b->past->client_tls > 0 ? WEIGHT_STRONG : WEIGHT_HINT;
}

void
detect_starttls_command_masked(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	bool masked = smtp->starttls == STARTTLS_MASKED;
	struct finding *one;

	if (!masked && !smtp->starttls_echo_differs && !smtp->noop_padded)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_COMMAND_MASKED,
		.weight = weigh(b),
		.at = masked || smtp->noop_padded ?
		    smtp_upgrade(smtp)->starttls_command_at :
		    smtp_upgrade(smtp)->starttls_reply_at,
		.expected = "STARTTLS as the client sends it",
		.seen = masked && smtp_upgrade(smtp)->starttls_as_sent != NULL ?
		    smtp_upgrade(smtp)->starttls_as_sent : smtp->noop_padded ?
		    "NOOP and blanks" : "another word in the refusal" },
	    is_slip(b) ? "%s wrote STARTTLS to %s with its letters in another "
	    "order, as somebody who types does%s" :
	    masked ? "the STARTTLS of %s arrived at %s overwritten%s" :
	    smtp->noop_padded ? "in the place of STARTTLS of %s a NOOP "
	    "padded to its length went to %s%s" :
	    "the STARTTLS of %s was overwritten on its way to %s, whose "
	    "answer quotes another word%s", brief_client(b, client),
	    brief_server(b, server), brief_aftermath(b, after));
	evidence_starttls(one, smtp);
	evidence_starttls_reply(one, smtp);
}
