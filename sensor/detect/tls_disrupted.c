/* SPDX-License-Identifier: ISC */
/*
 * The handshake did not come about.
 *
 * Bytes that are no TLS, or readable text, where the server's hello belongs
 * are nobody's mistake.  An alert, a reset, a close or silence is what
 * servers do by themselves, too: when no client ever got through, it is the
 * server's own making.  And who speaks TLS without having asked for it, to a
 * port that speaks SMTP in clear, came to the wrong one.
 */

#include "detect/phrase.h"
#include "detect/rules.h"

#define HOW_MAX		120

/* Whoever resets is no server that finds no cipher. */
static bool
own_making(const struct brief *b)
{
	return b->r->tls_failure != TLS_FAIL_RESET && brief_never_worked(b);
}

/* No STARTTLS came before the ClientHello, and where TLS begins at once
 * (port 465) nobody got it before. */
static bool
wrong_port(const struct brief *b)
{
	if (b->r->tls_failure != TLS_FAIL_PLAINTEXT &&
	    b->r->tls_failure != TLS_FAIL_GARBAGE)
		return false;
	if (b->r->protocol == RECORD_TLS)
		return b->past->established == 0;
	return b->r->starttls == RECORD_STARTTLS_NOT_SENT;
}

static enum weight
weigh(const struct brief *b)
{
	if (wrong_port(b))
		return WEIGHT_NOTE;
	/* an answer in clear where TLS begins at once gains nobody a mail: as
	 * likely the server was set up wrong */
	if (b->r->protocol == RECORD_TLS &&
	    b->r->tls_failure == TLS_FAIL_PLAINTEXT)
		return WEIGHT_HINT;
	switch (b->r->tls_failure) {
	case TLS_FAIL_GARBAGE:
		return WEIGHT_STRONG;
	case TLS_FAIL_PLAINTEXT:
		/* an alert and then its words is how IronPort says no */
		return b->tls != NULL && !b->tls->alert &&
		    b->tls->failed_by == SIDE_SERVER ? WEIGHT_STRONG :
		    WEIGHT_HINT;
	case TLS_FAIL_ALERT:
	case TLS_FAIL_RESET:
	case TLS_FAIL_CLOSED:
	case TLS_FAIL_TIMEOUT:
		if (own_making(b))
			return WEIGHT_NOTE;
		return brief_elsewhere(b, b->tls->failed_by,
		    b->tls->failed_at) ? WEIGHT_STRONG : WEIGHT_HINT;
	case TLS_FAIL_NO_HELLO:
	case TLS_FAIL_NONE:
		break;
	}
	return WEIGHT_NOTE;
}

/* Why it is nothing but a note. */
static const char *
excuse(const struct brief *b, enum weight weight)
{
	if (weight != WEIGHT_NOTE)
		return "";
	return wrong_port(b) ? "; the client spoke TLS without having asked "
	    "for it, and this port is not known to begin with TLS" :
	    "; no client ever got TLS with this server, so this is of its "
	    "own making";
}

/* What ended it, in words. */
static void
how(const struct brief *b, char out[HOW_MAX])
{
	const struct tls_facts *t = b->tls;
	const char *who = t != NULL && t->failed_by == SIDE_CLIENT ?
	    "client" : "server";
	char alert[TLS_ALERT_MAX];

	switch (b->r->tls_failure) {
	case TLS_FAIL_GARBAGE:
		phrase(out, HOW_MAX, "the %s sent octets that are no TLS",
		    who);
		break;
	case TLS_FAIL_PLAINTEXT:
		phrase(out, HOW_MAX, "the %s answered in clear", who);
		break;
	case TLS_FAIL_ALERT:
		phrase(out, HOW_MAX, "the %s sent the alert %s",
		    t->alert_by == SIDE_CLIENT ? "client" : "server",
		    tls_alert_name(t->alert_code, alert));
		break;
	case TLS_FAIL_RESET:
		phrase(out, HOW_MAX, "a RST in the name of the %s",
		    b->r->flow.reset_by[SIDE_SERVER] ? "server" : "client");
		break;
	case TLS_FAIL_CLOSED:
		phrase(out, HOW_MAX, "the connection was closed");
		break;
	case TLS_FAIL_TIMEOUT:
		phrase(out, HOW_MAX, "nothing more came");
		break;
	case TLS_FAIL_NO_HELLO:
	case TLS_FAIL_NONE:
		out[0] = '\0';
		break;
	}
}

/* TLS stood, and then text stood where a record belongs (Tang et al., NDSS
 * 2025): a 454 in clear after the handshake. */
static bool
broken_after(const struct brief *b)
{
	return b->tls != NULL && b->tls->broken_after &&
	    b->tls->broken_by == SIDE_SERVER;
}

static void
say_broken_after(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX];
	struct finding *one;

	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DISRUPTED,
		.weight = WEIGHT_STRONG,
		.at = b->tls->broken_at,
		.expected = "TLS records until the end",
		.seen = b->tls->failure_text != NULL ? b->tls->failure_text :
		    "octets that are no TLS" },
	    "after the TLS handshake with %s its side went on with octets "
	    "that are no TLS", brief_server(b, server));
	evidence_line(one, SIDE_SERVER, b->tls->broken_at,
	    b->tls->failure_text);
}

/* Swallowed on its way, or by a server that hangs: what the client does next
 * tells (cleartext-retry). */
static void
say_unanswered(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX];
	struct finding *one;

	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DISRUPTED,
		.weight = WEIGHT_HINT,
		.because = b->past->established > 0 ? BECAUSE(HISTORY) : 0,
		.at = smtp_upgrade(b->smtp)->starttls_command_at,
		.expected = "an answer to STARTTLS (RFC 3207 4)",
		.seen = "silence" },
	    "%s offered STARTTLS and never answered it",
	    brief_server(b, server));
	evidence_starttls(one, b->smtp);
}

void
detect_tls_disrupted(const struct brief *b, struct findings *f)
{
	char server[PARTY_MAX], after[AFTERMATH_MAX], text[HOW_MAX];
	enum weight weight;
	struct mark at;
	struct finding *one;

	if (broken_after(b)) {
		say_broken_after(b, f);
		return;
	}
	if (record_starttls_unanswered(b->r)) {
		say_unanswered(b, f);
		return;
	}
	/* no hello: a probe that wanted to know, or told by tls-not-started */
	if (b->r->tls_state != RECORD_TLS_FAILED || b->tls == NULL ||
	    b->r->tls_failure == TLS_FAIL_NO_HELLO ||
	    b->smtp->plain_after_accept)
		return;
	at = b->tls->failed_at.packet != 0 ? b->tls->failed_at :
	    b->tls->client_hello_at;
	weight = weigh(b);
	how(b, text);
	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DISRUPTED,
		.weight = weight,
		.because = b->past->established > 0 && !wrong_port(b) ?
		    BECAUSE(HISTORY) : 0,
		.at = at,
		.expected = "a TLS handshake to its end",
		.seen = text },
	    "TLS with %s failed: %s%s%s", brief_server(b, server),
	    text, excuse(b, weight), brief_aftermath(b, after));
	evidence_line(one, SIDE_CLIENT, b->tls->client_hello_at,
	    "[ClientHello]");
	evidence_line(one, b->tls->failed_by, at, b->tls->failure_text);
}
