/* SPDX-License-Identifier: ISC */
/*
 * What the operator of a server should mend, by what his own servers show
 * and by what DNS says of them.  Of anybody else's nothing is said: their
 * lacks are not ours to tell.
 *
 * Here is what the session alone tells: an offer that never came where one
 * is due, and a certificate that runs out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "detect/posture.h"
#include "schema/moment.h"

#define SUMMARY_MAX	600
#define NEVER_SESSIONS	5
#define DAY		INT64_C(86400000000)
#define WARNING		(14 * DAY)

void
posture_well(struct findings *f, enum kind kind, const char *subject)
{
	struct posture *p;

	if (f->postures == POSTURES_MAX)
		return;
	p = &f->posture[f->postures++];
	p->kind = kind;
	p->well = true;
	p->known = false;
	snprintf(p->about, sizeof(p->about), "%s", subject);
}

/* What the operator knows and excused is neither well nor told. */
static bool
is_excused(const struct brief *b, enum kind kind)
{
	return inventory_excuse(b->promise->inventory, kind,
	    &b->r->flow.ip[SIDE_SERVER], b->r->server_name,
	    b->r->flow.first.time) != NULL;
}

void
posture_mend(struct findings *f, const struct brief *b, const struct lack *l,
    const char *fmt, ...)
{
	/* of the server, whatever passed in this session */
	const struct circumstances c = { .exposed = false };
	char summary[SUMMARY_MAX];
	struct posture *p;
	va_list ap;

	if (f->postures == POSTURES_MAX || is_excused(b, l->opinion.kind))
		return;
	va_start(ap, fmt);
	vsnprintf(summary, sizeof(summary), fmt, ap);
	va_end(ap);
	p = &f->posture[f->postures];
	p->kind = l->opinion.kind;
	p->well = p->known = false;
	snprintf(p->about, sizeof(p->about), "%s%s%s", l->subject,
	    *l->detail != '\0' ? ", " : "", l->detail);
	if (finding_fill(&p->finding, b, &l->opinion, &c, summary))
		f->postures++;
	else
		f->dropped++;
}

bool
posture_is_news(const struct posture *p)
{
	return !p->well && !p->known;
}

unsigned
findings_told(const struct findings *f)
{
	unsigned n = f->count;

	for (unsigned i = 0; i < f->postures; i++)
		n += posture_is_news(&f->posture[i]);
	return n;
}

enum severity
findings_gravest(const struct findings *f)
{
	enum severity s = f->count > 0 ? f->list[0].severity : SEVERITY_INFO;

	for (unsigned i = 0; i < f->postures; i++)
		if (posture_is_news(&f->posture[i]) &&
		    f->posture[i].finding.severity > s)
			s = f->posture[i].finding.severity;
	return s;
}

/* ------------------------------------------------------------------ */
/* starttls-never                                                     */

/*
 * Not once, to nobody, in so many sessions: a server that was never set up
 * for it, where the inventory or DNS says that it is.  A single session
 * could be stripped; one that is stripped from the first day on looks like
 * this as well, and the next steps say how to tell.
 */
static void
look_at_offer(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = brief_hello(b);
	uint32_t because = brief_promised(b);
	char server[PARTY_MAX], seen[80];

	if (b->r->protocol != RECORD_SMTP || hello == NULL)
		return;
	if (b->r->offer == OFFER_OFFERED) {
		posture_well(f, KIND_STARTTLS_NEVER, "");
		return;
	}
	if (b->r->offer != OFFER_ABSENT || b->smtp->proxy_header ||
	    because == 0 || b->past->offered > 0 || b->past->masked > 0 ||
	    b->past->established > 0 || b->past->absent + 1 < NEVER_SESSIONS)
		return;
	snprintf(seen, sizeof(seen), "%u sessions, none with an offer",
	    b->past->absent + 1);
	posture_mend(f, b, &(struct lack){ "STARTTLS", "", {
		.kind = KIND_STARTTLS_NEVER,
		.weight = brief_promised_wholly(b) ? WEIGHT_PROOF :
		    WEIGHT_STRONG,
		.because = because, .at = hello->reply_last,
		.expected = "STARTTLS in the EHLO reply", .seen = seen } },
	    "%s never offered STARTTLS, in %u sessions of late, and must: %s",
	    brief_server(b, server), b->past->absent + 1,
	    (because & BECAUSE(DANE)) != 0 ? "its TLSA records promise TLS, "
	    "and senders that check DANE do not deliver" :
	    (because & BECAUSE(STS)) != 0 ? "MTA-STS promises TLS, and "
	    "senders that check it do not deliver" : "the inventory says so; "
	    "mail to it is readable on its way");
}

/* ------------------------------------------------------------------ */
/* certificate-expiring                                               */

const struct certificate *
posture_certificate(const struct brief *b)
{
	return b->r->certificate == RECORD_CERTIFICATE_VISIBLE &&
	    b->tls != NULL && b->tls->chain_len > 0 &&
	    b->tls->chain[0]->readable ? b->tls->chain[0] : NULL;
}

void
posture_name_certificate(const struct certificate *c,
    char out[POSTURE_SUBJECT_MAX])
{
	int n = snprintf(out, POSTURE_SUBJECT_MAX, "certificate ");

	for (int i = 0; i < 8; i++)
		n += snprintf(out + n, (size_t)(POSTURE_SUBJECT_MAX - n),
		    "%02x", c->sha256[i]);
}

/* Whom does the date matter to? */
enum minding {
	MINDED_BY_FEW,		/* opportunistic TLS looks at no date */
	MINDED_NOT_BY_DANE,	/* a 3 x x record does not either */
	MINDED_BY_STS,
	MINDED_BY_DANE,		/* a trust anchor's chain must be in time */
};

static enum minding
who_minds(const struct brief *b)
{
	const struct match_result *m = b->promise->match;
	const struct policy_answer *a = b->promise->answer;
	bool by_sts = (brief_promised(b) & BECAUSE(STS)) != 0;

	if (m != NULL && (m->outcome == MATCH_EXPIRED ||
	    (m->outcome == MATCH_MATCHED && m->record >= 0 &&
	    a->tlsa.list[m->record].usage == TLSA_DANE_TA)))
		return MINDED_BY_DANE;
	if (by_sts)
		return MINDED_BY_STS;
	return m != NULL && m->outcome == MATCH_MATCHED ?
	    MINDED_NOT_BY_DANE : MINDED_BY_FEW;
}

static const char *
minding_words(enum minding m, bool expired)
{
	switch (m) {
	case MINDED_BY_FEW:
		return "most senders do not look at dates, those that insist "
		    "on a certificate they can verify do not deliver";
	case MINDED_NOT_BY_DANE:
		return "senders that check DANE do not mind (a 3 x x record, "
		    "RFC 7672 section 3.1.1), others may";
	case MINDED_BY_STS:
		return expired ? "senders that check MTA-STS do not deliver" :
		    "from then on senders that check MTA-STS do not deliver";
	case MINDED_BY_DANE:
		return expired ? "its TLSA record is of a trust anchor, and "
		    "senders that check DANE do not deliver" : "its TLSA "
		    "record is of a trust anchor, and from then on senders "
		    "that check DANE do not deliver";
	}
	return "";
}

/* Of the leaf; where the chain matters, of whichever ends first. */
static int64_t
end_of(const struct brief *b, const struct certificate *c, enum minding m)
{
	const struct match_result *r = b->promise->match;

	return m == MINDED_BY_DANE && r->outcome == MATCH_MATCHED &&
	    r->until < c->not_after ? r->until : c->not_after;
}

static uint32_t
minding_because(enum minding m)
{
	return m == MINDED_BY_DANE ? BECAUSE(DANE) :
	    m == MINDED_BY_STS ? BECAUSE(STS) : 0;
}

static void
look_at_dates(const struct brief *b, struct findings *f)
{
	const struct certificate *c = posture_certificate(b);
	char subject[POSTURE_SUBJECT_MAX], detail[80], left[64];
	char server[PARTY_MAX], day[MOMENT_TEXT];
	int64_t now = b->r->flow.first.time, end;
	enum minding m = who_minds(b);
	bool expired;

	if (c == NULL || c->not_after == 0)
		return;
	posture_name_certificate(c, subject);
	end = end_of(b, c, m);
	expired = end <= now;
	if (end - now > WARNING) {
		posture_well(f, KIND_CERTIFICATE_EXPIRING, subject);
		return;
	}
	moment_format_day(end, day);
	snprintf(left, sizeof(left), expired ? "%lld days ago" :
	    "in %lld days", (long long)((expired ? now - end : end - now) /
	    DAY));
	snprintf(detail, sizeof(detail), expired ? "expired %s" :
	    "valid until %s", day);
	posture_mend(f, b, &(struct lack){ subject, detail, {
		.kind = KIND_CERTIFICATE_EXPIRING,
		.weight = m < MINDED_BY_STS ? WEIGHT_HINT : expired ?
		    WEIGHT_PROOF : WEIGHT_STRONG,
		.because = minding_because(m), .at = b->tls->certificate_at,
		.expected = "a certificate valid for two weeks more",
		.seen = detail } },
	    "the certificate of %s %s on %s, %s%s: %s",
	    brief_server(b, server), expired ? "expired" : "expires", day,
	    left, end < c->not_after ? " (an issuer's in its chain)" : "",
	    minding_words(m, expired));
}

void
detect_posture(const struct brief *b, struct findings *f)
{
	const struct session_record *r = b->r;

	if (b->promise->inventory == NULL || r->stage != RECORD_FINAL ||
	    (r->protocol != RECORD_SMTP && r->protocol != RECORD_TLS) ||
	    !inventory_owns_address(b->promise->inventory,
	    &r->flow.ip[SIDE_SERVER]))
		return;
	look_at_offer(b, f);
	look_at_dates(b, f);
	posture_look_at_dns(b, f);
}
