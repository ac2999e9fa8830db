/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "analyzer/session_page.h"
#include "analyzer/session_story.h"
#include "analyzer/text.h"
#include "analyzer/when.h"
#include "schema/names.h"

#define LABEL_WIDTH	14
#define PAGE_MIN	20	/* columns that text is not squeezed below */
#define BOLD		"\033[1m"
#define DIM		"\033[2m"
#define RED		"\033[31m"
#define YELLOW		"\033[33m"
#define CYAN		"\033[36m"
#define PLAIN		"\033[0m"

void
page_put(const struct page *p, const char *text)
{
	text_put(p->style->out, text, strlen(text), p->style->wide);
}

void
page_colour(const struct page *p, const char *sequence)
{
	if (p->style->colour)
		fputs(sequence, p->style->out);
}

void
page_heading(const struct page *p, const char *title)
{
	putc('\n', p->style->out);
	page_colour(p, BOLD);
	fputs(title, p->style->out);
	page_colour(p, PLAIN);
	putc('\n', p->style->out);
}

/* Safe text from column `indent` on, in as many lines as it takes. */
static void
put_wrapped(const struct page *p, const char *safe, size_t indent)
{
	size_t width = p->style->width, len;
	char *lines = width > indent + PAGE_MIN ?
	    text_wrap(safe, width - indent) : NULL;
	const char *line = lines != NULL ? lines : safe;

	for (;; line += len + 1) {
		len = strcspn(line, "\n");
		fprintf(p->style->out, "%.*s\n", (int)len, line);
		if (line[len] == '\0')
			break;
		fprintf(p->style->out, "%*s", (int)indent, "");
	}
	free(lines);
}

void
page_field(const struct page *p, const char *label, const char *value)
{
	char *safe;

	if (value == NULL ||
	    (safe = text_safe(value, strlen(value), p->style->wide)) == NULL)
		return;
	fprintf(p->style->out, "  %-*s", LABEL_WIDTH, label);
	put_wrapped(p, safe, LABEL_WIDTH + 2);
	free(safe);
}

void
page_line(const struct page *p, const char *label, const char *value)
{
	fputs("  ", p->style->out);
	page_put(p, label);
	fputs(": ", p->style->out);
	page_put(p, value);
	putc('\n', p->style->out);
}

static const char *
verdict_colour(const char *word)
{
	switch (verdict_of(word)) {
	case VERDICT_ATTACK:
		return BOLD RED;
	case VERDICT_SUSPICIOUS:
		return YELLOW;
	case VERDICT_UNDECIDED:
		return CYAN;
	}
	return "";
}

static void
put_headline(const struct page *p)
{
	FILE *out = p->style->out;
	const char *verdict = session_text(p->facts, "verdict");
	char *story = session_story(p->facts), *safe = NULL;

	page_colour(p, BOLD);
	fprintf(out, "Session %lld",
	    (long long)session_number(p->facts, "id"));
	page_colour(p, PLAIN);
	if (verdict != NULL) {
		fputs(": ", out);
		page_colour(p, verdict_colour(verdict));
		page_put(p, verdict);
		page_colour(p, PLAIN);
	}
	putc('\n', out);
	if (story != NULL)
		safe = text_safe(story, strlen(story), p->style->wide);
	if (safe != NULL)
		put_wrapped(p, safe, 0);
	free(safe);
	free(story);
}

/* A member of evidence that we have no words for: as JSON. */
static void
put_member(const struct page *p, const char *name, const json_t *value)
{
	char *json;

	if (json_is_string(value)) {
		page_line(p, name, json_string_value(value));
		return;
	}
	json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (json != NULL)
		page_line(p, name, json);
	free(json);
}

static void
put_evidence_line(const struct page *p, const json_t *line)
{
	const char *who = session_text(line, "who");
	const char *text = session_text(line, "text");
	size_t len;

	if (text == NULL)
		return;
	fprintf(p->style->out, "  %-*spacket %lld  ", LABEL_WIDTH, "",
	    (long long)session_number(line, "packet"));
	page_put(p, who != NULL ? who : "");
	fputs(": ", p->style->out);
	/* a reply of several lines is one text */
	for (;; text += len + 1) {
		len = strcspn(text, "\n");
		text_put(p->style->out, text, len, p->style->wide);
		putc('\n', p->style->out);
		if (text[len] == '\0')
			break;
		fprintf(p->style->out, "  %-*s    ", LABEL_WIDTH, "");
	}
}

static void
put_evidence(const struct page *p, const json_t *evidence)
{
	const char *name;
	const json_t *value, *line;
	size_t i;

	page_field(p, "expected", session_text(evidence, "expected"));
	page_field(p, "seen", session_text(evidence, "seen"));
	if (session_number(evidence, "packet") > 0)
		fprintf(p->style->out, "  %-*spacket %lld\n", LABEL_WIDTH,
		    "decided by", (long long)session_number(evidence,
		    "packet"));
	json_array_foreach(json_object_get(evidence, "lines"), i, line)
		put_evidence_line(p, line);
	json_object_foreach((json_t *)evidence, name, value) {
		if (strcmp(name, "expected") == 0 ||
		    strcmp(name, "seen") == 0 ||
		    strcmp(name, "lines") == 0 ||
		    strcmp(name, "packet") == 0 ||
		    strcmp(name, "at") == 0)
			continue;
		put_member(p, name, value);
	}
}

static void
put_finding(const struct page *p, const json_t *f)
{
	FILE *out = p->style->out;
	const char *severity = session_text(f, "severity");
	const char *kind = session_text(f, "kind");
	const char *confidence = session_text(f, "confidence");
	const json_t *because, *one;
	size_t i;

	fputs("  ", out);
	page_colour(p, severity != NULL && severity_of(severity) >=
	    SEVERITY_HIGH ? BOLD RED : YELLOW);
	page_put(p, severity != NULL ? severity : "?");
	page_colour(p, PLAIN);
	fputs("  ", out);
	page_colour(p, BOLD);
	page_put(p, kind != NULL ? kind : "?");
	page_colour(p, PLAIN);
	fputs("  (", out);
	page_put(p, confidence != NULL ? confidence : "?");
	because = json_object_get(f, "because");
	json_array_foreach(because, i, one) {
		fputs(i == 0 ? "; because of " : ", ", out);
		if (json_is_string(one))
			page_put(p, json_string_value(one));
	}
	fputs(")\n", out);
	page_field(p, "what", session_text(f, "summary"));
	put_evidence(p, json_object_get(f, "evidence"));
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
	const char *who = session_text(line, "who");
	const char *text = session_text(line, "text");
	bool remark = who == NULL || strcmp(who, "sensor") == 0;
	bool client = !remark && strcmp(who, "client") == 0;
	int64_t at = 0, offset;

	if (session_text(line, "at") != NULL &&
	    when_read(session_text(line, "at"), 0, &at))
		offset = at - start;
	else
		offset = 0;
	fprintf(out, "  %c%4lld.%06lld %8lld  ", offset < 0 ? '-' : '+',
	    llabs((long long)offset) / 1000000,
	    llabs((long long)offset) % 1000000,
	    (long long)session_number(line, "packet"));
	page_colour(p, remark ? DIM : client ? CYAN : "");
	fputs(remark ? "     -- " : client ? "C -> S  " : "C <- S  ", out);
	page_put(p, text != NULL ? text : "");
	fputs(remark ? " --" : "", out);
	page_colour(p, remark || client ? PLAIN : "");
	putc('\n', out);
}

static void
put_dialogue(const struct page *p)
{
	const json_t *lines = json_object_get(p->facts, "dialogue"), *one;
	const char *started = session_text(p->facts, "started_at");
	long long dropped = (long long)session_number(p->facts,
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
	const char *client = session_text(p->facts, "client_ip");
	const char *server = session_text(p->facts, "server_ip");

	if (client == NULL || server == NULL)
		return;
	fprintf(p->style->out, "%s.addr == %s && tcp.port == %lld && "
	    "%s.addr == %s && tcp.port == %lld",
	    strchr(client, ':') != NULL ? "ipv6" : "ip", client,
	    (long long)session_number(p->facts, "client_port"),
	    strchr(server, ':') != NULL ? "ipv6" : "ip", server,
	    (long long)session_number(p->facts, "server_port"));
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
		packet = (long long)session_number(one, "packet");
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
	const char *source = session_text(p->facts, "source");
	const char *client = session_text(p->facts, "client_ip");
	const char *server = session_text(p->facts, "server_ip");
	const char *community = session_text(p->facts, "community_id");
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
	put_findings(p);
	put_dialogue(p);
	put_next(p);
}
