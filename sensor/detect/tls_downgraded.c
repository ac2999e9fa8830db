/* SPDX-License-Identifier: ISC */
/*
 * TLS pressed down.
 *
 * A server that knows TLS 1.3 marks the random of a lower ServerHello (RFC
 * 8446 section 4.1.3).  Below 1.3, towards a ClientHello that offered 1.3,
 * the mark says that the server saw another hello than we did.  Without
 * 1.3 in the hello it is an old client and a new server, and harmless.
 *
 * A client whose greatest version sinks between two connections to one
 * server within the hour falls back after a failure somebody may have made.
 *
 * A suite worth clearly less than all that both agreed on before: without
 * forward secrecy, or below.  Suites cut out of a hello are noticed by the
 * Finished messages (RFC 5246 section 7.4.9), unless the key exchange is one
 * that can be broken in time (RFC 7457 section 2.11; FREAK, Logjam), or there
 * is none to break: so those of export and NULL weigh most, and anonymous
 * ones, behind which anybody may stand.
 */
#include <stdio.h>

#include "detect/rules.h"

#define TLS13		0x0304
#define NEIGHBOURS	INT64_C(3600000000)
#define SETTLED		INT64_C(604800000000)	/* nothing better from the server */
#define SETTLED_SESSIONS	10
#define OTHER_NETS	2		/* "everybody" */

static void
add(const struct brief *b, struct findings *f, enum weight weight,
    uint32_t because, const char *text)
{
	char server[PARTY_MAX];
	struct finding *one;

	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DOWNGRADED,
		.weight = weight,
		.because = because,
		.at = b->tls->server_hello_at,
		.expected = weight == WEIGHT_PROOF ?
		    "TLS 1.3, which both know" :
		    "the version that both used before",
		.seen = tls_version_name(b->tls->version) },
	    "TLS with %s came up as %s: %s", brief_server(b, server),
	    tls_version_name(b->tls->version), text);
	evidence_line(one, SIDE_CLIENT, b->tls->client_hello_at,
	    "[ClientHello]");
	evidence_line(one, SIDE_SERVER, b->tls->server_hello_at,
	    "[ServerHello]");
}

/* ------------------------------------------------------------------ */
/* the suite                                                          */

/* Why both came to a lesser suite, as far as can be told from here. */
enum change {
	CHANGE_CHOICE,		/* the same offer, and less chosen of it */
	CHANGE_CUT,		/* the hello lists other suites, and is the
				 * same program's */
	CHANGE_PROGRAM,		/* another hello, to this server alone */
	CHANGE_UNKNOWN,		/* no hello is known to compare with */
	CHANGE_CLIENT,		/* other servers were offered the same before:
				 * the client was changed */
	CHANGE_SERVER,		/* the server gave nothing better to anybody
				 * since */
	CHANGE_MIXED,		/* it does so for days, to several networks */
	CHANGES
};

static const struct {
	enum weight	 broken, lesser;	/* of what it came down to */
	const char	*words;
} changes[CHANGES] = {
	[CHANGE_CHOICE] = { WEIGHT_STRONG, WEIGHT_HINT, "the client offers "
	    "the same suites as before" },
	[CHANGE_CUT] = { WEIGHT_STRONG, WEIGHT_HINT, "the hello, as seen "
	    "here, offers other suites than before and is the same "
	    "otherwise" },
	[CHANGE_PROGRAM] = { WEIGHT_HINT, WEIGHT_NOTE, "the hello is not the "
	    "one of before, as of another program" },
	[CHANGE_UNKNOWN] = { WEIGHT_HINT, WEIGHT_HINT, "no earlier hello is "
	    "known to compare this one with" },
	[CHANGE_CLIENT] = { WEIGHT_NOTE, WEIGHT_NOTE, "the client offers "
	    "these suites to other servers, too: it was changed" },
	[CHANGE_SERVER] = { WEIGHT_NOTE, WEIGHT_NOTE, "nobody got better of "
	    "the server since: it was changed" },
	[CHANGE_MIXED] = { WEIGHT_HINT, WEIGHT_NOTE, "the server gives both "
	    "for days, to several networks" },
};

/* An attacker who chooses what one client gets leaves the others theirs. */
static bool
is_servers_own(const struct past *p, int64_t at)
{
	return p->suites_low_first > p->suites_better_last &&
	    (p->suites_low_nets >= OTHER_NETS ||
	    (p->suites_low >= SETTLED_SESSIONS &&
	    at - p->suites_low_first >= SETTLED));
}

static enum change
change_of(const struct brief *b)
{
	const struct past *p = b->past;

	if (p->suites_low_first != 0 &&
	    is_servers_own(p, b->r->flow.first.time))
		return CHANGE_SERVER;
	if (p->suites_low_days >= PAST_HABIT_DAYS &&
	    p->suites_low_nets >= OTHER_NETS)
		return CHANGE_MIXED;
	if (p->offer_elsewhere > 0 && p->offer_here != PAST_OFFER_SAME)
		return CHANGE_CLIENT;
	/* the server saw TLS 1.3 taken out of a hello that always had it */
	if (b->tls->downgrade_sentinel && p->client_best_here >= TLS13)
		return CHANGE_CUT;
	switch (p->offer_here) {
	case PAST_OFFER_SAME:
		return CHANGE_CHOICE;
	case PAST_OFFER_CUT:
		return CHANGE_CUT;
	case PAST_OFFER_OTHER:
		return CHANGE_PROGRAM;
	case PAST_OFFER_UNKNOWN:
		break;
	}
	return CHANGE_UNKNOWN;
}

static bool
is_habit(const struct past *p)
{
	return p->suites_here >= PAST_HABIT_SESSIONS &&
	    p->suites_here_days >= PAST_HABIT_DAYS;
}

static void
look_at_suite(const struct brief *b, struct findings *f)
{
	const struct past *p = b->past;
	enum suite_grade grade = suite_grade(b->tls->cipher);
	enum suite_grade before = (enum suite_grade)p->suite_lowest_here;
	char server[PARTY_MAX], buffer[7], expected[128];
	enum weight weight;
	struct finding *one;
	enum change why;

	if (grade == SUITE_UNKNOWN || grade > SUITE_STATIC ||
	    before <= grade || !is_habit(p))
		return;
	why = change_of(b);
	weight = grade == SUITE_BROKEN ? changes[why].broken :
	    changes[why].lesser;
	f->pressed = weight > WEIGHT_NOTE;
	snprintf(expected, sizeof(expected), "%s, as in %u sessions before",
	    suite_grade_words(before), p->suites_here);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DOWNGRADED,
		.weight = weight,
		.because = BECAUSE(HISTORY),
		.at = b->tls->server_hello_at,
		.expected = expected,
		.seen = tls_cipher_name(b->tls->cipher, buffer) },
	    "TLS with %s came down to %s, %s; in %u sessions before the two "
	    "agreed on no less than %s: %s", brief_server(b, server),
	    tls_cipher_name(b->tls->cipher, buffer), suite_grade_words(grade),
	    p->suites_here, suite_grade_words(before), changes[why].words);
	evidence_line(one, SIDE_CLIENT, b->tls->client_hello_at,
	    "[ClientHello]");
	evidence_line(one, SIDE_SERVER, b->tls->server_hello_at,
	    "[ServerHello]");
}

void
detect_tls_downgraded(const struct brief *b, struct findings *f)
{
	const struct tls_facts *t = b->tls;
	const struct past *p = b->past;

	if (t == NULL || !t->server_hello || !t->client_hello ||
	    t->version == 0 || t->version >= TLS13)
		return;
	if (t->downgrade_sentinel && t->client_version_max >= TLS13)
		add(b, f, WEIGHT_PROOF, 0, "the ServerHello says that the "
		    "server knows TLS 1.3, and the ClientHello offers it: "
		    "the hello was changed on the way");
	else if (p->client_best_here > t->client_version_max &&
	    p->chosen_best_here > t->version &&
	    p->failed == PAST_FAILED_BROKEN &&
	    b->r->flow.first.time - p->failed_at <= NEIGHBOURS)
		add(b, f, WEIGHT_HINT, BECAUSE(HISTORY), "the client offered "
		    "more before a handshake with this server failed");
	else
		look_at_suite(b, f);
}
