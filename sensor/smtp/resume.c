/* SPDX-License-Identifier: ISC */
#include "smtp/client.h"
#include "smtp/facts.h"
#include "smtp/redact.h"
#include "smtp/resume.h"
#include "smtp/server.h"

/* Hear octets again that were held, `skip` of them left out. */
static void
replay(struct smtp *s, struct smtp_hold *h, size_t skip)
{
	bool was = s->replaying;
	struct span octets;
	struct mark at;
	unsigned n = 0;

	s->replaying = true;
	while (smtp_hold_piece(h, &n, &octets, &at)) {
		enum smtp_next next = SMTP_GO_ON;
		size_t leave = skip < octets.len ? skip : octets.len;

		skip -= leave;
		octets = span_skip(octets, leave);
		if (octets.len > 0)
			(void)smtp_client_hear(s, octets, at, &next);
	}
	s->replaying = was;
}

static void
resume_behind(struct smtp *s, enum smtp_talk talk, size_t skip)
{
	struct smtp_hold *h = s->hold;

	s->hold = NULL;
	if (talk == TALK_BODY)
		smtp_client_start_body(s);
	else
		s->talk = talk;
	if (h == NULL)
		return;
	if (!h->over)
		replay(s, h, skip);
	else if (talk == TALK_BODY) {
		s->body_gap = true;
		s->body_at = BODY_IN_LINE;
		smtp_header_gap(&s->header);
	} else if (talk != TALK_FOREIGN) {
		/* Our own hole: as if it had not been captured. */
		smtp_server_lose(s);
		s->talk = TALK_HOLD;
		s->wait = WAIT_SYNC;
		s->partial = true;
	}
	smtp_hold_drop(&h);
}

void
smtp_resume_as(struct smtp *s, enum smtp_talk talk)
{
	resume_behind(s, talk, 0);
}

/* ------------------------------------------------------------------ */
/* after a gap                                                        */

#define HELD_LINES_MAX	32	/* no group of commands after a gap is longer */

struct held_lines {
	unsigned	 whole;		/* lines */
	bool		 plausible;	/* all of them are commands */
	enum smtp_verb	 last;
	bool		 has_data;
};

static struct held_lines
survey(const struct smtp *s)
{
	struct held_lines found = { .plausible = true };
	struct smtp_line_reader reader = { .held = NULL };
	struct span octets = smtp_hold_octets(s->hold);
	struct smtp_line line;
	bool first = s->partial;

	/* smtp_line_next() copies an unfinished line: stop before it. */
	while (octets.len > 0 &&
	    memchr(octets.at, '\n', octets.len) != NULL &&
	    smtp_line_next(&reader, &octets, &line)) {
		struct smtp_command c;
		bool good;

		smtp_command_parse(line.text, &c);
		good = smtp_command_plausible(&c);
		if (found.whole > HELD_LINES_MAX)
			break;
		if (!good && first) {
			first = false;	/* the tail of a lost line */
			continue;
		}
		first = false;
		found.whole++;
		found.plausible = found.plausible && good &&
		    found.whole <= HELD_LINES_MAX;
		found.has_data = found.has_data ||
		    (good && c.verb == VERB_DATA);
		found.last = c.verb;
	}
	return found;
}

/* Do the octets held read as a body, ending where they end? */
static bool
reads_as_body(const struct smtp *s)
{
	enum smtp_body_at at = BODY_LINE_START;
	struct span octets = smtp_hold_octets(s->hold);
	enum smtp_body_end end = BODY_GOES_ON;

	while (octets.len > 0)
		end = smtp_body_scan(&at, &octets);
	return end != BODY_GOES_ON;
}

/* Codes that only one command is answered with. */
static bool
tells_itself(enum smtp_verb verb, int code)
{
	switch (code) {
	case 220:
		return verb == VERB_STARTTLS || verb == VERB_ANONYMOUSTLS;
	case 221:
		return verb == VERB_QUIT;
	case 235:
	case 334:
		return verb == VERB_AUTH;
	}
	return false;
}

static void
found_again(struct smtp *s)
{
	smtp_server_find(s);
	s->maybe_body = s->partial = false;
}

/* A 354: DATA was among the lines held, or lost before them. */
static void
resume_data(struct smtp *s, const struct held_lines *held)
{
	bool known = s->maybe_body;	/* DATA itself was heard */

	found_again(s);
	if (!held->has_data) {
		s->headless = !known;
		resume_behind(s, TALK_BODY, 0);
		s->body_gap = s->body_gap || !known;
		return;
	}
	/* Everything before DATA was answered before its 354. */
	s->granted = true;
	s->lost = true;			/* expect nothing for these lines */
	resume_behind(s, TALK_COMMAND, 0);
	s->granted = false;
	if (s->lost)
		smtp_server_find(s);
}

void
smtp_resume_sync(struct smtp *s, int code)
{
	struct held_lines held;

	if (s->talk != TALK_HOLD || s->wait != WAIT_SYNC)
		return;
	held = survey(s);
	if (code == 354) {
		resume_data(s, &held);
		return;
	}
	if (s->hold == NULL || s->hold->len == 0) {
		smtp_hold_drop(&s->hold);
		return;
	}
	if ((code == 334 || code == 235) && held.last != VERB_AUTH) {
		smtp_hold_drop(&s->hold);	/* an answer to a challenge */
		return;
	}
	if (s->maybe_body && reads_as_body(s)) {
		found_again(s);
		resume_behind(s, TALK_BODY, 0);
		return;
	}
	if (held.whole == 1 && held.plausible &&
	    tells_itself(held.last, code)) {
		smtp_server_find(s);
		s->maybe_body = false;	/* still partial: a tail comes first */
		resume_behind(s, TALK_COMMAND, 0);
		return;
	}
	if (!held.plausible) {
		smtp_hold_drop(&s->hold);	/* content, or worse */
		s->maybe_body = false;
		return;
	}
	/* As many answers as lines: a body would have had but one. */
	if (held.whole <= s->lost_replies + 1U)
		resume_behind(s, TALK_COMMAND, 0);
}

/* Commands whose form no line of a message has by chance. */
static bool
names_someone(enum smtp_verb verb)
{
	return verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO ||
	    verb == VERB_MAIL || verb == VERB_RCPT;
}

void
smtp_resume_from_command(struct smtp *s)
{
	struct span held = smtp_hold_octets(s->hold), line;
	struct smtp_command c;
	const uint8_t *lf;
	size_t begin = 0;

	line = span_first(held, held.len - 1);
	if ((lf = memrchr(held.at, '\n', line.len)) != NULL)
		begin = (size_t)(lf - held.at) + 1;
	line = span_skip(line, begin);
	while (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	smtp_command_parse(line, &c);
	if (!names_someone(c.verb) || !smtp_command_plausible(&c))
		return;
	resume_behind(s, TALK_COMMAND, begin);
}

/* ------------------------------------------------------------------ */

/* What was held counts as early plaintext; lines of it are shown if nobody
 * will hear them again. */
static void
note_early(struct smtp *s, bool show)
{
	struct span octets = smtp_hold_octets(s->hold);
	struct smtp_line_reader reader = { .held = NULL };
	char redacted[SMTP_REDACT_MAX + 1];
	struct smtp_line line;
	struct smtp_odd *odd;
	struct mark at = s->hold != NULL && s->hold->pieces > 0 ?
	    s->hold->piece[0].at : (struct mark){ .packet = 0 };

	while (octets.len > 0 &&
	    memchr(octets.at, '\n', octets.len) != NULL &&
	    smtp_line_next(&reader, &octets, &line)) {
		struct smtp_command c;
		struct span shown;

		smtp_command_parse(line.text, &c);
		shown = smtp_redact_command(&c, redacted);
		if (s->early_held > 0)
			smtp_facts_early_line(s, SIDE_CLIENT, shown);
		if (show)
			smtp_facts_show(s, SIDE_CLIENT, shown, at);
	}
	if (s->early_held > 0 && (odd = smtp_facts_odd(s)) != NULL)
		odd->facts.client_early_octets += s->early_held;
	s->early_held = 0;
}

void
smtp_resume_early(struct smtp *s)
{
	note_early(s, true);
	smtp_hold_drop(&s->hold);
}

void
smtp_resume_refused(struct smtp *s)
{
	note_early(s, false);
	resume_behind(s, TALK_COMMAND, 0);
}
