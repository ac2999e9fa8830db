/* SPDX-License-Identifier: ISC */
/*
 * A complete EHLO reply without STARTTLS.
 *
 * By itself this is what every server without TLS looks like, so it is a
 * note and no alarm: only an expectation (this server's past, other clients
 * in the same hours, a promise in DNS) makes it more.  A session that shows
 * both, an offer first and none after, or a list that goes on behind its
 * last line as a sloppy stripper leaves it, speaks for itself.
 */
#include <string.h>

#include "detect/rules.h"

#define DAY		INT64_C(86400000000)
#define NEVER_SESSIONS	5

/* An earlier EHLO of this very session was offered it. */
static bool
offered_earlier(const struct smtp_facts *smtp)
{
	for (unsigned i = 0; i + 1 < smtp->hellos_kept; i++)
		if (smtp->hellos[i].offer == OFFER_OFFERED)
			return true;
	return false;
}

/*
 * Who publishes TLSA for a server that does no TLS has a fault of his own
 * (RFC 7672 section 2.2).  A day's record shows that, and not a moment's:
 * whoever strips from the first session on is no such publisher.  What the
 * operator says of his own servers, he can mend and see.
 */
static bool
never_did(const struct brief *b, enum habit habit)
{
	const struct past *p = b->past;

	return habit == HABIT_NEVER && p->absent >= NEVER_SESSIONS &&
	    ((brief_promised(b) & (BECAUSE(DANE) | BECAUSE(STS))) == 0 ||
	    b->r->flow.first.time - p->first_missing >= DAY);
}

static enum weight
weigh(const struct brief *b, enum habit habit, uint32_t *because)
{
	enum weight w = habit_weight(b, habit, because);

	if (w == WEIGHT_NOTE && (habit == HABIT_UNKNOWN ||
	    habit == HABIT_NEVER) && (offered_earlier(b->smtp) ||
	    b->smtp->reply_after_final))
		w = WEIGHT_HINT;
	/* the very packet came from elsewhere */
	if (w == WEIGHT_HINT && brief_elsewhere(b, SIDE_SERVER,
	    brief_hello(b)->reply_last))
		w = WEIGHT_STRONG;
	if (brief_owed(b) != 0) {
		*because |= brief_promised(b);
		if (never_did(b, habit))
			return w > WEIGHT_HINT ? w : WEIGHT_HINT;
		return w > WEIGHT_STRONG ? w : WEIGHT_STRONG;
	}
	return w;
}

static const char *
reason(const struct brief *b, enum habit habit, enum weight w,
    char out[REASON_MAX])
{
	if (offered_earlier(b->smtp))
		return "an earlier EHLO of this session was offered it";
	if (brief_owed(b) != brief_promised(b) && w == WEIGHT_NOTE)
		return brief_exemption(b) + strlen(": ");
	if (b->smtp->reply_after_final)
		return "the list goes on behind its last line, as when "
		    "somebody cut it";
	if (habit == HABIT_UNKNOWN && brief_promised(b) != 0)
		return "of what it did before nothing is known";
	habit_reason(b, habit, out);
	if (never_did(b, habit) && (brief_promised(b) & (BECAUSE(DANE) |
	    BECAUSE(STS))) != 0)
		strcpy(out + strlen(out), ": the promise may be a mistake of "
		    "its publisher");
	return out;
}

void
detect_starttls_absent(const struct brief *b, struct findings *f)
{
	const struct smtp_greeting *hello = brief_hello(b);
	char server[PARTY_MAX], after[AFTERMATH_MAX], why[REASON_MAX];
	char promised[PROMISED_MAX];
	enum habit habit;
	enum weight weight;
	struct finding *one;
	uint32_t because;

	if (b->r->offer != OFFER_ABSENT || b->r->protocol != RECORD_SMTP ||
	    hello == NULL || b->smtp->proxy_header || brief_anonymous(b))
		return;
	habit = brief_habit(b);
	weight = weigh(b, habit, &because);
	/* who never offers and is only probed is not worth a line */
	if (weight == WEIGHT_NOTE && !b->exposed)
		return;
	f->taken |= weight > WEIGHT_NOTE;
	brief_promise_words(b, promised);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_STARTTLS_ABSENT,
		.weight = weight,
		.because = because,
		.at = hello->reply_last,
		.expected = weight > WEIGHT_NOTE ?
		    "STARTTLS in the EHLO reply" :
		    brief_promised(b) != 0 ?
		    "STARTTLS, but for mail that may go without" :
		    "nothing: no offer was due",
		.seen = "a complete EHLO reply without STARTTLS" },
	    "%s%s%s did not offer STARTTLS%s: %s", brief_server(b, server),
	    promised, *promised != '\0' ? "," : "",
	    brief_aftermath(b, after), reason(b, habit, weight, why));
	/* what is harmless is common, and the reply stands in the session */
	evidence_line(one, SIDE_SERVER, hello->reply_last,
	    weight > WEIGHT_NOTE ? b->smtp->ehlo_reply : "250");
	evidence_line(one, SIDE_CLIENT, smtp_mail(b->smtp)->first_data, "DATA");
}
