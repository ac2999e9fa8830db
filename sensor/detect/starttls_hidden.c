/* SPDX-License-Identifier: ISC */
/*
 * Asked for without an offer, accepted, and TLS came up: the server can do
 * what its list did not say.  The list was altered on the way, or the server
 * hides the keyword from this client.
 */
#include <string.h>

#include "detect/rules.h"

bool
brief_anonymous(const struct brief *b)
{
	return b->smtp->anonymoustls && b->smtp->capabilities != NULL &&
	    strstr(b->smtp->capabilities, "X-ANONYMOUSTLS") != NULL &&
	    b->r->tls_state == RECORD_TLS_ESTABLISHED;
}

void
detect_starttls_hidden(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = brief_hello(b);
	char server[PARTY_MAX];
	struct finding *one;
	uint32_t because;
	enum weight past, weight;
	enum habit habit;

	if (!b->smtp->starttls_unoffered || brief_anonymous(b) || hello == NULL ||
	    b->r->tls_state != RECORD_TLS_ESTABLISHED ||
	    (b->r->offer != OFFER_ABSENT && b->r->offer != OFFER_MASKED &&
	    b->r->offer != OFFER_EHLO_REFUSED))
		return;
	habit = brief_habit(b);
	past = habit_weight(b, habit, &because);
	weight = past >= WEIGHT_STRONG ? WEIGHT_STRONG :
	    habit == HABIT_HIDDEN ? WEIGHT_NOTE : WEIGHT_HINT;
	f->taken |= weight > WEIGHT_NOTE;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_HIDDEN,
		.weight = weight,
		.because = because,
		.at = hello->reply_last,
		.expected = "STARTTLS in the EHLO reply of a server that "
		    "accepts it",
		.seen = "an EHLO reply without it, then 220 and TLS" },
	    "%s accepted STARTTLS and TLS came up, though its EHLO reply did "
	    "not offer it: the list was altered, or is hidden from this "
	    "client", brief_server(b, server));
	evidence_line(one, SIDE_SERVER, hello->reply_last,
	    b->smtp->ehlo_reply);
	evidence_starttls(one, b->smtp);
	evidence_starttls_reply(one, b->smtp);
}
