/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "analyzer/server_page.h"
#include "analyzer/session_page.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

#define PERIODS_SHOWN	24
#define YEAR		5	/* octets of "2026-" */
#define NETS_SHOWN	8	/* of each sort, before "and N more" */

static long long
number(const struct page *p, const char *name)
{
	return (long long)page_number(p->facts, name);
}

const char *
server_page_when(const json_t *row, const char *name, bool day,
    char out[SERVER_WHEN])
{
	char when[WHEN_TEXT_MAX] = "?";
	int64_t time;

	if (page_time(row, name, &time))
		when_write(when, time, false);
	snprintf(out, SERVER_WHEN, "%.*s", day ? 10 : 16, when);
	return out;
}

static void
put_headline(const struct page *p)
{
	FILE *out = p->style->out;
	const char *name = page_text(p->facts, "server_name");
	const char *ip = page_text(p->facts, "server_ip");

	page_colour(p, PAGE_BOLD);
	fprintf(out, "Server %s port %lld", ip, number(p, "server_port"));
	page_colour(p, PAGE_PLAIN);
	if (name != NULL) {
		fputs(", known as ", out);
		page_put(p, name);
	}
	putc('\n', out);
}

static void
put_sum(const struct page *p)
{
	char from[SERVER_WHEN], to[SERVER_WHEN], offered[SERVER_WHEN];
	const char *last = page_text(p->facts, "last_offer");
	long long sessions = number(p, "sessions");

	page_heading(p, "In all (UTC)");
	page_fieldf(p, "seen", "%s to %s, in %lld session%s of clients in "
	    "%lld network%s",
	    server_page_when(p->facts, "first_seen", false, from),
	    server_page_when(p->facts, "last_seen", false, to), sessions,
	    sessions == 1 ? "" : "s", number(p, "client_nets"),
	    number(p, "client_nets") == 1 ? "" : "s");
	page_fieldf(p, "STARTTLS", "offered in %lld, absent in %lld, masked "
	    "in %lld; EHLO refused in %lld; asked for and refused in %lld",
	    number(p, "offered"), number(p, "absent"), number(p, "masked"),
	    number(p, "ehlo_refused"), number(p, "starttls_refused"));
	if (number(p, "offered") > 0)
		page_fieldf(p, "last offered", "%s; its last answer: %s",
		    server_page_when(p->facts, "last_offered_at", false,
		    offered), last != NULL ? last : "?");
	else
		page_fieldf(p, "last offered", "never; its last answer: %s",
		    last != NULL ? last : "none was seen");
	page_fieldf(p, "TLS", "came up in %lld, failed in %lld",
	    number(p, "tls_established"), number(p, "tls_failed"));
	page_fieldf(p, "in clear", "%lld session%s passed mail or passwords "
	    "in clear; %lld mail%s accepted", number(p, "cleartext"),
	    number(p, "cleartext") == 1 ? "" : "s",
	    number(p, "mails_in_clear"),
	    number(p, "mails_in_clear") == 1 ? "" : "s");
}

/* What it promises, and what its operator should mend. */
static void
put_posture(const struct page *p)
{
	const char *policy = page_text(p->facts, "policy");
	long long total = number(p, "tlsa_total");

	page_fieldf(p, "policy", total > 0 ? "%s; the certificate matches "
	    "%lld of %lld TLSA records" : "%s", policy != NULL ? policy : "?",
	    number(p, "tlsa_matching"), total);
	if (json_array_size(json_object_get(p->facts, "posture")) == 0)
		return;
	page_colour(p, PAGE_YELLOW);
	page_list(p, "to mend", json_object_get(p->facts, "posture"));
	page_colour(p, PAGE_PLAIN);
}

/* Nothing stands out among zeros: they are dots. */
static void
put_count(const struct page *p, const json_t *row, const char *name,
    int width, const char *colour)
{
	long long n = (long long)page_number(row, name);

	if (n == 0) {
		fprintf(p->style->out, "%*s", width, ".");
		return;
	}
	page_colour(p, colour);
	fprintf(p->style->out, "%*lld", width, n);
	page_colour(p, *colour != '\0' ? PAGE_PLAIN : "");
}

static void
put_period(const struct page *p, const json_t *row, bool day)
{
	char at[SERVER_WHEN];

	fprintf(p->style->out, "  %-16s", server_page_when(row, "at", day,
	    at));
	put_count(p, row, "sessions", 6, "");
	put_count(p, row, "offered", 8, "");
	put_count(p, row, "absent", 7, PAGE_YELLOW);
	put_count(p, row, "masked", 7, PAGE_RED);
	put_count(p, row, "ehlo_refused", 8, PAGE_YELLOW);
	put_count(p, row, "starttls_refused", 9, PAGE_YELLOW);
	put_count(p, row, "tls_established", 6, "");
	put_count(p, row, "tls_failed", 5, PAGE_YELLOW);
	put_count(p, row, "cleartext", 6, PAGE_RED);
	putc('\n', p->style->out);
}

static void
put_offers(const struct page *p)
{
	const json_t *rows = json_object_get(p->facts, "offers"), *one;
	const char *period = page_text(p->facts, "period");
	size_t i, count = json_array_size(rows), from;
	bool day = period == NULL || strcmp(period, "hour") != 0;
	char heading[64];

	from = count > PERIODS_SHOWN ? count - PERIODS_SHOWN : 0;
	snprintf(heading, sizeof(heading), "Offers by %s (sessions, UTC)",
	    period != NULL ? period : "?");
	page_heading(p, heading);
	fprintf(p->style->out, "%51s%10s%5s%5s%6s\n", "EHLO", "STARTTLS",
	    "TLS", "TLS", "in");
	fprintf(p->style->out, "  %-19s%s\n", "from", "all offered absent "
	    "masked refused refused    up fail clear");
	json_array_foreach(rows, i, one)
		if (i >= from)
			put_period(p, one, day);
	if (from > 0)
		fprintf(p->style->out, "  %zu earlier %s%s: -o json has "
		    "them\n", from, period, from == 1 ? "" : "s");
}

/* "10.77.1.0/24 (3 of 12), ...": networks by whether they were ever, and
 * ever not, offered it. */
static void
put_nets(const struct page *p, const char *label, bool offered,
    bool not_offered)
{
	const json_t *rows = json_object_get(p->facts, "client_networks");
	const json_t *one;
	size_t i, size, count = 0;
	char *joined = NULL;
	const char *net;
	FILE *out;

	if ((out = open_memstream(&joined, &size)) == NULL)
		return;
	json_array_foreach(rows, i, one) {
		if ((page_number(one, "offered") > 0) != offered ||
		    (page_number(one, "not_offered") > 0) != not_offered ||
		    count++ >= NETS_SHOWN)
			continue;
		net = page_text(one, "client_net");
		fprintf(out, "%s%s (%lld of %lld)", count > 1 ? ", " : "",
		    net != NULL ? net : "?",
		    (long long)page_number(one, "offered"),
		    (long long)page_number(one, "sessions"));
	}
	if (count > NETS_SHOWN)
		fprintf(out, " and %zu more", count - NETS_SHOWN);
	if (fclose(out) == 0 && count > 0)
		page_field(p, label, joined);
	free(joined);
}

static void
put_networks(const struct page *p)
{
	page_heading(p, "Client networks (sessions that were offered STARTTLS, "
	    "of all)");
	put_nets(p, "never offered", false, true);
	put_nets(p, "not always", true, true);
	put_nets(p, "offered", true, false);
	put_nets(p, "did not ask", false, false);
}

static void
put_incidents(const struct page *p)
{
	const json_t *rows = json_object_get(p->facts, "incidents"), *one;
	const char *severity, *state, *title;
	char last[SERVER_WHEN];
	size_t i;

	page_heading(p, "Incidents");
	if (json_array_size(rows) == 0)
		fputs("  none\n", p->style->out);
	json_array_foreach(rows, i, one) {
		severity = page_text(one, "severity");
		state = page_text(one, "state");
		title = page_text(one, "title");
		fprintf(p->style->out, "  %lld  ",
		    (long long)page_number(one, "id"));
		page_colour(p, page_severity_colour(severity));
		page_put(p, severity != NULL ? severity : "?");
		page_colour(p, PAGE_PLAIN);
		fprintf(p->style->out, "  %s  last seen %s  %lld session%s\n"
		    "     ", state != NULL ? state : "?",
		    server_page_when(one, "last_seen", false, last),
		    (long long)page_number(one, "sessions"),
		    page_number(one, "sessions") == 1 ? "" : "s");
		page_wrapped(p, title != NULL ? title : "?", 5);
	}
}

/* "TLSv1.3", "no TLS", "TLS failed". */
static void
put_tls(const struct page *p, const json_t *s)
{
	const char *tls = page_text(s, "tls");
	const char *version = page_text(s, "tls_version");

	if (tls == NULL || strcmp(tls, "none") == 0)
		fputs("no TLS", p->style->out);
	else if (strcmp(tls, "established") == 0 && version != NULL)
		page_put(p, version);
	else
		fprintf(p->style->out, "TLS %s", tls);
}

static void
put_session(const struct page *p, const json_t *s)
{
	FILE *out = p->style->out;
	const char *verdict = page_text(s, "verdict");
	const char *client = page_text(s, "client_ip");
	const char *offer = page_text(s, "offer");
	const char *protection = page_text(s, "protection");
	char at[SERVER_WHEN];

	server_page_when(s, "started_at", false, at);
	fprintf(out, "  %lld  %s  ", (long long)page_number(s, "id"),
	    strlen(at) > YEAR ? at + YEAR : at);
	page_colour(p, page_verdict_colour(verdict));
	fprintf(out, "%-10s", verdict != NULL ? verdict : "?");
	page_colour(p, PAGE_PLAIN);
	fprintf(out, "  %s  %s, ", client != NULL ? client : "?",
	    offer != NULL ? offer : "?");
	put_tls(p, s);
	fprintf(out, ", %s\n", protection != NULL ? protection : "?");
}

static void
put_sessions(const struct page *p)
{
	const json_t *rows = json_object_get(p->facts, "recent_sessions");
	const json_t *one;
	size_t i;

	page_heading(p, "Sessions of late (UTC)");
	json_array_foreach(rows, i, one)
		put_session(p, one);
	if ((long long)json_array_size(rows) == number(p, "sessions"))
		return;
	fputs("  All: striptls-analyzer -d ", p->style->out);
	text_put_quoted(p->style->out, p->path, p->style->wide);
	fprintf(p->style->out, strchr(page_text(p->facts, "server_ip"), ':')
	    != NULL ? " sessions --server [%s]:%lld\n" :
	    " sessions --server %s:%lld\n", page_text(p->facts, "server_ip"),
	    number(p, "server_port"));
}

/* What its DNS promised when last asked, beside what it did. */
static void
put_promise(const struct page *p)
{
	struct page session = *p;

	session.facts = json_object_get(p->facts, "promised");
	if (!json_is_object(session.facts))
		return;
	session_page_promise(&session);
	page_fieldf(p, "as of", "session %lld of %s",
	    (long long)page_number(session.facts, "session_id"),
	    page_text(session.facts, "at") != NULL ?
	    page_text(session.facts, "at") : "?");
}

void
server_page(const struct page *p)
{
	put_headline(p);
	put_sum(p);
	put_posture(p);
	put_incidents(p);
	put_promise(p);
	put_offers(p);
	put_networks(p);
	server_page_replies(p);
	server_page_certificates(p);
	server_page_tls(p);
	put_sessions(p);
}
