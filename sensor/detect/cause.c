/* SPDX-License-Identifier: ISC */
/*
 * Known boxes and tools by their handwriting.
 *
 * A name for the analyst, never an excuse: mail that a firewall of one's own
 * sends in clear is in clear.
 */
#include <string.h>

#include "detect/rules.h"

static bool
is_text(const char *text, const char *start)
{
	return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

bool
brief_tool_certificate(const struct brief *b)
{
	return b->r->certificate == RECORD_CERTIFICATE_VISIBLE &&
	    b->tls != NULL && b->tls->chain[0]->subject != NULL &&
	    strstr(b->tls->chain[0]->subject,
	    "striptls.localhost.localdomain") != NULL;
}

const char *
brief_cause(const struct brief *b)
{
	const struct smtp_facts *s = b->smtp;
	const char *reply = smtp_upgrade(s)->starttls_reply_text;

	if (brief_tool_certificate(b) || (s->offer_times > 1 &&
	    s->starttls_reply == 200))
		return "the tool striptls";
	/* keywords of X's and a running letter; greeting in stars: Cisco's
	 * "fixup protocol smtp" and "inspect esmtp" */
	if (s->masked_in_order || s->banner_masked ||
	    (s->offer_token != NULL && strcmp(s->offer_token,
	    "XXXXXXXA") == 0))
		return "Cisco PIX/ASA mail inspection";
	if (s->starttls == STARTTLS_MASKED || s->starttls_echo_differs ||
	    s->hello_masked || s->ehlo_echo_differs)
		return "a mail-inspecting firewall";
	if (s->noop_padded)
		return "Cisco PIX (STARTTLS turned into NOOP)";
	if (s->starttls_reply == 500 &&
	    is_text(reply, "500 Unsupported command"))
		return "Norton AntiVirus mail shield";
	/* RFC 3207 section 4.3 has these words as its example */
	if (s->starttls_reply == 454 && s->enhanced_codes &&
	    !s->starttls_reply_enhanced && is_text(reply,
	    "454 TLS not available due to temporary reason"))
		return "a stripping tool that quotes RFC 3207";
	return NULL;
}
