/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "analyzer/session_page.h"
#include "analyzer/session_story.h"
#include "analyzer/text.h"
#include "analyzer/when.h"

static void
put_headline(const struct page *p)
{
	FILE *out = p->style->out;
	const char *verdict = page_text(p->facts, "verdict");
	char *story = session_story(p->facts);

	page_colour(p, PAGE_BOLD);
	fprintf(out, "Session %lld",
	    (long long)page_number(p->facts, "id"));
	page_colour(p, PAGE_PLAIN);
	if (verdict != NULL) {
		fputs(": ", out);
		page_colour(p, page_verdict_colour(verdict));
		page_put(p, verdict);
		page_colour(p, PAGE_PLAIN);
	}
	putc('\n', out);
	if (story != NULL)
		page_wrapped(p, story, 0);
	free(story);
}

/* "3 (new): STARTTLS vanished from ...". */
static void
put_incident_of(const struct page *p, const json_t *f)
{
	const json_t *incidents = json_object_get(p->facts, "incidents");
	json_int_t id = page_number(f, "incident_id");
	const json_t *one;
	const char *title, *state;
	size_t i;

	json_array_foreach(incidents, i, one) {
		title = page_text(one, "title");
		state = page_text(one, "state");
		if (id != 0 && page_number(one, "id") == id)
			page_fieldf(p, "incident", "%lld (%s): %s",
			    (long long)id, state != NULL ? state : "?",
			    title != NULL ? title : "?");
	}
}

static void
put_finding(const struct page *p, const json_t *f)
{
	FILE *out = p->style->out;
	const char *severity = page_text(f, "severity");
	const char *kind = page_text(f, "kind");
	const char *confidence = page_text(f, "confidence");
	const json_t *because, *one;
	size_t i;

	fputs("  ", out);
	page_colour(p, page_severity_colour(severity));
	page_put(p, severity != NULL ? severity : "?");
	page_colour(p, PAGE_PLAIN);
	fputs("  ", out);
	page_colour(p, PAGE_BOLD);
	page_put(p, kind != NULL ? kind : "?");
	page_colour(p, PAGE_PLAIN);
	fputs("  (", out);
	page_put(p, confidence != NULL ? confidence : "?");
	because = json_object_get(f, "because");
	json_array_foreach(because, i, one) {
		fputs(i == 0 ? "; because of " : ", ", out);
		if (json_is_string(one))
			page_put(p, json_string_value(one));
	}
	fputs(")\n", out);
	page_field(p, "what", page_text(f, "summary"));
	put_incident_of(p, f);
	page_evidence(p, json_object_get(f, "evidence"));
}

static void
put_findings(const struct page *p)
{
	const json_t *findings = json_object_get(p->facts, "findings");
	const json_t *one;
	size_t i;

	if (json_array_size(findings) == 0)
		return;
	page_heading(p, "Findings");
	json_array_foreach(findings, i, one) {
		if (i > 0)
			putc('\n', p->style->out);
		put_finding(p, one);
	}
}

/* Offset from the start; both are RFC 3339 with microseconds. */
static void
put_dialogue_line(const struct page *p, const json_t *line, int64_t start)
{
	FILE *out = p->style->out;
	const char *who = page_text(line, "who");
	const char *text = page_text(line, "text");
	bool remark = who == NULL || strcmp(who, "sensor") == 0;
	bool client = !remark && strcmp(who, "client") == 0;
	int64_t at = 0, offset;

	if (page_text(line, "at") != NULL &&
	    when_read(page_text(line, "at"), 0, &at))
		offset = at - start;
	else
		offset = 0;
	fprintf(out, "  %c%4lld.%06lld %8lld  ", offset < 0 ? '-' : '+',
	    llabs((long long)offset) / 1000000,
	    llabs((long long)offset) % 1000000,
	    (long long)page_number(line, "packet"));
	page_colour(p, remark ? PAGE_DIM : client ? PAGE_CYAN : "");
	fputs(remark ? "     -- " : client ? "C -> S  " : "C <- S  ", out);
	page_put(p, text != NULL ? text : "");
	fputs(remark ? " --" : "", out);
	page_colour(p, remark || client ? PAGE_PLAIN : "");
	putc('\n', out);
}

static void
put_dialogue(const struct page *p)
{
	const json_t *lines = json_object_get(p->facts, "dialogue"), *one;
	const char *started = page_text(p->facts, "started_at");
	long long dropped = (long long)page_number(p->facts,
	    "dialogue_dropped");
	int64_t start = 0;
	size_t i;

	page_heading(p, "Dialogue (redacted: no contents, local parts or "
	    "credentials are kept)");
	if (json_array_size(lines) == 0) {
		fputs("  nothing was heard in clear\n", p->style->out);
		return;
	}
	if (started != NULL)
		(void)when_read(started, 0, &start);
	fprintf(p->style->out, "  %12s %8s\n", "seconds", "packet");
	json_array_foreach(lines, i, one)
		put_dialogue_line(p, one, start);
	if (dropped > 0)
		fprintf(p->style->out, "  %lld more line%s not kept: the "
		    "dialogue's limit was reached\n", dropped,
		    dropped == 1 ? " was" : "s were");
}

static void
put_filter(const struct page *p)
{
	const char *client = page_text(p->facts, "client_ip");
	const char *server = page_text(p->facts, "server_ip");

	if (client == NULL || server == NULL)
		return;
	fprintf(p->style->out, "%s.addr == %s && tcp.port == %lld && "
	    "%s.addr == %s && tcp.port == %lld",
	    strchr(client, ':') != NULL ? "ipv6" : "ip", client,
	    (long long)page_number(p->facts, "client_port"),
	    strchr(server, ':') != NULL ? "ipv6" : "ip", server,
	    (long long)page_number(p->facts, "server_port"));
}

/* The first and last packets the dialogue names; 0 if there are none. */
static void
packet_range(const json_t *lines, long long *first, long long *last)
{
	const json_t *one;
	long long packet;
	size_t i;

	*first = *last = 0;
	json_array_foreach(lines, i, one) {
		packet = (long long)page_number(one, "packet");
		if (packet == 0)
			continue;
		if (*first == 0 || packet < *first)
			*first = packet;
		if (packet > *last)
			*last = packet;
	}
}

static void
put_next(const struct page *p)
{
	FILE *out = p->style->out;
	const char *source = page_text(p->facts, "source");
	const char *client = page_text(p->facts, "client_ip");
	const char *server = page_text(p->facts, "server_ip");
	const char *community = page_text(p->facts, "community_id");
	long long first, last;

	page_heading(p, "Next");
	fputs("  In Wireshark  ", out);
	put_filter(p);
	packet_range(json_object_get(p->facts, "dialogue"), &first, &last);
	if (source != NULL && first > 0) {
		fputs("\n  From a file   tshark -r ", out);
		text_put_quoted(out, source, p->style->wide);
		fprintf(out, " -Y 'frame.number >= %lld && frame.number <= "
		    "%lld && ", first, last);
		put_filter(p);
		putc('\'', out);
	}
	putc('\n', out);
	if (community != NULL)
		page_field(p, "Community ID", community);
	fputs("  Same pair     striptls-analyzer -d ", out);
	text_put_quoted(out, p->path, p->style->wide);
	fprintf(out, " sessions --client %s --server %s\n",
	    client != NULL ? client : "", server != NULL ? server : "");
}

void
session_page(const struct page *p)
{
	put_headline(p);
	session_page_facts(p);
	session_page_promise(p);
	session_page_again(p);
	session_page_confirmation(p);
	put_findings(p);
	put_dialogue(p);
	put_next(p);
}
