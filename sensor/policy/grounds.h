/* SPDX-License-Identifier: ISC */
/*
 * policy/grounds.h -- what a policy verdict rests on, as text to be stored.
 *
 * The text has the time of each lookup and none of its own: verdicts drawn
 * from the same cached answers have the same text, which is kept once.
 */
#ifndef POLICY_GROUNDS_H
#define POLICY_GROUNDS_H

#include "policy/dane.h"
#include "policy/sts.h"
#include "schema/json_text.h"

#define GROUNDS_MAX	49152	/* octets of text; what is beyond is cut */

struct grounds {
	const char			*source;
	const struct dane_question	*question;	/* server and port */
	const struct dane_verdict	*verdicts;
	const struct sts_verdict	*sts;	/* NULL: not looked at */
	unsigned			 nverdicts;
	const struct inquiry		*inquiry;
};

/* Compact JSON into `out`, which starts empty. */
void	grounds_write(struct json_text *out, const struct grounds *e);

/* What an extended DNS error (RFC 8914) says, or NULL. */
const char	*grounds_ede_text(int ede);

#endif
