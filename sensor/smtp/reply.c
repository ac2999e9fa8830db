/* SPDX-License-Identifier: ISC */
#include "smtp/reply.h"

#define BANNER_STARS_MIN	8

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

struct smtp_reply_line
smtp_reply_parse(struct span line)
{
	struct smtp_reply_line r = { .code = 0 };

	if (line.len < 3 || !is_digit(line.at[0]) || !is_digit(line.at[1]) ||
	    !is_digit(line.at[2]))
		return r;
	if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
		return r;
	r.code = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 +
	    (line.at[2] - '0');
	r.last = line.len == 3 || line.at[3] == ' ';
	r.text = span_skip(line, 4);
	return r;
}

size_t
smtp_reply_enhanced(int code, struct span text)
{
	size_t n = 1;

	/* class "." subject "." detail, RFC 3463 section 2 */
	if (text.len < 5 || text.at[0] != '0' + code / 100)
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (n >= text.len || text.at[n++] != '.')
			return 0;
		while (n < text.len && is_digit(text.at[n]) && digits < 3) {
			n++;
			digits++;
		}
		if (digits == 0)
			return 0;
	}
	if (n < text.len && text.at[n] != ' ' && text.at[n] != '\t')
		return 0;
	return n;
}

bool
smtp_reply_mentions(struct span text, const char *word)
{
	struct span want = span_text(word);
	uint8_t first = want.at[0] | 0x20;	/* a letter, in either case */
	const uint8_t *at;

	/* as it is nearly always written */
	if (text.len > 0 && (at = memchr(text.at, want.at[0], text.len)) !=
	    NULL && span_equal(span_first(span_skip(text,
	    (size_t)(at - text.at)), want.len), want))
		return true;
	for (size_t i = 0; i + want.len <= text.len; i++)
		if ((text.at[i] | 0x20) == first &&
		    span_equal_nocase(span_of(text.at + i, want.len), want))
			return true;
	return false;
}

bool
smtp_reply_demands_tls(int code, struct span text)
{
	if (!smtp_reply_refusal(code))
		return false;
	/* RFC 3207 section 4: 530; RFC 5248: 523 and 538 for encryption */
	if (code == 523 || code == 538)
		return smtp_reply_mentions(text, "TLS") ||
		    smtp_reply_mentions(text, "encrypt");
	if (code == 530)
		return smtp_reply_mentions(text, "TLS");
	return smtp_reply_mentions(text, "STARTTLS") &&
	    (smtp_reply_mentions(text, "must") ||
	    smtp_reply_mentions(text, "requir") ||
	    smtp_reply_mentions(text, "first"));
}

static bool
is_word_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    is_digit(c) || c == '-' || c == '*';
}

static bool
is_run_of_x(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != 'X')
			return false;
	return s.len > 0;
}

static bool
is_quoted(struct span text, size_t at, size_t len)
{
	static const char quotes[] = "\"'`";

	return at > 0 && at + len < text.len &&
	    strchr(quotes, text.at[at - 1]) != NULL &&
	    strchr(quotes, text.at[at + len]) != NULL &&
	    text.at[at - 1] != '\0' && text.at[at + len] != '\0';
}

/* The same word with some letters changed, in place. */
static bool
is_altered(struct span word, struct span sent)
{
	size_t same = 0;

	for (size_t i = 0; i < sent.len; i++)
		same += span_lower(word.at[i]) == span_lower(sent.at[i]);
	return same < sent.len && same * 2 >= sent.len;
}

bool
smtp_reply_echo_differs(struct span text, struct span sent)
{
	size_t i = 0, n;

	while (i < text.len) {
		struct span word;

		if (!is_word_char(text.at[i])) {
			i++;
			continue;
		}
		for (n = 1; i + n < text.len && is_word_char(text.at[i + n]);)
			n++;
		word = span_of(text.at + i, n);
		if (n == sent.len && (is_run_of_x(word) ||
		    (is_quoted(text, i, n) && is_altered(word, sent))))
			return true;
		i += n;
	}
	return false;
}

bool
smtp_reply_banner_masked(struct span text)
{
	unsigned stars = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '*')
			stars++;
		else if (text.at[i] != '2' && text.at[i] != '0' &&
		    text.at[i] != ' ')
			return false;
	}
	return stars >= BANNER_STARS_MIN;
}
