/* SPDX-License-Identifier: ISC */
/*
 * The greeting overwritten: 2, 0, blanks and stars alone, as Cisco's
 * inspection leaves it.  A box edits the session; whether it takes TLS away
 * is for other rules.  Grave where the same server's greeting was plain
 * before, or keywords are overwritten as well.
 */
#include "detect/rules.h"

#define PLAIN_BEFORE	3	/* sessions */

void
detect_banner_masked(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX];
	bool plain_before = b->past->banners_plain >= PLAIN_BEFORE &&
	    b->past->banners_masked < b->past->banners_plain;
	struct finding *one;

	if (!b->smtp->banner_masked)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_BANNER_MASKED,
		.weight = plain_before || b->smtp->masked_keywords > 0 ?
		    WEIGHT_STRONG : WEIGHT_HINT,
		.because = plain_before ? BECAUSE(HISTORY) : 0,
		.at = b->smtp->greeting,
		.expected = "a greeting that names the server (RFC 5321 4.2)",
		.seen = b->smtp->banner != NULL ? b->smtp->banner : "stars" },
	    "the greeting of %s was overwritten on the way%s%s",
	    brief_server(b, server), plain_before ?
	    "; it was plain in earlier sessions" : "",
	    brief_aftermath(b, after));
	evidence_line(one, SIDE_SERVER, b->smtp->greeting, b->smtp->banner);
}
