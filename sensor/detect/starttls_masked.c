/* SPDX-License-Identifier: ISC */
/*
 * A keyword of the EHLO reply was overwritten: a box edits the session.
 *
 * What it hid is another question.  Boxes that overwrite keep the length,
 * and STARTTLS is not the only word of eight letters: CHUNKING (RFC 3030),
 * 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) are others.  So: more masked
 * words of eight than of those others are missing from the list -- then one
 * of them was STARTTLS.  A word that is one or two letters off STARTTLS
 * leaves no doubt.
 */
#include "detect/rules.h"

#define STARTTLS_LENGTH	8

static const char *const	eight_letters[] = {
	"CHUNKING", "8BITMIME", "SMTPUTF8",
};

static bool
lists(const char *capabilities, const char *keyword)
{
	struct span want = span_text(keyword);
	const char *p = capabilities;

	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, " ");

		if (span_equal_nocase(span_of(p, n), want))
			return true;
		p += n;
		p += *p == ' ';
	}
	return false;
}

static bool
is_run(const char *word, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i++)
		if (word[i] != word[0])
			return false;
	return n > 1 && (word[0] == 'X' || word[0] == '*') &&
	    (word[n - 1] == word[0] ||
	    (word[n - 1] >= 'A' && word[n - 1] <= 'Z'));
}

/* How many words of eight letters stand overwritten in the list? */
static unsigned
masked_eights(const char *capabilities)
{
	const char *p = capabilities;
	unsigned found = 0;

	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, " ");

		found += n == STARTTLS_LENGTH && is_run(p, n);
		p += n;
		p += *p == ' ';
	}
	return found;
}

static bool
hid_starttls(const struct smtp_facts *smtp)
{
	unsigned masked = masked_eights(smtp->capabilities), missing = 0;

	if (masked == 0)	/* the token is STARTTLS with letters changed */
		return true;
	for (size_t i = 0; i < 3; i++)
		missing += !lists(smtp->capabilities, eight_letters[i]);
	return masked > missing;
}

/* Another spelling than all clients know, of a server that is known to use
 * that one: letters changed in length, so that case-sensitive clients (Exim,
 * OpenSMTPD) pass it by. */
static bool
respelt(const struct brief *b)
{
	return b->r->offer == OFFER_OFFERED && b->smtp->offer_altered &&
	    b->r->starttls == RECORD_STARTTLS_NOT_SENT &&
	    b->past->offered_plainly > 0 &&
	    b->past->offered_plainly == b->past->offered;
}

/* The tool striptls adds the keyword for its odd replies to STARTTLS. */
static bool
listed_twice(const struct brief *b)
{
	return b->r->offer == OFFER_OFFERED && b->smtp->offer_times > 1;
}

static const char *
token(const struct brief *b)
{
	return b->smtp->offer_token != NULL ? b->smtp->offer_token : "";
}

static struct finding *
say(const struct brief *b, struct findings *f, const struct opinion *o,
    bool sure)
{
	char server[PARTY_MAX];

	brief_server(b, server);
	if (b->r->offer == OFFER_MASKED)
		return finding_add(f, b, o, sure ?
		    "the EHLO reply of %s was edited on the way: \"%s\" stands "
		    "where STARTTLS belongs" :
		    "the EHLO reply of %s was edited on the way: \"%s\" hides "
		    "a keyword of eight letters, STARTTLS or another", server,
		    token(b));
	if (listed_twice(b))
		return finding_add(f, b, o, "the EHLO reply of %s lists "
		    "STARTTLS %u times, as no server does: somebody added it",
		    server, b->smtp->offer_times);
	return finding_add(f, b, o, "the EHLO reply of %s spells STARTTLS as "
	    "\"%s\", and never did in %u earlier sessions: some clients do "
	    "not see it", server, token(b), b->past->offered);
}

void
detect_starttls_masked(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = brief_hello(b);
	struct opinion o = { .kind = KIND_STARTTLS_MASKED };
	struct finding *one;
	bool sure;

	if (hello == NULL)
		return;
	sure = b->r->offer == OFFER_MASKED && hid_starttls(b->smtp);
	if (b->r->offer == OFFER_MASKED)
		o.weight = sure ? WEIGHT_PROOF : WEIGHT_STRONG;
	else if (listed_twice(b))
		o.weight = WEIGHT_STRONG;
	else if (respelt(b))
		o.weight = WEIGHT_HINT;
	else
		return;
	if (b->past->offered > 0)
		o.because = BECAUSE(HISTORY);
	f->taken |= b->r->offer == OFFER_MASKED;
	o.at = hello->reply_last;
	o.expected = "keywords as a server writes them, each once";
	o.seen = b->smtp->offer_token != NULL ? token(b) :
	    "an overwritten keyword";
	one = say(b, f, &o, sure);
	evidence_line(one, SIDE_SERVER, hello->reply_last,
	    b->smtp->ehlo_reply);
	if (b->smtp->banner_masked)
		evidence_line(one, SIDE_SERVER, b->smtp->greeting,
		    b->smtp->banner);
}
