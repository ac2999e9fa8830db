/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/escape.h"
#include "tls/progress.h"

bool
tls_plaintext_collect(struct tls_side *s, struct span *rest)
{
	struct span more;

	s->mode = TLS_COLLECTING;
	if (s->text == NULL) {
		if ((s->text = malloc(TLS_LINE_OCTETS)) == NULL)
			return true;
		memcpy(s->text, s->record.held, s->record.held_len);
		s->text_len = s->record.held_len;
		s->record.held_len = 0;
	}
	more = span_first(*rest, (size_t)(TLS_LINE_OCTETS - s->text_len));
	if (s->text_len + more.len == TLS_LINE_OCTETS || s->text_cut ||
	    (more.len > 0 && memchr(more.at, '\n', more.len) != NULL))
		return true;
	if (more.len > 0)
		memcpy(s->text + s->text_len, more.at, more.len);
	s->text_len = (uint8_t)(s->text_len + more.len);
	*rest = span_skip(*rest, more.len);
	return false;
}

/* Of an address only the domain is kept: "<joe@a.example>" becomes
 * "<...@a.example>".  Returns the new length. */
static size_t
remove_local_parts(uint8_t *line, size_t len)
{
	static const char ends[] = " \t<>,;:\"()[]";
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '@') {
			while (out > 0 && strchr(ends, line[out - 1]) == NULL)
				out--;
			for (int dots = 0; dots < 3 && out < i; dots++)
				line[out++] = '.';
		}
		line[out++] = line[i];
	}
	return out;
}

static size_t
first_word(const uint8_t *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] > ' ' && line[n] != ':')
		n++;
	return n;
}

static size_t
line_length(const uint8_t *line, size_t len)
{
	const uint8_t *end = memchr(line, '\n', len);

	if (end != NULL)
		len = (size_t)(end - line);
	while (len > 0 && line[len - 1] == '\r')
		len--;
	return len;
}

/* The line is what was collected before and what is shown now. */
static char *
line_text(const struct tls_side *s, enum side who, struct span here)
{
	uint8_t line[TLS_LINE_OCTETS];
	struct span before = tls_plaintext_before(s);
	char *text;
	size_t len;

	before = span_first(before, sizeof(line));
	here = span_first(here, sizeof(line) - before.len);
	if (before.len > 0)
		memcpy(line, before.at, before.len);
	if (here.len > 0)
		memcpy(line + before.len, here.at, here.len);
	len = line_length(line, before.len + here.len);
	len = who == SIDE_CLIENT ? first_word(line, len) :
	    remove_local_parts(line, len);
	if ((text = malloc(TLS_LINE_OCTETS + 1)) == NULL)
		return NULL;
	escape(span_of(line, len), text, TLS_LINE_OCTETS + 1);
	return text;
}

struct span
tls_plaintext_before(const struct tls_side *s)
{
	return s->text != NULL ? span_of(s->text, s->text_len) :
	    span_of(s->record.held, s->record.held_len);
}

void
tls_plaintext_judge(struct tls *t, enum side who, struct span here,
    struct mark at)
{
	struct tls_facts *f = &t->facts;
	bool unanswered = who == SIDE_CLIENT && !f->client_hello &&
	    f->state == TLS_NOTHING;

	if (f->state == TLS_ESTABLISHED) {
		f->broken_after = true;
		f->broken_by = who;
		f->broken_at = at;
	} else
		tls_progress_fail(t, unanswered ? TLS_FAIL_NO_HELLO :
		    TLS_FAIL_PLAINTEXT, who, at);
	if (f->failure_text == NULL)
		f->failure_text = line_text(&t->side[who], who, here);
	t->side[who].said_text = true;
	t->side[who].mode = TLS_READING;
}
