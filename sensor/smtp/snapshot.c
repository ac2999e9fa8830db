/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/facts.h"

/* Every text of the facts, but those in arrays. */
static const char **
text_of(struct smtp_facts *f, unsigned which)
{
	const char **const texts[] = { &f->banner, &f->hello_name,
	    &f->ehlo_reply, &f->capabilities, &f->offer_token,
	    &f->starttls_as_sent, &f->starttls_reply_text,
	    &f->mail_from_domain, &f->auth };

	return which < sizeof(texts) / sizeof(texts[0]) ? texts[which] : NULL;
}

/* -1: memory is short; what was copied is the copy's, the rest NULL. */
static int
copy_texts(struct smtp_facts *to, const struct smtp_facts *from)
{
	struct smtp_facts source = *from;
	const char **text;
	int rc = 0;

	for (unsigned i = 0; (text = text_of(to, i)) != NULL; i++) {
		const char *original = *text_of(&source, i);

		*text = original == NULL ? NULL : strdup(original);
		if (original != NULL && *text == NULL)
			rc = -1;
	}
	return rc;
}

static int
copy_arrays(struct smtp_facts *to, const struct smtp_facts *from)
{
	to->hellos = NULL;
	to->rcpt_domains = NULL;
	to->rcpt_domains_kept = to->hellos_kept = 0;
	if (from->hellos_kept > 0) {
		to->hellos = calloc(from->hellos_kept, sizeof(*to->hellos));
		if (to->hellos == NULL)
			return -1;
		memcpy(to->hellos, from->hellos,
		    from->hellos_kept * sizeof(*to->hellos));
		to->hellos_kept = from->hellos_kept;
	}
	if (from->rcpt_domains_kept == 0)
		return 0;
	to->rcpt_domains = calloc(from->rcpt_domains_kept,
	    sizeof(*to->rcpt_domains));
	if (to->rcpt_domains == NULL)
		return -1;
	for (; to->rcpt_domains_kept < from->rcpt_domains_kept;
	    to->rcpt_domains_kept++) {
		unsigned i = to->rcpt_domains_kept;

		if ((to->rcpt_domains[i] = strdup(from->rcpt_domains[i])) ==
		    NULL)
			return -1;
	}
	return 0;
}

/* The early texts are those of smtp_text, which owns them. */
static int
copy_early(struct smtp *copy, const struct smtp *s)
{
	const char **const to[SIDES] = { &copy->facts.client_early,
	    &copy->facts.server_early };

	for (int i = 0; i < SIDES; i++) {
		*to[i] = NULL;
		if (s->early[i].at == NULL)
			continue;
		smtp_text_say(&copy->early[i], s->early[i].at,
		    SMTP_EARLY_MAX);
		if ((*to[i] = copy->early[i].at) == NULL)
			return -1;
	}
	return 0;
}

struct smtp *
smtp_snapshot(const struct smtp *s)
{
	struct smtp *copy;

	if ((copy = calloc(1, sizeof(*copy))) == NULL)
		return NULL;
	copy->facts = s->facts;
	/* each makes its part the copy's own, whatever becomes of it */
	if (copy_texts(&copy->facts, &s->facts) +
	    copy_arrays(&copy->facts, &s->facts) +
	    copy_early(copy, s) == 0)
		return copy;
	smtp_free(copy);
	return NULL;
}
