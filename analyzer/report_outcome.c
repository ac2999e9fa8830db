/* SPDX-License-Identifier: ISC */
/*
 * How sessions went, in the words of RFC 8460 section 4.3.  They say little
 * of STARTTLS that was taken away: failure-reason-code says the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report.h"
#include "policy/match.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static bool
is(const char *word, const char *that)
{
	return word != NULL && strcmp(word, that) == 0;
}

static enum report_left
failed(struct report_outcome *o, const char *result, const char *reason)
{
	o->result = result;
	snprintf(o->reason, sizeof(o->reason), "%s", reason);
	return REPORT_COUNTED;
}

static enum report_left
not_supported(struct report_outcome *o, const char *reason)
{
	return failed(o, "starttls-not-supported", reason);
}

/* By match_word().  "certificate-not-trusted" rather than "tlsa-invalid",
 * which is read both ways, for records that do not match. */
static const struct {
	enum match_outcome	 outcome;
	const char		*result, *reason;
} chains[] = {
	{ MATCH_MISMATCHED, "certificate-not-trusted", "dane-no-match" },
	{ MATCH_NO_CERTIFICATE, "certificate-not-trusted",
	    "no-certificate" },
	{ MATCH_EXPIRED, "certificate-expired",
	    "X509_V_ERR_CERT_HAS_EXPIRED" },
	{ MATCH_NAME, "certificate-host-mismatch",
	    "X509_V_ERR_HOSTNAME_MISMATCH" },
	{ MATCH_NOT_YET_VALID, "validation-failure",
	    "X509_V_ERR_CERT_NOT_YET_VALID" },
	{ MATCH_PURPOSE, "validation-failure",
	    "X509_V_ERR_INVALID_PURPOSE" },
	{ MATCH_WEAK, "validation-failure", "too-weak" },
	{ MATCH_SIGNATURE, "validation-failure",
	    "X509_V_ERR_CERT_SIGNATURE_FAILURE" },
	{ MATCH_PATH, "validation-failure", "invalid-path" },
	{ MATCH_UNUSABLE, "tlsa-invalid", "all-unusable" },
};

static enum report_left
chain_outcome(struct report_outcome *o, const char *word)
{
	if (is(word, match_word(MATCH_MATCHED)))
		return REPORT_COUNTED;
	for (size_t i = 0; i < LENGTH(chains); i++)
		if (is(word, match_word(chains[i].outcome)))
			return failed(o, chains[i].result, chains[i].reason);
	return REPORT_HIDDEN;
}

/* TLS came up.  Where a certificate is asked for, a sender knows whether it
 * was the right one, and a bystander only if it was in clear. */
static enum report_left
established(struct report_outcome *o, const struct report_row *row,
    const struct report_promise *p)
{
	switch (p->type) {
	case TLSRPT_TLSA:
		if (p->unusable)
			return failed(o, "tlsa-invalid", "all-unusable");
		return chain_outcome(o, row->tlsa);
	case TLSRPT_STS:
		if (p->mismatch)
			return failed(o, "validation-failure",
			    "mx-mismatch");
		return REPORT_HIDDEN;
	case TLSRPT_NONE:
		break;
	}
	return REPORT_COUNTED;
}

static const struct {
	int		 number;
	const char	*name;
} alerts[] = {		/* RFC 8446 section 6, RFC 5246 section 7.2 */
	{ 0, "close_notify" }, { 10, "unexpected_message" },
	{ 20, "bad_record_mac" }, { 22, "record_overflow" },
	{ 40, "handshake_failure" }, { 42, "bad_certificate" },
	{ 43, "unsupported_certificate" }, { 44, "certificate_revoked" },
	{ 45, "certificate_expired" }, { 46, "certificate_unknown" },
	{ 47, "illegal_parameter" }, { 48, "unknown_ca" },
	{ 49, "access_denied" }, { 50, "decode_error" },
	{ 51, "decrypt_error" }, { 70, "protocol_version" },
	{ 71, "insufficient_security" }, { 80, "internal_error" },
	{ 86, "inappropriate_fallback" }, { 90, "user_canceled" },
	{ 109, "missing_extension" }, { 110, "unsupported_extension" },
	{ 112, "unrecognized_name" }, { 116, "certificate_required" },
	{ 120, "no_application_protocol" },
};

/* The database has "2/40": level and number. */
static enum report_left
tls_failed(struct report_outcome *o, const struct report_row *row)
{
	const char *number = row->tls_alert != NULL ?
	    strchr(row->tls_alert, '/') : NULL;

	failed(o, "validation-failure", row->tls_failure != NULL ?
	    row->tls_failure : "");
	if (number == NULL)
		return REPORT_COUNTED;
	snprintf(o->reason, sizeof(o->reason), "alert-%d", atoi(number + 1));
	for (size_t i = 0; i < LENGTH(alerts); i++)
		if (alerts[i].number == atoi(number + 1))
			snprintf(o->reason, sizeof(o->reason), "%s",
			    alerts[i].name);
	return REPORT_COUNTED;
}

static enum report_left
asked(struct report_outcome *o, const struct report_row *row)
{
	if (row->starttls_reply == 220)
		return REPORT_UNDECIDED;
	not_supported(o, "no-reply");
	if (row->starttls_reply != 0)
		snprintf(o->reason, sizeof(o->reason), "%d",
		    (int)row->starttls_reply);
	return REPORT_COUNTED;
}

static enum report_left
not_asked(struct report_outcome *o, const struct report_row *row)
{
	if (is(row->offer, "absent"))
		return not_supported(o, "not-offered");
	if (is(row->offer, "masked"))
		return not_supported(o, "keyword-masked");
	if (is(row->offer, "ehlo-refused") ||
	    (is(row->offer, "not-asked") && is(row->hello, "HELO")))
		return not_supported(o, "helo-downgrade");
	return is(row->offer, "unseen") ? REPORT_UNDECIDED : REPORT_UNASKED;
}

enum report_left
report_outcome(struct report_outcome *o, const struct report_row *row,
    const struct report_promise *p)
{
	*o = (struct report_outcome){ .result = NULL };
	if (row->reports)
		return REPORT_REPORTS;
	if (is(row->verdict, "undecided"))
		return REPORT_UNDECIDED;
	if (p->failure != NULL)
		return failed(o, p->failure, p->failure_reason);
	if (is(row->tls, "established"))
		return established(o, row, p);
	if (is(row->tls, "failed"))
		return tls_failed(o, row);
	if (!is(row->tls, "none"))
		return REPORT_UNDECIDED;
	if (is(row->starttls, "sent"))
		return asked(o, row);
	if (is(row->starttls, "masked"))
		return not_supported(o, "keyword-masked");
	return is(row->starttls, "not-sent") ? not_asked(o, row) :
	    REPORT_UNDECIDED;
}
