/* SPDX-License-Identifier: ISC */
#include "smtp/body.h"
#include "smtp/command.h"

/*
 * Letters compare without case by one bit.  It makes a letter of nothing that
 * is none, and verbs of four letters are compared at once.
 */
#define CASE		0x20202020u
#define FOUR(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	    (uint32_t)(d) << 24 | CASE)

/* The usual ones first. */
static const struct {
	uint32_t	 word;
	enum smtp_verb	 verb;
} fours[] = {
	{ FOUR('E', 'H', 'L', 'O'), VERB_EHLO },
	{ FOUR('M', 'A', 'I', 'L'), VERB_MAIL },
	{ FOUR('R', 'C', 'P', 'T'), VERB_RCPT },
	{ FOUR('D', 'A', 'T', 'A'), VERB_DATA },
	{ FOUR('Q', 'U', 'I', 'T'), VERB_QUIT },
	{ FOUR('B', 'D', 'A', 'T'), VERB_BDAT },
	{ FOUR('H', 'E', 'L', 'O'), VERB_HELO },
	{ FOUR('R', 'S', 'E', 'T'), VERB_RSET },
	{ FOUR('A', 'U', 'T', 'H'), VERB_AUTH },
	{ FOUR('N', 'O', 'O', 'P'), VERB_NOOP },
	{ FOUR('L', 'H', 'L', 'O'), VERB_LHLO },
	{ FOUR('V', 'R', 'F', 'Y'), VERB_VRFY },
	{ FOUR('E', 'X', 'P', 'N'), VERB_EXPN },
	{ FOUR('H', 'E', 'L', 'P'), VERB_HELP },
	{ FOUR('E', 'T', 'R', 'N'), VERB_ETRN },
	{ FOUR('A', 'T', 'R', 'N'), VERB_ATRN },
	{ FOUR('T', 'U', 'R', 'N'), VERB_TURN },
	{ FOUR('B', 'U', 'R', 'L'), VERB_BURL },
	{ FOUR('S', 'E', 'N', 'D'), VERB_MAIL },
	{ FOUR('S', 'O', 'M', 'L'), VERB_MAIL },
	{ FOUR('S', 'A', 'M', 'L'), VERB_MAIL },
};

static const struct {
	const char	*word;
	enum smtp_verb	 verb;
} verbs[] = {
	{ "STARTTLS", VERB_STARTTLS },
	{ "XCLIENT", VERB_XCLIENT },
	{ "XFORWARD", VERB_XFORWARD },
	{ "X-EXPS", VERB_AUTH },
	{ "XEXCH50", VERB_XEXCH50 },
	{ "X-ANONYMOUSTLS", VERB_ANONYMOUSTLS },
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

/* Of a line or a word, by what it begins with. */
static enum smtp_verb
look_up_four(struct span word)
{
	uint32_t four;

	if (word.len < 4 || (word.len > 4 && !is_blank(word.at[4])))
		return VERB_UNKNOWN;
	four = FOUR(word.at[0], word.at[1], word.at[2], word.at[3]);

	for (size_t i = 0; i < sizeof(fours) / sizeof(fours[0]); i++)
		if (fours[i].word == four)
			return fours[i].verb;
	return VERB_UNKNOWN;
}

static enum smtp_verb
look_up(struct span word, struct span argument)
{
	enum smtp_verb verb = look_up_four(word);

	if (verb != VERB_UNKNOWN)
		return verb;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_equal_nocase(word, span_text(verbs[i].word)))
			return verbs[i].verb;
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

/* Hardly any path has. */
static bool
has_quotes(struct span s)
{
	return s.len > 0 && memchr(s.at, '"', s.len) != NULL;
}

/* How far a path goes: to the `>` that is not quoted, or without brackets
 * to the next blank. */
static size_t
path_length(struct span s, bool bracketed)
{
	const uint8_t *end;
	bool quoted = false;
	size_t i;

	if (bracketed && !has_quotes(s)) {
		end = s.len > 0 ? memchr(s.at, '>', s.len) : NULL;
		return end != NULL ? (size_t)(end - s.at) : s.len;
	}
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

/* Where the last @ is that is not quoted, else the end. */
static size_t
last_at(struct span path)
{
	const uint8_t *last = memrchr(path.at, '@', path.len);
	size_t at = path.len;
	bool quoted = false;

	if (last == NULL || !has_quotes(path))
		return last != NULL ? (size_t)(last - path.at) : at;
	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] == '\\' && quoted)
			i++;
		else if (path.at[i] == '"')
			quoted = !quoted;
		else if (path.at[i] == '@' && !quoted)
			at = i;
	}
	return at;
}

static void
divide(struct span path, struct smtp_path *out)
{
	size_t at = last_at(path);

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

void
smtp_command_parse(struct span line, struct smtp_command *c)
{
	struct span rest = line;

	*c = (struct smtp_command){ .verb = look_up_four(line) };
	if (c->verb != VERB_UNKNOWN) {
		c->word = span_first(line, 4);
		rest = span_skip(line, 4);
	} else
		c->word = smtp_command_word(&rest);
	while (rest.len > 0 && is_blank(rest.at[0]))
		rest = span_skip(rest, 1);
	while (rest.len > 0 && is_blank(rest.at[rest.len - 1]))
		rest.len--;
	c->argument = rest;
	c->trailing = line.len > 0 && is_blank(line.at[line.len - 1]);
	if (c->verb == VERB_UNKNOWN && c->word.len > 0)
		c->verb = look_up(c->word, c->argument);
	if (c->verb == VERB_MAIL || c->verb == VERB_RCPT)
		read_path(c->argument, &c->path);
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
