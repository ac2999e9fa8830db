/* SPDX-License-Identifier: ISC */
/*
 * Told by the first octets alone: text or TLS, client or server.
 */
#include "session/session_internal.h"

#define LINE_SHORTEST	4	/* octets before CRLF: "QUIT", a reply code */
#define LINE_BARE	16	/* ... before LF alone */

static bool
looks_like_record(struct span octets)
{
	/* ContentType of RFC 8446 section 5.1, then major version 3 */
	return octets.len >= 2 && octets.at[0] >= 20 && octets.at[0] <= 23 &&
	    octets.at[1] == 3;
}

static bool
too_few_for_record(struct span octets)
{
	return octets.len == 1 && octets.at[0] >= 20 && octets.at[0] <= 23;
}

enum guess
guess_reader(enum side who, struct span first)
{
	if (looks_like_record(first))
		return GUESS_TLS;
	if (too_few_for_record(first))
		return GUESS_MORE;
	if (who == SIDE_SERVER)
		return GUESS_TEXT;
	switch (tls_looks_like_hello(first)) {
	case 1:
		return GUESS_TLS;
	case 0:
		return GUESS_TEXT;
	}
	return GUESS_MORE;
}

/*
 * Behind a hole nothing has its first octets.  Names stand readable amid a
 * hello or a certificate, so letters prove nothing: a line does that is
 * readable up to its end, and the first octet that is not the contrary.
 */
enum guess
guess_behind_hole(struct puzzle *p, struct span octets)
{
	for (size_t i = 0; i < octets.len; i++) {
		uint8_t c = octets.at[i];

		if (c == '\n' && p->line >= (p->cr ? LINE_SHORTEST :
		    LINE_BARE))
			return GUESS_TEXT;
		if (c == '\n' || c == '\r') {
			p->cr = c == '\r';
			p->line = c == '\r' ? p->line : 0;
			continue;
		}
		if (c < 0x20 || c > 0x7e)
			return GUESS_TLS;
		p->cr = false;
		if (p->line < UINT8_MAX)
			p->line++;
	}
	return GUESS_MORE;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

void
guess_roles(enum side who, struct span octets, bool *flipped)
{
	static const char *const verbs[] = { "EHLO ", "HELO ", "LHLO ",
	    "MAIL FROM:", "RCPT TO:", "STARTTLS", "AUTH ", "DATA\r", "QUIT\r",
	    "RSET\r", "BDAT ", "NOOP" };
	const uint8_t *at = octets.at;

	if (octets.len >= 4 && at[0] >= '2' && at[0] <= '5' &&
	    is_digit(at[1]) && is_digit(at[2]) &&
	    (at[3] == ' ' || at[3] == '-')) {
		*flipped = who == SIDE_CLIENT;
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct span verb = span_text(verbs[i]);

		if (span_equal_nocase(span_first(octets, verb.len), verb))
			*flipped = who == SIDE_SERVER;
	}
}
