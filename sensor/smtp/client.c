/* SPDX-License-Identifier: ISC */
#include "smtp/client.h"
#include "smtp/commands.h"
#include "smtp/facts.h"
#include "smtp/proxy.h"
#include "smtp/resume.h"
#include "smtp/server.h"

#define TLS_HANDSHAKE	0x16	/* ContentType, RFC 8446 section 5.1 */
#define SSL2_LONG	0x80	/* length octet of an SSL 2 hello */

/* No reply is needed to know: the server is silent, or cannot be read. */
static bool
nobody_answers(const struct smtp *s)
{
	return !s->heard_server || s->mumbled || s->impatient;
}

void
smtp_client_start_body(struct smtp *s)
{
	s->talk = TALK_BODY;
	s->body_at = BODY_LINE_START;
	s->body_gap = s->body_answered = s->may_have_ended = false;
	smtp_header_begin(&s->header, true);
	if (s->headless)
		smtp_header_gap(&s->header);
	s->headless = false;
}

/* What follows is known only when the server has answered. */
void
smtp_client_wait(struct smtp *s, enum smtp_wait wait)
{
	if (wait == WAIT_DATA && (s->granted || nobody_answers(s))) {
		s->granted = false;
		smtp_client_start_body(s);
		return;
	}
	if (wait == WAIT_AUTH && nobody_answers(s)) {
		smtp_commands_guess_auth(s);
		return;
	}
	if (wait == WAIT_STARTTLS && s->impatient)
		return;
	s->talk = TALK_HOLD;
	s->wait = wait;
	s->mumbled = s->partial = s->maybe_body = false;
	s->early_held = 0;
	if (s->lost) {
		s->facts.gap_in_starttls |= wait == WAIT_STARTTLS;
		s->maybe_body = wait == WAIT_DATA;
		s->wait = WAIT_SYNC;
	}
}

/* ------------------------------------------------------------------ */
/* bodies                                                             */

static void
end_body(struct smtp *s)
{
	smtp_hold_drop(&s->hold);
	s->talk = TALK_COMMAND;
	s->may_have_ended = false;
	smtp_facts_mail_sent(s);
	if (s->body_answered)
		return;
	s->facts.mails_unanswered++;
	/* Only a client that saw its 354 sends a body to the end, and a
	 * server that answered DATA has answered all before it. */
	if (s->lost && !s->body_gap && s->heard_server)
		smtp_server_find(s);
	if (!s->lost && !smtp_expect_push(&s->expect, DUE_BODY)) {
		smtp_facts_limit(s);
		smtp_server_lose(s);
	}
}

static size_t
hear_body(struct smtp *s, struct span octets, struct mark at)
{
	enum smtp_body_at where = s->body_at;
	struct span rest = octets;
	enum smtp_body_end end = smtp_body_scan(&where, &rest);
	size_t used = octets.len - rest.len;

	s->body_at = where;
	if (smtp_header_wants(&s->header))
		smtp_header_hear(&s->header, span_first(octets, used));
	/* Behind a lenient end stand commands, if the server ended there. */
	if (s->may_have_ended)
		(void)smtp_hold_add(&s->hold, span_first(octets, used), at);
	switch (end) {
	case BODY_GOES_ON:
		break;
	case BODY_MAY_END:
		/* A client that ends all its lines with LF alone means it. */
		if (s->bare_lf)
			end_body(s);
		else
			s->may_have_ended = true;
		break;
	case BODY_ENDS:
		end_body(s);
		break;
	}
	return used;
}

void
smtp_client_take_chunk(struct smtp *s, uint64_t octets)
{
	s->chunk -= octets;
	if (s->chunk > 0)
		return;
	s->talk = TALK_COMMAND;
	s->blob = false;
	if (s->chunk_last)
		smtp_facts_mail_sent(s);
	if (s->chunk_last && !s->chunk_answered)
		s->facts.mails_unanswered++;
	s->chunk_last = false;
}

static size_t
hear_chunk(struct smtp *s, struct span octets)
{
	size_t n = octets.len < s->chunk ? octets.len : (size_t)s->chunk;

	if (!s->blob && smtp_header_wants(&s->header))
		smtp_header_hear(&s->header, span_first(octets, n));
	smtp_client_take_chunk(s, n);
	return n;
}

/* ------------------------------------------------------------------ */
/* octets that wait                                                   */

/* The server said something that is no whole reply, and the client goes
 * on: it has its answer, though we cannot read it. */
static bool
give_up_waiting(struct smtp *s)
{
	if (!s->mumbled)
		return false;
	switch (s->wait) {
	case WAIT_DATA:
		smtp_resume_as(s, TALK_BODY);
		return true;
	case WAIT_AUTH:
		smtp_commands_guess_auth(s);
		smtp_resume_as(s, s->talk);
		return true;
	case WAIT_STARTTLS:
	case WAIT_BLOB:
		smtp_resume_as(s, TALK_COMMAND);
		return true;
	case WAIT_SYNC:
		break;
	}
	return false;
}

static bool
ends_line(struct span octets)
{
	return octets.len > 0 && octets.at[octets.len - 1] == '\n';
}

/* With no server to be heard, lines are looked at one by one. */
static void
hold_line(struct smtp *s, struct span line, struct mark at)
{
	if (s->skip_line) {
		s->skip_line = !ends_line(line);
		return;
	}
	if (!smtp_hold_add(&s->hold, line, at)) {
		smtp_hold_drop(&s->hold);
		smtp_facts_limit(s);
		s->partial = true;
		s->skip_line = !ends_line(line);
		return;
	}
	if (ends_line(line))
		smtp_resume_from_command(s);
}

/* TLS begins where a line does, so lines are taken one at a time where it
 * may; AUTH and DATA do not end in TLS. */
static struct span
first_line(const struct smtp *s, struct span octets)
{
	const uint8_t *lf;

	if (s->wait != WAIT_STARTTLS && s->wait != WAIT_SYNC)
		return octets;
	lf = memchr(octets.at, '\n', octets.len);
	return lf == NULL ? octets :
	    span_first(octets, (size_t)(lf - octets.at) + 1);
}

static size_t
hear_hold(struct smtp *s, struct span octets, struct mark at)
{
	size_t held = smtp_hold_octets(s->hold).len;
	bool over = s->hold != NULL && s->hold->over;

	if (give_up_waiting(s))
		return 0;
	if (s->wait == WAIT_SYNC && s->turn) {
		/* The client has its answer, so a command begins here; what
		 * was answered by less than a reply a line was content. */
		smtp_hold_drop(&s->hold);
		s->talk = TALK_COMMAND;
		return 0;
	}
	octets = first_line(s, octets);
	if (s->wait == WAIT_SYNC && !s->heard_server) {
		hold_line(s, octets, at);
		return octets.len;
	}
	/* So much without a 354 is no group of commands. */
	if ((s->wait == WAIT_DATA || (s->wait == WAIT_SYNC &&
	    s->maybe_body && !over)) &&
	    octets.len > SMTP_HOLD_MAX - held) {
		s->impatient = true;
		smtp_resume_as(s, TALK_BODY);
		return 0;
	}
	/* Nor so much in clear before TLS, with no server to be heard. */
	if (s->wait == WAIT_STARTTLS && !s->heard_server &&
	    octets.len > SMTP_HOLD_MAX - held) {
		s->impatient = true;
		smtp_resume_as(s, TALK_COMMAND);
		return 0;
	}
	if (s->wait == WAIT_STARTTLS && !s->lost)
		smtp_facts_early_held(s, octets, at);
	if (!smtp_hold_add(&s->hold, octets, at) && !over)
		smtp_facts_limit(s);
	return octets.len;
}

/* ------------------------------------------------------------------ */

/* Could TLS begin with this octet?  It is looked at only where a line
 * begins, and there no command ever starts with it. */
static bool
begins_tls(const struct smtp *s, uint8_t first)
{
	struct span held = smtp_hold_octets(s->hold);
	bool starttls = s->talk == TALK_HOLD && s->wait == WAIT_STARTTLS;

	if (first != TLS_HANDSHAKE && !(starttls && first == SSL2_LONG))
		return false;
	if (s->replaying || s->tls_tried)
		return false;
	if (s->talk == TALK_COMMAND)
		return smtp_line_begun(&s->reader[SIDE_CLIENT]) == 0;
	return s->talk == TALK_HOLD &&
	    (starttls || s->wait == WAIT_SYNC) &&
	    (held.len == 0 || ends_line(held));
}

static void
begin_tls(struct smtp *s)
{
	s->tls_tried = true;
	if (s->lost || s->midstream)
		s->facts.gap_in_starttls = true;
	else if (!smtp_expect_has(&s->expect, DUE_STARTTLS))
		s->facts.tls_unasked = true;
	if (s->talk == TALK_HOLD && s->wait == WAIT_STARTTLS)
		smtp_resume_early(s);
	smtp_hold_drop(&s->hold);
	s->talk = TALK_COMMAND;
	s->accepted = s->frozen = s->facts.starttls == STARTTLS_SENT ||
	    s->facts.gap_in_starttls;
	s->client_plain = false;
}

/* One line, chunk or hold; octets used. */
static size_t
hear_some(struct smtp *s, struct span octets, struct mark at)
{
	struct span rest = octets;
	struct smtp_line line;

	switch (s->talk) {
	case TALK_START:
		return smtp_proxy_start(s, octets, at);
	case TALK_PREAMBLE:
		return smtp_proxy_hear(s, SIDE_CLIENT, octets, at);
	case TALK_BODY:
		return hear_body(s, octets, at);
	case TALK_CHUNK:
		return hear_chunk(s, octets);
	case TALK_HOLD:
		return hear_hold(s, octets, at);
	case TALK_FOREIGN:
		return octets.len;
	case TALK_COMMAND:
	case TALK_AUTH:
		break;
	}
	if (!smtp_line_next(&s->reader[SIDE_CLIENT], &rest, &line))
		return octets.len;
	if (s->talk == TALK_AUTH)
		smtp_commands_hear_auth(s, &line, at);
	else
		smtp_commands_hear(s, &line, at);
	return octets.len - rest.len;
}

size_t
smtp_client_hear(struct smtp *s, struct span octets, struct mark at,
    enum smtp_next *next)
{
	size_t used = 0;

	if (!s->replaying) {
		if (!s->spoke)
			s->turn = s->replied;
		s->spoke = true;
		s->after_list = s->amid = false;
	}
	if (s->ran_on == 0 && s->answer.lines == 0)
		s->ran_on = (uint32_t)smtp_line_begun(
		    &s->reader[SIDE_SERVER]);
	while (used < octets.len) {
		struct span rest = span_skip(octets, used);

		if (begins_tls(s, rest.at[0])) {
			begin_tls(s);
			*next = SMTP_TLS_MAY_BEGIN;
			return used;
		}
		used += hear_some(s, rest, at);
	}
	return used;
}

/* ------------------------------------------------------------------ */

/* Which part of the conversation is missing something now? */
static void
flag_gap(struct smtp *s)
{
	struct smtp_facts *f = &s->facts;

	if (s->talk == TALK_BODY || s->talk == TALK_CHUNK ||
	    f->mail_commands > 0 || f->data_commands > 0 || s->accepted)
		f->gap_in_mail = true;
	else if (f->starttls_times > 0 || f->hellos_seen > 0 || s->list_seen)
		f->gap_in_starttls = true;
	else
		f->gap_in_ehlo_reply = true;	/* as good as lost with EHLO */
}

static void
lose_client(struct smtp *s)
{
	smtp_line_drop(&s->reader[SIDE_CLIENT]);
	smtp_hold_drop(&s->hold);
	smtp_server_lose(s);
	s->talk = TALK_HOLD;
	s->wait = WAIT_SYNC;
	s->partial = true;
	s->skip_line = s->maybe_body = false;
}

void
smtp_client_gap(struct smtp *s, uint64_t octets)
{
	if (s->talk == TALK_FOREIGN)
		return;
	flag_gap(s);
	s->spoke = true;
	s->turn = false;
	switch (s->talk) {
	case TALK_BODY:
		/* The end may be in it; the server's reply will show. */
		s->body_at = BODY_IN_LINE;
		s->body_gap = true;
		s->may_have_ended = false;
		smtp_header_gap(&s->header);
		smtp_hold_drop(&s->hold);
		return;
	case TALK_CHUNK:
		if (!s->blob)
			smtp_header_gap(&s->header);
		if (octets <= s->chunk) {
			smtp_client_take_chunk(s, octets);
			return;
		}
		smtp_client_take_chunk(s, s->chunk);
		break;
	case TALK_START:
	case TALK_PREAMBLE:
	case TALK_COMMAND:
	case TALK_AUTH:
	case TALK_HOLD:
	case TALK_FOREIGN:
		break;
	}
	lose_client(s);
}

/* The server says no more: what is held will never be told apart. */
void
smtp_client_end(struct smtp *s, struct mark at)
{
	struct span line = smtp_line_held(&s->reader[SIDE_CLIENT]);

	if (s->talk == TALK_HOLD && (s->ended_server || !s->heard_server)) {
		switch (s->wait) {
		case WAIT_DATA:
			smtp_resume_as(s, TALK_BODY);
			break;
		case WAIT_AUTH:
			smtp_commands_guess_auth(s);
			smtp_resume_as(s, s->talk);
			break;
		case WAIT_STARTTLS:
			if (s->heard_server)
				smtp_resume_early(s);
			else
				smtp_resume_as(s, TALK_COMMAND);
			break;
		case WAIT_BLOB:
		case WAIT_SYNC:
			smtp_hold_drop(&s->hold);
			break;
		}
	}
	if (s->talk == TALK_FOREIGN)
		s->facts.protocol = SMTP_FOREIGN;
	if (s->talk == TALK_COMMAND && line.len > 0)
		smtp_facts_show(s, SIDE_CLIENT, span_text("..."), at);
	smtp_line_drop(&s->reader[SIDE_CLIENT]);
}
