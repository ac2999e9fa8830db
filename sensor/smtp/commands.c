/* SPDX-License-Identifier: ISC */
#include "smtp/client.h"
#include "smtp/commands.h"
#include "smtp/facts.h"
#include "smtp/redact.h"
#include "smtp/server.h"

#define ALTERED_SAME	5	/* letters in place in an altered STARTTLS */
#define UNTIL_COMMAND	UINT8_MAX	/* of auth_left: as many as come */

static void
expect(struct smtp *s, enum smtp_due due)
{
	if (s->lost)
		return;
	if (!smtp_expect_push(&s->expect, due)) {
		smtp_facts_limit(s);
		smtp_server_lose(s);
	}
}

/* ------------------------------------------------------------------ */

static void
hear_hello(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	enum smtp_hello hello = HELLO_EHLO;

	if (c->verb == VERB_HELO)
		hello = HELLO_HELO;
	else if (c->verb == VERB_LHLO)
		hello = HELLO_LHLO;
	if (hello == HELLO_LHLO)
		s->facts.protocol = SMTP_LMTP;
	smtp_facts_hello(s, hello, c->argument, at);
	s->header.at = HEADER_NONE;
	expect(s, hello == HELLO_HELO ? DUE_HELO : DUE_EHLO);
}

/* Was it asked for without an offer?  Not before the list is complete. */
static void
judge_unoffered(struct smtp *s)
{
	switch (s->facts.offer) {
	case OFFER_UNSEEN:
		s->judge_unoffered = smtp_expect_has(&s->expect, DUE_EHLO);
		break;
	case OFFER_NOT_ASKED:
		s->facts.starttls_unoffered = !s->midstream && !s->lost &&
		    !s->facts.gap_in_greeting && !s->facts.gap_in_ehlo_reply;
		break;
	case OFFER_ABSENT:
	case OFFER_MASKED:
	case OFFER_EHLO_REFUSED:
		s->facts.starttls_unoffered = true;
		break;
	case OFFER_OFFERED:
		break;
	}
}

static void
hear_starttls(struct smtp *s, const struct smtp_command *c,
    struct span line, struct mark at)
{
	struct smtp_facts *f = &s->facts;

	f->starttls = STARTTLS_SENT;
	f->starttls_times++;
	f->anonymoustls = c->verb == VERB_ANONYMOUSTLS;
	smtp_facts_starttls(s, line, at);
	s->tls_tried = false;
	judge_unoffered(s);
	expect(s, DUE_STARTTLS);
	smtp_client_wait(s, WAIT_STARTTLS);
}

/* Eight X's, or a word that is STARTTLS but for some letters where the
 * client had been offered it. */
static bool
is_masked_starttls(const struct smtp *s, const struct smtp_command *c)
{
	if (c->verb == VERB_MASKED_STARTTLS)
		return true;
	return c->verb == VERB_UNKNOWN && c->argument.len == 0 &&
	    s->facts.offer == OFFER_OFFERED && !s->frozen &&
	    smtp_command_near_starttls(c->word, ALTERED_SAME);
}

static void
hear_masked(struct smtp *s, struct span line, struct mark at)
{
	if (s->facts.starttls == STARTTLS_NOT_SENT) {
		s->facts.starttls = STARTTLS_MASKED;
		smtp_facts_starttls(s, line, at);
	}
	expect(s, DUE_MASKED);
}

static void
hear_mail(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	struct smtp_facts *f = &s->facts;
	struct smtp_mail *m = smtp_facts_mail(s);
	struct smtp_odd *odd;

	smtp_facts_path(s, c);
	if (c->verb == VERB_RCPT) {
		if (m != NULL)
			m->rcpt_commands++;
		expect(s, DUE_RCPT);
		return;
	}
	if (f->mail_commands++ == 0 && m != NULL)
		m->first_mail = at;
	s->header.at = HEADER_NONE;
	s->requiretls = smtp_command_parameter(c->path.parameters,
	    "REQUIRETLS");
	if (s->requiretls && !f->requiretls) {
		f->requiretls = true;
		if ((odd = smtp_facts_odd(s)) != NULL)
			odd->facts.requiretls_at = at;
	}
	expect(s, DUE_MAIL);
}

static void
count_data(struct smtp *s, struct mark at)
{
	struct smtp_mail *m;

	if (s->facts.data_commands++ == 0 && (m = smtp_facts_mail(s)) != NULL)
		m->first_data = at;
}

static void
hear_data(struct smtp *s, const struct smtp_line *line, struct mark at)
{
	count_data(s, at);
	s->bare_lf = line->bare_lf;
	if (!s->granted)
		expect(s, DUE_DATA);
	smtp_client_wait(s, WAIT_DATA);
}

static void
hear_bdat(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	uint64_t octets;
	bool last;

	count_data(s, at);
	if (!smtp_body_chunk(c->argument, &octets, &last)) {
		expect(s, DUE_OTHER);
		return;
	}
	expect(s, last ? DUE_CHUNK_LAST : DUE_CHUNK);
	s->chunk = octets;
	s->chunk_last = last;
	s->chunk_answered = s->blob = false;
	if (s->header.at == HEADER_NONE)
		smtp_header_begin(&s->header, false);
	if (octets > 0) {
		s->talk = TALK_CHUNK;
		return;
	}
	if (last)
		smtp_facts_mail_sent(s);
	s->facts.mails_unanswered += last;
	s->chunk_last = false;
}

/* RFC 4468: the octets come from somewhere else. */
static void
hear_burl(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	struct span rest = c->argument;
	bool last;

	count_data(s, at);
	(void)smtp_command_word(&rest);
	last = span_equal_nocase(smtp_command_word(&rest),
	    span_text("LAST"));
	expect(s, last ? DUE_CHUNK_LAST : DUE_CHUNK);
	if (s->header.at == HEADER_NONE)
		smtp_header_begin(&s->header, false);
	smtp_header_gap(&s->header);
	if (last)
		smtp_facts_mail_sent(s);
	s->facts.mails_unanswered += last;
}

/* ------------------------------------------------------------------ */
/* AUTH                                                               */

/* Lines that follow AUTH, by RFC 4616 (PLAIN), 2195 (CRAM-MD5) and use. */
static uint8_t
lines_to_come(struct span mechanism, bool initial)
{
	static const char *const single[] = { "PLAIN", "XOAUTH2",
	    "OAUTHBEARER", "EXTERNAL" };

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (span_equal_nocase(mechanism, span_text(single[i])))
			return initial ? 0 : 1;
	if (span_equal_nocase(mechanism, span_text("LOGIN")))
		return initial ? 1 : 2;
	if (span_equal_nocase(mechanism, span_text("CRAM-MD5")))
		return 1;
	return UNTIL_COMMAND;
}

static void
hear_auth(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	struct span rest = c->argument;
	struct span mechanism = smtp_command_word(&rest);

	expect(s, DUE_AUTH);
	if (mechanism.len == 0)
		return;		/* X-EXPS alone, or a mistake */
	smtp_facts_auth(s, c, at);
	s->auth_left = lines_to_come(mechanism,
	    smtp_command_word(&rest).len > 0);
	smtp_client_wait(s, WAIT_AUTH);
}

void
smtp_commands_guess_auth(struct smtp *s)
{
	s->talk = s->auth_left > 0 ? TALK_AUTH : TALK_COMMAND;
}

void
smtp_commands_hear_auth(struct smtp *s, const struct smtp_line *line,
    struct mark at)
{
	struct smtp_command c;

	if (s->auth_left == UNTIL_COMMAND && !s->heard_server) {
		smtp_command_parse(line->text, &c);
		if (c.verb != VERB_AUTH && smtp_command_plausible(&c)) {
			s->talk = TALK_COMMAND;
			smtp_commands_hear(s, line, at);
			return;
		}
	}
	smtp_facts_show(s, SIDE_CLIENT, span_text("..."), at);
	expect(s, DUE_AUTH);
	if (s->auth_left > 0 && s->auth_left < UNTIL_COMMAND)
		s->auth_left--;
	smtp_client_wait(s, WAIT_AUTH);
}

/* "XEXCH50 octets ..." of Exchange, the octets after a 354 */
static void
hear_blob(struct smtp *s, const struct smtp_command *c)
{
	struct span rest = c->argument, size = smtp_command_word(&rest);
	uint64_t octets;
	bool last;

	if (!smtp_body_chunk(size, &octets, &last) || octets == 0) {
		expect(s, DUE_OTHER);
		return;
	}
	expect(s, DUE_BLOB);
	s->chunk = octets;
	s->chunk_last = false;
	s->blob = true;
	smtp_client_wait(s, WAIT_BLOB);
}

/* ------------------------------------------------------------------ */

static void
hear_unknown(struct smtp *s, const struct smtp_command *c,
    const struct smtp_line *line, struct mark at)
{
	if (is_masked_starttls(s, c)) {
		hear_masked(s, line->text, at);
		return;
	}
	if (c->verb == VERB_MASKED_HELLO)
		s->facts.hello_masked = true;
	expect(s, line->text.len == 0 ? DUE_BLANK : DUE_OTHER);
}

static void
act(struct smtp *s, const struct smtp_command *c,
    const struct smtp_line *line, struct mark at)
{
	switch (c->verb) {
	case VERB_EHLO:
	case VERB_HELO:
	case VERB_LHLO:
		hear_hello(s, c, at);
		break;
	case VERB_STARTTLS:
	case VERB_ANONYMOUSTLS:
		hear_starttls(s, c, line->text, at);
		break;
	case VERB_MAIL:
	case VERB_RCPT:
		hear_mail(s, c, at);
		break;
	case VERB_DATA:
		hear_data(s, line, at);
		break;
	case VERB_BDAT:
		hear_bdat(s, c, at);
		break;
	case VERB_BURL:
		hear_burl(s, c, at);
		break;
	case VERB_AUTH:
		hear_auth(s, c, at);
		break;
	case VERB_RSET:
		s->header.at = HEADER_NONE;
		expect(s, DUE_RSET);
		break;
	case VERB_QUIT:
		s->facts.quit = true;
		expect(s, DUE_QUIT);
		break;
	case VERB_TURN:
		expect(s, DUE_TURN);
		break;
	case VERB_XCLIENT:
		s->facts.xclient = true;
		expect(s, DUE_OTHER);
		break;
	case VERB_XEXCH50:
		hear_blob(s, c);
		break;
	case VERB_NOOP:
		/* PIX 5.1 turned what it did not know into NOOP and blanks. */
		if (line->text.len == 8 && c->argument.len == 0 &&
		    s->facts.offer == OFFER_OFFERED && !s->frozen)
			s->facts.noop_padded = true;
		expect(s, DUE_OTHER);
		break;
	case VERB_HELP:
	case VERB_VRFY:
	case VERB_EXPN:
	case VERB_ETRN:
	case VERB_ATRN:
	case VERB_XFORWARD:
		expect(s, DUE_OTHER);
		break;
	case VERB_UNKNOWN:
	case VERB_MASKED_HELLO:
	case VERB_MASKED_STARTTLS:
		hear_unknown(s, c, line, at);
		break;
	}
}

/* Lines of other protocols, and binary ones; a person who types nonsense
 * at a mail server still speaks SMTP, badly. */
static bool
is_foreign(struct span line)
{
	static const char *const starts[] = { "SSH-", "GET /", "POST /",
	    "HEAD /", "PUT /", "OPTIONS ", "DELETE /", "TRACE /", "PRI * ",
	    "RTSP/", "USER ", "CAPA" };
	size_t odd = 0;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct span start = span_text(starts[i]);

		if (span_equal(span_first(line, start.len), start))
			return true;
	}
	for (size_t i = 0; i < line.len; i++)
		odd += (line.at[i] < 0x20 && line.at[i] != '\t' &&
		    line.at[i] != '\r') || line.at[i] >= 0x7f;
	return odd > line.len / 4;
}

static void
show(struct smtp *s, const struct smtp_command *c, struct mark at)
{
	char redacted[SMTP_REDACT_MAX + 1];

	if (s->ops == NULL)
		return;
	smtp_facts_show(s, SIDE_CLIENT, smtp_redact_command(c, redacted), at);
}

void
smtp_commands_hear(struct smtp *s, const struct smtp_line *line,
    struct mark at)
{
	struct smtp_command c;

	smtp_command_parse(line->text, &c);
	/* the tail of a lost line shows nothing */
	if (c.verb == VERB_UNKNOWN && !s->heard_verb && !s->lost &&
	    !s->partial && !s->midstream && is_foreign(line->text)) {
		smtp_facts_foreign(s, SIDE_CLIENT);
		return;
	}
	s->partial = false;
	s->heard_client = true;
	if (c.verb != VERB_UNKNOWN) {
		s->heard_verb = true;
		if (s->facts.protocol == SMTP_NOTHING)
			s->facts.protocol = SMTP_SMTP;
	}
	if (s->lost && s->turn)
		smtp_server_find(s);
	if (s->accepted && !s->facts.plain_after_accept &&
	    s->client_plain && line->text.len > 0)
		smtp_facts_plain(s, at);
	show(s, &c, at);
	act(s, &c, line, at);
}
