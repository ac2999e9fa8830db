/* SPDX-License-Identifier: ISC */
/*
 * Another key than this server's: visible in full handshakes up to TLS 1.2
 * alone.
 *
 * Certificates are renewed all the time, with new keys; the issuer mostly
 * stays.  So a new key of a known issuer is a note, and one of an unknown
 * issuer is worth a look.  One that vouches for itself is its own issuer: the
 * same name again is a renewal by hand.
 */
#include "detect/rules.h"

#define POOL_KEYS	4	/* so many keys are a pool, or a habit */

static enum weight
weigh(const struct brief *b)
{
	if (brief_tool_certificate(b))
		return WEIGHT_PROOF;
	if (b->past->issuer_known || b->past->keys >= POOL_KEYS)
		return WEIGHT_NOTE;
	return WEIGHT_HINT;
}

void
detect_certificate_changed(const struct brief *b, struct findings *f)
{
	const struct certificate *leaf;
	char server[PARTY_MAX];
	struct finding *one;
	enum weight weight;

	/* where DNS vouches for it, the past does not matter */
	if (b->promise->match != NULL &&
	    (match_promise(b->promise->match->outcome) == MATCH_KEPT ||
	    b->promise->confirm == CONFIRM_RACE))
		return;
	if (b->r->certificate != RECORD_CERTIFICATE_VISIBLE ||
	    b->tls == NULL || !b->tls->chain[0]->readable)
		return;
	leaf = b->tls->chain[0];
	weight = weigh(b);
	if ((b->past->keys == 0 || b->past->key_known) &&
	    weight != WEIGHT_PROOF)
		return;
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_CERTIFICATE_CHANGED,
		.weight = weight,
		.because = b->past->keys > 0 ? BECAUSE(HISTORY) : 0,
		.at = b->tls->certificate_at,
		.expected = "a key that this server showed before, or one of "
		    "the same issuer",
		.seen = leaf->issuer != NULL ? leaf->issuer :
		    "a certificate without a readable issuer" },
	    weight == WEIGHT_PROOF ?
	    "%s showed the certificate that a stripping tool makes (\"%s\")" :
	    b->past->issuer_known ? "%s showed a new key, under an issuer that "
	    "it had before (%s): renewed" : weight == WEIGHT_NOTE ?
	    "%s showed another key (issuer %s), as it often does" :
	    "%s showed another key than its own so far, of an issuer that it "
	    "was not known to use (%s)", brief_server(b, server),
	    leaf->issuer != NULL ? leaf->issuer : "");
	evidence_line(one, SIDE_SERVER, b->tls->certificate_at,
	    leaf->subject);
}
