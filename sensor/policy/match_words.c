/* SPDX-License-Identifier: ISC */
#include "policy/match.h"

static const struct {
	enum match_promise	 promise;
	const char		*word, *text;
} outcomes[MATCH_OUTCOMES] = {
	[MATCH_MATCHED] = { MATCH_KEPT, "matched",
	    "a TLSA record authenticates the certificate" },
	[MATCH_MISMATCHED] = { MATCH_BROKEN, "mismatched",
	    "no TLSA record describes the certificates shown" },
	[MATCH_EXPIRED] = { MATCH_BROKEN, "expired-under-ta",
	    "a certificate under the trust anchor had expired" },
	[MATCH_NOT_YET_VALID] = { MATCH_BROKEN, "not-yet-valid-under-ta",
	    "a certificate under the trust anchor was not valid yet" },
	[MATCH_NAME] = { MATCH_BROKEN, "name-mismatch-under-ta",
	    "the certificate under the trust anchor is not for this server" },
	[MATCH_PURPOSE] = { MATCH_BROKEN, "wrong-purpose-under-ta",
	    "the certificate under the trust anchor is not for TLS servers" },
	[MATCH_WEAK] = { MATCH_BROKEN, "too-weak-under-ta",
	    "a key or digest under the trust anchor is too weak" },
	[MATCH_SIGNATURE] = { MATCH_BROKEN, "bad-signature-under-ta",
	    "a certificate was not signed by its issuer under the trust "
	    "anchor" },
	[MATCH_PATH] = { MATCH_BROKEN, "invalid-path-under-ta",
	    "the path to the trust anchor is not valid" },
	[MATCH_NO_NAMES] = { MATCH_UNDECIDED, "no-reference-name",
	    "a trust anchor matches, but the server's name is not known" },
	[MATCH_HIDDEN] = { MATCH_UNDECIDED, "hidden",
	    "the certificate could not be seen" },
	[MATCH_CUT] = { MATCH_UNDECIDED, "chain-cut",
	    "not all certificates or records were kept, and what was kept "
	    "does not match" },
	[MATCH_UNREADABLE] = { MATCH_UNDECIDED, "unreadable-certificate",
	    "a certificate cannot be read" },
	[MATCH_NO_CERTIFICATE] = { MATCH_BROKEN, "no-certificate",
	    "the server showed no certificate" },
	[MATCH_UNUSABLE] = { MATCH_NOT_MADE, "unusable",
	    "no usable TLSA record: TLS is promised, authentication is not" },
	[MATCH_NO_RECORDS] = { MATCH_NOT_MADE, "no-records",
	    "there is no TLSA record" },
	[MATCH_FAILED] = { MATCH_UNDECIDED, "failed",
	    "memory was short" },
};

enum match_promise
match_promise(enum match_outcome o)
{
	return o < MATCH_OUTCOMES ? outcomes[o].promise : MATCH_UNDECIDED;
}

const char *
match_word(enum match_outcome o)
{
	return o < MATCH_OUTCOMES ? outcomes[o].word : "?";
}

const char *
match_text(enum match_outcome o)
{
	return o < MATCH_OUTCOMES ? outcomes[o].text : "?";
}
