/* SPDX-License-Identifier: ISC */
#include "detect/grade.h"

#define INFO		SEVERITY_INFO
#define LOW		SEVERITY_LOW
#define MEDIUM		SEVERITY_MEDIUM
#define HIGH		SEVERITY_HIGH
#define CRITICAL	SEVERITY_CRITICAL

/* What a kind says of its author. */
enum nature {
	TAMPERS,	/* somebody's hand, if the evidence is good */
	LACKS,		/* a lack, whoever is to blame */
	FOLLOWS,	/* the consequence of another finding */
};

/*
 * The table.  Severity by weight of the evidence, left without and right
 * with a mail or password in clear.  A note is always information.
 * A promise in DNS that was broken in clear (dane, sts) adds a step, and MAIL
 * breaks it already (RFC 7672 section 2.2).  What is expected by a trial
 * alone (MTA-STS, testing) is a step less.
 */
static const struct {
	enum family	family;
	enum nature	nature;
	enum severity	severity[WEIGHTS - 1][2];
} table[KINDS] = {
/*				 hint		strong		proof	*/
[KIND_STARTTLS_ABSENT] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_STARTTLS_MASKED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_BANNER_MASKED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ MEDIUM, HIGH } } },
[KIND_EHLO_REFUSED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_STARTTLS_REFUSED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_STARTTLS_COMMAND_MASKED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { MEDIUM, HIGH },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_STARTTLS_DEMANDED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { MEDIUM, HIGH },		{ HIGH, CRITICAL },	{ HIGH, CRITICAL } } },
[KIND_STARTTLS_HIDDEN] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, HIGH } } },
[KIND_TLS_NOT_STARTED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ HIGH, CRITICAL },	{ HIGH, CRITICAL } } },
[KIND_TLS_DISRUPTED] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_COMMAND_INJECTION] = { FAMILY_INJECTION, TAMPERS, {
    { LOW, LOW },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_RESPONSE_INJECTION] = { FAMILY_INJECTION, TAMPERS, {
    { LOW, LOW },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_REPLY_CONFLICT] = { FAMILY_ENCRYPTION_LOST, TAMPERS, {
    { LOW, MEDIUM },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_CLEARTEXT_RETRY] = { FAMILY_ENCRYPTION_LOST, FOLLOWS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, HIGH } } },
[KIND_STARTTLS_UNUSED] = { FAMILY_ENCRYPTION_LOST, LACKS, {
    { LOW, MEDIUM },		{ MEDIUM, MEDIUM },	{ MEDIUM, HIGH } } },
[KIND_CERTIFICATE_MISMATCH] = { FAMILY_INTERCEPTION, TAMPERS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ CRITICAL, CRITICAL } } },
[KIND_CERTIFICATE_CHANGED] = { FAMILY_INTERCEPTION, TAMPERS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_TLS_DOWNGRADED] = { FAMILY_INTERCEPTION, TAMPERS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, CRITICAL } } },
[KIND_DNS_CONFLICT] = { FAMILY_DNS, TAMPERS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
[KIND_PATH_ANOMALY] = { FAMILY_ENCRYPTION_LOST, FOLLOWS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ MEDIUM, HIGH } } },
[KIND_MAIL_IN_CLEAR] = { FAMILY_ENCRYPTION_LOST, FOLLOWS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, HIGH } } },
[KIND_REQUIRETLS_IN_CLEAR] = { FAMILY_ENCRYPTION_LOST, LACKS, {
    { LOW, MEDIUM },		{ MEDIUM, HIGH },	{ HIGH, HIGH } } },
[KIND_CREDENTIALS_IN_CLEAR] = { FAMILY_CREDENTIALS, LACKS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ HIGH, CRITICAL } } },
/*
 * Posture is the server's, and not of the mail that happens to pass: left
 * and right are alike.  High stops mail, now; medium will, or leaves it to
 * who sits between; low is worth a calm day.
 */
[KIND_DANE_PARTIAL] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ MEDIUM, MEDIUM } } },
[KIND_TLSA_MISMATCH] = { FAMILY_POSTURE, LACKS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ HIGH, HIGH } } },
[KIND_TLSA_AT_RISK] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ MEDIUM, MEDIUM } } },
[KIND_TLSA_UNUSABLE] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ MEDIUM, MEDIUM } } },
[KIND_TLSA_UNSIGNED] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ LOW, LOW },		{ LOW, LOW } } },
[KIND_CERTIFICATE_EXPIRING] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ HIGH, HIGH } } },
[KIND_STARTTLS_NEVER] = { FAMILY_POSTURE, LACKS, {
    { LOW, LOW },		{ MEDIUM, MEDIUM },	{ HIGH, HIGH } } },
[KIND_DNSSEC_BOGUS] = { FAMILY_POSTURE, LACKS, {
    { MEDIUM, MEDIUM },		{ HIGH, HIGH },		{ HIGH, HIGH } } },
};

struct grade
grade_of(enum kind kind, enum weight weight, const struct circumstances *c)
{
	struct grade g = { INFO, CONFIDENCE_CIRCUMSTANTIAL };

	if (weight == WEIGHT_NOTE)
		return g;
	g.severity = table[kind].severity[weight - WEIGHT_HINT][c->exposed];
	if ((c->exposed || c->begun) && c->promised && g.severity < CRITICAL)
		g.severity++;
	if (c->tentative && g.severity > INFO)
		g.severity--;
	g.confidence = weight == WEIGHT_PROOF ? CONFIDENCE_CERTAIN :
	    weight == WEIGHT_STRONG ? CONFIDENCE_STRONG :
	    CONFIDENCE_CIRCUMSTANTIAL;
	if (c->partial && g.confidence > CONFIDENCE_CIRCUMSTANTIAL)
		g.confidence--;
	return g;
}

bool
grade_tampers(enum kind kind)
{
	return table[kind].nature == TAMPERS;
}

enum family
grade_family(enum kind kind)
{
	return table[kind].family;
}

bool
grade_consequence(enum kind kind)
{
	return table[kind].nature == FOLLOWS;
}
