/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/facts.h"

/* All of these: -1 if memory is short; what was copied is the copy's, the
 * rest NULL. */

static int
copy_text(const char **text)
{
	if (*text == NULL)
		return 0;
	*text = strdup(*text);
	return *text == NULL ? -1 : 0;
}

static int
copy_core(struct smtp *copy)
{
	struct smtp_facts *f = &copy->facts;
	const struct smtp_greeting *hellos = f->hellos;
	int rc;

	f->upgrade = NULL;
	f->mail = NULL;
	f->rare = NULL;
	rc = copy_text(&f->banner) + copy_text(&f->hello_name) +
	    copy_text(&f->ehlo_reply) + copy_text(&f->capabilities) +
	    copy_text(&f->offer_token);
	if (f->hellos_kept == 0)
		return rc;
	f->hellos = &copy->first_hello;
	copy->first_hello = hellos[0];
	if (f->hellos_kept == 1)
		return rc;
	f->hellos = calloc(f->hellos_kept, sizeof(*hellos));
	if (f->hellos == NULL) {
		f->hellos_kept = 0;
		return -1;
	}
	memcpy(f->hellos, hellos, f->hellos_kept * sizeof(*hellos));
	return rc;
}

static int
copy_asked(struct smtp *copy, const struct smtp_asked *from)
{
	struct smtp_asked *to;

	if (from == NULL)
		return 0;
	if ((to = smtp_facts_asked(copy)) == NULL)
		return -1;
	to->facts = from->facts;
	return copy_text(&to->facts.starttls_as_sent) +
	    copy_text(&to->facts.starttls_reply_text);
}

static int
copy_mail(struct smtp *copy, const struct smtp_mail *from)
{
	struct smtp_mail *to;
	int rc;

	if (from == NULL)
		return 0;
	if ((to = smtp_facts_mail(copy)) == NULL)
		return -1;
	*to = *from;
	to->rcpt_domains = NULL;
	to->rcpt_domains_kept = 0;
	rc = copy_text(&to->mail_from_domain);
	if (from->rcpt_domains_kept == 0)
		return rc;
	to->rcpt_domains = calloc(from->rcpt_domains_kept,
	    sizeof(*to->rcpt_domains));
	if (to->rcpt_domains == NULL)
		return -1;
	for (unsigned i = 0; i < from->rcpt_domains_kept; i++) {
		to->rcpt_domains[i] = from->rcpt_domains[i];
		if (copy_text(&to->rcpt_domains[i]) == -1)
			return -1;
		to->rcpt_domains_kept++;
	}
	return rc;
}

/* The early texts are those of smtp_text, which owns them. */
static int
copy_odd(struct smtp *copy, const struct smtp_odd *from)
{
	const char **early[SIDES];
	struct smtp_odd *to;

	if (from == NULL)
		return 0;
	if ((to = smtp_facts_odd(copy)) == NULL)
		return -1;
	to->facts = from->facts;
	early[SIDE_CLIENT] = &to->facts.client_early;
	early[SIDE_SERVER] = &to->facts.server_early;
	*early[SIDE_CLIENT] = *early[SIDE_SERVER] = NULL;
	if (copy_text(&to->facts.auth) == -1)
		return -1;
	for (int i = 0; i < SIDES; i++) {
		if (from->early[i].at == NULL)
			continue;
		smtp_text_say(&to->early[i], from->early[i].at,
		    SMTP_EARLY_MAX);
		if ((*early[i] = to->early[i].at) == NULL)
			return -1;
	}
	return 0;
}

struct smtp *
smtp_snapshot(const struct smtp *s)
{
	struct smtp *copy;
	int rc;

	if ((copy = calloc(1, sizeof(*copy))) == NULL)
		return NULL;
	copy->facts = s->facts;
	rc = copy_core(copy);	/* first: it lets go of the original's parts */
	rc += copy_asked(copy, smtp_asked_of(s));
	rc += copy_mail(copy, s->facts.mail);
	rc += copy_odd(copy, smtp_odd_of(s));
	if (rc == 0)
		return copy;
	smtp_free(copy);
	return NULL;
}
