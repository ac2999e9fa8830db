/* SPDX-License-Identifier: ISC */
/*
 * What a server said and showed: its EHLO replies and how they differ, its
 * certificates and their changes, TLS versions and suites.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/server_page.h"

#define REPLIES_SHOWN	8
#define SUITES_SHOWN	8

static bool
is_in(const json_t *list, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), word) == 0)
			return true;
	return false;
}

/* What the others are compared with: the most usual reply that offers
 * STARTTLS, or else the most usual. */
static size_t
plain_reply(const json_t *replies)
{
	const json_t *one;
	size_t i;

	json_array_foreach(replies, i, one)
		if (is_in(json_object_get(one, "capabilities"), "STARTTLS"))
			return i;
	return 0;
}

/* "PIPELINING, SIZE 1024" of the lines that `other` has not. */
static void
put_lines(FILE *out, const char *before, const json_t *lines,
    const json_t *other)
{
	const json_t *one;
	size_t i;

	json_array_foreach(lines, i, one) {
		if (!json_is_string(one) ||
		    is_in(other, json_string_value(one)))
			continue;
		fprintf(out, "%s%s", before, json_string_value(one));
		before = ", ";
	}
}

static char *
difference(const json_t *lines, const json_t *plain, char name)
{
	char *text = NULL;
	long begun;
	size_t size;
	FILE *out;

	if ((out = open_memstream(&text, &size)) == NULL)
		return NULL;
	fprintf(out, "as %c,", name);
	begun = ftell(out);
	put_lines(out, " without ", plain, lines);
	if (ftell(out) != begun)
		fputs(";", out);
	put_lines(out, " with ", lines, plain);
	if (ftell(out) == begun)
		fputs(" in another order", out);
	if (fclose(out) == EOF) {
		free(text);
		return NULL;
	}
	/* "without a;" has nothing behind it */
	if (text[strlen(text) - 1] == ';')
		text[strlen(text) - 1] = '\0';
	return text;
}

static void
put_reply(const struct page *p, const json_t *replies, size_t i,
    size_t plain)
{
	const json_t *one = json_array_get(replies, i);
	const json_t *lines = json_object_get(one, "ehlo_reply");
	char from[SERVER_WHEN], to[SERVER_WHEN], *text = NULL;
	size_t size;
	FILE *out;

	fprintf(p->style->out, "  %c  %lld session%s, %s to %s\n     ",
	    (int)('A' + i), (long long)page_number(one, "sessions"),
	    page_number(one, "sessions") == 1 ? "" : "s",
	    server_page_when(one, "first_seen", false, from),
	    server_page_when(one, "last_seen", false, to));
	if (i != plain) {
		text = difference(lines, json_object_get(json_array_get(
		    replies, plain), "ehlo_reply"), (char)('A' + plain));
	} else if (json_array_size(lines) == 0) {
		text = strdup("nothing but the greeting");
	} else if ((out = open_memstream(&text, &size)) != NULL) {
		put_lines(out, "", lines, NULL);
		fclose(out);
	}
	page_wrapped(p, text != NULL ? text : "?", 5);
	free(text);
}

void
server_page_replies(const struct page *p)
{
	const json_t *replies = json_object_get(p->facts, "ehlo_replies");
	size_t count = json_array_size(replies), plain;
	char heading[64];

	if (count == 0)
		return;
	plain = plain_reply(replies);
	snprintf(heading, sizeof(heading), "EHLO replies (%zu), UTC", count);
	page_heading(p, heading);
	for (size_t i = 0; i < count && i < REPLIES_SHOWN; i++)
		put_reply(p, replies, i, plain < REPLIES_SHOWN ? plain : 0);
	if (count > REPLIES_SHOWN)
		fprintf(p->style->out, "  %zu more: -o json has them\n",
		    count - REPLIES_SHOWN);
}

/* Was one that appeared earlier still shown when this one appeared? */
static bool
is_beside(const json_t *all, size_t at)
{
	int64_t first, last;

	if (!page_time(json_array_get(all, at), "first_seen", &first))
		return false;
	for (size_t i = 0; i < at; i++)
		if (page_time(json_array_get(all, i), "last_seen", &last) &&
		    last > first)
			return true;
	return false;
}

static void
put_change(const struct page *p, const json_t *all, size_t at)
{
	const char *change = page_text(json_array_get(all, at), "change");
	const char *beside = is_beside(all, at) ?
	    ", while an earlier one was still shown" : "";

	if (change == NULL)
		return;
	if (strcmp(change, "same-key") == 0) {
		page_fieldf(p, "change", "the same key as before%s", beside);
	} else if (strcmp(change, "new-key") == 0) {
		page_fieldf(p, "change", "another key, of the same issuer%s",
		    beside);
	} else {
		page_colour(p, PAGE_YELLOW);
		page_fieldf(p, "CHANGE", "another key, of another issuer%s",
		    beside);
		page_colour(p, PAGE_PLAIN);
	}
}

static void
put_certificate(const struct page *p, const json_t *all, size_t at)
{
	const json_t *c = json_array_get(all, at);
	char from[SERVER_WHEN], to[SERVER_WHEN];

	page_fieldf(p, "shown", "%s to %s, in %lld session%s",
	    server_page_when(c, "first_seen", false, from),
	    server_page_when(c, "last_seen", false, to),
	    (long long)page_number(c, "sessions"),
	    page_number(c, "sessions") == 1 ? "" : "s");
	put_change(p, all, at);
	page_field(p, "subject", page_text(c, "certificate_subject"));
	page_field(p, "issuer", page_text(c, "certificate_issuer"));
	page_fieldf(p, "valid", "%s to %s",
	    server_page_when(c, "certificate_not_before", true, from),
	    server_page_when(c, "certificate_not_after", true, to));
	page_field(p, "SHA-256", page_text(c, "certificate_sha256"));
	page_field(p, "SPKI SHA-256", page_text(c, "spki_sha256"));
}

void
server_page_certificates(const struct page *p)
{
	const json_t *all = json_object_get(p->facts, "certificate_history");
	char heading[64];

	snprintf(heading, sizeof(heading), "Certificates (%zu)",
	    json_array_size(all));
	page_heading(p, heading);
	if (json_array_size(all) == 0)
		fputs(json_integer_value(json_object_get(p->facts,
		    "tls_established")) == 0 ? "  none: TLS never came up\n" :
		    "  none was visible: TLS 1.3 and resumed sessions hide "
		    "it\n", p->style->out);
	for (size_t i = 0; i < json_array_size(all); i++) {
		if (i > 0)
			putc('\n', p->style->out);
		put_certificate(p, all, i);
	}
}

void
server_page_tls(const struct page *p)
{
	const json_t *all = json_object_get(p->facts, "tls_seen"), *one;
	const char *version, *cipher;
	char from[SERVER_WHEN], to[SERVER_WHEN];
	size_t i;

	if (json_array_size(all) == 0)
		return;
	page_heading(p, "TLS versions and suites (sessions, UTC)");
	json_array_foreach(all, i, one) {
		if (i == SUITES_SHOWN)
			break;
		version = page_text(one, "tls_version");
		cipher = page_text(one, "tls_cipher");
		fprintf(p->style->out, "  %6lld  %s to %s\n          ",
		    (long long)page_number(one, "sessions"),
		    server_page_when(one, "first_seen", false, from),
		    server_page_when(one, "last_seen", false, to));
		page_put(p, version != NULL ? version : "?");
		fputs("  ", p->style->out);
		page_put(p, cipher != NULL ? cipher : "?");
		putc('\n', p->style->out);
	}
	if (json_array_size(all) > SUITES_SHOWN)
		fprintf(p->style->out, "  %zu more: -o json has them\n",
		    json_array_size(all) - SUITES_SHOWN);
}
