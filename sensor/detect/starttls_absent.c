/* SPDX-License-Identifier: ISC */
/*
 * A complete EHLO reply without STARTTLS, and mail followed in clear.
 *
 * By itself this is what every server without TLS looks like, so it is a
 * note and no alarm: only an expectation (a promise in DNS, this server's
 * past, other clients' sessions) makes it more.
 */
#include "detect/rules.h"

void
detect_starttls_absent(const struct session_record *r, struct findings *f)
{
	const struct smtp_facts *smtp = record_smtp(r);
	char server[PARTY_MAX], mails[COUNTED_MAX];
	const struct smtp_greeting *hello;
	struct finding *one;

	if (r->offer != OFFER_ABSENT || record_mails(r) == 0 ||
	    r->protocol != RECORD_SMTP || smtp->hellos_kept == 0)
		return;
	hello = &smtp->hellos[smtp->hellos_kept - 1];
	one = finding_add(f, &(struct opinion){
		.kind = KIND_STARTTLS_ABSENT,
		.severity = SEVERITY_INFO,
		.confidence = CONFIDENCE_CIRCUMSTANTIAL,
		.at = hello->reply_last,
		.expected = "nothing: no record of an offer, no promise known",
		.seen = "a complete EHLO reply without STARTTLS" },
	    "%s did not offer STARTTLS and %s went in clear; nothing known "
	    "of this server says that it should have offered it",
	    record_server(r, server), mails_counted(record_mails(r), mails));
	/* the reply itself is the session's, and not said twice */
	evidence_line(one, SIDE_SERVER, hello->reply_last, "250");
	evidence_line(one, SIDE_CLIENT, smtp->first_data, "DATA");
}
