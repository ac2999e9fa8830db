/* SPDX-License-Identifier: ISC */
/*
 * Plaintext of the client behind STARTTLS and before TLS (CVE-2011-0411).
 * The server is to throw it away (RFC 3207 section 6); one that keeps it
 * takes a stranger's commands for the client's own.  A scanner that tests
 * for this is client and attacker in one.
 *
 * A mail begun in clear behind the 220 that the server never answers is of
 * the kind, too: the client took somebody else's word for the server's.
 */
#include "detect/rules.h"

/* Line ends and blanks, escaped, are sloppiness. */
static bool
is_blank(const char *text)
{
	while (text != NULL && *text != '\0')
		if (*text == ' ')
			text++;
		else if (text[0] == '\\' && text[1] != '\0' &&
		    strchr("rnt", text[1]) != NULL)
			text += 2;
		else
			return false;
	return true;
}

/* A mail behind the 220 that nobody answered, as far as a whole side of the
 * capture can tell. */
static bool
unanswered(const struct brief *b)
{
	return b->smtp->plain_after_accept && b->smtp->mail_commands > 0 &&
	    b->smtp->mails_accepted == 0 &&
	    b->r->tls_state == RECORD_TLS_FAILED &&
	    b->r->flow.side[SIDE_SERVER].missing == 0 &&
	    b->r->flow.end != FLOW_OPEN && b->r->flow.end != FLOW_CUT;
}

static void
say_unanswered(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX];
	struct finding *one;

	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_COMMAND_INJECTION,
		.weight = WEIGHT_HINT,
		.at = smtp_rare(b->smtp)->plain_after_accept_at,
		.expected = "a ClientHello behind the 220 (RFC 3207 4)",
		.seen = "MAIL in clear" },
	    "plaintext commands stand behind the 220 of %s to STARTTLS, and "
	    "it did not answer them", brief_server(b, server));
	evidence_line(one, SIDE_CLIENT,
	    smtp_rare(b->smtp)->plain_after_accept_at,
	    "MAIL");
}

void
detect_command_injection(const struct brief *b, struct findings *f)
{
	const struct smtp_facts *smtp = b->smtp;
	char server[PARTY_MAX];
	struct finding *one;
	bool blank;

	if (smtp_rare(smtp)->client_early_octets == 0) {
		if (unanswered(b))
			say_unanswered(b, f);
		return;
	}
	blank = is_blank(smtp_rare(smtp)->client_early);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_COMMAND_INJECTION,
		.weight = blank ? WEIGHT_HINT : WEIGHT_STRONG,
		.at = smtp_rare(smtp)->client_early_at,
		.expected = "nothing between STARTTLS and the ClientHello "
		    "(RFC 3207 4)",
		.seen = smtp_rare(smtp)->client_early != NULL ?
		    smtp_rare(smtp)->client_early :
		    "plaintext" },
	    blank ? "%u stray octet%s behind STARTTLS to %s" :
	    "%u octet%s of plaintext commands stand behind STARTTLS to %s, "
	    "before TLS: injected on the way, or by a scanner",
	    smtp_rare(smtp)->client_early_octets,
	    smtp_rare(smtp)->client_early_octets == 1 ? "" : "s",
	    brief_server(b, server));
	evidence_starttls(one, smtp);
	evidence_line(one, SIDE_CLIENT, smtp_rare(smtp)->client_early_at,
	    smtp_rare(smtp)->client_early);
}
