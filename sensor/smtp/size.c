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
facts_size(const struct smtp *s)
{
	const struct smtp_facts *f = &s->facts;
	const char *const texts[] = { f->banner, f->hello_name,
	    f->capabilities, f->offer_token,
	    f->starttls_as_sent, f->starttls_reply_text, f->client_early,
	    f->server_early, f->mail_from_domain, f->auth };
	size_t size = 0;

	if (f->ehlo_reply != NULL && book_text_at(s->book,
	    f->ehlo_reply) == NULL)
		size = footprint(s->list_len + 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		size += text_size(s, texts[i]);
	/* arrays double */
	size += footprint_of(f->hellos,
	    2 * f->hellos_kept * sizeof(f->hellos[0]));
	size += footprint_of(f->rcpt_domains,
	    2 * f->rcpt_domains_kept * sizeof(f->rcpt_domains[0]));
	for (unsigned i = 0; i < f->rcpt_domains_kept; i++)
		size += text_size(s, f->rcpt_domains[i]);
	return size;
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

size_t
smtp_size(const struct smtp *s)
{
	size_t size = footprint(sizeof(*s)) + facts_size(s) +
	    list_size(s->list) + hold_size(s->hold) +
	    footprint_of(s->answer_text.at, s->answer_text.cap) +
	    footprint_of(s->expect.far, s->expect.cap) +
	    text_size(s, s->auth_latest);

	for (int i = 0; i < SIDES; i++) {
		size += footprint_of(s->reader[i].held, s->reader[i].cap);
		size += footprint_of(s->early[i].at, s->early[i].cap);
		if (s->proxy != NULL)
			size += hold_size(s->proxy->part[i]);
	}
	return size + footprint_of(s->proxy, sizeof(*s->proxy));
}
