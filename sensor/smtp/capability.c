/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/capability.h"
#include "smtp/command.h"

#define EIGHT		8	/* letters of STARTTLS */
#define NEAR_SAME	6	/* of them in place in a near miss */
#define RUN_MIN		3	/* a run of two can be a word */
#define KEYWORD_MAX	64

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Postfix reads over hyphens and blanks before a keyword. */
static struct span
behind_lead(struct span s)
{
	while (s.len > 0 && (is_blank(s.at[0]) || s.at[0] == '-'))
		s = span_skip(s, 1);
	return s;
}

static struct span
keyword(struct span s)
{
	size_t n = 0;

	while (n < s.len && !is_blank(s.at[n]) && s.at[n] != '=')
		n++;
	return span_first(s, n);
}

static size_t
run_length(struct span s, uint8_t c)
{
	size_t n = 0;

	while (n < s.len && s.at[n] == c)
		n++;
	return n;
}

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (span_lower(c) >= 'a' &&
	    span_lower(c) <= 'z');
}

/* Length of a line that is one character over and over, but for a running
 * letter at its end or one left at its start; 0: it is not. */
static size_t
mask_length(struct span line)
{
	struct span s = trim(line);
	size_t n;

	if (line.len >= RUN_MIN && !is_alnum(line.at[0]) &&
	    run_length(line, line.at[0]) == line.len)
		return line.len;
	if (s.len < 2)
		return 0;
	if (s.at[0] == 'X' || s.at[0] == '*') {
		n = run_length(s, s.at[0]);
		if (n == s.len || (n + 1 == s.len && is_upper(s.at[n])))
			return s.len;
	}
	if (s.len > RUN_MIN + 1 && (s.at[1] == 'X' || s.at[1] == '*') &&
	    run_length(span_skip(s, 1), s.at[1]) == s.len - 1)
		return s.len;
	return 0;
}

/* The line without blanks and what no keyword contains: NUL, control,
 * 8-bit and zero-width characters.  False if there was none of these. */
static bool
wash(struct span s, uint8_t out[EIGHT + 1], size_t *len)
{
	bool dirty = false;

	*len = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] > 0x20 && s.at[i] < 0x7f) {
			if (*len <= EIGHT)
				out[(*len)++] = s.at[i];
		} else
			dirty = true;
	}
	return dirty;
}

static bool
is_starttls(struct span s)
{
	return span_equal_nocase(s, span_text("STARTTLS"));
}

static bool
is_near(struct span text, struct span word)
{
	uint8_t washed[EIGHT + 1];
	size_t len;

	if (smtp_command_near_starttls(word, NEAR_SAME) ||
	    smtp_command_near_starttls(text, NEAR_SAME))
		return true;
	return wash(text, washed, &len) && is_starttls(span_of(washed, len));
}

/* Nothing in it that could be a mask or a changed STARTTLS. */
static bool
is_ordinary(struct span text, struct span word)
{
	return text.len != EIGHT && word.len != EIGHT && word.len > 2 &&
	    word.at[0] != 'X' && word.at[1] != 'X' && word.at[0] != 'S' &&
	    word.at[0] != 's' && is_alnum(word.at[0]) &&
	    word.at[1] != '*' && smtp_text_printable(text);
}

static enum smtp_token
token_of(struct span text, struct span word, bool *altered)
{
	uint8_t washed[EIGHT + 1];
	size_t len, n;

	*altered = false;
	if (is_starttls(word)) {
		/* Exim and OpenSMTPD compare with case, OpenSMTPD the whole
		 * line: to them any other spelling is no offer. */
		*altered = !span_equal(text, span_text("STARTTLS"));
		return TOKEN_OFFER;
	}
	/* Most lines: a word that starts with none of the letters above. */
	if (is_ordinary(text, word))
		return TOKEN_PLAIN;
	if (is_near(text, word))
		return TOKEN_NEAR;
	if ((n = mask_length(text)) > 0)
		return n == EIGHT ? TOKEN_MASKED_EIGHT : TOKEN_MASKED;
	if (text.len > 0 && !smtp_text_printable(text) &&
	    wash(text, washed, &len) && len == 0)
		return text.len == EIGHT ? TOKEN_MASKED_EIGHT : TOKEN_MASKED;
	return TOKEN_PLAIN;
}

enum smtp_token
smtp_capability_token(struct span text, bool *altered)
{
	return token_of(text, keyword(behind_lead(text)), altered);
}

/* A box that masks line after line ends them in A, B, C ... */
static void
follow_letters(struct smtp_list *l, struct span text)
{
	struct span s = trim(text);
	uint8_t last;

	if (s.len < 2 || s.at[0] != 'X' || s.at[s.len - 1] == 'X')
		return;
	last = s.at[s.len - 1];
	if (l->letter != 0 && last != l->letter)
		l->letters_broken = true;
	l->letter = last + 1;
}

static void
note_masked(struct smtp_list *l, enum smtp_token token, struct span text)
{
	if (token == TOKEN_MASKED && trim(text).len == 2) {
		l->masked_pairs++;	/* "XI" alone proves nothing */
		follow_letters(l, text);
		return;
	}
	l->masked++;
	l->masked_eights += token == TOKEN_MASKED_EIGHT;
	follow_letters(l, text);
}

static bool
is_known(struct span word)
{
	static const char *const known[] = { "PIPELINING", "SIZE",
	    "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN", "SMTPUTF8",
	    "AUTH", "VRFY", "ETRN", "HELP", "BINARYMIME", "STARTTLS",
	    "EXPN", "DELIVERBY", "XCLIENT", "XFORWARD", "PIPE_CONNECT",
	    "PIPECONNECT", "PRDR", "REQUIRETLS", "LIMITS" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_equal_nocase(word, span_text(known[i])))
			return true;
	return false;
}

static void
add_keyword(struct smtp_list *l, struct span word)
{
	uint8_t upper[KEYWORD_MAX];

	word = span_first(word, KEYWORD_MAX);
	if (word.len == 0)
		return;
	for (size_t i = 0; i < word.len; i++)
		upper[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ?
		    (uint8_t)(word.at[i] - 32) : word.at[i];
	word = span_of(upper, word.len);
	if (l->capabilities.len > 0)
		smtp_text_put(&l->capabilities, ' ', SMTP_REPLY_MAX);
	smtp_text_add(&l->capabilities, word, SMTP_REPLY_MAX);
	if (!l->known)
		l->known = is_known(word);
	if (word.len == 19 && !l->enhanced)
		l->enhanced = span_equal(word,
		    span_text("ENHANCEDSTATUSCODES"));
}

static void
keep_token(struct smtp_list *l, enum smtp_token token, struct span text)
{
	if (token <= l->strongest)
		return;
	l->strongest = token;
	if (token < TOKEN_MASKED_EIGHT)
		return;
	free(l->token);
	if (trim(text).len > 0)
		text = trim(text);
	l->token = smtp_text_of(text, SMTP_TOKEN_MAX);
}

void
smtp_capability_line(struct smtp_list *l, struct span text, bool cut)
{
	enum smtp_token token;
	struct span word;
	bool altered;

	l->octets += (uint32_t)text.len + 1;
	if (cut || l->lines == SMTP_EXTENSIONS_MAX ||
	    l->octets > SMTP_REPLY_MAX)
		l->too_long = true;
	if (l->too_long) {
		l->octets = SMTP_REPLY_MAX;	/* endless: count no further */
		return;
	}
	if (l->lines > 0)
		smtp_text_put(&l->reply, '\n', SMTP_REPLY_MAX);
	smtp_text_add(&l->reply, text, SMTP_REPLY_MAX);
	if (l->lines++ == 0)
		return;		/* the name of the server */
	word = keyword(behind_lead(text));
	add_keyword(l, word);
	token = token_of(text, word, &altered);
	l->offered += token == TOKEN_OFFER;
	l->altered += altered;
	if (token != TOKEN_PLAIN && token != TOKEN_OFFER)
		note_masked(l, token, text);
	keep_token(l, token, text);
}

void
smtp_capability_join(struct smtp_list *l, const struct smtp_list *behind)
{
	struct smtp_text reply = l->reply;
	uint32_t octets = l->octets;

	*l = *behind;
	l->reply = reply;
	l->octets += octets;
	smtp_text_say(&l->reply, behind->reply.at, SMTP_REPLY_MAX);
}

void
smtp_capability_garbage(struct smtp_list *l, struct span line)
{
	bool altered;

	/* "250_STARTTLS": same length, and no client reads it. */
	if (l->too_long || line.len != 4 + EIGHT ||
	    smtp_capability_token(span_skip(line, 4), &altered) !=
	    TOKEN_OFFER)
		return;
	keep_token(l, TOKEN_NEAR, line);
}

enum smtp_offer
smtp_capability_judge(const struct smtp_list *l)
{
	if (l->too_long)
		return OFFER_UNSEEN;
	switch (l->strongest) {
	case TOKEN_OFFER:
		return OFFER_OFFERED;
	case TOKEN_NEAR:
	case TOKEN_MASKED_EIGHT:
		return OFFER_MASKED;
	case TOKEN_PLAIN:
	case TOKEN_MASKED:
		break;
	}
	return OFFER_ABSENT;
}

void
smtp_capability_drop(struct smtp_list *l)
{
	smtp_text_drop(&l->reply);
	smtp_text_drop(&l->capabilities);
	if (l->token != NULL)
		free(l->token);
	*l = (struct smtp_list){ .token = NULL };
}
