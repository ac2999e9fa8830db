/* SPDX-License-Identifier: ISC */
#include "smtp/answers.h"
#include "smtp/facts.h"
#include "smtp/list.h"
#include "smtp/resume.h"
#include "smtp/server.h"

/* ------------------------------------------------------------------ */
/* lines, as they come                                                */

static void
greet(struct smtp *s, const struct smtp_reply_line *r)
{
	struct smtp_facts *f = &s->facts;

	if (!f->banner_esmtp)
		f->banner_esmtp = smtp_reply_mentions(r->text, "ESMTP");
	if (s->answer.lines > 1)
		return;
	smtp_facts_text(s, &f->banner, r->text, SMTP_BANNER_MAX);
	f->banner_masked = smtp_reply_banner_masked(r->text);
}

static void
list_line(struct smtp *s, const struct smtp_reply_line *r,
    const struct smtp_line *line)
{
	struct smtp_list *l = smtp_list_begin(s);

	if (l != NULL)
		smtp_capability_line(l, r->text, line->cut);
}

static void
starttls_line(struct smtp *s, const struct smtp_reply_line *r)
{
	smtp_facts_verdict_line(s, r->text);
	if (smtp_reply_enhanced(r->code, r->text) > 0)
		s->answer.enhanced = true;
}

/* Might this be the reply to an EHLO that was not heard? */
static bool
may_be_list(const struct smtp *s, const struct smtp_reply_line *r)
{
	return r->code == 250 && (s->list != NULL || !r->last) &&
	    (s->lost || !s->heard_client) && !s->mail_phase && !s->amid;
}

void
smtp_answers_line(struct smtp *s, const struct smtp_reply_line *r,
    const struct smtp_line *line)
{
	if (r->code >= 400 && smtp_reply_demands_tls(r->code, r->text))
		s->answer.demands = true;
	switch (s->answer.due) {
	case DUE_GREETING:
		greet(s, r);
		break;
	case DUE_EHLO:
		list_line(s, r, line);
		if (r->code >= 400)
			s->answer.echo |= smtp_reply_echo_differs(r->text,
			    span_text("EHLO"));
		break;
	case DUE_STARTTLS:
		if (r->code >= 400)
			s->answer.echo |= smtp_reply_echo_differs(r->text,
			    span_text("STARTTLS"));
		starttls_line(s, r);
		break;
	case DUE_MASKED:
		starttls_line(s, r);
		break;
	case DUE_NOTHING:
	case DUE_LOST:
		if (r->code == 220)
			starttls_line(s, r);
		else if (may_be_list(s, r))
			list_line(s, r, line);
		break;
	case DUE_HELO: case DUE_MAIL: case DUE_RCPT: case DUE_DATA:
	case DUE_BODY: case DUE_CHUNK: case DUE_CHUNK_LAST: case DUE_AUTH:
	case DUE_BLOB: case DUE_RSET: case DUE_QUIT: case DUE_TURN:
	case DUE_BLANK: case DUE_OTHER:
		break;
	}
}

/* ------------------------------------------------------------------ */
/* greeting and EHLO                                                  */

static void
finish_greeting(struct smtp *s, int code)
{
	s->facts.greeting_code = (uint16_t)code;
	s->facts.greeting = s->answer.at;
	if (s->heard_client && !s->midstream)
		s->facts.early_talker = true;
}

/* The entry of the hello that this reply answers; NULL: not kept. */
static struct smtp_greeting *
answered_hello(struct smtp *s, int code, struct mark at)
{
	struct smtp_facts *f = &s->facts;
	unsigned n = s->hellos_answered;
	struct smtp_greeting *g;

	if (s->hellos_answered < UINT16_MAX)
		s->hellos_answered++;
	if (n >= f->hellos_kept)
		return NULL;
	g = &f->hellos[n];
	g->code = (uint16_t)code;
	g->reply_first = s->answer.at;
	g->reply_last = at;
	return g;
}

static void
settle_unoffered(struct smtp *s)
{
	if (!s->judge_unoffered)
		return;
	s->judge_unoffered = false;
	s->facts.starttls_unoffered = s->facts.offer == OFFER_ABSENT ||
	    s->facts.offer == OFFER_MASKED ||
	    s->facts.offer == OFFER_EHLO_REFUSED;
}

/* A list behind an accepted STARTTLS is not asked for TLS; where that may
 * have been missed, it can only confirm. */
static void
adopt_list(struct smtp *s, enum smtp_offer offer)
{
	if (s->frozen)
		return;
	if (s->verdict_lost) {
		if (offer != s->facts.offer)
			s->facts.offer = OFFER_UNSEEN;
		return;
	}
	smtp_facts_list(s, offer);
	s->list_seen = offer != OFFER_UNSEEN;
}

static void
finish_ehlo(struct smtp *s, int code, struct mark at)
{
	struct smtp_greeting *g = answered_hello(s, code, at);
	enum smtp_offer offer = OFFER_UNSEEN;

	/* Only 250 lists (RFC 5321 section 4.1.1.1); 220 and kin do not. */
	if (code == 250 && s->list != NULL)
		offer = smtp_capability_judge(s->list);
	else if (smtp_reply_refusal(code))
		offer = OFFER_EHLO_REFUSED;
	if (g != NULL)
		g->offer = offer;
	s->facts.ehlo_echo_differs |= s->answer.echo;
	s->after_list = code == 250;
	if (code == 250 && s->list != NULL)
		adopt_list(s, offer);
	else if (offer == OFFER_EHLO_REFUSED && !s->list_seen &&
	    !s->frozen && !s->verdict_lost)
		s->facts.offer = offer;
	if (s->list != NULL && s->list->too_long)
		smtp_facts_limit(s);
	settle_unoffered(s);
	smtp_list_drop(s);
}

/* A list whose EHLO was lost, or never heard: its shape must tell. */
static void
finish_found_list(struct smtp *s, int code, struct mark at)
{
	enum smtp_offer offer;

	if (code != 250 || s->list->lines < 2 || !s->list->known) {
		smtp_list_drop(s);
		return;
	}
	if (s->facts.hellos_seen > s->hellos_answered) {
		finish_ehlo(s, code, at);
		return;
	}
	offer = smtp_capability_judge(s->list);
	if (!s->frozen)
		s->facts.gap_in_ehlo_reply = false;
	adopt_list(s, offer);
	smtp_list_drop(s);
}

/* ------------------------------------------------------------------ */
/* STARTTLS                                                           */

static void
refuse_starttls(struct smtp *s)
{
	s->list_seen = false;	/* a new EHLO is judged anew */
	if (s->talk == TALK_HOLD && s->wait == WAIT_STARTTLS)
		smtp_resume_refused(s);
}

static void
finish_starttls(struct smtp *s, int code, enum smtp_next *next)
{
	struct smtp_facts *f = &s->facts;

	f->starttls_echo_differs |= s->answer.echo;
	smtp_facts_verdict(s, code);
	settle_unoffered(s);
	/* Postfix, Exim and OpenSMTPD begin TLS on any 2xx. */
	if (!smtp_reply_positive(code)) {
		refuse_starttls(s);
		return;
	}
	if (s->talk == TALK_HOLD && s->wait == WAIT_STARTTLS) {
		smtp_resume_early(s);
		s->talk = TALK_COMMAND;
	}
	s->accepted = s->frozen = true;
	s->client_plain = false;
	*next = SMTP_TLS_MAY_BEGIN;
}

static void
finish_masked(struct smtp *s, int code)
{
	if (s->facts.starttls == STARTTLS_MASKED)
		smtp_facts_verdict(s, code);
	else
		smtp_facts_verdict_drop(s);
}

/* ------------------------------------------------------------------ */
/* mail                                                               */

static void
finish_data(struct smtp *s, int code)
{
	if (code >= 300 && code < 400) {
		if (s->talk == TALK_HOLD && s->wait == WAIT_DATA)
			smtp_resume_as(s, TALK_BODY);
		return;
	}
	if (s->talk == TALK_HOLD && s->wait == WAIT_DATA) {
		smtp_resume_as(s, TALK_COMMAND);
		return;
	}
	/* We took for a body what the server reads as commands. */
	if (s->talk == TALK_BODY) {
		smtp_hold_drop(&s->hold);
		s->talk = TALK_HOLD;
		s->wait = WAIT_SYNC;
		s->partial = true;
		smtp_server_lose(s);
	} else if (smtp_expect_has(&s->expect, DUE_BODY)) {
		if (s->facts.mails_unanswered > 0)
			s->facts.mails_unanswered--;
		smtp_server_lose(s);
	}
}

static void
accept_mail(struct smtp *s, struct mark at)
{
	struct smtp_mail *m;

	if (s->body_accepted)
		return;		/* LMTP: by an earlier recipient */
	s->body_accepted = true;
	if (s->facts.mails_accepted++ == 0 && (m = smtp_facts_mail(s)) != NULL)
		m->first_accepted = at;
}

/* RFC 2033 section 4.2: one reply for each recipient accepted. */
static bool
more_lmtp_replies(struct smtp *s)
{
	if (s->facts.protocol != SMTP_LMTP)
		return false;
	if (s->lmtp_left == 0)
		s->lmtp_left = s->rcpts_accepted > 0 ? s->rcpts_accepted : 1;
	return --s->lmtp_left > 0;
}

/* False: more replies to the same body follow. */
static bool
finish_body(struct smtp *s, int code, struct mark at)
{
	s->mail_phase = true;
	if (smtp_reply_positive(code))
		accept_mail(s, at);
	if (more_lmtp_replies(s))
		return false;
	s->body_accepted = false;
	s->rcpts_accepted = 0;
	if (s->talk == TALK_CHUNK && s->chunk_last && s->expect.count == 1)
		s->chunk_answered = true;
	else if (s->facts.mails_unanswered > 0)
		s->facts.mails_unanswered--;
	return true;
}

static void
count_recipient(struct smtp *s, int code)
{
	if (smtp_reply_positive(code) && s->rcpts_accepted < UINT16_MAX)
		s->rcpts_accepted++;
}

/* ------------------------------------------------------------------ */

static void
finish_auth(struct smtp *s, int code)
{
	bool waits = s->talk == TALK_HOLD && s->wait == WAIT_AUTH;

	if (code == 235)
		smtp_facts_auth_accepted(s);
	if (!waits)
		return;
	s->auth_left = 1;
	smtp_resume_as(s, code == 334 ? TALK_AUTH : TALK_COMMAND);
}

static void
finish_blob(struct smtp *s, int code)
{
	if (s->talk != TALK_HOLD || s->wait != WAIT_BLOB)
		return;
	if (code != 354) {
		smtp_resume_as(s, TALK_COMMAND);
		return;
	}
	(void)smtp_expect_push(&s->expect, DUE_OTHER);
	smtp_resume_as(s, TALK_CHUNK);
}

/* RFC 821 section 3.8: who was served now serves. */
static void
finish_turn(struct smtp *s, int code)
{
	struct smtp_line_reader reader = s->reader[SIDE_CLIENT];

	if (!smtp_reply_positive(code))
		return;
	s->facts.turned = true;
	s->flipped = !s->flipped;
	s->frozen = s->frozen || s->list_seen || s->facts.hello != HELLO_NONE;
	smtp_hold_drop(&s->hold);
	smtp_expect_clear(&s->expect);
	(void)smtp_expect_push(&s->expect, DUE_OTHER);	/* its greeting */
	s->talk = TALK_COMMAND;
	s->reader[SIDE_CLIENT] = s->reader[SIDE_SERVER];
	s->reader[SIDE_SERVER] = reader;
	s->just_flipped = true;
}

static void
finish_unpaired(struct smtp *s, int code, struct mark at,
    enum smtp_next *next)
{
	bool first = s->answer.first == code;

	if (code == 334 && s->talk != TALK_BODY && s->talk != TALK_CHUNK &&
	    s->lost) {
		smtp_hold_drop(&s->hold);
		s->auth_left = 1;
		s->talk = TALK_AUTH;
	}
	if (code == 235 && s->lost)
		smtp_facts_auth_accepted(s);
	if (code == 354) {
		s->mail_phase = true;
		/* Without a client: what it answers next is the body. */
		if (!s->heard_client && !s->lost && s->talk != TALK_BODY)
			(void)smtp_expect_push(&s->expect, DUE_BODY);
	}
	/* Nothing but STARTTLS is answered 220 after a greeting. */
	if (code == 220 && first && !s->accepted &&
	    (s->facts.greeting_code != 0 || s->answer.enhanced) &&
	    (!s->heard_client || s->answer.due == DUE_LOST)) {
		s->facts.gap_in_starttls |= s->answer.due == DUE_LOST;
		finish_starttls(s, code, next);
		return;
	}
	smtp_facts_verdict_drop(s);
	if (s->list != NULL) {
		finish_found_list(s, code, at);
		return;
	}
	if (s->answer.due == DUE_NOTHING && s->heard_client && code != 421 &&
	    s->talk != TALK_BODY)
		smtp_facts_unpaired(s);
	if (s->accepted && !s->heard_client && !s->facts.plain_after_accept &&
	    !s->facts.gap_in_starttls && !s->facts.gap_in_mail)
		smtp_facts_plain(s, at);
}

void
smtp_answers_finish(struct smtp *s, int code, struct mark at,
    enum smtp_next *next)
{
	enum smtp_due due = s->answer.due;
	struct smtp_odd *odd;

	if (s->answer.demands && !s->accepted && due != DUE_STARTTLS &&
	    !s->facts.starttls_demanded) {
		s->facts.starttls_demanded = true;
		if ((odd = smtp_facts_odd(s)) != NULL)
			odd->facts.starttls_demanded_at = s->answer.at;
	}
	/* Bodies and chunks look at what is still due behind them; all
	 * others may expect more themselves. */
	if (due == DUE_BODY || due == DUE_CHUNK_LAST) {
		if (finish_body(s, code, at))
			smtp_expect_pop(&s->expect);
		return;
	}
	if (due != DUE_NOTHING && due != DUE_LOST)
		smtp_expect_pop(&s->expect);
	switch (due) {
	case DUE_GREETING:
		finish_greeting(s, code);
		break;
	case DUE_EHLO:
		finish_ehlo(s, code, at);
		break;
	case DUE_HELO:
		(void)answered_hello(s, code, at);
		break;
	case DUE_STARTTLS:
		finish_starttls(s, code, next);
		break;
	case DUE_MASKED:
		finish_masked(s, code);
		break;
	case DUE_MAIL:
		if (smtp_reply_positive(code))
			s->rcpts_accepted = 0;
		break;
	case DUE_RCPT:
		count_recipient(s, code);
		break;
	case DUE_DATA:
		finish_data(s, code);
		break;
	case DUE_AUTH:
		finish_auth(s, code);
		break;
	case DUE_BLOB:
		finish_blob(s, code);
		break;
	case DUE_RSET:
		s->list_seen = false;
		s->rcpts_accepted = 0;
		break;
	case DUE_TURN:
		finish_turn(s, code);
		break;
	case DUE_NOTHING:
	case DUE_LOST:
		finish_unpaired(s, code, at, next);
		break;
	case DUE_CHUNK: case DUE_QUIT: case DUE_BLANK: case DUE_OTHER:
	case DUE_BODY: case DUE_CHUNK_LAST:
		break;
	}
}
