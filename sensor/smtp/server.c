/* SPDX-License-Identifier: ISC */
#include "smtp/answers.h"
#include "smtp/client.h"
#include "smtp/facts.h"
#include "smtp/list.h"
#include "smtp/proxy.h"
#include "smtp/recall.h"
#include "smtp/redact.h"
#include "smtp/resume.h"
#include "smtp/server.h"

/* Replies to hellos heard so far will not be known as such. */
static void
forgo_hellos(struct smtp *s)
{
	s->hellos_answered = (uint16_t)(s->facts.hellos_seen < UINT16_MAX ?
	    s->facts.hellos_seen : UINT16_MAX);
}

void
smtp_server_lose(struct smtp *s)
{
	smtp_expect_clear(&s->expect);
	forgo_hellos(s);
	s->lost = true;
	s->replied = s->turn = false;
	s->lost_replies = 0;
	s->lmtp_left = 0;
	s->judge_unoffered = false;
	/* which mail a chunk belongs to is unknown until the next MAIL */
	if (s->talk != TALK_BODY && s->talk != TALK_CHUNK)
		smtp_header_forget(&s->header);
}

void
smtp_server_find(struct smtp *s)
{
	smtp_expect_clear(&s->expect);
	forgo_hellos(s);
	s->lost = false;
}

/* ------------------------------------------------------------------ */
/* which command does a reply answer?                                 */

static void
skip(struct smtp *s)
{
	switch (smtp_expect_first(&s->expect)) {
	case DUE_EHLO:
	case DUE_HELO:
		s->hellos_answered++;
		break;
	case DUE_NOTHING: case DUE_LOST: case DUE_GREETING:
	case DUE_STARTTLS: case DUE_MASKED: case DUE_MAIL: case DUE_RCPT:
	case DUE_DATA: case DUE_BODY: case DUE_CHUNK: case DUE_CHUNK_LAST:
	case DUE_AUTH: case DUE_BLOB: case DUE_RSET: case DUE_QUIT:
	case DUE_TURN: case DUE_BLANK: case DUE_OTHER:
		break;
	}
	smtp_expect_pop(&s->expect);
}

/* The command that codes like this one are reserved for. */
static enum smtp_due
reserved(int code)
{
	switch (code) {
	case 354:
		return DUE_DATA;
	case 334:
	case 235:
		return DUE_AUTH;
	case 221:
		return DUE_QUIT;
	}
	return DUE_NOTHING;
}

/* Set right what a server answered twice, or not at all. */
static void
align(struct smtp *s, int code)
{
	enum smtp_due first, want = reserved(code);

	while ((first = smtp_expect_first(&s->expect)) == DUE_BLANK &&
	    code < 500)
		skip(s);
	if (first == DUE_GREETING && s->expect.count > 1 && code != 220 &&
	    code < 400) {
		skip(s);		/* the greeting itself was never seen */
		first = smtp_expect_first(&s->expect);
	}
	if (want == DUE_NOTHING || first == want ||
	    (code == 354 && first == DUE_BLOB) ||
	    !smtp_expect_has(&s->expect, want))
		return;
	while (smtp_expect_first(&s->expect) != want)
		skip(s);
}

/* A reply while the client is inside a body. */
static void
reply_in_body(struct smtp *s, int code)
{
	if (s->body_gap && s->body_answered) {
		/* It ended unseen, and this answers something behind it. */
		smtp_resume_as(s, TALK_COMMAND);
		smtp_server_lose(s);
		return;
	}
	if (s->may_have_ended || (s->body_gap && code < 400)) {
		s->facts.mails_unanswered++;
		smtp_facts_mail_sent(s);
		smtp_server_find(s);
		(void)smtp_expect_push(&s->expect, DUE_BODY);
		smtp_resume_as(s, TALK_COMMAND);
		return;
	}
	if (code >= 400)
		s->body_answered = true;
}

static enum smtp_due
pair(struct smtp *s, int code, struct span text)
{
	if (s->talk != TALK_BODY)
		smtp_resume_sync(s, code);
	else if (s->expect.count == 0 || s->lost)
		reply_in_body(s, code);
	if (s->lost) {
		/* midstream: the first thing heard may well be a greeting */
		if (s->midstream && s->facts.greeting_code == 0 &&
		    code == 220 && s->facts.starttls == STARTTLS_NOT_SENT &&
		    !s->replied && smtp_reply_enhanced(code, text) == 0)
			return DUE_GREETING;
		return DUE_LOST;
	}
	align(s, code);
	return smtp_expect_first(&s->expect);
}

/* ------------------------------------------------------------------ */

static bool
is_text(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.at[i] < 0x20 && line.at[i] != '\t') ||
		    line.at[i] == 0x7f)
			return false;
	return true;
}

/* First words of other services, or no words at all. */
static bool
is_foreign(struct span line)
{
	static const char *const starts[] = { "SSH-", "HTTP/", "* OK", "+OK",
	    "RFB ", "RTSP/", "<html", "<HTML", "<!DOCTYPE", "-ERR" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct span start = span_text(starts[i]);

		if (span_equal(span_first(line, start.len), start))
			return true;
	}
	return !is_text(line);
}

static bool
names_nobody(struct span text)
{
	return text.len == 0 || memchr(text.at, '@', text.len) == NULL;
}

/* May its text be shown?  Not where addresses of people may stand. */
static bool
is_open(const struct smtp *s, const struct smtp_reply_line *r)
{
	switch (s->answer.due) {
	case DUE_GREETING:
	case DUE_EHLO:
	case DUE_HELO:
	case DUE_STARTTLS:
	case DUE_MASKED:
		return true;
	case DUE_NOTHING:
	case DUE_LOST:
		/* Perhaps a list whose EHLO was not heard. */
		if (!s->mail_phase && s->facts.mail_commands == 0 &&
		    (r->code == 220 || (r->code == 250 &&
		    (!r->last || s->answer.lines > 1))))
			return names_nobody(r->text);
		break;
	case DUE_MAIL: case DUE_RCPT: case DUE_DATA: case DUE_BODY:
	case DUE_CHUNK: case DUE_CHUNK_LAST: case DUE_AUTH: case DUE_BLOB:
	case DUE_RSET: case DUE_QUIT: case DUE_TURN: case DUE_BLANK:
	case DUE_OTHER:
		break;
	}
	return s->answer.demands && names_nobody(r->text);
}

static struct span
redact(const struct smtp *s, const struct smtp_reply_line *r,
    struct span line, char out[SMTP_REDACT_MAX + 1])
{
	bool whole = is_open(s, r);

	if (r->code == 0)	/* garbage: only amid lines that are open */
		whole = s->answer.lines > 0 &&
		    (s->answer.due == DUE_EHLO ||
		    s->answer.due == DUE_GREETING);
	if (whole)
		return smtp_text_plain(line, SMTP_REDACT_MAX, out);
	return span_of(out, smtp_redact_reply(r, line, out));
}

static void
hear_garbage(struct smtp *s, const struct smtp_line *line)
{
	struct smtp_odd *odd;

	/* Behind a hole it may be the tail of a reply. */
	if (line->text.len > 0 && !s->lost &&
	    (odd = smtp_facts_odd(s)) != NULL)
		odd->facts.garbage_lines++;
	if (s->list != NULL)
		smtp_capability_garbage(s->list, line->text);
	if (s->facts.protocol == SMTP_NOTHING && !s->lost &&
	    !s->heard_verb && is_foreign(line->text))
		smtp_facts_foreign(s, SIDE_SERVER);
}

static void
begin_reply(struct smtp *s, const struct smtp_reply_line *r,
    struct mark at)
{
	int code = r->code;

	s->answer = (struct smtp_answer){ .first = (uint16_t)code, .at = at };
	s->answer.due = pair(s, code, r->text);
	if (s->facts.protocol == SMTP_NOTHING && code >= 200 && code < 600)
		s->facts.protocol = SMTP_SMTP;
	if (s->after_list && s->answer.due == DUE_NOTHING && code == 250)
		s->facts.reply_after_final = true;
}

static void
finish_reply(struct smtp *s, int code, struct mark at,
    enum smtp_next *next)
{
	s->replied = true;
	s->spoke = s->turn = s->mumbled = s->impatient = false;
	s->after_list = false;
	if (s->lost && s->lost_replies < UINT16_MAX)
		s->lost_replies++;
	smtp_answers_finish(s, code, at, next);
	s->amid = false;
	s->answer.lines = 0;
}

/* Plaintext of the server behind its 220, where TLS should begin. */
static bool
is_early(const struct smtp *s)
{
	return s->accepted && !s->client_plain && s->heard_client &&
	    !s->facts.gap_in_starttls && !s->facts.gap_in_mail &&
	    !s->lost && !smtp_expect_has(&s->expect, DUE_STARTTLS);
}

static void
hear_line(struct smtp *s, const struct smtp_line *line, struct mark at,
    enum smtp_next *next)
{
	struct smtp_reply_line r = smtp_reply_parse(line->text);
	char redacted[SMTP_REDACT_MAX + 1];
	struct span shown = span_of(NULL, 0);
	bool show = s->ops != NULL;

	if (r.code == 0) {
		hear_garbage(s, line);
		if (show && s->talk != TALK_FOREIGN)
			smtp_facts_show(s, SIDE_SERVER,
			    redact(s, &r, line->text, redacted), at);
		return;
	}
	if (s->answer.lines == 0)
		begin_reply(s, &r, at);
	else if (r.code != s->answer.first)
		s->facts.reply_mixed_codes = true;
	if (s->talk == TALK_FOREIGN) {
		/* It let the client's held octets be heard, and they are no
		 * SMTP: this, not what comes behind it, is the server's line
		 * that closes the case. */
		smtp_facts_foreign(s, SIDE_SERVER);
		if (show)
			smtp_facts_show(s, SIDE_SERVER,
			    redact(s, &r, line->text, redacted), at);
		return;
	}
	if (s->answer.lines < UINT16_MAX)
		s->answer.lines++;
	smtp_answers_line(s, &r, line);
	if (show)
		shown = redact(s, &r, line->text, redacted);
	if (is_early(s))
		smtp_facts_early_line(s, SIDE_SERVER, show ? shown :
		    redact(s, &r, line->text, redacted));
	if (r.last)
		finish_reply(s, r.code, at, next);
	if (show)
		smtp_facts_show(s, SIDE_SERVER, shown, at);
}

/*
 * The first line of a reply to EHLO was read, in one piece, and nothing but
 * the octets matters to how the rest is read: then what they were read to be
 * the last time holds.
 */
static bool
may_recall(const struct smtp *s, struct span octets)
{
	return s->recalls != NULL && s->ops != NULL &&
	    s->answer.due == DUE_EHLO && s->answer.lines == 1 &&
	    s->answer.first == 250 && s->list != NULL &&
	    s->list->lines == 1 && s->list->strongest == TOKEN_PLAIN &&
	    s->list->reply.at != NULL &&
	    s->list->octets + octets.len < SMTP_REPLY_MAX &&
	    !s->accepted && octets.len > 4 &&
	    octets.at[octets.len - 1] == '\n' &&
	    memcmp(octets.at, "250", 3) == 0;
}

/* As hear_line() for each of their lines.  False: they have to be read. */
static bool
hear_again(struct smtp *s, struct span octets, struct mark at,
    enum smtp_next *next)
{
	const struct smtp_recalled *r;

	if (!may_recall(s, octets) ||
	    (r = smtp_recall(s->recalls, s->book, octets)) == NULL)
		return false;
	s->answer.lines = (uint16_t)(s->answer.lines + r->shown.count);
	smtp_capability_join(s->list, &r->list);
	finish_reply(s, 250, at, next);
	smtp_facts_show_known(s, SIDE_SERVER, r->shown, at);
	return true;
}

/* The client speaks something else: of the server only its greeting
 * matters.  Until then the pairing stands as at the start. */
static void
hear_foreign(struct smtp *s, struct span octets, struct mark at)
{
	enum smtp_next next;
	struct smtp_line line;

	if (s->facts.protocol == SMTP_FOREIGN)
		return;
	while (smtp_line_next(&s->reader[SIDE_SERVER], &octets, &line)) {
		struct smtp_reply_line r = smtp_reply_parse(line.text);

		if (r.code != 0) {
			s->answer = (struct smtp_answer){ .at = at,
				.due = DUE_GREETING, .lines = 1 };
			smtp_answers_line(s, &r, &line);
			smtp_answers_finish(s, r.code, at, &next);
		}
		smtp_facts_foreign(s, SIDE_SERVER);
		return;
	}
}

/* The client spoke while this line was half said, and a second reply stands
 * in it from there on: two answers ran together, and the second is lost. */
static bool
ran_together(const struct smtp *s, const struct smtp_line *line)
{
	return s->ran_on > 0 && s->ran_on < line->text.len &&
	    s->answer.lines == 0 && s->expect.count > 1 &&
	    smtp_reply_parse(span_skip(line->text, s->ran_on)).code != 0;
}

size_t
smtp_server_hear(struct smtp *s, struct span octets, struct mark at,
    enum smtp_next *next)
{
	struct span rest = octets;
	struct smtp_line line;
	bool together;

	s->heard_server = true;
	s->turn = false;
	if (s->talk == TALK_FOREIGN) {
		hear_foreign(s, octets, at);
		return octets.len;
	}
	while (rest.len > 0 && smtp_proxy_speaks(s, SIDE_SERVER) &&
	    s->talk != TALK_FOREIGN)
		rest = span_skip(rest, smtp_proxy_hear(s, SIDE_SERVER, rest,
		    at));
	s->mumbled = s->mumbled || rest.len > 0;
	s->just_flipped = false;
	while (rest.len > 0 && s->talk != TALK_FOREIGN) {
		struct span before = rest;
		bool whole = smtp_line_next(&s->reader[SIDE_SERVER], &rest,
		    &line);

		if (is_early(s))
			smtp_facts_server_early(s,
			    span_first(before, before.len - rest.len), at);
		if (!whole)
			break;
		together = ran_together(s, &line);
		s->ran_on = 0;
		hear_line(s, &line, at, next);
		if (together) {
			smtp_server_lose(s);
			s->replied = true;
		}
		if (*next == SMTP_TLS_MAY_BEGIN || s->just_flipped)
			break;
		s->mumbled = s->mumbled || rest.len > 0;
		if (hear_again(s, rest, at, next))
			rest = span_of(NULL, 0);
	}
	smtp_list_rest(s);
	return s->talk == TALK_FOREIGN ? octets.len : octets.len - rest.len;
}

/* ------------------------------------------------------------------ */

static void
flag(struct smtp_facts *f, enum smtp_due due)
{
	switch (due) {
	case DUE_GREETING:
		f->gap_in_greeting = true;
		break;
	case DUE_EHLO:
	case DUE_HELO:
		f->gap_in_ehlo_reply = true;
		break;
	case DUE_STARTTLS:
	case DUE_MASKED:
		f->gap_in_starttls = true;
		break;
	case DUE_MAIL: case DUE_RCPT: case DUE_DATA: case DUE_BODY:
	case DUE_CHUNK: case DUE_CHUNK_LAST: case DUE_RSET: case DUE_BLOB:
		f->gap_in_mail = true;
		break;
	case DUE_NOTHING: case DUE_LOST: case DUE_AUTH: case DUE_QUIT:
	case DUE_TURN: case DUE_BLANK: case DUE_OTHER:
		break;
	}
}

/* Nothing known is due: go by how far things had come. */
static void
flag_by_progress(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;

	if (f->mail_commands > 0 || f->data_commands > 0 || s->mail_phase ||
	    s->accepted)
		f->gap_in_mail = true;
	else if (s->list_seen || f->starttls_times > 0)
		f->gap_in_starttls = true;
	else if (f->greeting_code != 0 || s->replied || f->hellos_seen > 0)
		f->gap_in_ehlo_reply = true;
	else
		f->gap_in_greeting = true;
}

static void
abandon_reply(struct smtp *s)
{
	smtp_line_drop(&s->reader[SIDE_SERVER]);
	smtp_facts_verdict_drop(s);
	if (s->list != NULL) {
		s->facts.gap_in_ehlo_reply = true;
		smtp_list_drop(s);
	}
	s->answer.lines = 0;
	s->ran_on = 0;
}

/*
 * The list that counts is the last one before TLS: it may be in the hole,
 * or the 220 behind which no list counts any more.
 */
static void
doubt_offer(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;
	bool unheard = s->lost || s->expect.count == 0;

	if (s->frozen || s->mail_phase || f->mail_commands > 0)
		return;
	if (smtp_expect_has(&s->expect, DUE_STARTTLS) || (unheard &&
	    (s->list_seen || f->starttls == STARTTLS_SENT)))
		s->verdict_lost = true;
	if ((unheard || smtp_expect_has(&s->expect, DUE_EHLO)) &&
	    f->offer != OFFER_NOT_ASKED) {
		f->offer = OFFER_UNSEEN;
		s->list_seen = false;
	}
}

void
smtp_server_gap(struct smtp *s)
{
	bool flagged = false;

	if (s->talk == TALK_FOREIGN)
		return;
	s->heard_server = true;
	doubt_offer(s);
	for (unsigned i = 0; i < s->expect.count; i++) {
		flag(&s->facts, smtp_expect_at(&s->expect, i));
		flagged = true;
	}
	if (!flagged)
		flag_by_progress(s);
	abandon_reply(s);
	s->amid = true;
	if (s->talk == TALK_HOLD) {
		s->maybe_body = s->wait == WAIT_DATA || (s->maybe_body &&
		    s->wait == WAIT_SYNC);
		s->wait = WAIT_SYNC;
	}
	smtp_server_lose(s);
}

void
smtp_server_end(struct smtp *s, struct mark at)
{
	struct span held = smtp_line_held(&s->reader[SIDE_SERVER]);

	if (held.len > 0 && s->talk != TALK_FOREIGN) {
		if (s->facts.protocol == SMTP_NOTHING && !s->lost &&
		    !s->heard_verb && smtp_reply_parse(held).code == 0 &&
		    is_foreign(held))
			smtp_facts_foreign(s, SIDE_SERVER);
		else
			smtp_facts_show(s, SIDE_SERVER, span_text("..."), at);
	}
	abandon_reply(s);
	if (s->talk == TALK_FOREIGN)
		s->facts.protocol = SMTP_FOREIGN;
	s->ended_server = true;
	smtp_client_end(s, at);
}
