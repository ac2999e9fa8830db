/* SPDX-License-Identifier: ISC */
/*
 * Two payloads for one stretch of the dialogue: somebody raced an end.
 *
 * The first copy wins at the receiver; the sensor compares later ones with
 * it, also after the acknowledgement.  flow/ has put damaged copies aside
 * and compared what was cut into segments otherwise, so what is left are two
 * authors.
 */
#include <stdio.h>

#include "detect/rules.h"

#define SHOWN		60	/* octets of each in the summary */
#define TEXTS_MAX	160

/* Both, as far as they may be shown: a mail's are not kept. */
static const char *
shown(const struct record_conflict *c, char out[TEXTS_MAX])
{
	out[0] = '\0';
	if (c->before[0] != '\0' && c->after[0] != '\0')
		snprintf(out, TEXTS_MAX, ", \"%.*s\" and \"%.*s\"", SHOWN,
		    c->before, SHOWN, c->after);
	return out;
}

void
detect_reply_conflict(const struct brief *b, struct findings *f)
{
	const struct record_conflict *c;
	char server[PARTY_MAX], client[PARTY_MAX], after[AFTERMATH_MAX];
	char texts[TEXTS_MAX];
	struct finding *one;

	if (b->r->conflicts_kept == 0)
		return;
	c = &b->r->conflicts[0];
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_REPLY_CONFLICT,
		/* one odd octet is what a keep-alive probe may carry */
		.weight = c->octets > 1 || b->r->conflicts_seen > 1 ?
		    WEIGHT_PROOF : WEIGHT_HINT,
		.at = c->after_at,
		.expected = c->before,
		.seen = c->after },
	    "two texts stand for the same octets of %s%s: one of them is "
	    "forged%s", c->side == SIDE_SERVER ? brief_server(b, server) :
	    brief_client(b, client), shown(c, texts),
	    brief_aftermath(b, after));
	evidence_line(one, c->side, c->before_at, c->before);
	evidence_line(one, c->side, c->after_at, c->after);
}
