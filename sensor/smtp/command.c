/* SPDX-License-Identifier: ISC */
#include "smtp/body.h"
#include "smtp/command.h"

#define VERB(word, verb)	{ word, sizeof(word) - 1, verb }

static const struct {
	const char	*word;
	size_t		 len;
	enum smtp_verb	 verb;
} verbs[] = {
	VERB("EHLO", VERB_EHLO),
	VERB("MAIL", VERB_MAIL),
	VERB("RCPT", VERB_RCPT),
	VERB("DATA", VERB_DATA),
	VERB("QUIT", VERB_QUIT),
	VERB("STARTTLS", VERB_STARTTLS),
	VERB("BDAT", VERB_BDAT),
	VERB("HELO", VERB_HELO),
	VERB("RSET", VERB_RSET),
	VERB("AUTH", VERB_AUTH),
	VERB("NOOP", VERB_NOOP),
	VERB("LHLO", VERB_LHLO),
	VERB("VRFY", VERB_VRFY),
	VERB("EXPN", VERB_EXPN),
	VERB("HELP", VERB_HELP),
	VERB("ETRN", VERB_ETRN),
	VERB("ATRN", VERB_ATRN),
	VERB("TURN", VERB_TURN),
	VERB("BURL", VERB_BURL),
	VERB("SEND", VERB_MAIL),
	VERB("SOML", VERB_MAIL),
	VERB("SAML", VERB_MAIL),
	VERB("XCLIENT", VERB_XCLIENT),
	VERB("XFORWARD", VERB_XFORWARD),
	VERB("X-EXPS", VERB_AUTH),
	VERB("XEXCH50", VERB_XEXCH50),
	VERB("X-ANONYMOUSTLS", VERB_ANONYMOUSTLS),
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span
smtp_command_word(struct span *rest)
{
	struct span word;
	size_t n = 0;

	while (rest->len > 0 && is_blank(rest->at[0]))
		*rest = span_skip(*rest, 1);
	while (n < rest->len && !is_blank(rest->at[n]))
		n++;
	word = span_first(*rest, n);
	*rest = span_skip(*rest, n);
	return word;
}

static bool
is_all(struct span s, uint8_t c)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != c)
			return false;
	return s.len > 0;
}

static enum smtp_verb
look_up(struct span word, struct span argument)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		/* Most lines are told by their first letter. */
		if (word.len != verbs[i].len || span_lower(word.at[0]) !=
		    span_lower((uint8_t)verbs[i].word[0]))
			continue;
		if (span_equal_nocase(word,
		    span_of(verbs[i].word, verbs[i].len)))
			return verbs[i].verb;
	}
	if (!is_all(word, 'X'))
		return VERB_UNKNOWN;
	if (word.len == 4 && argument.len > 0)
		return VERB_MASKED_HELLO;
	if (word.len == 8 && argument.len == 0)
		return VERB_MASKED_STARTTLS;
	return VERB_UNKNOWN;
}

/* "FROM:" or "TO:" at the front, as RFC 5321 spells it or with blanks
 * before the colon; taken off. */
static bool
take_colon(struct span *argument)
{
	const uint8_t *colon;
	struct span word;
	size_t n;

	if (argument->len == 0 ||
	    (colon = memchr(argument->at, ':', argument->len)) == NULL)
		return false;
	n = (size_t)(colon - argument->at);
	word = span_first(*argument, n);
	while (word.len > 0 && is_blank(word.at[word.len - 1]))
		word.len--;
	if (!span_equal_nocase(word, span_text("FROM")) &&
	    !span_equal_nocase(word, span_text("TO")))
		return false;
	*argument = span_skip(*argument, n + 1);
	return true;
}

static unsigned
count_words(struct span s)
{
	unsigned n = 0;

	while (n < 3 && smtp_command_word(&s).len > 0)
		n++;
	return n;
}

bool
smtp_command_plausible(const struct smtp_command *c)
{
	struct span argument = c->argument;
	uint64_t octets;
	bool last;

	switch (c->verb) {
	case VERB_EHLO:
	case VERB_HELO:
	case VERB_LHLO:
	case VERB_ETRN:
	case VERB_MASKED_HELLO:
		return count_words(argument) == 1;
	case VERB_STARTTLS:
	case VERB_ANONYMOUSTLS:
	case VERB_MASKED_STARTTLS:
	case VERB_DATA:
	case VERB_RSET:
	case VERB_QUIT:
	case VERB_NOOP:
	case VERB_TURN:
		return argument.len == 0;
	case VERB_MAIL:
	case VERB_RCPT:
		return take_colon(&argument);
	case VERB_BDAT:
		return smtp_body_chunk(argument, &octets, &last);
	case VERB_AUTH:
		return count_words(argument) == 1 ||
		    count_words(argument) == 2;
	case VERB_XCLIENT:
	case VERB_XFORWARD:
		return argument.len > 0 &&
		    memchr(argument.at, '=', argument.len) != NULL;
	case VERB_XEXCH50:
	case VERB_VRFY:
	case VERB_EXPN:
	case VERB_HELP:
	case VERB_ATRN:
	case VERB_BURL:
	case VERB_UNKNOWN:
		return false;
	}
	return false;
}

/* How far a path goes: to the `>` that is not quoted, or without brackets
 * to the next blank. */
static size_t
path_length(struct span s, bool bracketed)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.at[i] == '\\' && quoted)
			i++;
		else if (s.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && (bracketed ? s.at[i] == '>' :
		    is_blank(s.at[i])))
			break;
	}
	return i < s.len ? i : s.len;
}

/* Behind the source route "@a,@b:" of RFC 5321 appendix C. */
static struct span
behind_route(struct span path)
{
	const uint8_t *colon;

	if (path.len == 0 || path.at[0] != '@' ||
	    (colon = memchr(path.at, ':', path.len)) == NULL)
		return path;
	return span_skip(path, (size_t)(colon - path.at) + 1);
}

/* The last @ that is not quoted divides. */
static void
divide(struct span path, struct smtp_path *out)
{
	bool quoted = false;
	size_t at = path.len;

	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] == '\\' && quoted)
			i++;
		else if (path.at[i] == '"')
			quoted = !quoted;
		else if (path.at[i] == '@' && !quoted)
			at = i;
	}
	out->local = span_first(path, at);
	if (at < path.len)
		out->domain = span_skip(path, at + 1);
	if (out->domain.len == 0)
		out->domain.at = NULL;
}

/* The path in the argument of MAIL or RCPT. */
static void
read_path(struct span s, struct smtp_path *path)
{
	size_t n;

	if (!take_colon(&s))
		return;
	while (s.len > 0 && is_blank(s.at[0]))
		s = span_skip(s, 1);
	if (s.len == 0)
		return;
	path->found = true;
	path->bracketed = s.at[0] == '<';
	if (path->bracketed)
		s = span_skip(s, 1);
	n = path_length(s, path->bracketed);
	path->parameters = span_skip(s, n + path->bracketed);
	while (path->parameters.len > 0 && is_blank(path->parameters.at[0]))
		path->parameters = span_skip(path->parameters, 1);
	s = behind_route(span_first(s, n));
	path->null = path->bracketed && s.len == 0;
	if (s.len > 0)
		divide(s, path);
}

struct smtp_command
smtp_command_parse(struct span line)
{
	struct smtp_command c = { .verb = VERB_UNKNOWN };
	struct span rest = line;

	c.word = smtp_command_word(&rest);
	while (rest.len > 0 && is_blank(rest.at[0]))
		rest = span_skip(rest, 1);
	c.argument = rest;
	while (c.argument.len > 0 &&
	    is_blank(c.argument.at[c.argument.len - 1]))
		c.argument.len--;
	c.trailing = line.len > 0 && is_blank(line.at[line.len - 1]);
	if (c.word.len > 0)
		c.verb = look_up(c.word, c.argument);
	if (c.verb == VERB_MAIL || c.verb == VERB_RCPT)
		read_path(c.argument, &c.path);
	return c;
}

bool
smtp_command_parameter(struct span parameters, const char *keyword)
{
	struct span want = span_text(keyword), word;

	while ((word = smtp_command_word(&parameters)).len > 0) {
		const uint8_t *equals = memchr(word.at, '=', word.len);

		if (equals != NULL)
			word.len = (size_t)(equals - word.at);
		if (span_equal_nocase(word, want))
			return true;
	}
	return false;
}

bool
smtp_command_near_starttls(struct span word, unsigned same)
{
	static const char starttls[] = "starttls";
	unsigned alike = 0;

	if (word.len != sizeof(starttls) - 1)
		return false;
	for (size_t i = 0; i < word.len; i++)
		alike += span_lower(word.at[i]) == (uint8_t)starttls[i];
	return alike >= same && alike < word.len;
}
