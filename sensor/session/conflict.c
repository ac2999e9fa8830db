/* SPDX-License-Identifier: ISC */
/*
 * Octets that came twice and differed.
 */
#include <stdlib.h>

#include "base/escape.h"
#include "session/session_internal.h"

static size_t
leading_digits(struct span octets, size_t most)
{
	size_t n = 0;

	while (n < octets.len && n < most && octets.at[n] >= '0' &&
	    octets.at[n] <= '9')
		n++;
	return n;
}

/* Octets that differ, as far as privacy lets us keep them: all before the
 * first MAIL, then a reply's code; of the client nothing after AUTH. */
static void
excerpt(const struct session *s, enum side who, struct span octets,
    char out[RECORD_EXCERPT_MAX + 1])
{
	const struct smtp_facts *f;
	size_t keep = octets.len;

	if (s->smtp != NULL && s->side[who].reader == READER_SMTP) {
		f = smtp_facts(s->smtp);
		if (f->mail_commands > 0 || smtp_rare(f)->auth != NULL)
			keep = who == SIDE_SERVER ?
			    leading_digits(octets, 3) : 0;
	}
	escape(span_first(octets, keep), out, RECORD_EXCERPT_MAX + 1);
}

void
conflict_keep(struct session *s, enum side who, const struct flow_conflict *c)
{
	struct record_conflict *kept;

	s->conflicts_seen++;
	if (s->conflicts == NULL)
		s->conflicts = calloc(RECORD_CONFLICTS_MAX,
		    sizeof(s->conflicts[0]));
	if (s->conflicts == NULL || s->conflicts_kept == RECORD_CONFLICTS_MAX)
		return;
	kept = &s->conflicts[s->conflicts_kept++];
	kept->side = who;
	kept->before_at = c->seen_before;
	kept->after_at = c->seen_after;
	kept->offset = c->offset;
	kept->octets = (uint32_t)c->before.len;
	kept->ttl_before = c->ttl_before;
	kept->ttl_after = c->ttl_after;
	excerpt(s, who, c->before, kept->before);
	excerpt(s, who, c->after, kept->after);
	remark_conflict(s, kept);
}
