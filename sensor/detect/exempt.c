/* SPDX-License-Identifier: ISC */
/*
 * Mails that may go without TLS whatever their destination promises: those
 * that say so ("TLS-Required: No", RFC 8689 section 3), and reports about
 * failing TLS, which must arrive although it fails (RFC 8460 section 3).
 *
 * The promise binds the sender's mail, so what rests on the promise alone is
 * a note then.  Who takes the offer away has not asked what mail it is: what
 * the octets, the past or other clients say of that, stands.
 *
 * A session is exempt when each of its mails is.  A login is no mail.
 */
#include "detect/rules.h"

bool
brief_exempt(const struct brief *b)
{
	const struct smtp_mail *m = smtp_mail(b->smtp);
	unsigned mails = m->mails_tls_optional + m->mails_tls_report;

	return mails > 0 && m->mails_ordinary == 0 &&
	    smtp_rare(b->smtp)->auth == NULL && record_mails(b->r) <= mails;
}

const char *
brief_exemption(const struct brief *b)
{
	const struct smtp_mail *m = smtp_mail(b->smtp);
	bool one = m->mails_tls_optional + m->mails_tls_report == 1;

	if (m->mails_tls_report == 0)
		return one ? ": its header allows that (TLS-Required: No, "
		    "RFC 8689 3)" : ": the header of each allows that "
		    "(TLS-Required: No, RFC 8689 3)";
	if (m->mails_tls_optional == 0)
		return one ? ": it is a report about failing TLS, which goes "
		    "even so (TLS-RPT, RFC 8460 3)" : ": they are reports "
		    "about failing TLS, which go even so (TLS-RPT, RFC 8460 3)";
	return ": each is a report about failing TLS (RFC 8460 3) or allows "
	    "that by its header (TLS-Required: No, RFC 8689 3)";
}

uint32_t
brief_owed(const struct brief *b)
{
	return brief_promised(b) & (brief_exempt(b) ?
	    ~(BECAUSE(DANE) | BECAUSE(STS)) : ~0U);
}
