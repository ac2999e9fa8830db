/* SPDX-License-Identifier: ISC */
/*
 * Mail passed in clear although this very session shows that TLS was due:
 * the offer was masked, STARTTLS was asked for and did not lead to TLS, or
 * the server demands it (530, RFC 3207 section 4).  An offer that the
 * client never takes up is a habit of the client, and a note.
 */
#include "detect/rules.h"

struct reason {
	enum severity	 severity;
	enum confidence	 confidence;
	const char	*expected;
	const char	*clause;	/* ends the summary */
};

static bool
why(const struct session_record *r, const struct smtp_facts *smtp,
    struct reason *reason)
{
	if (r->offer == OFFER_MASKED)
		*reason = (struct reason){ SEVERITY_HIGH, CONFIDENCE_STRONG,
		    "TLS: the server's offer was overwritten on the way",
		    "the offer of TLS had been overwritten" };
	else if (smtp->plain_after_accept)
		*reason = (struct reason){ SEVERITY_HIGH, CONFIDENCE_STRONG,
		    "TLS: the server had accepted STARTTLS (RFC 3207 4)",
		    "although STARTTLS had just been accepted" };
	else if (r->starttls == RECORD_STARTTLS_SENT ||
	    r->starttls == RECORD_STARTTLS_MASKED)
		*reason = (struct reason){ SEVERITY_MEDIUM,
		    CONFIDENCE_CIRCUMSTANTIAL,
		    "TLS: the client had asked for it",
		    "after STARTTLS had been asked for and did not lead to TLS"
		};
	else if (smtp->starttls_demanded)
		*reason = (struct reason){ SEVERITY_MEDIUM,
		    CONFIDENCE_CIRCUMSTANTIAL,
		    "TLS: the server demands it",
		    "although the server had demanded STARTTLS" };
	else if (r->offer == OFFER_OFFERED)
		*reason = (struct reason){ SEVERITY_INFO,
		    CONFIDENCE_CIRCUMSTANTIAL,
		    "TLS: the server offered it",
		    "the server offered STARTTLS and the client did not use it"
		};
	else
		return false;
	return true;
}

void
detect_mail_in_clear(const struct session_record *r, struct findings *f)
{
	const struct smtp_facts *smtp = record_smtp(r);
	char server[PARTY_MAX], mails[COUNTED_MAX];
	struct reason reason;
	struct finding *one;

	if (record_mails(r) == 0 || !why(r, smtp, &reason))
		return;
	one = finding_add(f, &(struct opinion){
		.kind = KIND_MAIL_IN_CLEAR,
		.severity = reason.severity,
		.confidence = reason.confidence,
		.at = smtp->first_accepted.packet != 0 ?
		    smtp->first_accepted : smtp->first_data,
		.expected = reason.expected,
		.seen = "a mail transaction in clear" },
	    "%s to %s went in clear: %s",
	    mails_counted(record_mails(r), mails), record_server(r, server),
	    reason.clause);
	evidence_line(one, SIDE_CLIENT, smtp->starttls_command_at,
	    smtp->starttls_as_sent);
	evidence_line(one, SIDE_SERVER, smtp->starttls_reply_at,
	    smtp->starttls_reply_text);
	evidence_line(one, SIDE_CLIENT, smtp->first_mail, "MAIL");
	evidence_line(one, SIDE_CLIENT, smtp->first_data, "DATA");
	evidence_line(one, SIDE_SERVER, smtp->first_accepted, "250");
}
