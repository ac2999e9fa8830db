/* SPDX-License-Identifier: ISC */
/*
 * An incident in words: what was seen, what was expected and why, where it
 * seems to be, how sure that is and what would settle it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/incident_internal.h"
#include "schema/moment.h"

#define SOME	5	/* names listed before "and N more" */
#define WHO_MAX	400
/* A later program's database may know more reasons. */
#define EXPECTATIONS_ALL	((1U << EXPECTATIONS) - 1)

/* How a kind is told: the title's verb, and how to settle it. */
struct wording {
	const char	*title;		/* %s: the server, or N servers */
	const char	*step;		/* what would settle it */
};

static const struct wording wordings[KINDS] = {
[KIND_STARTTLS_ABSENT] = { "STARTTLS vanished from the EHLO reply of %s",
    "Say EHLO to the server from here and from another network and compare "
    "the two lists; ask its operator whether TLS was switched off." },
[KIND_STARTTLS_MASKED] = { "STARTTLS tampered with in the EHLO reply of %s",
    "Look for a firewall with mail inspection on the path (Cisco: \"inspect "
    "esmtp\" without allow-tls, \"fixup protocol smtp\") and let it pass "
    "STARTTLS." },
[KIND_BANNER_MASKED] = { "the greeting of %s overwritten",
    "Look for a firewall with mail inspection on the path (Cisco: "
    "\"mask-banner\")." },
[KIND_EHLO_REFUSED] = { "EHLO refused in the name of %s",
    "Say EHLO to the server from another network; ask its operator whether "
    "it refuses EHLO." },
[KIND_STARTTLS_REFUSED] = { "STARTTLS offered and then refused by %s",
    "Ask for STARTTLS from another network; ask the operator for the "
    "server's log of these sessions: without a refusal there, somebody else "
    "spoke." },
[KIND_STARTTLS_COMMAND_MASKED] = {
    "the command STARTTLS overwritten on its way to %s",
    "Look for a firewall with mail inspection on the path; the octets leave "
    "no doubt that something edits this connection." },
[KIND_STARTTLS_DEMANDED] = { "STARTTLS demanded by %s without an offer",
    "Compare the EHLO reply with the one the server's operator sees." },
[KIND_STARTTLS_HIDDEN] = { "STARTTLS accepted by %s without an offer",
    "Ask the operator whether STARTTLS is hidden from these clients "
    "(Postfix: smtpd_discard_ehlo_keyword_address_maps)." },
[KIND_TLS_NOT_STARTED] = { "plaintext behind an accepted STARTTLS with %s",
    "Find out who spoke for the server: compare with its log." },
[KIND_TLS_DISRUPTED] = { "TLS handshakes broken with %s",
    "Repeat the handshake from another network (openssl s_client -starttls "
    "smtp); compare versions and ciphers of both ends." },
[KIND_COMMAND_INJECTION] = {
    "plaintext commands injected behind STARTTLS to %s",
    "See whether the client itself sends them (a scanner does); patch the "
    "server if it keeps them (CVE-2011-0411)." },
[KIND_RESPONSE_INJECTION] = {
    "plaintext replies injected behind the 220 of %s",
    "Compare with the server's log: what it did not say, somebody else "
    "did." },
[KIND_REPLY_CONFLICT] = { "forged octets in the dialogue with %s",
    "Compare both texts with the log of the end they speak for; look at hop "
    "limits and arrival times of the two packets." },
[KIND_CLEARTEXT_RETRY] = { "mail sent in clear to %s after TLS had failed",
    "Find out why TLS failed; set the sender to demand TLS for this "
    "destination (Postfix: smtp_tls_policy_maps)." },
[KIND_STARTTLS_UNUSED] = { "the STARTTLS of %s left unused",
    "Look at the client's side of the path: a box there may take the offer "
    "away. The sender's log tells what it was offered." },
[KIND_CERTIFICATE_MISMATCH] = {
    "the certificate of %s matches none of its TLSA records",
    "Ask the operator for the key in use: a record left behind at a change of "
    "certificate looks the same (striptls-analyzer tlsa verify)." },
[KIND_CERTIFICATE_CHANGED] = { "another certificate shown by %s",
    "Compare the key with what the operator uses, and with its TLSA records "
    "if there are any." },
[KIND_TLS_DOWNGRADED] = { "TLS with %s pressed down",
    "Repeat the handshake from another network and compare version "
    "and suite." },
[KIND_PATH_ANOMALY] = { "packets from elsewhere in connections of %s",
    "Compare hop limits of the decisive packets with those of the rest." },
[KIND_DNS_CONFLICT] = { "DNS answers that contradict each other on the way to %s",
    "Ask the same question from another network and over TCP, with "
    "validation; look at hop limits of both answers." },
[KIND_MAIL_IN_CLEAR] = { "mail in clear to %s where TLS was due",
    "Set the sender to demand TLS for this destination." },
[KIND_REQUIRETLS_IN_CLEAR] = { "mail that demands TLS sent in clear to %s",
    "See why the sender hands such mail to a connection without TLS." },
[KIND_CREDENTIALS_IN_CLEAR] = { "passwords in clear to %s",
    "Change the passwords that passed, and let the server offer AUTH under "
    "TLS only." },
[KIND_DANE_PARTIAL] = { "mail servers beside %s without TLSA records",
    "Publish TLSA records for every MX host, in signed zones, or take the "
    "unprotected hosts out of the MX records." },
[KIND_TLSA_MISMATCH] = {
    "no TLSA record matches the certificate of %s",
    "Publish a 3 1 1 record of the key in use now, and take the old one away "
    "once its TTL has passed (striptls-analyzer tlsa create); or let the "
    "server use the certificate again that the records describe." },
[KIND_TLSA_AT_RISK] = {
    "only one TLSA record of the pair still matches the certificate of %s",
    "Mend the record that does not match: a 2 1 1 record must be of the CA "
    "that issued the certificate now, a 3 1 1 record of the key in use; "
    "wait two TTLs before the certificate or key is changed." },
[KIND_TLSA_UNUSABLE] = { "no TLSA record of %s is usable",
    "Publish 3 1 1, or 2 1 1, in place of records with usage 0 or 1, with "
    "unknown numbers or with digests cut short." },
[KIND_TLSA_UNSIGNED] = { "TLSA records of %s without DNSSEC",
    "Sign the zone of the server's name (DNSSEC), with a DS record in its "
    "parent; or take the records away." },
[KIND_CERTIFICATE_EXPIRING] = { "the certificate of %s runs out",
    "Renew the certificate, with the same key, or with TLSA records of the "
    "new key published two TTLs before; see why it was not renewed by "
    "itself." },
[KIND_STARTTLS_NEVER] = { "%s never offers STARTTLS",
    "Say EHLO to it from the machine itself and from here: if it offers "
    "STARTTLS there, something on the way takes it away; if not, set it up "
    "(Postfix: smtpd_tls_security_level = may, and a certificate)." },
[KIND_DNSSEC_BOGUS] = { "DNSSEC validation fails for the domain of %s",
    "Look at the chain of signatures (delv, or dnsviz.net): signatures that "
    "ran out, a DS record of a key that is gone, or a name server that "
    "denies wrongly, also at _tcp below the server's name." },
};

struct text {
	char	*at;
	size_t	 len, size;
	bool	 failed;
};

static void say(struct text *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	void *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || t->failed)
		return;
	if (t->len + (size_t)n + 1 > t->size) {
		room = realloc(t->at, (t->len + (size_t)n + 1) * 2);
		if (room == NULL) {
			t->failed = true;
			return;
		}
		t->at = room;
		t->size = (t->len + (size_t)n + 1) * 2;
	}
	va_start(ap, fmt);
	vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static char *
text_take(struct text *t)
{
	if (!t->failed)
		return t->at;
	free(t->at);
	return NULL;
}

/* Of more sessions, or of as many and earlier in the alphabet. */
static bool
is_busier(const struct incident_part *a, const struct incident_part *b)
{
	if (a->sessions != b->sessions)
		return a->sessions > b->sessions;
	return strcmp(a->word, b->word) < 0;
}

const struct incident_part *
incident_busiest(const struct incident_parts *p,
    const struct incident_part *last)
{
	const struct incident_part *best = NULL;

	for (unsigned i = 0; i < p->count; i++) {
		const struct incident_part *one = &p->list[i];

		if ((last == NULL || is_busier(last, one)) &&
		    (best == NULL || is_busier(one, best)))
			best = one;
	}
	return best;
}

/* "a, b and 3 more", the busiest first. */
static void
say_parts(struct text *t, const struct incident_parts *p)
{
	const struct incident_part *one = NULL;

	for (unsigned i = 0; i < p->count && i < SOME; i++) {
		one = incident_busiest(p, one);
		say(t, "%s%s", i == 0 ? "" : i + 1 == p->count ? " and " :
		    ", ", one->word);
	}
	if (p->count > SOME)
		say(t, " and %u more", p->count - SOME);
}

static const char *
top(const struct incident_parts *p)
{
	const struct incident_part *best = incident_busiest(p, NULL);

	return best != NULL ? best->word : NULL;
}

/* "mx.example (198.51.100.25)", or "3 servers". */
static const char *
who(const struct incident *i, char out[WHO_MAX])
{
	const char *name = top(&i->parts[PART_SERVER_NAME]);
	char ip[ADDR_TEXT_MAX];

	if (i->at_net) {
		snprintf(out, WHO_MAX, "%u servers",
		    i->parts[PART_SERVER].count);
		return out;
	}
	addr_format(&i->server, ip);
	if (name != NULL)
		snprintf(out, WHO_MAX, "%s (%s)", name, ip);
	else
		snprintf(out, WHO_MAX, "%s", ip);
	return out;
}

/* What was only promised need not have been there before. */
static const char *
title_of(const struct incident *i)
{
	const uint32_t seen = 1U << EXPECT_HISTORY | 1U << EXPECT_PEERS;

	return i->kind == KIND_STARTTLS_ABSENT && i->because != 0 &&
	    (i->because & seen) == 0 ?
	    "STARTTLS missing from the EHLO reply of %s" :
	    wordings[i->kind].title;
}

char *
incident_title(const struct incident *i)
{
	struct text t = { 0 };
	const char *title = title_of(i), *mark = strstr(title, "%s");
	char party[WHO_MAX];

	say(&t, "%.*s%s%s", (int)(mark - title), title, who(i, party),
	    mark + 2);
	if (i->at_net)
		say(&t, " for clients in %s", i->net);
	return text_take(&t);
}

static void
say_seen(struct text *t, const struct incident *i)
{
	char first[MOMENT_TEXT], last[MOMENT_TEXT];

	moment_format_second(i->first_seen, first);
	moment_format_second(i->last_seen, last);
	say(t, "Seen: %s, in %llu session%s ", kind_text(i->kind),
	    (unsigned long long)i->sessions, i->sessions == 1 ? "" : "s");
	if (i->first_seen == i->last_seen)
		say(t, "at %s", first);
	else
		say(t, "from %s to %s", first, last);
	say(t, ", of clients in ");
	say_parts(t, &i->parts[PART_CLIENT_NET]);
	if (i->at_net) {
		say(t, ", with ");
		say_parts(t, &i->parts[PART_SERVER]);
	}
	if (i->mails == 0)
		say(t, ". No mail was seen to pass in clear.");
	else {
		say(t, ". %llu mail%s passed in clear",
		    (unsigned long long)i->mails, i->mails == 1 ? "" : "s");
		if (i->parts[PART_DOMAIN].count > 0) {
			say(t, ", to recipients in ");
			say_parts(t, &i->parts[PART_DOMAIN]);
		}
		say(t, ".");
	}
	if (i->parts[PART_KIND].count > 1) {
		say(t, " Findings: ");
		say_parts(t, &i->parts[PART_KIND]);
		say(t, ".");
	}
}

static void
say_expected(struct text *t, const struct incident *i)
{
	say(t, "\nExpected: ");
	if ((i->because & EXPECTATIONS_ALL) == 0) {
		say(t, "nothing from elsewhere; the sessions show it by "
		    "themselves.");
		return;
	}
	say(t, i->family == FAMILY_INTERCEPTION ?
	    "the same key and version, because" : "TLS, because");
	if ((i->because & 1U << EXPECT_DANE) != 0)
		say(t, " the destination promises it in DNS under DNSSEC "
		    "(DANE, RFC 7672);");
	if ((i->because & 1U << EXPECT_STS) != 0)
		say(t, " the destination promises it by MTA-STS (RFC 8461);");
	if ((i->because & 1U << EXPECT_INVENTORY) != 0)
		say(t, " the operator's inventory demands it;");
	if ((i->because & 1U << EXPECT_HISTORY) != 0)
		say(t, " earlier sessions of the same server, or client, had "
		    "it;");
	if ((i->because & 1U << EXPECT_PEERS) != 0)
		say(t, " clients elsewhere had it in the same hours;");
	t->at[t->len - 1] = '.';
}

static void
say_cause(struct text *t, const struct incident *i)
{
	if (i->parts[PART_CAUSE].count == 0)
		return;
	say(t, " It bears the handwriting of ");
	say_parts(t, &i->parts[PART_CAUSE]);
	say(t, "; that names a likely box, and excuses nothing.");
}

static void
say_where(struct text *t, const struct incident *i)
{
	unsigned nets = i->parts[PART_CLIENT_NET].count;
	unsigned servers = i->parts[PART_SERVER].count;

	say(t, "\nWhere: ");
	if (i->family != FAMILY_ENCRYPTION_LOST) {
		say(t, "not to be told from here; clients of %u network%s "
		    "met it.", nets, nets == 1 ? "" : "s");
		say_cause(t, i);
		return;
	}
	switch (incident_location(i)) {
	case LOCATION_NEAR_CLIENT:
		say(t, "near the clients: %u servers lost it for %s, and %u "
		    "still offered it there in the same hours.",
		    i->at_net ? servers : i->servers_missing,
		    i->at_net ? i->net : top(&i->parts[PART_CLIENT_NET]),
		    i->servers_offering);
		break;
	case LOCATION_NEAR_SERVER:
		say(t, "near the server, or its own configuration: it was "
		    "lost for %u client networks, and no other was offered "
		    "it in the same hours.", nets);
		break;
	case LOCATION_UNKNOWN:
	case LOCATIONS:
		say(t, "not to be told yet: %u client network%s lost it, %u "
		    "other%s had it from the same server in the same hours; "
		    "%u server%s lost it for these clients, %u still offered "
		    "it to them.", nets, nets == 1 ? "" : "s", i->peers,
		    i->peers == 1 ? "" : "s",
		    i->servers_missing > 0 ? i->servers_missing : servers,
		    (i->servers_missing > 0 ? i->servers_missing : servers) ==
		    1 ? "" : "s", i->servers_offering);
		break;
	}
	say_cause(t, i);
}

static void
say_sure(struct text *t, const struct incident *i)
{
	say(t, "\nHow sure: ");
	switch (i->confidence) {
	case CONFIDENCE_CERTAIN:
		say(t, "certain; the octets themselves show a third hand.");
		break;
	case CONFIDENCE_STRONG:
		say(t, "strong; it contradicts what is known from elsewhere, "
		    "and ordinary faults explain it badly.");
		break;
	case CONFIDENCE_CIRCUMSTANTIAL:
	case CONFIDENCES:
		say(t, "circumstantial; it fits tampering, and a fault or a "
		    "changed configuration as well.");
		break;
	}
}

char *
incident_explanation(const struct incident *i)
{
	struct text t = { 0 };

	if (i->family == FAMILY_POSTURE)
		return posture_explanation(i);
	say_seen(&t, i);
	if (!t.failed)
		say_expected(&t, i);
	say_where(&t, i);
	say_sure(&t, i);
	return text_take(&t);
}

void
incident_put_step(struct json_text *j, const char *step)
{
	json_text_raw(j, j->len > 1 ? "," : "");
	json_text_string(j, step);
}

char *
incident_take_steps(struct json_text *j)
{
	json_text_raw(j, "]");
	if (!j->failed)
		return j->at;
	json_text_free(j);
	return NULL;
}

const char *
incident_step(enum kind kind)
{
	return wordings[kind].step;
}

char *
incident_next_steps(const struct incident *i)
{
	struct json_text j = { 0 };
	char step[256], ip[ADDR_TEXT_MAX];

	if (i->family == FAMILY_POSTURE)
		return posture_next_steps(i);
	json_text_raw(&j, "[");
	snprintf(step, sizeof(step), "Read the gravest session with its "
	    "dialogue: striptls-analyzer session %lld", (long long)i->session);
	incident_put_step(&j, step);
	incident_put_step(&j, wordings[i->kind].step);
	if (!i->at_net) {
		addr_format(&i->server, ip);
		snprintf(step, sizeof(step), "See the server's life: "
		    "striptls-analyzer server %s; and ask it: openssl "
		    "s_client -starttls smtp -connect %s%s%s:%u", ip,
		    addr_is_v4(&i->server) ? "" : "[", ip,
		    addr_is_v4(&i->server) ? "" : "]", i->server_port);
		incident_put_step(&j, step);
	} else
		incident_put_step(&j, "Look for what all these connections share: the "
		    "firewall, provider or gateway of the client network.");
	if (i->mails > 0)
		incident_put_step(&j, "Tell the owners of the mail that it passed in "
		    "clear, and hold back what waits for this destination "
		    "until it is settled.");
	snprintf(step, sizeof(step), "Then: striptls-analyzer ack %lld, note, "
	    "or close", (long long)i->id);
	incident_put_step(&j, step);
	return incident_take_steps(&j);
}
