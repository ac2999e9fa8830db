/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/facts.h"
#include "smtp/proxy.h"
#include "smtp/resume.h"

void
smtp_proxy_free(struct smtp_proxy *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < SIDES; i++)
		smtp_hold_drop(&p->part[i]);
	free(p);
}

#define TELL_MAX	16	/* octets after which it is told */

/* What do the octets held and this one begin? */
static int
tell(const struct smtp *s, uint8_t next)
{
	struct span held = smtp_hold_octets(s->hold);
	uint8_t first[TELL_MAX];

	if (held.len >= sizeof(first))
		return PREAMBLE_NONE;
	if (held.len > 0)
		memcpy(first, held.at, held.len);
	first[held.len] = next;
	return smtp_preamble_tell(span_of(first, held.len + 1));
}

bool
smtp_proxy_speaks(const struct smtp *s, enum side who)
{
	const struct smtp_odd *odd = smtp_odd_of(s);

	return odd != NULL && odd->proxy != NULL && !odd->proxy->done[who];
}

/* One octet at a time: not more than it takes to tell. */
size_t
smtp_proxy_start(struct smtp *s, struct span octets, struct mark at)
{
	int told = tell(s, octets.at[0]);
	struct smtp_odd *odd;

	if (told == PREAMBLE_NONE) {
		smtp_resume_as(s, TALK_COMMAND);
		return 0;
	}
	(void)smtp_hold_add(&s->hold, span_first(octets, 1), at);
	if (told == PREAMBLE_MORE)
		return 1;
	if ((odd = smtp_facts_odd(s)) == NULL ||
	    (odd->proxy = calloc(1, sizeof(*odd->proxy))) == NULL) {
		smtp_resume_as(s, TALK_COMMAND);
		return 1;
	}
	odd->proxy->what = (enum smtp_preamble)told;
	odd->proxy->done[SIDE_SERVER] = told == PREAMBLE_PROXY ||
	    told == PREAMBLE_PROXY_BINARY;
	smtp_resume_as(s, TALK_PREAMBLE);
	return 1;
}

static void
finish(struct smtp *s, enum side who)
{
	struct smtp_proxy *p = smtp_odd_of(s)->proxy;
	struct smtp_facts *f = &s->facts;

	p->done[who] = true;
	if (who == SIDE_SERVER)
		return;
	s->talk = TALK_COMMAND;
	switch (p->what) {
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
	struct smtp_proxy *p = smtp_odd_of(s)->proxy;
	struct smtp_hold **part = &p->part[who];
	size_t before = smtp_hold_octets(*part).len;
	struct span some = span_first(octets, SMTP_HOLD_MAX - before);
	struct span have;
	bool last;
	long length;

	if (some.len == 0 || !smtp_hold_add(part, some, at)) {
		smtp_facts_foreign(s, who);	/* too long for any proxy */
		return octets.len;
	}
	have = smtp_hold_octets(*part);
	length = smtp_preamble_length(p->what, who, have, p->greeted[who],
	    &last);
	if (length == 0 || length > SMTP_HOLD_MAX) {
		smtp_facts_foreign(s, who);
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
