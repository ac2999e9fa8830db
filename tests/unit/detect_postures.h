/* SPDX-License-Identifier: ISC */
/*
 * unit/detect_postures.h -- an own server as it should be, and what can be
 * wrong with it.  Behind <cmocka.h>; in one file of a program.
 */
#ifndef DETECT_POSTURES_H
#define DETECT_POSTURES_H

#include "detect/rules.h"
#include "detect_scenes.h"

#define DAYS		(24 * INT64_C(3600000000))

/* What is to be judged: a session of an own server, mx.own.example, and what
 * is known of it, which each case then changes. */
struct scene {
	struct made_up		 m;
	struct past		 past;
	struct policy_answer	 answer, other;
	const struct policy_answer *watched[1];
	struct match_result	 match;
	struct inventory	 inventory;
	struct promise		 promise;
};

static uint8_t	digest[2][32];

static inline void
add_record(struct scene *s, uint8_t usage, unsigned n)
{
	struct tlsa_record r = { .usage = usage, .selector = TLSA_SPKI,
	    .matching = TLSA_SHA256, .data = span_of(digest[n], 32) };

	digest[n][0] = (uint8_t)(n + 1);
	assert_int_equal(tlsa_add(&s->answer.tlsa, &r), 0);
}

static inline void
verdict(struct scene *s, unsigned n, enum match_outcome o)
{
	s->match.verdicts[n] = (struct match_verdict){ .outcome = o,
	    .counts = true, .depth = -1 };
	s->match.count = n + 1;
	if (o == MATCH_MATCHED) {
		s->match.outcome = o;
		s->match.record = (int)n;
	}
}

/* Two records, 3 1 1 and 2 1 1, that both match; dates in a year. */
static inline void
set_scene(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	memset(s, 0, sizeof(*s));
	make_up(&s->m, 1);
	shows(&s->m);
	s->m.record.protocol = RECORD_SMTP;
	s->m.record.certificate = RECORD_CERTIFICATE_VISIBLE;
	leaf.readable = true;
	leaf.sha256[0] = 0xab;
	leaf.not_after = NOON + 365 * DAYS;
	s->m.smtp.facts.banner = "mx.own.example ESMTP";
	inventory_add_server(&s->inventory, "mx.own.example", true, why);
	inventory_add_address(&s->inventory, "198.51.100.25", why);
	inventory_add_domain(&s->inventory, "own.example", why);
	s->answer.state = POLICY_DANE_AUTH;
	s->answer.why = DANE_WHY_TLSA;
	strcpy(s->answer.domain, "own.example");
	strcpy(s->answer.host, "mx.own.example");
	strcpy(s->answer.base, "mx.own.example");
	s->answer.npromises = 1;
	strcpy(s->answer.promises[0].domain, "own.example");
	s->answer.promises[0].state = POLICY_DANE_AUTH;
	s->answer.promises[0].why = DANE_WHY_TLSA;
	s->answer.hosts = s->answer.covered = 2;
	add_record(s, TLSA_DANE_EE, 0);
	add_record(s, TLSA_DANE_TA, 1);
	s->match.not_after = leaf.not_after;
	s->match.until = INT64_MAX;
	s->match.name_fits = true;
	s->match.outcome = MATCH_MISMATCHED;
	s->match.record = -1;
	verdict(s, 1, MATCH_MATCHED);
	verdict(s, 0, MATCH_MATCHED);
	s->match.count = 2;
	s->promise = (struct promise){ .answer = &s->answer,
	    .match = &s->match, .fixed = true,
	    .inventory = &s->inventory };
}

static inline void
clear_scene(struct scene *s)
{
	findings_clear(&s->m.findings);
	tlsa_clear(&s->answer.tlsa);
	inventory_free(&s->inventory);
}

static inline void
mismatch(struct scene *s)
{
	s->match.outcome = MATCH_MISMATCHED;
	s->match.record = -1;
	s->match.verdicts[0].outcome = MATCH_MISMATCHED;
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static inline void
half_mismatch(struct scene *s)
{
	mismatch(s);
	s->answer.state = POLICY_DANE_HALF;
}

static inline void
fresh_mismatch(struct scene *s)
{
	mismatch(s);
	s->promise.fixed = false;
}

static inline void
others_mismatch(struct scene *s)
{
	mismatch(s);
	s->m.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 198, 51, 100,
	    26 });
}

static inline void
nobodys_mismatch(struct scene *s)
{
	mismatch(s);
	inventory_free(&s->inventory);
}

static inline void
early_mismatch(struct scene *s)
{
	mismatch(s);
	s->m.record.stage = RECORD_EARLY;
}

/* Handed over under any name that leads here. */
static inline void
strangers_name(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mx.stranger.example");
	strcpy(s->answer.domain, "stranger.example");
	strcpy(s->answer.promises[0].domain, "stranger.example");
	s->answer.promises[0].state = POLICY_MUST_NOT_DELIVER;
	s->answer.promises[0].why = DANE_WHY_TLSA_BOGUS;
	s->answer.covered = 1;
}

static inline void
relays_name(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mx.stranger.example");
	s->answer.tags = 1U << DANE_TAG_NOT_AN_MX;
}

static inline void
own_words(struct scene *s)
{
	mismatch(s);
	strcpy(s->answer.host, "mail.elsewhere.example");
	s->answer.domain[0] = '\0';
	s->m.smtp.facts.banner = "mail.elsewhere.example ESMTP";
}

static inline void
excused(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	mismatch(s);
	assert_int_equal(inventory_add_exception(&s->inventory,
	    "198.51.100.25", "tlsa-mismatch", "known", "2026-12-31", why), 0);
}

static inline void
one_of_pair(struct scene *s)
{
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static inline void
next_key(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	add_record(s, TLSA_DANE_EE, 0);
	add_record(s, TLSA_DANE_EE, 1);
	s->match.verdicts[1].outcome = MATCH_MISMATCHED;
}

static inline void
not_to_be_seen(struct scene *s)
{
	s->m.record.certificate = RECORD_CERTIFICATE_HIDDEN;
	s->match.outcome = MATCH_HIDDEN;
	s->match.record = -1;
	s->match.verdicts[0].outcome = MATCH_HIDDEN;
	s->match.verdicts[1].outcome = MATCH_HIDDEN;
	s->match.not_after = 0;
}

static inline void
pkix(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	add_record(s, TLSA_PKIX_EE, 0);
	s->answer.state = POLICY_DANE_TLS;
	s->match.outcome = MATCH_UNUSABLE;
	s->match.count = 1;
}

static inline void
not_signed(struct scene *s)
{
	tlsa_clear(&s->answer.tlsa);
	s->answer.state = POLICY_NONE_INSECURE;
	s->answer.tags = 1U << DANE_TAG_TLSA_UNSIGNED;
	s->answer.covered = 0;
	s->promise.match = NULL;
}

static inline void
no_records(struct scene *s)
{
	not_signed(s);
	s->answer.tags = 0;
}

static inline void
partly(struct scene *s)
{
	s->answer.covered = 1;
}

static inline void
bogus(struct scene *s)
{
	s->answer.state = s->answer.promises[0].state =
	    POLICY_MUST_NOT_DELIVER;
	s->answer.why = s->answer.promises[0].why = DANE_WHY_MX_BOGUS;
	s->answer.hosts = s->answer.covered = 0;
	s->answer.host[0] = '\0';
	s->promise.match = NULL;
}

static inline void
failing(struct scene *s)
{
	bogus(s);
	s->answer.why = s->answer.promises[0].why = DANE_WHY_MX_FAILED;
}

/* TLS hides the recipients, and own domains are asked about. */
static inline void
watch(struct scene *s)
{
	s->answer.npromises = 0;
	s->answer.domain[0] = '\0';
	s->answer.hosts = s->answer.covered = 0;
	s->other = (struct policy_answer){ .state = POLICY_DANE_AUTH,
	    .npromises = 1, .hosts = 2, .covered = 2 };
	strcpy(s->other.domain, "own.example");
	strcpy(s->other.host, "mx.own.example");
	s->other.promises[0].state = POLICY_DANE_AUTH;
	strcpy(s->other.promises[0].domain, "own.example");
	s->watched[0] = &s->other;
	s->promise.watched = s->watched;
	s->promise.nwatched = 1;
}

static inline void
partly_watched(struct scene *s)
{
	watch(s);
	s->other.covered = 1;
}

static inline void
bogus_watched(struct scene *s)
{
	watch(s);
	s->other.state = s->other.promises[0].state =
	    POLICY_MUST_NOT_DELIVER;
	s->other.why = s->other.promises[0].why = DANE_WHY_MX_BOGUS;
	s->other.host[0] = '\0';
}

/* ... of a domain that another of the own servers is named after. */
static inline void
bogus_elsewhere(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	bogus_watched(s);
	strcpy(s->other.domain, "second.example");
	strcpy(s->other.promises[0].domain, "second.example");
	inventory_add_domain(&s->inventory, "second.example", why);
	inventory_add_server(&s->inventory, "mx.second.example", true, why);
}

static inline void
ends_soon(struct scene *s)
{
	leaf.not_after = s->match.not_after = NOON + 10 * DAYS;
}

static inline void
ends_in_time(struct scene *s)
{
	leaf.not_after = s->match.not_after = NOON + 14 * DAYS + 1;
}

static inline void
anchor_ends_soon(struct scene *s)
{
	ends_soon(s);
	s->match.record = 1;
}

static inline void
issuer_ends_soon(struct scene *s)
{
	s->match.record = 1;
	s->match.until = NOON + 3 * DAYS;
}

static inline void
sts_ends_soon(struct scene *s)
{
	ends_soon(s);
	s->answer.sts = STS_ENFORCE;
	s->answer.sts_match = STS_MATCH_YES;
}

static inline void
expired_under_anchor(struct scene *s)
{
	mismatch(s);
	leaf.not_after = s->match.not_after = NOON - DAYS;
	s->match.outcome = MATCH_EXPIRED;
	s->match.verdicts[1].outcome = MATCH_EXPIRED;
}

static inline void
ends_soon_and_nobody_asked(struct scene *s)
{
	ends_soon(s);
	s->promise.answer = NULL;
	s->promise.match = NULL;
}

static inline void
unreadable(struct scene *s)
{
	ends_soon_and_nobody_asked(s);
	leaf.readable = false;
}

static inline void
never_offers(struct scene *s)
{
	lacks(&s->m);
	s->m.record.certificate = RECORD_CERTIFICATE_UNKNOWN;
	s->past.absent = 4;
	s->promise.answer = NULL;
	s->promise.match = NULL;
}

static inline void
never_and_promised(struct scene *s)
{
	never_offers(s);
	s->promise.answer = &s->answer;
}

static inline void
not_yet_never(struct scene *s)
{
	never_offers(s);
	s->past.absent = 3;
}

static inline void
once_did(struct scene *s)
{
	never_offers(s);
	s->past.offered = 1;
}

static inline void
need_not(struct scene *s)
{
	char why[INVENTORY_WHY_MAX];

	never_offers(s);
	inventory_free(&s->inventory);
	inventory_add_network(&s->inventory, "198.51.100.0/24", why);
}

#endif
