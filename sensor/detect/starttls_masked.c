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

void
detect_starttls_masked(const struct session_record *r, struct findings *f)
{
	const struct smtp_facts *smtp = record_smtp(r);
	const struct smtp_greeting *hello;
	char server[PARTY_MAX];
	struct finding *one;
	bool sure;

	if (r->offer != OFFER_MASKED || smtp->hellos_kept == 0)
		return;
	sure = hid_starttls(smtp);
	hello = &smtp->hellos[smtp->hellos_kept - 1];
	one = finding_add(f, &(struct opinion){
		.kind = KIND_STARTTLS_MASKED,
		.severity = record_mails(r) > 0 || smtp->auth != NULL ?
		    SEVERITY_HIGH : SEVERITY_MEDIUM,
		.confidence = sure ? CONFIDENCE_CERTAIN : CONFIDENCE_STRONG,
		.at = hello->reply_last,
		.expected = "keywords as a server writes them",
		.seen = smtp->offer_token != NULL ? smtp->offer_token :
		    "an overwritten keyword" },
	    sure ? "the EHLO reply of %s was edited on the way: \"%s\" stands "
	    "where STARTTLS belongs" :
	    "the EHLO reply of %s was edited on the way: \"%s\" hides a "
	    "keyword of eight letters, STARTTLS or another",
	    record_server(r, server),
	    smtp->offer_token != NULL ? smtp->offer_token : "");
	evidence_line(one, SIDE_SERVER, hello->reply_last,
	    smtp->ehlo_reply);
	if (smtp->banner_masked)
		evidence_line(one, SIDE_SERVER, smtp->greeting,
		    smtp->banner);
}
