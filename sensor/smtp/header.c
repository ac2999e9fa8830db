/* SPDX-License-Identifier: ISC */
#include "smtp/header.h"

enum part {			/* of Content-Type, RFC 2045 section 5.1 */
	PART_TYPE,
	PART_NAME,		/* of a parameter */
	PART_VALUE,
};

/* The words that are looked for, in lower case. */
enum word {
	WORD_TLS_REQUIRED, WORD_CONTENT_TYPE, WORD_REPORT_DOMAIN,
	WORD_REPORT_SUBMITTER,		/* names of fields, so far */
	WORD_NO, WORD_MULTIPART_REPORT, WORD_REPORT_TYPE, WORD_TLSRPT,
	WORDS
};

#define NAMES	(uint8_t)((1U << WORD_NO) - 1)
#define VALUES	(uint8_t)~NAMES

#define WORD(text)	{ text, sizeof(text) - 1 }
static const struct {
	const char	*text;
	uint8_t		 len;
} words[WORDS] = {
	[WORD_TLS_REQUIRED] = WORD("tls-required"),
	[WORD_CONTENT_TYPE] = WORD("content-type"),
	[WORD_REPORT_DOMAIN] = WORD("tls-report-domain"),
	[WORD_REPORT_SUBMITTER] = WORD("tls-report-submitter"),
	[WORD_NO] = WORD("no"),
	[WORD_MULTIPART_REPORT] = WORD("multipart/report"),
	[WORD_REPORT_TYPE] = WORD("report-type"),
	[WORD_TLSRPT] = WORD("tlsrpt"),
};

void
smtp_header_begin(struct smtp_header *h, bool dots)
{
	memset(h, 0, sizeof(*h));
	h->at = HEADER_LINE_START;
	h->dots = dots;
}

/* ------------------------------------------------------------------ */
/* words                                                              */

static void
new_word(struct smtp_header *h, uint8_t like)
{
	h->len = 0;
	h->like = like;
	h->apart = false;
}

/* Nothing that is looked for. */
static void
spoil(struct smtp_header *h)
{
	h->like = 0;
}

static void
add(struct smtp_header *h, uint8_t c)
{
	unsigned like = h->apart ? 0 : h->like;	/* more than one word */

	for (unsigned left = like; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (h->len >= words[i].len ||
		    (uint8_t)words[i].text[h->len] != span_lower(c))
			like &= ~(1U << i);
	}
	h->like = (uint8_t)like;
	if (h->len < UINT8_MAX)
		h->len++;
}

static bool
word_is(const struct smtp_header *h, enum word word)
{
	return (h->like >> word & 1) != 0 && h->len == words[word].len;
}

/* ------------------------------------------------------------------ */
/* fields                                                             */

static const enum smtp_header_field	field_of[] = {
	[WORD_TLS_REQUIRED] = FIELD_TLS_REQUIRED,
	[WORD_CONTENT_TYPE] = FIELD_CONTENT_TYPE,
	[WORD_REPORT_DOMAIN] = FIELD_REPORT_DOMAIN,
	[WORD_REPORT_SUBMITTER] = FIELD_REPORT_SUBMITTER,
};

/* By a name that came octet by octet, and by one that lies there whole. */
static enum smtp_header_field
field_heard(const struct smtp_header *h)
{
	for (unsigned i = 0; i < WORD_NO && h->like != 0; i++)
		if (word_is(h, i))
			return field_of[i];
	return FIELD_OTHER;
}

static enum smtp_header_field
field_named(struct span name)
{
	for (unsigned i = 0; i < WORD_NO; i++)
		if (name.len == words[i].len && span_equal_nocase(name,
		    span_of(words[i].text, words[i].len)))
			return field_of[i];
	return FIELD_OTHER;
}

static bool
was_seen(const struct smtp_header *h, enum smtp_header_field field)
{
	return (h->seen >> field & 1) != 0;
}

/* The colon: is the field one that is looked for? */
static void
begin_field(struct smtp_header *h, enum smtp_header_field field)
{
	h->field = field;
	new_word(h, VALUES);
	h->part = PART_TYPE;
	h->depth = 0;
	h->quoted = h->escaped = h->multipart = h->report_type = false;
	h->at = h->field == FIELD_OTHER ? HEADER_LINE : HEADER_BODY_OF_FIELD;
}

/* A part of Content-Type ends before a separator, or with the field. */
static void
end_part(struct smtp_header *h)
{
	switch ((enum part)h->part) {
	case PART_TYPE:
		h->multipart = word_is(h, WORD_MULTIPART_REPORT);
		break;
	case PART_NAME:
		h->report_type = word_is(h, WORD_REPORT_TYPE);
		break;
	case PART_VALUE:
		if (h->multipart && h->report_type && word_is(h, WORD_TLSRPT) &&
		    !was_seen(h, FIELD_CONTENT_TYPE))
			h->tls_report = true;
		h->report_type = false;
		break;
	}
	new_word(h, VALUES);
}

static void
end_field(struct smtp_header *h)
{
	enum smtp_header_field field = h->field;
	bool there = h->len > 0 && h->depth == 0 && !h->quoted;

	h->field = FIELD_OTHER;
	switch (field) {
	case FIELD_TLS_REQUIRED:
		/* "More than one instance MUST NOT appear" */
		h->tls_optional = there && word_is(h, WORD_NO) &&
		    !was_seen(h, field);
		break;
	case FIELD_CONTENT_TYPE:
		if (there)
			end_part(h);
		break;
	case FIELD_REPORT_DOMAIN:
	case FIELD_REPORT_SUBMITTER:
		if (!there)
			return;
		if (was_seen(h, FIELD_REPORT_DOMAIN + FIELD_REPORT_SUBMITTER -
		    field))
			h->tls_report = true;
		break;
	case FIELD_OTHER:
	case FIELDS:
		return;
	}
	h->seen |= (uint8_t)(1U << field);
}

/* A Content-Type whose parameters do not matter. */
static void
leave_type(struct smtp_header *h)
{
	h->seen |= (uint8_t)(1U << FIELD_CONTENT_TYPE);
	h->field = FIELD_OTHER;
	h->at = HEADER_LINE;
}

/* An octet outside comments and quotes. */
static void
hear_plain(struct smtp_header *h, uint8_t c)
{
	bool content_type = h->field == FIELD_CONTENT_TYPE;

	if (c == '(')
		h->depth = 1;
	else if (c == '"') {
		h->quoted = true;
		if (h->field == FIELD_TLS_REQUIRED)
			spoil(h);
	} else if (content_type && c == ';') {
		end_part(h);
		h->part = PART_NAME;
		if (!h->multipart)
			leave_type(h);
	} else if (content_type && c == '=' && h->part == PART_NAME) {
		end_part(h);
		h->part = PART_VALUE;
	} else if (c == ' ' || c == '\t')
		h->apart = h->len > 0;
	else
		add(h, c);
}

/* An octet of the body of a field, RFC 5322 section 3.2. */
static void
hear_field(struct smtp_header *h, uint8_t c)
{
	if (c == '\r')
		return;
	if (h->escaped) {
		h->escaped = false;
		if (h->quoted)
			add(h, c);
	} else if (c == '\\' && (h->quoted || h->depth > 0))
		h->escaped = true;
	else if (h->quoted) {
		if (c == '"')
			h->quoted = false;
		else
			add(h, c);
	} else if (h->depth > 0) {
		if (c == '(' && h->depth < UINT8_MAX)
			h->depth++;
		else if (c == ')' && --h->depth == 0)
			h->apart = h->len > 0;
	} else
		hear_plain(h, c);
}

/* ------------------------------------------------------------------ */
/* lines                                                              */

static void
over(struct smtp_header *h)
{
	end_field(h);
	h->at = HEADER_OVER;
}

static void
lose(struct smtp_header *h)
{
	h->field = FIELD_OTHER;
	h->at = HEADER_LOST;
}

static void
end_line(struct smtp_header *h)
{
	h->at = HEADER_LINE_START;
	if (++h->lines == SMTP_HEADER_LINES_MAX)
		lose(h);
}

/* The first octet of a line, its stuffed dot taken off. */
static void
begin_line(struct smtp_header *h, uint8_t c)
{
	if (c == ' ' || c == '\t') {		/* the field goes on */
		if (h->lines == 0) {
			over(h);
			return;
		}
		h->at = h->field == FIELD_OTHER ? HEADER_LINE :
		    HEADER_BODY_OF_FIELD;
		if (h->field != FIELD_OTHER)
			hear_field(h, c);
		return;
	}
	end_field(h);
	if (c == '\n')
		h->at = HEADER_OVER;
	else if (c == '\r')
		h->at = HEADER_CR;
	else if (c == ':' || c < 0x21 || c > 0x7e)
		h->at = HEADER_OVER;	/* no field: the body begins */
	else {
		h->at = HEADER_NAME;
		new_word(h, NAMES);
		add(h, c);
	}
}

/* What is no field, begins the body, for want of an empty line. */
static void
hear_name(struct smtp_header *h, uint8_t c)
{
	if (c == ':')
		begin_field(h, field_heard(h));
	else if (c == ' ' || c == '\t')
		h->at = HEADER_BLANK;
	else if (c < 0x21 || c > 0x7e || h->at == HEADER_BLANK)
		h->at = HEADER_OVER;
	else
		add(h, c);
}

static void
step(struct smtp_header *h, uint8_t c)
{
	switch (h->at) {
	case HEADER_LINE_START:
		if (c == '.' && h->dots)
			h->at = HEADER_DOT;
		else
			begin_line(h, c);
		break;
	case HEADER_DOT:
		/* alone: the end of the mail, or what some take for it */
		if (c == '\r' || c == '\n')
			over(h);
		else
			begin_line(h, c);
		break;
	case HEADER_CR:
		h->at = HEADER_OVER;	/* an empty line, or no field */
		break;
	case HEADER_NAME:
	case HEADER_BLANK:
		hear_name(h, c);
		break;
	case HEADER_BODY_OF_FIELD:
		if (c == '\n')
			end_line(h);
		else
			hear_field(h, c);
		break;
	case HEADER_LINE:
	case HEADER_NONE:
	case HEADER_OVER:
	case HEADER_LOST:
		break;		/* smtp_header_hear() knows these */
	}
}

/* The rest of a line that is of no interest. */
static struct span
skip_line(struct smtp_header *h, struct span octets)
{
	const uint8_t *lf = memchr(octets.at, '\n', octets.len);

	if (lf == NULL)
		return span_skip(octets, octets.len);
	end_line(h);
	return span_skip(octets, (size_t)(lf - octets.at) + 1);
}

static size_t
name_length(struct span octets)
{
	size_t n = 0;

	while (n < octets.len && (uint8_t)(octets.at[n] - 0x21) < 0x7f - 0x21 &&
	    octets.at[n] != ':')
		n++;
	return n;
}

/* A line that begins with a whole name and its colon, which nearly all do:
 * to behind these, as step() would come there.  Another is left as it is. */
static struct span
take_name(struct smtp_header *h, struct span octets)
{
	size_t n = name_length(octets);

	if (n == 0 || n == octets.len || octets.at[n] != ':' ||
	    octets.at[0] == '.')
		return octets;
	end_field(h);
	begin_field(h, field_named(span_first(octets, n)));
	return span_skip(octets, n + 1);
}

/* Words that are none of those looked for, up to what divides them. */
static struct span
skip_words(struct span octets)
{
	size_t n = 0;

	while (n < octets.len && (octets.at[n] >= '0' ?
	    octets.at[n] != ';' && octets.at[n] != '=' &&
	    octets.at[n] != '\\' : octets.at[n] == '-' ||
	    octets.at[n] == '.' || octets.at[n] == '/'))
		n++;
	return span_skip(octets, n);
}

/* May octets be skipped by these? */
static bool
is_elsewhere(const struct smtp_header *h)
{
	return h->at == HEADER_BODY_OF_FIELD && h->like == 0 && h->len > 0 &&
	    !h->quoted && !h->escaped && h->depth == 0;
}

void
smtp_header_hear(struct smtp_header *h, struct span octets)
{
	size_t room = SMTP_HEADER_OCTETS_MAX - h->octets;
	bool cut = octets.len > room;

	octets = span_first(octets, room);
	h->octets += (uint32_t)octets.len;
	while (octets.len > 0 && smtp_header_wants(h)) {
		if (h->at == HEADER_LINE) {
			octets = skip_line(h, octets);
			continue;
		}
		if (h->at == HEADER_LINE_START) {
			octets = take_name(h, octets);
			if (h->at == HEADER_LINE)
				continue;
		} else if (h->at == HEADER_NAME && h->like == 0)
			octets = span_skip(octets, name_length(octets));
		else if (is_elsewhere(h))
			octets = skip_words(octets);
		if (octets.len == 0)
			break;
		step(h, octets.at[0]);
		octets = span_skip(octets, 1);
	}
	if (cut && smtp_header_wants(h))
		lose(h);
}

void
smtp_header_gap(struct smtp_header *h)
{
	if (smtp_header_wants(h))
		lose(h);
}

void
smtp_header_forget(struct smtp_header *h)
{
	smtp_header_begin(h, false);
	h->at = HEADER_LOST;
}

void
smtp_header_end(struct smtp_header *h)
{
	if (smtp_header_wants(h))
		over(h);
}
