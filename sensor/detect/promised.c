/* SPDX-License-Identifier: ISC */
/*
 * What DNS and the operator promise, as rules ask for it.
 *
 * A host with secure TLSA records, usable or not, commits itself to TLS
 * (RFC 7672 section 2.2); MTA-STS does in mode enforce (RFC 8461 section 5)
 * and hopes for it in mode testing;
 * and the operator may know of servers that do.
 */
#include <stdio.h>

#include "detect/rules.h"

static const struct policy_answer *
answer(const struct brief *b)
{
	return b->promise->answer;
}

uint32_t
brief_promised(const struct brief *b)
{
	const struct policy_answer *a = answer(b);
	uint32_t because = 0;

	if (a != NULL && (a->state == POLICY_DANE_AUTH ||
	    a->state == POLICY_DANE_TLS || a->state == POLICY_DANE_HALF))
		because |= BECAUSE(DANE);
	if (a != NULL && a->sts == STS_ENFORCE &&
	    a->sts_match == STS_MATCH_YES)
		because |= BECAUSE(STS);
	if (b->promise->inventory != NULL &&
	    inventory_must_offer(b->promise->inventory,
	    &b->r->flow.ip[SIDE_SERVER], b->r->server_name))
		because |= BECAUSE(INVENTORY);
	return because;
}

/* Senders may deliver in clear, and are asked to report it (RFC 8461 section
 * 5). */
bool
brief_hoped(const struct brief *b)
{
	const struct policy_answer *a = answer(b);

	return a != NULL && a->sts == STS_TESTING &&
	    a->sts_match == STS_MATCH_YES && brief_promised(b) == 0 &&
	    !brief_exempt(b);
}

bool
brief_promised_wholly(const struct brief *b)
{
	const struct policy_answer *a = answer(b);

	return a != NULL && (a->state == POLICY_DANE_AUTH ||
	    a->state == POLICY_DANE_TLS ||
	    (brief_promised(b) & BECAUSE(STS)) != 0);
}

const char *
brief_promise_words(const struct brief *b, char out[PROMISED_MAX])
{
	uint32_t because = brief_promised(b);
	const struct policy_answer *a = answer(b);

	out[0] = '\0';
	if ((because & BECAUSE(DANE)) != 0)
		snprintf(out, PROMISED_MAX, ", which promises TLS in DNS "
		    "(DANE, _%u._tcp.%s)", b->r->flow.port[SIDE_SERVER],
		    a->base);
	else if ((because & BECAUSE(STS)) != 0)
		snprintf(out, PROMISED_MAX, ", for which %s promises TLS by "
		    "MTA-STS", a->domain);
	else if ((because & BECAUSE(INVENTORY)) != 0)
		snprintf(out, PROMISED_MAX, ", which the inventory says must "
		    "offer TLS");
	return out;
}
