/* SPDX-License-Identifier: ISC */
/*
 * The facts of a session's page, in groups: who, when, how well it was
 * captured, what was said, TLS, certificate, mail.
 */
#include <stdlib.h>
#include <string.h>

#include "analyzer/session_page.h"
#include "analyzer/when.h"
#include "schema/names.h"

static const char *
text(const struct page *p, const char *name)
{
	return page_text(p->facts, name);
}

static bool
is(const struct page *p, const char *name, const char *value)
{
	return text(p, name) != NULL && strcmp(text(p, name), value) == 0;
}

static long long
number(const struct page *p, const char *name)
{
	return (long long)page_number(p->facts, name);
}

static bool
flag(const struct page *p, const char *name)
{
	return json_is_true(json_object_get(p->facts, name));
}

static void
put_list(const struct page *p, const char *label, const char *name)
{
	page_list(p, label, json_object_get(p->facts, name));
}

/* One thing and, if it is known, another: "a (b)". */
static void
put_pair(const struct page *p, const char *label, const char *name,
    const char *other)
{
	if (text(p, name) == NULL)
		return;
	if (text(p, other) != NULL)
		page_fieldf(p, label, "%s (%s)", text(p, name), text(p, other));
	else
		page_field(p, label, text(p, name));
}

/* Likewise, where only another spelling than the usual is worth a word. */
static void
put_spelled(const struct page *p, const char *label, const char *name,
    const char *spelling)
{
	if (is(p, spelling, "STARTTLS"))
		page_field(p, label, text(p, name));
	else
		put_pair(p, label, name, spelling);
}

static void
put_who(const struct page *p)
{
	page_heading(p, "Who");
	page_fieldf(p, "client", "%s port %lld", text(p, "client_ip"),
	    number(p, "client_port"));
	put_pair(p, "says it is", "hello_name", "hello");
	page_fieldf(p, "server", "%s port %lld", text(p, "server_ip"),
	    number(p, "server_port"));
	if (text(p, "server_name") != NULL)
		page_fieldf(p, "named", "%s (known from: %s)",
		    text(p, "server_name"), text(p, "server_name_from") != NULL
		    ? text(p, "server_name_from") : "?");
	if (text(p, "banner") != NULL && number(p, "greeting_code") != 0)
		page_fieldf(p, "greets with", "%lld %s", number(p, "greeting_code"),
		    text(p, "banner"));
}

static const char *
ending_text(const struct page *p)
{
	static const struct {
		const char	*word, *text;
	} endings[] = {
		{ "fin", "closed in order" },
		{ "open", "still open when the capture ended" },
		{ "reset-client", "reset from the client's side" },
		{ "reset-server", "reset from the server's side" },
		{ "reset-both", "reset from both sides" },
		{ "idle", "silent for so long that it was given up" },
		{ "replaced", "a new connection took its ports" },
		{ "evicted", "given up, as the sensor had no room" },
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (is(p, "end", endings[i].word))
			return endings[i].text;
	return text(p, "end");
}

static void
put_when(const struct page *p)
{
	char from[WHEN_TEXT_MAX], to[WHEN_TEXT_MAX], span[WHEN_TEXT_MAX];
	int64_t start, end;

	page_heading(p, "When (UTC)");
	if (text(p, "started_at") != NULL && text(p, "ended_at") != NULL &&
	    when_read(text(p, "started_at"), 0, &start) &&
	    when_read(text(p, "ended_at"), 0, &end)) {
		when_write(from, start, true);
		when_write(to, end, true);
		when_write_span(span, end - start);
		page_field(p, "started", from);
		page_fieldf(p, "ended", "%s, after %s", to, span);
	}
	page_field(p, "its end", ending_text(p));
}

/* What cannot be said because of a gap. */
static const char *
gap_meaning(enum gap g)
{
	switch (g) {
	case GAP_MIDSTREAM:
		return "what was offered and agreed before is not known";
	case GAP_CLIENT_ONLY:
		return "no offer and no acceptance could be seen";
	case GAP_SERVER_ONLY:
		return "what the client asked for could not be seen";
	case GAP_GREETING:
		return "the banner is incomplete; the offer is not touched";
	case GAP_EHLO_REPLY:
		return "a missing STARTTLS proves nothing";
	case GAP_STARTTLS:
		return "whether STARTTLS was sent or accepted is not certain";
	case GAP_TLS:
		return "whether TLS came up is not certain";
	case GAP_MAIL:
		return "mails in clear may be more than counted";
	case GAP_TRUNCATED:
		return "what came later is not known";
	case GAP_EVICTED:
		return "what came later was not looked at";
	case GAPS:
		break;
	}
	return "";
}

static void
put_gaps(const struct page *p)
{
	const json_t *gaps = json_object_get(p->facts, "capture_gaps"), *one;
	const char *word;
	enum gap g;
	size_t i;

	json_array_foreach(gaps, i, one) {
		if ((word = json_string_value(one)) == NULL)
			continue;
		for (g = 0; g < GAPS && strcmp(gap_word(g), word) != 0; g++)
			;
		if (g < GAPS)
			page_fieldf(p, i == 0 ? "missing" : "", "%s: %s; %s", word,
			    gap_text(g), gap_meaning(g));
		else
			page_field(p, i == 0 ? "missing" : "", word);
	}
}

static void
put_capture(const struct page *p)
{
	page_heading(p, "Capture");
	put_pair(p, "source", "source", "sensor");
	if (p->damage != NULL)
		page_fieldf(p, "", "of which not all could be read: %s", p->damage);
	if (is(p, "capture", "complete"))
		page_field(p, "quality", "complete: nothing was missed");
	else
		page_field(p, "quality", text(p, "capture"));
	put_gaps(p);
	if (number(p, "missing_client") + number(p, "missing_server") > 0)
		page_fieldf(p, "octets lost", "%lld of the client, %lld of the "
		    "server", number(p, "missing_client"),
		    number(p, "missing_server"));
	if (number(p, "conflict_octets") > 0)
		page_fieldf(p, "conflicts", "%lld octets came twice with different "
		    "contents", number(p, "conflict_octets"));
	page_fieldf(p, "traffic", "%lld packets; %lld octets from the client, %lld "
	    "from the server", number(p, "packets"),
	    number(p, "octets_client"), number(p, "octets_server"));
	page_field(p, "handshake", text(p, "handshake"));
	if (json_is_integer(json_object_get(p->facts, "vlan")))
		page_fieldf(p, "VLAN", "%lld", number(p, "vlan"));
	put_list(p, "tunnels", "tunnel");
}

static void
put_smtp(const struct page *p)
{
	if (text(p, "protocol") == NULL || is(p, "protocol", "none"))
		return;
	page_heading(p, "SMTP and its offer");
	page_field(p, "protocol", text(p, "protocol"));
	if (json_array_size(json_object_get(p->facts, "hellos")) > 1)
		put_list(p, "hellos", "hellos");
	put_list(p, "EHLO reply", "ehlo_reply");
	put_spelled(p, "offer", "offer", "offer_token");
	put_spelled(p, "STARTTLS", "starttls", "starttls_command");
	if (number(p, "starttls_reply") != 0)
		page_fieldf(p, "reply", "%lld", number(p, "starttls_reply"));
	if (flag(p, "plain_after_220"))
		page_field(p, "then", "plaintext went on although STARTTLS "
		    "was accepted");
}

static void
put_tls(const struct page *p)
{
	if (is(p, "tls", "none") || text(p, "tls") == NULL)
		return;
	page_heading(p, "TLS");
	put_pair(p, "state", "tls", "tls_failure");
	page_field(p, "alert", text(p, "tls_alert"));
	page_field(p, "version", text(p, "tls_version"));
	page_field(p, "suite", text(p, "tls_cipher"));
	page_field(p, "client can", text(p, "client_tls_version"));
	page_field(p, "asks for", text(p, "sni"));
	page_field(p, "ALPN", text(p, "alpn"));
	if (flag(p, "resumed"))
		page_field(p, "resumed", "yes: no certificate is shown again");
	page_field(p, "JA3", text(p, "ja3"));
	page_field(p, "JA3S", text(p, "ja3s"));
	page_field(p, "JA4", text(p, "ja4"));
}

static void
put_certificate(const struct page *p)
{
	if (text(p, "certificate") == NULL)
		return;
	page_heading(p, "Certificate");
	if (is(p, "certificate", "hidden"))
		page_field(p, "shown", is(p, "tls_version", "TLSv1.3") ?
		    "hidden: TLS 1.3 encrypts it" :
		    "hidden: a session was resumed, which shows none");
	else if (is(p, "certificate", "none"))
		page_field(p, "shown", "none: the suite is anonymous");
	else
		page_field(p, "shown", text(p, "certificate"));
	page_field(p, "subject", text(p, "certificate_subject"));
	put_list(p, "names", "certificate_san");
	page_field(p, "issuer", text(p, "certificate_issuer"));
	if (text(p, "certificate_not_before") != NULL &&
	    text(p, "certificate_not_after") != NULL)
		page_fieldf(p, "valid", "%.10s to %.10s",
		    text(p, "certificate_not_before"),
		    text(p, "certificate_not_after"));
	page_field(p, "SHA-256", text(p, "certificate_sha256"));
	page_field(p, "SPKI SHA-256", text(p, "spki_sha256"));
	if (number(p, "certificate_chain") > 0)
		page_fieldf(p, "chain", "%lld certificate%s",
		    number(p, "certificate_chain"),
		    number(p, "certificate_chain") == 1 ? "" : "s");
}

static void
put_mail(const struct page *p)
{
	page_heading(p, "Mail");
	page_field(p, "protection", text(p, "protection"));
	if (number(p, "mail_commands") + number(p, "data_commands") > 0 ||
	    is(p, "protection", "cleartext"))
		page_fieldf(p, "in clear", "%lld accepted (%lld MAIL, %lld RCPT, "
		    "%lld DATA or BDAT)", number(p, "mails_in_clear"),
		    number(p, "mail_commands"), number(p, "rcpt_commands"),
		    number(p, "data_commands"));
	if (text(p, "mail_from_domain") != NULL)
		page_field(p, "from", *text(p, "mail_from_domain") == '\0' ?
		    "<> (a bounce)" : text(p, "mail_from_domain"));
	put_list(p, "to", "rcpt_domains");
	if (text(p, "auth_in_clear") != NULL)
		page_fieldf(p, "login", "AUTH %s in clear",
		    text(p, "auth_in_clear"));
}

/* What few sessions have, by the names of column `more`; but not what the
 * groups above have said. */
static void
put_more(const struct page *p)
{
	static const char *const said[] = { "missing_client",
	    "missing_server", "conflict_octets", "dialogue_dropped",
	    "tls_alert", "tlsa", "tlsa_records" };
	json_t *more = json_object_get(p->facts, "more"), *value;
	bool begun = false, known;
	const char *name;
	char *json;

	json_object_foreach(more, name, value) {
		known = false;
		for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
			known = known || strcmp(name, said[i]) == 0;
		if (known)
			continue;
		if (!begun)
			page_heading(p, "Also noticed");
		begun = true;
		json = json_is_string(value) ?
		    strdup(json_string_value(value)) :
		    json_is_true(value) ? strdup("yes") :
		    json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (json != NULL)
			page_line(p, name, json);
		free(json);
	}
}

void
session_page_facts(const struct page *p)
{
	put_who(p);
	put_when(p);
	put_capture(p);
	put_smtp(p);
	put_tls(p);
	put_certificate(p);
	put_mail(p);
	put_more(p);
}
