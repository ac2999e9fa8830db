/* SPDX-License-Identifier: ISC */
/*
 * What should not wait until the connection is over.
 *
 * Live, a record of what is known so far is given whenever something comes
 * to light that a rule may speak on: mail can go on in clear for hours.
 *
 * From live and from files alike, a note is given once a connection has
 * ended without TLS though it was asked for.  Its record may come only after
 * that of the same client's next attempt, in clear, because the flow is
 * still watched for late copies; the note does not.
 */
#include "session/session_internal.h"

enum news {
	NEWS_GREETING		= 1 << 0,
	NEWS_OFFER		= 1 << 1,
	NEWS_REFUSED		= 1 << 2,
	NEWS_PLAIN		= 1 << 3,
	NEWS_INJECTED		= 1 << 4,
	NEWS_DEMANDED		= 1 << 5,
	NEWS_MAIL		= 1 << 6,
	NEWS_MAIL_TAKEN		= 1 << 7,
	NEWS_LOGIN		= 1 << 8,
	NEWS_CONFLICT		= 1 << 9,
	NEWS_TLS_FAILED		= 1 << 10,
	NEWS_TLS_UP		= 1 << 11,
	NEWS_TLS_BROKEN		= 1 << 12,
};

static uint16_t
when(bool it_is, enum news news)
{
	return it_is ? (uint16_t)news : 0;
}

static uint32_t
smtp_news(const struct smtp_facts *f)
{
	return when(f->banner_masked, NEWS_GREETING) |
	    when(f->offer == OFFER_ABSENT || f->offer == OFFER_MASKED ||
	    f->offer == OFFER_EHLO_REFUSED || f->offer_times > 1,
	    NEWS_OFFER) |
	    when((f->starttls_reply != 0 && f->starttls_reply != 220) ||
	    f->starttls == STARTTLS_MASKED || f->starttls_echo_differs ||
	    f->noop_padded, NEWS_REFUSED) |
	    when(f->plain_after_accept, NEWS_PLAIN) |
	    when(smtp_rare(f)->client_early_octets +
	    smtp_rare(f)->server_early_octets > 0,
	    NEWS_INJECTED) |
	    when(f->starttls_demanded, NEWS_DEMANDED) |
	    when(f->mail_commands > 0 || f->requiretls, NEWS_MAIL) |
	    when(f->mails_accepted > 0, NEWS_MAIL_TAKEN) |
	    when(smtp_rare(f)->auth != NULL, NEWS_LOGIN);
}

static uint32_t
tls_news(const struct tls_facts *f)
{
	return when(f->state == TLS_FAILED, NEWS_TLS_FAILED) |
	    when(f->state == TLS_ESTABLISHED, NEWS_TLS_UP) |
	    when(f->broken_after, NEWS_TLS_BROKEN);
}

static void
give(struct session *s, enum record_stage stage)
{
	struct session_record *r = session_conclude_early(s, stage);

	if (r != NULL)		/* the final one will come all the same */
		s->world->give(s->world->context, r);
}

void
early_news(struct session *s)
{
	uint32_t news = when(s->conflicts_seen > 0, NEWS_CONFLICT);

	if (s->smtp != NULL)
		news |= smtp_news(smtp_facts(s->smtp));
	if (s->tls != NULL)
		news |= tls_news(tls_facts(s->tls));
	if ((news & ~s->told) == 0)
		return;
	s->told |= news;
	give(s, RECORD_EARLY);
}

void
early_ended(struct session *s)
{
	const struct smtp_facts *f;

	if (s->smtp == NULL)
		return;
	f = smtp_facts(s->smtp);
	if (f->starttls == STARTTLS_SENT && (f->starttls_reply >= 300 ||
	    (s->tls != NULL && tls_facts(s->tls)->state == TLS_FAILED)))
		give(s, RECORD_NOTE);
}
