/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "policy/lint.h"

#define MICROSECONDS	INT64_C(1000000)
#define DAY		(86400 * MICROSECONDS)
#define TTL_ADVISED	3600	/* the Dutch how-to: 1800 to 3600 */
#define TTL_TOO_LONG	86400

static const struct {
	const char	*word;
	bool		 posture;
} kinds[LINT_KINDS] = {
	[LINT_MISMATCH] = { "tlsa-mismatch", true },
	[LINT_AT_RISK] = { "tlsa-at-risk", true },
	[LINT_UNUSABLE] = { "tlsa-unusable", true },
	[LINT_UNSIGNED] = { "tlsa-unsigned", true },
	[LINT_EXPIRING] = { "certificate-expiring", true },
	[LINT_PKIX_USAGE] = { "pkix-usage", false },
	[LINT_BAD_RECORD] = { "unusable-record", false },
	[LINT_STALE] = { "stale-records", false },
	[LINT_UNCOVERED] = { "certificate-uncovered", false },
	[LINT_SHA512_ONLY] = { "sha512-only", false },
	[LINT_WEAKER_ONLY] = { "weaker-digest-only", false },
	[LINT_ONE_RECORD] = { "one-record", false },
	[LINT_ONLY_TA] = { "trust-anchor-only", false },
	[LINT_FULL_DATA] = { "data-in-full", false },
	[LINT_DUPLICATE] = { "duplicate-record", false },
	[LINT_EE_OF_ISSUER] = { "ee-describes-issuer", false },
	[LINT_TA_OF_LEAF] = { "ta-describes-leaf", false },
	[LINT_TA_NOT_SENT] = { "ta-not-sent", false },
	[LINT_NAME] = { "name-differs", false },
	[LINT_LONG_TTL] = { "long-ttl", false },
	[LINT_MANY_RECORDS] = { "many-records", false },
};

const char *
lint_word(enum lint_kind k)
{
	return k < LINT_KINDS ? kinds[k].word : "?";
}

bool
lint_is_posture(enum lint_kind k)
{
	return k < LINT_KINDS && kinds[k].posture;
}

const char *
lint_weight_word(enum lint_weight w)
{
	switch (w) {
	case LINT_NOTE:
		return "note";
	case LINT_WARNING:
		return "warning";
	case LINT_FAULT:
		return "fault";
	}
	return "?";
}

struct place {
	enum lint_kind	 kind;
	enum lint_weight weight;
	int		 record;
};

static void
remark(struct lint_list *out, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
remark(struct lint_list *out, struct place at, const char *fmt, ...)
{
	struct lint_remark *r;
	va_list ap;

	if (out->count == LINT_REMARKS_MAX) {
		out->left_out++;
		return;
	}
	r = &out->list[out->count];
	r->kind = at.kind;
	r->weight = at.weight;
	r->record = at.record;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	/* two certificates may call for the same words */
	for (unsigned i = 0; i < out->count; i++)
		if (out->list[i].record == r->record &&
		    strcmp(out->list[i].text, r->text) == 0)
			return;
	out->count++;
}

/* --- of the records alone --- */

static bool
has(const struct tlsa_set *s, int usage, int matching)
{
	const struct tlsa_record *r;

	for (unsigned i = 0; i < s->count; i++) {
		r = &s->list[i];
		if (r->fault == TLSA_USABLE &&
		    (usage == -1 || r->usage == usage) &&
		    (matching == -1 || r->matching == matching))
			return true;
	}
	return false;
}

static void
lint_record(const struct tlsa_set *s, unsigned i, struct lint_list *out)
{
	const struct tlsa_record *r = &s->list[i];
	char why[TLSA_FAULT_TEXT_MAX];

	tlsa_fault_text(r, why);
	if (r->fault == TLSA_FAULT_PKIX)
		remark(out, (struct place){ LINT_PKIX_USAGE, LINT_WARNING,
		    (int)i }, "%s (RFC 7672 section 3.1.3)", why);
	else if (r->fault != TLSA_USABLE)
		remark(out, (struct place){ LINT_BAD_RECORD, LINT_WARNING,
		    (int)i }, "%s: no sender can use this record", why);
	else if (r->matching == TLSA_FULL)
		remark(out, (struct place){ LINT_FULL_DATA, LINT_NOTE,
		    (int)i }, "data in full makes large DNS answers; a "
		    "SHA2-256 digest (matching type 1) says the same");
	for (unsigned j = 0; j < i; j++) {
		if (tlsa_compare(&s->list[j], r) != 0)
			continue;
		remark(out, (struct place){ LINT_DUPLICATE, LINT_NOTE,
		    (int)i }, "the same record stands here twice");
		break;
	}
}

/* RFC 6698 section 6 makes SHA2-256 a must, SHA2-512 a should. */
static void
lint_digests(const struct tlsa_set *s, struct lint_list *out)
{
	if (has(s, -1, TLSA_SHA512) && !has(s, -1, TLSA_SHA256) &&
	    !has(s, -1, TLSA_FULL))
		remark(out, (struct place){ LINT_SHA512_ONLY, LINT_WARNING,
		    -1 }, "SHA2-512 only: senders need not know it, and then "
		    "do not authenticate the server (RFC 6698 section 6)");
}

/* Two EE records, this and the next, or an EE and a TA record. */
static void
lint_scheme(const struct tlsa_set *s, struct lint_list *out)
{
	unsigned usable = tlsa_usable(s);

	if (usable > 0 && !has(s, TLSA_DANE_EE, -1))
		remark(out, (struct place){ LINT_ONLY_TA, LINT_NOTE, -1 },
		    "there is no 3 1 1 record: with a trust anchor alone, "
		    "dates and names of the certificate matter too");
	if (usable == 1)
		remark(out, (struct place){ LINT_ONE_RECORD, LINT_NOTE, -1 },
		    "a single record: a second one (%s) keeps mail coming "
		    "when the certificate changes",
		    has(s, TLSA_DANE_EE, -1) ? "2 1 1 of the issuing CA, or "
		    "3 1 1 of the next key" : "3 1 1 of the key in use");
}

static void
lint_records(const struct lint_question *q, struct lint_list *out)
{
	const struct tlsa_set *s = q->records;

	if (!q->is_signed)
		remark(out, (struct place){ LINT_UNSIGNED, LINT_FAULT, -1 },
		    "the records are not signed (DNSSEC): senders ignore "
		    "them");
	if (tlsa_usable(s) == 0)
		remark(out, (struct place){ LINT_UNUSABLE, LINT_FAULT, -1 },
		    "no record is usable: senders demand TLS and authenticate "
		    "nobody");
	for (unsigned i = 0; i < s->count; i++)
		lint_record(s, i, out);
	lint_digests(s, out);
	lint_scheme(s, out);
	if (s->left_out > 0)
		remark(out, (struct place){ LINT_MANY_RECORDS, LINT_WARNING,
		    -1 }, "%u records: those beyond the first %u were not "
		    "looked at", s->count + s->left_out, s->count);
	if (q->ttl > TTL_ADVISED)
		remark(out, (struct place){ LINT_LONG_TTL,
		    q->ttl > TTL_TOO_LONG ? LINT_WARNING : LINT_NOTE, -1 },
		    "a TTL of %u s: an unplanned change of key would stop "
		    "mail for as long; 1800 to %u s is advised", q->ttl,
		    TTL_ADVISED);
}

/* --- against what the server shows --- */

static bool
same_combination(const struct tlsa_record *a, const struct tlsa_record *b)
{
	return a->usage == b->usage && a->selector == b->selector &&
	    a->matching == b->matching;
}

/* Of all records like record `i`: does none match, and is `i` the first of
 * them?  (RFC 7671 section 8: each combination must have one that does.) */
static bool
first_of_stale(const struct tlsa_set *s, const struct match_result *r,
    unsigned i)
{
	for (unsigned j = 0; j < s->count; j++) {
		if (s->list[j].fault != TLSA_USABLE ||
		    !same_combination(&s->list[i], &s->list[j]))
			continue;
		if (j < i || r->verdicts[j].outcome == MATCH_MATCHED ||
		    match_promise(r->verdicts[j].outcome) != MATCH_BROKEN)
			return false;
	}
	return true;
}

static unsigned
lint_stale(const struct tlsa_set *s, const struct match_result *r,
    struct lint_list *out)
{
	unsigned stale = 0;

	for (unsigned i = 0; i < s->count; i++) {
		if (s->list[i].fault != TLSA_USABLE ||
		    !first_of_stale(s, r, i))
			continue;
		stale++;
		remark(out, (struct place){ LINT_STALE, LINT_WARNING,
		    (int)i }, "no %u %u %u record matches what the server "
		    "shows now (%s)", s->list[i].usage, s->list[i].selector,
		    s->list[i].matching, match_word(r->verdicts[i].outcome));
	}
	return stale;
}

/* Records about the wrong certificate of the chain. */
static void
lint_depths(const struct tlsa_set *s, const struct match_result *r,
    struct lint_list *out)
{
	const struct tlsa_record *t;
	int depth;

	for (unsigned i = 0; i < s->count; i++) {
		t = &s->list[i];
		depth = r->verdicts[i].depth;
		if (t->fault != TLSA_USABLE || depth < 0)
			continue;
		if (t->usage == TLSA_DANE_EE && depth > 0)
			remark(out, (struct place){ LINT_EE_OF_ISSUER,
			    LINT_FAULT, (int)i }, "usage 3 is for the "
			    "server's own certificate, and this describes an "
			    "issuer (number %d): 2 %u %u was meant", depth,
			    t->selector, t->matching);
		if (t->usage == TLSA_DANE_TA && depth == 0)
			remark(out, (struct place){ LINT_TA_OF_LEAF,
			    LINT_FAULT, (int)i }, "usage 2 is for an issuer, "
			    "and this describes the server's own certificate: "
			    "3 %u %u was meant", t->selector, t->matching);
	}
}

/* A TA digest that describes nothing sent, while the last certificate's
 * issuer was not sent (RFC 7671 section 5.2.2: it must be). */
static void
lint_anchors(const struct tlsa_set *s, const struct match_result *r,
    struct lint_list *out)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->list[i].fault == TLSA_USABLE &&
		    s->list[i].usage == TLSA_DANE_TA &&
		    s->list[i].matching != TLSA_FULL &&
		    r->verdicts[i].depth == -1 && r->issuer_missing)
			remark(out, (struct place){ LINT_TA_NOT_SENT,
			    LINT_WARNING, (int)i }, "if this describes the "
			    "issuer of the last certificate sent, the server "
			    "must send that issuer's certificate too");
}

static bool
rests_on_anchor(const struct tlsa_set *s, const struct match_result *r)
{
	return r->outcome == MATCH_MATCHED && r->record >= 0 &&
	    s->list[r->record].usage == TLSA_DANE_TA;
}

static void
lint_dates(const struct lint_question *q, const struct match_result *r,
    struct lint_list *out)
{
	int64_t warn = (int64_t)(q->days > 0 ? q->days : LINT_DAYS) * DAY;
	bool anchor = rests_on_anchor(q->records, r);
	struct place at = { LINT_EXPIRING,
	    anchor ? LINT_WARNING : LINT_NOTE, -1 };
	int64_t end = r->not_after;

	if (anchor && r->until < end)
		end = r->until;		/* an issuer's may end before */
	if (r->not_after == 0 || end - q->now > warn)
		return;
	if (end <= q->now)
		remark(out, at, "the certificate expired %lld days ago%s",
		    (long long)((q->now - end) / DAY), r->outcome ==
		    MATCH_MATCHED ? "; senders that use the 3 x x record "
		    "do not mind" : "");
	else
		remark(out, at, "%s expires in %lld days%s", end ==
		    r->not_after ? "the certificate" : "a certificate of the "
		    "chain", (long long)((end - q->now) / DAY), anchor ?
		    ": then no record matches any more" : "");
}

static unsigned
matching(const struct match_result *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->count; i++)
		n += r->verdicts[i].outcome == MATCH_MATCHED;
	return n;
}

static void
lint_kept(const struct lint_question *q, const struct match_result *r,
    struct lint_list *out)
{
	const struct tlsa_set *s = q->records;
	unsigned stale = lint_stale(s, r, out);

	if (stale > 0)
		remark(out, (struct place){ LINT_AT_RISK, LINT_WARNING, -1 },
		    "%s the %u %u %u record%s still matches: mend the "
		    "others before it fails too",
		    matching(r) == 1 ? "only" : "not all records match;",
		    s->list[r->record].usage, s->list[r->record].selector,
		    s->list[r->record].matching,
		    matching(r) == 1 ? "" : ", for one,");
	if (!r->name_fits && !rests_on_anchor(s, r))
		remark(out, (struct place){ LINT_NAME, LINT_NOTE, -1 },
		    "the certificate is not for this server's name; DANE-EE "
		    "does not mind, others do");
}

static void
lint_broken(const struct lint_question *q, const struct match_result *r,
    bool all, struct lint_list *out)
{
	if (all)
		remark(out, (struct place){ LINT_MISMATCH, LINT_FAULT, -1 },
		    "%s: senders that check DANE do not deliver",
		    match_text(r->outcome));
	else
		remark(out, (struct place){ LINT_UNCOVERED, LINT_FAULT, -1 },
		    "one of %u certificates that the server uses matches no "
		    "record: senders that are shown it do not deliver",
		    q->shown_count);
	if (r->weaker_only)
		remark(out, (struct place){ LINT_WEAKER_ONLY, LINT_WARNING,
		    -1 }, "a SHA2-256 record matches, the SHA2-512 record "
		    "beside it does not, and it is the one that counts "
		    "(RFC 7671 section 9)");
}

static unsigned
count(const struct lint_question *q, enum match_promise what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->shown_count; i++)
		n += match_promise(q->shown[i]->outcome) == what;
	return n;
}

static void
lint_shown(const struct lint_question *q, struct lint_list *out)
{
	bool all = count(q, MATCH_KEPT) == 0;
	const struct match_result *r;

	for (unsigned i = 0; i < q->shown_count; i++) {
		r = q->shown[i];
		switch (match_promise(r->outcome)) {
		case MATCH_KEPT:
			lint_kept(q, r, out);
			break;
		case MATCH_BROKEN:
			lint_broken(q, r, all, out);
			break;
		case MATCH_UNDECIDED:
		case MATCH_NOT_MADE:
			break;
		}
		lint_depths(q->records, r, out);
		lint_anchors(q->records, r, out);
		lint_dates(q, r, out);
	}
}

void
lint_server(const struct lint_question *q, struct lint_list *out)
{
	out->count = 0;
	out->left_out = 0;
	if (q->records->count > 0)
		lint_records(q, out);
	lint_shown(q, out);
}
