/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/session_story.h"

static bool
is(const json_t *facts, const char *name, const char *value)
{
	const char *text = page_text(facts, name);

	return text != NULL && strcmp(text, value) == 0;
}

static bool
lacks(const json_t *facts, const char *gap)
{
	const json_t *gaps = json_object_get(facts, "capture_gaps");
	const json_t *one;
	size_t i;

	json_array_foreach(gaps, i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), gap) == 0)
			return true;
	return false;
}

static void
put_clear(FILE *out, const json_t *facts)
{
	long long mails = (long long)page_number(facts, "mails_in_clear");
	const char *auth = page_text(facts, "auth_in_clear");
	long long unanswered = (long long)page_number(
	    json_object_get(facts, "more"), "mails_unanswered");

	if (mails > 0)
		fprintf(out, "sent %lld mail%s", mails, mails == 1 ? "" : "s");
	else if (unanswered > 0 && auth == NULL)
		fprintf(out, "sent %lld mail%s, the answer unseen,",
		    unanswered, unanswered == 1 ? "" : "s");
	else if (auth == NULL)
		fputs("sent mail, seen in part or not accepted,", out);
	if (auth != NULL)
		fprintf(out, "%s a login (AUTH %s)", mails > 0 ? " and" :
		    "sent", auth);
	fputs(" in clear to ", out);
}

/* What the client did; the server's name follows. */
static void
put_deed(FILE *out, const json_t *facts)
{
	const char *version = page_text(facts, "tls_version");

	if (is(facts, "protection", "cleartext"))
		put_clear(out, facts);
	else if (is(facts, "protocol", "none"))
		fputs("connected to ", out);
	else if (is(facts, "protocol", "other"))
		fputs("spoke something other than SMTP with ", out);
	else if (is(facts, "tls", "established"))
		fprintf(out, "spoke %s with ", version != NULL ? version :
		    "TLS");
	else
		fputs("spoke with ", out);
}

static void
put_server(FILE *out, const json_t *facts)
{
	const char *name = page_text(facts, "server_name");
	const char *ip = page_text(facts, "server_ip");

	if (name != NULL)
		fprintf(out, "%s (%s)", name, ip);
	else
		fputs(ip != NULL ? ip : "?", out);
	if (page_number(facts, "server_port") != 25)
		fprintf(out, " on port %lld",
		    (long long)page_number(facts, "server_port"));
}

/* Without an offer taken up: what became of the offer. */
static const char *
offer_reason(const json_t *facts)
{
	static const struct {
		const char	*offer, *reason;
	} reasons[] = {
		{ "offered", "STARTTLS was offered and not used" },
		{ "absent", "the EHLO reply did not offer STARTTLS" },
		{ "masked", "STARTTLS was overwritten in the EHLO reply" },
		{ "ehlo-refused", "the server refused EHLO, whose reply would "
		    "have offered STARTTLS" },
		{ "unseen", "whether STARTTLS was offered could not be seen" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (is(facts, "offer", reasons[i].offer))
			return reasons[i].reason;
	if (is(facts, "hello", "HELO"))
		return "the client used HELO, which asks for no extensions";
	if (lacks(facts, "midstream"))
		return "the beginning was not captured";
	return "the client never asked what the server offers";
}

static const char *
failure_reason(const json_t *facts)
{
	static const struct {
		const char	*failure, *reason;
	} reasons[] = {
		{ "no-hello", "the client never began TLS" },
		{ "plaintext", "plaintext came where TLS belonged" },
		{ "alert", "TLS was given up with an alert" },
		{ "reset", "the connection was reset during TLS" },
		{ "closed", "the connection was closed during TLS" },
		{ "timeout", "the TLS handshake was left unanswered" },
		{ "garbage", "what came was neither TLS nor text" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (is(facts, "tls_failure", reasons[i].failure))
			return reasons[i].reason;
	return "TLS did not come up";
}

/* STARTTLS was sent, or something in its place. */
static void
put_starttls(FILE *out, const json_t *facts)
{
	long long reply = (long long)page_number(facts, "starttls_reply");

	if (is(facts, "starttls", "masked"))
		fputs("the client's STARTTLS command was overwritten", out);
	else if (is(facts, "tls", "established"))
		fputs(is(facts, "offer", "offered") ?
		    "STARTTLS was offered and accepted" :
		    "STARTTLS was accepted", out);
	else if (reply != 0 && reply != 220)
		fprintf(out, "STARTTLS was answered with %lld", reply);
	else if (reply == 0 && !is(facts, "tls", "failed"))
		fputs("the reply to STARTTLS was not seen", out);
	else if (is(facts, "tls", "unseen"))
		fputs("STARTTLS was accepted, and what became of it could not "
		    "be seen", out);
	else
		fprintf(out, "STARTTLS was accepted, but %s",
		    failure_reason(facts));
}

static void
put_reason(FILE *out, const json_t *facts)
{
	if (is(facts, "protocol", "none"))
		fputs("nothing was said that could be understood", out);
	else if (is(facts, "protocol", "tls"))
		fputs(is(facts, "tls", "established") ?
		    "TLS from the first octet" : failure_reason(facts), out);
	else if (is(facts, "starttls", "sent") ||
	    is(facts, "starttls", "masked"))
		put_starttls(out, facts);
	else
		fputs(offer_reason(facts), out);
	if (is(facts, "protection", "no-mail"))
		fputs(", and no mail passed", out);
	else if (is(facts, "protection", "unknown") &&
	    !is(facts, "protocol", "none"))
		fputs(", and whether mail passed in clear is not known", out);
}

/* What the gravest finding says: it has seen more than this session (the
 * server's history, other clients), and tells why it is harmless if it is. */
static const char *
verdict_of_findings(const json_t *facts)
{
	return page_text(json_array_get(json_object_get(facts, "findings"),
	    0), "summary");
}

/* A sentence: summaries begin small, often with a name, which stays so. */
static void
put_sentence(FILE *out, const char *summary)
{
	size_t word = strspn(summary, "abcdefghijklmnopqrstuvwxyz");

	if (word > 0 && summary[word] == ' ')
		fprintf(out, "%c%s.", toupper((unsigned char)*summary),
		    summary + 1);
	else
		fprintf(out, "%s.", summary);
}

static void
put_story(FILE *out, const json_t *facts)
{
	const char *client = page_text(facts, "client_ip");

	fprintf(out, "%s ", client != NULL ? client : "?");
	put_deed(out, facts);
	put_server(out, facts);
	if (!is(facts, "protocol", "other")) {
		fputs(": ", out);
		put_reason(out, facts);
	}
	putc('.', out);
}

char *
session_story(const json_t *facts)
{
	const char *summary = verdict_of_findings(facts);
	char *story = NULL;
	size_t size;
	FILE *out;

	if ((out = open_memstream(&story, &size)) == NULL)
		return NULL;
	if (summary != NULL)
		put_sentence(out, summary);
	else
		put_story(out, facts);
	if (fclose(out) == EOF) {
		free(story);
		return NULL;
	}
	return story;
}
