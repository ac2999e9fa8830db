/* SPDX-License-Identifier: ISC */
/*
 * What hearing octets, or reading a record, will touch, into the caches ahead
 * of time: see flow/foresee.c.
 */
#include "base/fetch.h"
#include "session/session_internal.h"

#define TLS_OCTETS	592	/* about what its reader takes */

/*
 * Most lines of a dialogue are in the book as they come, but far from all
 * caches.  What names somebody is redacted first.
 */
static void
foresee_line(const struct session *s, struct span octets)
{
	const uint8_t *end;
	size_t len;

	if (octets.len == 0 || (end = memchr(octets.at, '\n', octets.len)) ==
	    NULL)
		return;
	len = (size_t)(end - octets.at);
	len -= len > 0 && end[-1] == '\r';
	if (memchr(octets.at, '@', len) == NULL)
		book_foresee(s->book, span_of(octets.at, len));
}

void
session_foresee(const void *session, struct span octets, unsigned depth)
{
	const struct session *s = session;

	switch (depth) {
	case 0:
		fetch_ahead(s, sizeof(*s));
		break;
	case 1:
		if (s->tls != NULL)
			fetch_ahead(s->tls, TLS_OCTETS);
		else {
			if (s->smtp != NULL)
				smtp_foresee(s->smtp, 0);
			foresee_line(s, octets);
		}
		if (s->dialogue != NULL)
			fetch_ahead(s->dialogue, 1);
		break;
	case 2:
		if (s->smtp != NULL)
			smtp_foresee(s->smtp, 1);
		if (s->dialogue != NULL)
			dialogue_foresee(s->dialogue);
		break;
	}
}

void
session_record_foresee(const struct session_record *r, unsigned depth)
{
	switch (depth) {
	case 0:
		fetch_ahead(r, sizeof(*r));
		break;
	case 1:
		if (r->smtp != NULL)
			smtp_foresee(r->smtp, 0);
		if (r->tls != NULL)
			fetch_ahead(r->tls, TLS_OCTETS);
		if (r->dialogue != NULL)
			fetch_ahead(r->dialogue, 1);
		break;
	case 2:
		if (r->smtp != NULL)
			smtp_foresee(r->smtp, 1);
		if (r->dialogue != NULL)
			dialogue_foresee(r->dialogue);
		break;
	}
}
