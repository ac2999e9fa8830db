/* SPDX-License-Identifier: ISC */
/*
 * The memory that a conversation takes up.
 */
#include "base/footprint.h"
#include "smtp/conversation.h"

/* Of a text of its own: the book's is counted nowhere, it is bounded. */
static size_t
text_size(const struct smtp *s, const char *text)
{
	return book_text_at(s->book, text) != NULL ? 0 : footprint_text(text);
}

static size_t
parts_size(const struct smtp *s)
{
	const struct smtp_asked *asked = smtp_asked_of(s);
	const struct smtp_mail *m = s->facts.mail;
	size_t size = 0;

	if (asked != NULL)
		size += footprint(sizeof(*asked)) +
		    text_size(s, asked->facts.starttls_as_sent) +
		    text_size(s, asked->facts.starttls_reply_text) +
		    footprint_of(asked->answer.at, asked->answer.cap);
	if (m == NULL)
		return size;
	/* arrays double */
	size += footprint(sizeof(*m)) + text_size(s, m->mail_from_domain) +
	    footprint_of(m->rcpt_domains,
	    2 * m->rcpt_domains_kept * sizeof(m->rcpt_domains[0]));
	for (unsigned i = 0; i < m->rcpt_domains_kept; i++)
		size += text_size(s, m->rcpt_domains[i]);
	return size;
}

static size_t
facts_size(const struct smtp *s)
{
	const struct smtp_facts *f = &s->facts;
	size_t size = text_size(s, f->banner) + text_size(s, f->hello_name) +
	    text_size(s, f->capabilities) + text_size(s, f->offer_token);

	if (f->ehlo_reply != NULL && book_text_at(s->book,
	    f->ehlo_reply) == NULL)
		size += footprint(s->list_len + 1);
	if (f->hellos_kept > 1)		/* arrays double */
		size += footprint(2 * f->hellos_kept * sizeof(f->hellos[0]));
	return size + parts_size(s);
}

static size_t
list_size(const struct smtp_list *l)
{
	if (l == NULL)
		return 0;
	return footprint(sizeof(*l)) + footprint_of(l->reply.at,
	    l->reply.cap) + footprint_of(l->capabilities.at,
	    l->capabilities.cap) + footprint_text(l->token);
}

static size_t
hold_size(const struct smtp_hold *h)
{
	return h == NULL ? 0 : footprint(sizeof(*h) + h->cap);
}

static size_t
odd_size(const struct smtp *s, const struct smtp_odd *odd)
{
	size_t size;

	if (odd == NULL)
		return 0;
	size = footprint(sizeof(*odd)) + text_size(s, odd->facts.auth) +
	    text_size(s, odd->auth_latest) +
	    footprint_of(odd->proxy, sizeof(*odd->proxy));
	for (int i = 0; i < SIDES; i++) {
		size += footprint_of(odd->early[i].at, odd->early[i].cap);
		if (odd->proxy != NULL)
			size += hold_size(odd->proxy->part[i]);
	}
	return size;
}

size_t
smtp_size(const struct smtp *s)
{
	size_t size = footprint(sizeof(*s)) + facts_size(s) +
	    list_size(s->list) + hold_size(s->hold) +
	    smtp_expect_size(&s->expect) + odd_size(s, smtp_odd_of(s));

	for (int i = 0; i < SIDES; i++)
		size += footprint_of(s->reader[i].held, s->reader[i].cap);
	return size;
}
