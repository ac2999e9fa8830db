/* SPDX-License-Identifier: ISC */
/*
 * unit/detect_pasts.h -- what was before a session, as rules are told it.
 * Behind store_made_up.h.
 */
#ifndef DETECT_PASTS_H
#define DETECT_PASTS_H

#include "baseline/past.h"

#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)

static inline void
habit(struct past *p)
{
	p->offered = p->offered_plainly = 5;
	p->offered_days = 2;
	p->first_offered = NOON - 3 * DAY;
	p->last_offered = NOON - DAY;
	p->names = 1;
	p->name_offered = 5;
	p->reply_known = p->reply_same = true;
	p->here_offered = 5;
	p->nets_offered = 1;
	p->banners_plain = 3;
	p->established = 1;
}

static inline void
habit_and_peers(struct past *p)
{
	habit(p);
	p->peers = 1;
}

static inline void
others(struct past *p)
{
	habit(p);
	p->here_offered = 0;
	p->peers = 2;
}

static inline void
once(struct past *p)
{
	p->offered = 2;
	p->offered_days = 1;
	p->last_offered = NOON - DAY;
	p->here_offered = 2;
	p->name_offered = 2;
}

static inline void
hidden_from_here(struct past *p)
{
	others(p);
	p->peers = 1;
	p->here_missing = 5;
	p->here_missing_days = 3;
	p->absent = 5;
	p->first_missing = NOON - 3 * DAY;
	p->net_servers_offering = 1;
}

static inline void
never(struct past *p)
{
	p->absent = 9;
	p->first_missing = NOON - 9 * DAY;
}

static inline void
refuses_ehlo_for_days(struct past *p)
{
	p->ehlo_refused = 5;
	p->first_missing = NOON - DAY;
}

static inline void
tls_here(struct past *p)
{
	habit(p);
	p->client_tls = p->client_tls_here = 1;
}

static inline void
tls_here_and_much_without(struct past *p)
{
	tls_here(p);
	p->client_unused = p->client_unused_here = 2;
}

static inline void
tls_elsewhere(struct past *p)
{
	p->client_tls = 3;
}

static inline void
little_tls_elsewhere(struct past *p)
{
	p->client_tls = 2;
}

static inline void
well_tried(struct past *p)
{
	tls_here(p);
	p->established = 100;
	p->starttls_refused = 4;
}

static inline void
refused_often(struct past *p)
{
	well_tried(p);
	p->starttls_refused = 5;
}

static inline void
failed_before(struct past *p)
{
	p->failed = PAST_FAILED_BROKEN;
	p->failed_at = NOON - HOUR / 2;
	p->client_best_here = p->chosen_best_here = 0x0304;
}

static inline void
failed_two_hours_before(struct past *p)
{
	failed_before(p);
	p->failed_at = NOON - 2 * HOUR;
}

/* ECDHE and GCM, six times in three days, of the same offer. */
static inline void
agreed_on_good_ones(struct past *p)
{
	p->suites_here = 6;
	p->suites_here_days = 3;
	p->suites_better_last = NOON - HOUR;
	p->suite_lowest_here = p->suite_best_here = SUITE_AEAD;
	p->offer_here = PAST_OFFER_SAME;
	p->client_best_here = 0x0304;
}

static inline void
agreed_on_good_ones_today(struct past *p)
{
	agreed_on_good_ones(p);
	p->suites_here_days = 1;
}

static inline void
agreed_seldom(struct past *p)
{
	agreed_on_good_ones(p);
	p->suites_here = 4;
}

static inline void
agreed_on_static_ones_too(struct past *p)
{
	agreed_on_good_ones(p);
	p->suite_lowest_here = SUITE_STATIC;
}

static inline void
offered_other_suites(struct past *p)
{
	agreed_on_good_ones(p);
	p->offer_here = PAST_OFFER_CUT;
}

static inline void
offered_by_another_program(struct past *p)
{
	agreed_on_good_ones(p);
	p->offer_here = PAST_OFFER_OTHER;
}

static inline void
offered_to_all(struct past *p)
{
	offered_other_suites(p);
	p->offer_elsewhere = 1;
}

static inline void
given_to_all(struct past *p)
{
	agreed_on_good_ones(p);
	p->suites_low = 3;
	p->suites_low_nets = 2;
	p->suites_low_days = 1;
	p->suites_low_first = p->suites_better_last + 1;
}

static inline void
given_to_some(struct past *p)
{
	given_to_all(p);
	p->suites_low_first = p->suites_better_last - 1;
}

static inline void
given_to_some_for_days(struct past *p)
{
	given_to_some(p);
	p->suites_low_days = 2;
}

static inline void
given_for_a_week(struct past *p)
{
	agreed_on_good_ones(p);
	p->suites_low = 10;
	p->suites_low_first = NOON - 168 * HOUR;
	p->suites_better_last = NOON - 170 * HOUR;
}

static inline void
never_worked(struct past *p)
{
	p->handshakes_failed = 5;
	p->offered = 5;
	p->offered_days = 2;
}

static inline void
hardly_tried(struct past *p)
{
	never_worked(p);
	p->handshakes_failed = 4;
}

static inline void
knows_the_key(struct past *p)
{
	p->keys = 1;
	p->key_known = p->issuer_known = true;
}

static inline void
knows_the_issuer(struct past *p)
{
	p->keys = 1;
	p->issuer_known = true;
}

static inline void
knows_another_key(struct past *p)
{
	p->keys = 1;
}

static inline void
knows_many_keys(struct past *p)
{
	p->keys = 4;
}

#endif
