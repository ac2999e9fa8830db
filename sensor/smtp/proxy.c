/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/conversation.h"

void
smtp_proxy_free(struct smtp_proxy *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < SIDES; i++)
		smtp_hold_drop(&p->part[i]);
	free(p);
}

size_t
smtp_proxy_start(struct smtp *s, struct span octets, struct mark at)
{
	int told;

	if (s->hold == NULL &&
	    smtp_preamble_tell(octets) == PREAMBLE_NONE) {
		s->talk = TALK_COMMAND;
		return 0;
	}
	/* One at a time: not more than tells. */
	octets = span_first(octets, 1);
	(void)smtp_hold_add(&s->hold, octets, at);
	told = smtp_preamble_tell(smtp_hold_octets(s->hold));
	if (told == PREAMBLE_MORE)
		return octets.len;
	if (told != PREAMBLE_NONE)
		s->proxy = calloc(1, sizeof(*s->proxy));
	if (s->proxy == NULL) {
		smtp_resume(s, TALK_COMMAND);
		return octets.len;
	}
	s->proxy->what = (enum smtp_preamble)told;
	s->proxy->done[SIDE_SERVER] = told == PREAMBLE_PROXY ||
	    told == PREAMBLE_PROXY_BINARY;
	smtp_resume(s, TALK_PREAMBLE);
	return octets.len;
}

static void
finish(struct smtp *s, enum side who)
{
	struct smtp_facts *f = &s->facts;

	s->proxy->done[who] = true;
	if (who == SIDE_SERVER)
		return;
	s->talk = TALK_COMMAND;
	switch (s->proxy->what) {
	case PREAMBLE_PROXY:
	case PREAMBLE_PROXY_BINARY:
		f->proxy_header = true;
		break;
	case PREAMBLE_HTTP:
	case PREAMBLE_SOCKS4:
	case PREAMBLE_SOCKS5:
		f->tunnelled = true;
		break;
	case PREAMBLE_NONE:
		break;
	}
}

size_t
smtp_proxy_hear(struct smtp *s, enum side who, struct span octets,
    struct mark at)
{
	struct smtp_proxy *p = s->proxy;
	struct smtp_hold **part = &p->part[who];
	size_t before = smtp_hold_octets(*part).len;
	struct span some = span_first(octets, SMTP_HOLD_MAX - before);
	struct span have;
	bool last;
	long length;

	if (some.len == 0 || !smtp_hold_add(part, some, at)) {
		smtp_fact_foreign(s, who);	/* too long for any proxy */
		return octets.len;
	}
	have = smtp_hold_octets(*part);
	length = smtp_preamble_length(p->what, who, have, p->greeted[who],
	    &last);
	if (length == 0 || length > SMTP_HOLD_MAX) {
		smtp_fact_foreign(s, who);
		return octets.len;
	}
	if (length == PREAMBLE_MORE || (size_t)length > have.len)
		return some.len;
	smtp_hold_drop(part);
	p->greeted[who] = true;
	if (last)
		finish(s, who);
	return (size_t)length > before ? (size_t)length - before : some.len;
}
