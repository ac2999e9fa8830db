/* SPDX-License-Identifier: ISC */
#include "smtp/redact.h"
#include "smtp/text.h"

struct sheet {			/* what is written so far */
	char	*out;
	size_t	 len;
};

static void
say(struct sheet *s, const char *text)
{
	size_t n = strlen(text);

	if (n > SMTP_REDACT_MAX - s->len)
		n = SMTP_REDACT_MAX - s->len;
	memcpy(s->out + s->len, text, n);
	s->len += n;
	s->out[s->len] = '\0';
}

/* A word that is known to be made of letters and the like. */
static void
copy(struct sheet *s, struct span word)
{
	word = span_first(word, SMTP_REDACT_MAX - s->len);
	if (word.len > 0)
		memcpy(s->out + s->len, word.at, word.len);
	s->len += word.len;
	s->out[s->len] = '\0';
}

static void
quote(struct sheet *s, struct span octets)
{
	s->len += smtp_text_escape(octets, s->out + s->len,
	    SMTP_REDACT_MAX + 1 - s->len);
}

/* Parameters of MAIL and RCPT whose values name nobody. */
static bool
is_open(struct span key)
{
	static const char *const open[] = { "SIZE", "BODY", "RET", "NOTIFY",
	    "BY", "MT-PRIORITY", "HOLDFOR", "HOLDUNTIL", "CONPERM", "CONNEG",
	    "RRVS", "SMTPUTF8", "REQUIRETLS" };

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (span_equal_nocase(key, span_text(open[i])))
			return true;
	return false;
}

static bool
is_keyword(struct span key)
{
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = span_lower(key.at[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return key.len > 0 && key.len <= 20;
}

static void
parameters(struct sheet *s, struct span rest)
{
	struct span word;

	while ((word = smtp_command_word(&rest)).len > 0) {
		const uint8_t *equals = memchr(word.at, '=', word.len);
		struct span key = word;

		if (equals != NULL)
			key.len = (size_t)(equals - word.at);
		say(s, " ");
		if (is_open(key)) {
			quote(s, word);
			continue;
		}
		if (equals != NULL && is_keyword(key)) {
			quote(s, key);
			say(s, "=");
		}
		say(s, "...");
	}
}

static void
path(struct sheet *s, const struct smtp_command *c)
{
	const struct smtp_path *p = &c->path;

	copy(s, c->word);
	if (!p->found) {
		say(s, c->argument.len > 0 ? " ..." : "");
		return;
	}
	say(s, c->verb == VERB_RCPT ? " TO:" : " FROM:");
	say(s, p->bracketed ? "<" : "");
	if (!p->null)
		say(s, "...");
	if (p->domain.at != NULL) {
		say(s, "@");
		quote(s, p->domain);
	}
	say(s, p->bracketed ? ">" : "");
	parameters(s, p->parameters);
}

/* The verb, and of its argument the first word alone. */
static void
first_word(struct sheet *s, const struct smtp_command *c)
{
	struct span rest = c->argument, word = smtp_command_word(&rest);

	copy(s, c->word);
	if (word.len == 0)
		return;
	say(s, " ");
	quote(s, word);
	if (smtp_command_word(&rest).len > 0)
		say(s, " ...");
}

/* Word and argument, if one blank is all that stands between them. */
static struct span
as_sent(const struct smtp_command *c)
{
	if (c->argument.len == 0)
		return c->word;
	if (c->argument.at != c->word.at + c->word.len + 1 ||
	    c->word.at[c->word.len] != ' ')
		return span_of(NULL, 0);
	return span_of(c->word.at, c->word.len + 1 + c->argument.len);
}

struct span
smtp_redact_command(const struct smtp_command *c,
    char out[SMTP_REDACT_MAX + 1])
{
	struct sheet s = { .out = out };
	struct span all;

	out[0] = '\0';
	switch (c->verb) {
	case VERB_UNKNOWN:
		/* It may be a line of a body that was refused. */
		if (smtp_command_near_starttls(c->word, 5))
			quote(&s, c->word);
		else
			say(&s, c->word.len > 0 ? "..." : "");
		break;
	case VERB_EHLO:
	case VERB_HELO:
	case VERB_LHLO:
	case VERB_STARTTLS:
	case VERB_ANONYMOUSTLS:
	case VERB_MASKED_HELLO:
	case VERB_MASKED_STARTTLS:
	case VERB_BDAT:
		if ((all = as_sent(c)).len > 0)
			return smtp_text_plain(all, SMTP_REDACT_MAX, out);
		copy(&s, c->word);
		say(&s, c->argument.len > 0 ? " " : "");
		quote(&s, c->argument);
		break;
	case VERB_MAIL:
	case VERB_RCPT:
		path(&s, c);
		break;
	case VERB_AUTH:
	case VERB_ETRN:
	case VERB_ATRN:
	case VERB_XEXCH50:
		first_word(&s, c);
		break;
	case VERB_DATA:
	case VERB_BURL:
	case VERB_RSET:
	case VERB_QUIT:
	case VERB_NOOP:
	case VERB_HELP:
	case VERB_VRFY:
	case VERB_EXPN:
	case VERB_TURN:
	case VERB_XCLIENT:
	case VERB_XFORWARD:
		if (c->argument.len == 0)
			return c->word;
		copy(&s, c->word);
		say(&s, " ...");
		break;
	}
	return span_of(out, s.len);
}

size_t
smtp_redact_reply(const struct smtp_reply_line *r, struct span line,
    char out[SMTP_REDACT_MAX + 1])
{
	struct sheet s = { .out = out };
	size_t n;

	out[0] = '\0';
	if (r->code == 0) {
		say(&s, line.len > 0 ? "..." : "");
		return s.len;
	}
	copy(&s, span_first(line, 4));
	if ((n = smtp_reply_enhanced(r->code, r->text)) > 0)
		copy(&s, span_first(r->text, n));
	if (r->text.len > n)
		say(&s, n > 0 ? " ..." : "...");
	return s.len;
}
