/* SPDX-License-Identifier: ISC */
/*
 * What the past says about an offer that is missing.
 *
 * The thresholds are those of the field: five sessions over a day make a
 * habit, a week makes a change permanent.  An attacker who strips from now
 * on is reported now; what he can reach with patience is that a change
 * which was reported when it began is called one.
 */
#include <string.h>

#include "detect/phrase.h"
#include "detect/rules.h"
#include "schema/moment.h"

#define DAY		INT64_C(86400000000)
#define WEEK		(7 * DAY)
#define HIDDEN_SESSIONS	5
#define HIDDEN_DAYS	3
#define NAME_SESSIONS	3
#define NAME_DAYS	2
#define MIXED_SESSIONS	10
#define MIXED_BUCKETS	3
#define SETTLED_SESSIONS 10
#define ALL_FAIL	5	/* handshakes, none ever succeeding */
#define ALL_FAIL_DAYS	2	/* ... on so many days */

static uint32_t
missing(const struct past *p)
{
	return p->absent + p->masked + p->ehlo_refused;
}

/* Offers are on record for more than this one back end.  One that appeared
 * only when a habit broke was reported, and is believed a week later. */
static bool
is_pool(const struct past *p, int64_t at)
{
	if (p->names < 2 || p->name_offered > 0)
		return false;
	if (p->broke_at != 0)
		return p->name_missing >= SETTLED_SESSIONS &&
		    at - p->broke_at >= WEEK;
	return p->name_missing >= NAME_SESSIONS && p->name_days >= NAME_DAYS;
}

/* From the beginning of its record on: a server that always offered it does
 * not become one of these by losing the offer now and then. */
static bool
is_mixed(const struct past *p, int64_t at)
{
	return p->broke_at == 0 && p->offered >= MIXED_SESSIONS &&
	    missing(p) >= MIXED_SESSIONS && p->mixed_buckets >= MIXED_BUCKETS &&
	    p->here_offered > 0 &&
	    p->first_missing != 0 && at - p->first_missing >= WEEK &&
	    p->last_offered > at - WEEK;
}

static bool
is_hidden(const struct past *p)
{
	return p->here_offered == 0 && p->here_missing >= HIDDEN_SESSIONS &&
	    p->here_missing_days >= HIDDEN_DAYS && p->nets_offered > 0 &&
	    p->net_servers_offering > 0;
}

static bool
is_switched_off(const struct past *p, int64_t at)
{
	return missing(p) >= SETTLED_SESSIONS && p->first_missing != 0 &&
	    at - p->last_offered >= WEEK && p->last_missing > p->last_offered;
}

/* Without exception until, perhaps, lately. */
static bool
is_habit(const struct past *p)
{
	return p->broke_at != 0 || (missing(p) == 0 &&
	    p->offered >= PAST_HABIT_SESSIONS &&
	    p->offered_days >= PAST_HABIT_DAYS);
}

enum habit
brief_habit(const struct brief *b)
{
	const struct past *p = b->past;
	int64_t at = b->r->flow.first.time;

	if (p->offered == 0 && p->peers == 0)
		return missing(p) > 0 ? HABIT_NEVER : HABIT_UNKNOWN;
	if (is_pool(p, at))
		return HABIT_POOL;
	if (is_mixed(p, at))
		return HABIT_MIXED;
	if (is_hidden(p))
		return HABIT_HIDDEN;
	if (p->offered > 0 && is_switched_off(p, at))
		return HABIT_SWITCHED_OFF;
	if (p->here_offered == 0 && p->peers > 0)
		return HABIT_OTHERS;
	if (is_habit(p))
		return HABIT_OFFERED;
	return p->offered > 1 || p->established > 0 ? HABIT_OFFERED_ONCE :
	    HABIT_UNKNOWN;
}

/* A record, not a moment: whoever breaks all handshakes from now on is not
 * taken for the server's own habit. */
bool
brief_never_worked(const struct brief *b)
{
	const struct past *p = b->past;

	return p->established == 0 && p->handshakes_failed >= ALL_FAIL &&
	    p->offered_days >= ALL_FAIL_DAYS;
}

/* A name that never offered it: it may be another server.  The same name with
 * another list is the same server, or somebody who edits more than one line. */
static bool
another_server(const struct past *p)
{
	return p->name_offered == 0 && (p->names > 0 || !p->reply_same);
}

enum weight
habit_weight(const struct brief *b, enum habit h, uint32_t *because)
{
	const struct past *p = b->past;

	*because = 0;
	switch (h) {
	case HABIT_UNKNOWN:
	case HABIT_NEVER:
	case HABIT_POOL:
	case HABIT_MIXED:
	case HABIT_HIDDEN:
	case HABIT_SWITCHED_OFF:
		return WEIGHT_NOTE;
	case HABIT_OFFERED_ONCE:
		*because = BECAUSE(HISTORY);
		return WEIGHT_HINT;
	case HABIT_OTHERS:
		*because = BECAUSE(PEERS);
		return p->peers > 1 && !another_server(p) ? WEIGHT_STRONG :
		    WEIGHT_HINT;
	case HABIT_OFFERED:
		*because = BECAUSE(HISTORY);
		if (p->peers > 0)
			*because |= BECAUSE(PEERS);
		return another_server(p) ? WEIGHT_HINT : WEIGHT_STRONG;
	}
	return WEIGHT_NOTE;
}

static const char *
plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

#define LIKENESS_MAX	128

/* This reply beside those that offered it. */
static const char *
likeness(const struct past *p, char out[LIKENESS_MAX])
{
	if (p->reply_same && !another_server(p))
		return ", and this is the same reply but for STARTTLS";
	phrase(out, LIKENESS_MAX, "%s", !another_server(p) ?
	    ", and other keywords of its list are changed as well" :
	    p->names > 0 ? ", but never under the name that it bears here" :
	    ", but with another list than this");
	if (p->keywords > 0 && p->keywords_usual > 0 &&
	    p->keywords != p->keywords_usual) {
		size_t n = strlen(out);

		phrase(out + n, LIKENESS_MAX - n, " (%u keywords for %u)",
		    p->keywords, p->keywords_usual);
	}
	return out;
}

const char *
habit_reason(const struct brief *b, enum habit h, char out[REASON_MAX])
{
	const struct past *p = b->past;
	char when[MOMENT_TEXT], like[LIKENESS_MAX];

	moment_format(p->last_offered, when);
	switch (h) {
	case HABIT_UNKNOWN:
		phrase(out, REASON_MAX, "nothing known of this server says "
		    "that it should have offered it");
		break;
	case HABIT_NEVER:
		phrase(out, REASON_MAX, missing(p) == 1 ? "its earlier "
		    "session shows no offer either" : "none of its %u earlier "
		    "sessions shows an offer either", missing(p));
		break;
	case HABIT_POOL:
		phrase(out, REASON_MAX, "the back end with this name never "
		    "offered it (%u session%s on %u days); others behind the "
		    "same address do", p->name_missing,
		    plural(p->name_missing), p->name_days);
		break;
	case HABIT_MIXED:
		phrase(out, REASON_MAX, "its own record is mixed for more "
		    "than a week: %u sessions with the offer, %u without",
		    p->offered, missing(p));
		break;
	case HABIT_HIDDEN:
		phrase(out, REASON_MAX, "others are offered it, this client "
		    "network was not in any of %u sessions on %u days, and "
		    "%u other server%s offered it there in these hours: "
		    "hidden from this client by the server",
		    p->here_missing, p->here_missing_days,
		    p->net_servers_offering, plural(p->net_servers_offering));
		break;
	case HABIT_SWITCHED_OFF:
		phrase(out, REASON_MAX, "it was last offered on %.10s and to "
		    "nobody since, in %u sessions: switched off for good "
		    "(reported when it began)", when, missing(p));
		break;
	case HABIT_OFFERED_ONCE:
	case HABIT_OFFERED:
		phrase(out, REASON_MAX, "it offered STARTTLS in %u earlier "
		    "session%s on %u day%s, last on %.10s%s", p->offered,
		    plural(p->offered), p->offered_days,
		    plural(p->offered_days), when, likeness(p, like));
		break;
	case HABIT_OTHERS:
		phrase(out, REASON_MAX, "%u other client network%s offered "
		    "STARTTLS by it in the same hours", p->peers,
		    p->peers == 1 ? " was" : "s were");
		break;
	}
	return out;
}
