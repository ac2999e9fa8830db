/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include "base/release.h"
#include "session/session_internal.h"

/* The calls that keep a session going; each hears what is left. */
static void	hear(struct session *s, enum side who, struct span octets,
		    struct mark at);

/* `text` is the book's. */
static void
refer(struct session *s, enum dialogue_who who, struct mark at,
    struct span text)
{
	struct dialogue_line line = { .who = who, .time = at.time,
	    .packet = at.packet, .text = (const char *)text.at,
	    .len = text.len };

	dialogue_refer(&s->dialogue, &line, book_start(s->book));
}

void
session_say(struct session *s, enum dialogue_who who, struct mark at,
    struct span text)
{
	const char *kept;

	if (s->dialogue == NULL)
		return;
	if ((kept = book_find(s->book, text)) != NULL)
		refer(s, who, at, span_of(kept, text.len));
	else
		dialogue_add(&s->dialogue, who, at.time, at.packet,
		    (const char *)text.at, text.len);
}

static enum dialogue_who
speaker(enum side who)
{
	return who == SIDE_CLIENT ? SAID_BY_CLIENT : SAID_BY_SERVER;
}

static void
hear_line(void *context, enum side who, struct mark at, struct span line)
{
	session_say(context, speaker(who), at, line);
}

/* Texts of the book need no look for them. */
static void
hear_known(void *context, enum side who, struct mark at,
    struct book_list lines)
{
	static_assert(sizeof(struct book_place) ==
	    sizeof(struct dialogue_place), "a place is a place");
	struct session *s = context;
	struct dialogue_line list = { .who = speaker(who), .time = at.time,
	    .packet = at.packet, .text = (const char *)lines.place,
	    .len = lines.count };

	if (s->dialogue != NULL)
		dialogue_refer_list(&s->dialogue, &list, book_start(s->book));
}

static const struct smtp_ops	line_ops = { .line = hear_line,
	.known = hear_known };

static bool
midstream(const struct flow_facts *f)
{
	return !f->side[SIDE_CLIENT].syn && !f->side[SIDE_SERVER].syn;
}

/* ------------------------------------------------------------------ */
/* undecided                                                          */

/* Memory is short: with less than all that was said nobody is to judge. */
static void
give_up(struct session *s)
{
	smtp_free(s->smtp);
	tls_free(s->tls);
	s->smtp = NULL;
	s->tls = NULL;
	s->given_up = true;
	for (int i = 0; i < SIDES; i++)
		s->side[i].reader = READER_SMTP;
	count(s->world->counters, COUNT_flows_unread);
}

/* NULL: memory, and then nothing more is read. */
static struct puzzle *
puzzle_of(struct session *s, enum side who)
{
	if (s->puzzle == NULL && (s->puzzle = calloc(SIDES,
	    sizeof(*s->puzzle))) == NULL) {
		give_up(s);
		return NULL;
	}
	return &s->puzzle[who];
}

static uint64_t
gap_of(const struct session *s, enum side who)
{
	return s->puzzle == NULL ? 0 : s->puzzle[who].gap;
}

/* Once, for whoever reads on. */
static uint64_t
take_gap(struct session *s, enum side who)
{
	uint64_t gap = gap_of(s, who);

	if (gap > 0)
		s->puzzle[who].gap = 0;
	return gap;
}

/* ------------------------------------------------------------------ */
/* who reads next                                                     */

static void
read_smtp(struct session *s, enum side who)
{
	uint64_t gap;

	if (s->smtp == NULL && !s->given_up && (s->smtp = smtp_new(&line_ops, s,
	    s->server_late || midstream(flow_facts(s->flow)))) != NULL)
		smtp_share(s->smtp, s->book, s->world->recalls);
	s->side[who].reader = READER_SMTP;
	if ((gap = take_gap(s, who)) > 0 && s->smtp != NULL)
		smtp_gap(s->smtp, who, gap, s->puzzle[who].gap_at);
}

static void
read_tls(struct session *s)
{
	uint64_t gap;

	/* A second attempt on one connection: the last one counts. */
	if (s->tls != NULL && s->tls_expected) {
		tls_free(s->tls);
		s->tls = NULL;
		s->remarked = 0;
	}
	if (s->tls == NULL)
		s->tls = tls_new(s->world->digest, s->world->certificates);
	if (s->tls != NULL && (s->gap_before_tls || (s->smtp != NULL &&
	    smtp_facts(s->smtp)->gap_in_starttls)))
		tls_missed(s->tls);
	s->tls_expected = false;
	for (int i = 0; i < SIDES; i++) {
		s->side[i].reader = READER_TLS;
		s->side[i].enough = false;
		if ((gap = take_gap(s, i)) > 0 && s->tls != NULL)
			tls_gap(s->tls, i, gap);
	}
}

static void
expect_tls(struct session *s, enum side who)
{
	/* The client was ahead of the 220: its hello is being read. */
	if (who == SIDE_SERVER && s->tls != NULL &&
	    s->side[SIDE_CLIENT].reader == READER_TLS) {
		s->side[SIDE_SERVER].reader = READER_TLS;
		return;
	}
	s->tls_expected = true;
	for (int i = 0; i < SIDES; i++) {
		s->side[i].reader = READER_UNDECIDED;
		s->side[i].holed = false;
	}
}

/* Text where TLS was expected or spoken: back to the SMTP reader. */
static void
plain_again(struct session *s, enum side who, struct mark at)
{
	bool was_there = s->smtp != NULL;

	read_smtp(s, who);
	/* What the client said in a hole may be what is answered here. */
	if (s->smtp != NULL && who == SIDE_SERVER &&
	    s->side[SIDE_CLIENT].holed) {
		smtp_gap(s->smtp, SIDE_CLIENT, 1, at);
		s->side[SIDE_CLIENT].holed = false;
	}
	if (s->smtp != NULL && was_there)
		smtp_plain_again(s->smtp, who, at);
	/* A client that speaks in clear has given up on TLS for both.  A
	 * server may only have spoken out of turn (RFC 3207 section 4). */
	if (who == SIDE_CLIENT) {
		s->tls_expected = false;
		read_smtp(s, SIDE_SERVER);
	}
}

/* Roles that neither SYN nor port could settle, told by what is said. */
static void
settle_roles(struct session *s, enum side who, struct span octets)
{
	bool flipped = s->flipped;

	if (s->smtp != NULL || s->tls != NULL ||
	    flow_facts(s->flow)->roles != ROLES_GUESS)
		return;
	guess_roles(who, octets, &flipped);
	s->flipped = flipped;
}

/* ------------------------------------------------------------------ */
/* hearing                                                            */

static void
hear_smtp(struct session *s, enum side who, struct span octets,
    struct mark at)
{
	enum smtp_next next = SMTP_GO_ON;
	size_t used;

	if (s->smtp == NULL)
		return;		/* memory was short: counted by the table */
	used = smtp_hear(s->smtp, who, octets, at, &next);
	switch (next) {
	case SMTP_GO_ON:
		break;
	case SMTP_TLS_MAY_BEGIN:
		expect_tls(s, who);
		hear(s, who, span_skip(octets, used), at);
		break;
	}
}

static void
hear_tls(struct session *s, enum side who, struct span octets,
    struct mark at)
{
	size_t used = octets.len;

	if (s->tls == NULL)
		return;
	switch (tls_hear(s->tls, who, octets, at, &used)) {
	case TLS_ENOUGH:
		s->side[who].enough = true;
		remark_tls(s);
		break;
	case TLS_MORE:
		remark_tls(s);
		break;
	case TLS_NOT_TLS:
		remark_tls(s);
		plain_again(s, who, at);
		hear_smtp(s, who, tls_plaintext(s->tls, who), at);
		hear(s, who, span_skip(octets, used), at);
		break;
	}
}

static void
hear_undecided(struct session *s, enum side who, struct span octets,
    struct mark at)
{
	struct puzzle *p = s->puzzle == NULL ? NULL : &s->puzzle[who];
	bool behind_hole = s->tls_expected && gap_of(s, who) > 0;
	unsigned held = p == NULL ? 0 : p->peeked, more;
	uint8_t first[PEEK_MAX];
	enum guess guess;

	if (held > 0)
		memcpy(first, p->peek, held);
	more = (unsigned)span_first(octets, PEEK_MAX - held).len;
	memcpy(first + held, octets.at, more);
	guess = behind_hole ? guess_behind_hole(p, octets) :
	    guess_reader(who, span_of(first, held + more));
	if (behind_hole && guess == GUESS_MORE) {
		p->gap += octets.len;	/* of no use without what was lost */
		p->gap_at = at;
		return;
	}
	if (guess == GUESS_MORE && held + more < PEEK_MAX) {
		if ((p = puzzle_of(s, who)) == NULL)
			return;
		memcpy(p->peek, first, held + more);
		p->peeked = (uint8_t)(held + more);
		return;
	}
	if (p != NULL)
		p->peeked = 0;
	if (guess == GUESS_TLS) {
		/* STARTTLS may be in a hole ahead of it. */
		if (!s->tls_expected && s->smtp == NULL && !s->server_late &&
		    gap_of(s, SIDE_CLIENT) + gap_of(s, SIDE_SERVER) == 0)
			s->implicit_tls = true;
		read_tls(s);
	} else if (s->tls_expected)
		plain_again(s, who, at);
	else
		for (int i = 0; i < SIDES; i++)
			read_smtp(s, i);
	if (held > 0)
		hear(s, who, span_of(first, held), at);
	hear(s, who, octets, at);
	/* Text from the server before TLS: the client may still begin it. */
	if (s->tls_expected && who == SIDE_SERVER &&
	    s->side[who].reader == READER_SMTP)
		s->side[who].reader = READER_UNDECIDED;
}

static void
hear(struct session *s, enum side who, struct span octets, struct mark at)
{
	if (octets.len == 0)
		return;
	switch ((enum reader)s->side[who].reader) {
	case READER_UNDECIDED:
		hear_undecided(s, who, octets, at);
		break;
	case READER_SMTP:
		hear_smtp(s, who, octets, at);
		break;
	case READER_TLS:
		hear_tls(s, who, octets, at);
		break;
	}
}

/* ------------------------------------------------------------------ */
/* flow_ops                                                           */

static void *
on_open(void *context, struct flow *f)
{
	struct session_world *world = context;
	struct session *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->world = world;
	s->flow = f;
	path_handshake(&s->path_side[SIDE_SERVER],
	    flow_facts(f)->handshake);
	s->book = bookshelf_take(world->books);
	s->dialogue = dialogue_new();
	s->source = book_find(s->book, span_text(world->source));
	if (s->source == NULL)
		s->source = strdup(world->source);
	count(world->counters, COUNT_sessions);
	return s;
}

/* Without its SYN a server may have said more than was heard: its first line
 * is not the greeting by its place alone. */
static void
note_server(struct session *s, enum side flow_side, struct mark at)
{
	const struct flow_facts *f = flow_facts(s->flow);

	if (s->server_heard || session_side(s, flow_side) != SIDE_SERVER)
		return;
	s->server_heard = true;
	if (f->side[flow_side].syn || midstream(f))
		return;
	s->server_late = true;
	if (s->smtp != NULL)
		smtp_gap(s->smtp, SIDE_SERVER, 1, at);
}

static void
on_octets(void *session, enum side flow_side, struct span octets,
    struct mark at)
{
	struct session *s = session;
	enum side who;

	settle_roles(s, flow_side, octets);
	note_server(s, flow_side, at);
	session_settle_skip(s, flow_side, false, at);
	who = session_side(s, flow_side);
	if (s->side[who].reader == READER_SMTP)	/* nearly always */
		hear_smtp(s, who, octets, at);
	else
		hear(s, who, octets, at);
	session_steer(s);
	early_look(s);
}

static void
on_gap(void *session, enum side flow_side, uint64_t octets, struct mark at)
{
	struct session *s = session;
	enum side who = session_side(s, flow_side);
	struct puzzle *p;

	session_settle_skip(s, flow_side, false, at);
	remark_gap(s, who, octets, at);
	s->side[who].holed = true;
	switch ((enum reader)s->side[who].reader) {
	case READER_UNDECIDED:
		if ((p = puzzle_of(s, who)) == NULL)
			break;
		/* what comes next tells who is to hear of it */
		*p = (struct puzzle){ .gap = p->gap + octets, .gap_at = at };
		s->gap_before_tls |= s->tls_expected;
		break;
	case READER_SMTP:
		if (s->smtp != NULL)
			smtp_gap(s->smtp, who, octets, at);
		break;
	case READER_TLS:
		if (s->tls != NULL)
			tls_gap(s->tls, who, octets);
		break;
	}
	session_steer(s);
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	struct session *s = session;

	conflict_keep(s, session_side(s, c->side), c);
	early_look(s);
}

/* Text in place of TLS that ended within its first line. */
static void
hear_cut_text(struct session *s, enum side who, struct mark at)
{
	struct span text = tls_plaintext(s->tls, who);

	/* behind a finished handshake it is no SMTP any more */
	if (text.len == 0 || tls_facts(s->tls)->state == TLS_ESTABLISHED)
		return;
	plain_again(s, who, at);
	hear_smtp(s, who, text, at);
	if (s->smtp != NULL)
		smtp_end(s->smtp, who, at);
}

/* The server answered STARTTLS and was not heard: nor would an answer to
 * the hello have been. */
static bool
server_missed(const struct session *s)
{
	const struct flow_facts *f = flow_facts(s->flow);
	enum side flow_side = session_side(s, SIDE_SERVER);

	return s->smtp != NULL &&
	    (f->side[flow_side].octets == 0 || s->server_late);
}

static void
on_end(void *session, enum side flow_side, struct mark at)
{
	struct session *s = session;
	enum side who = session_side(s, flow_side);
	bool reset = flow_facts(s->flow)->reset_by[flow_side];

	session_settle_skip(s, flow_side, true, at);
	if (s->smtp != NULL && s->side[who].reader == READER_SMTP)
		smtp_end(s->smtp, who, at);
	if (s->tls != NULL && s->side[who].reader == READER_TLS) {
		if (server_missed(s))
			tls_missed(s->tls);
		tls_end(s->tls, who, reset, at);
		remark_tls(s);
		hear_cut_text(s, who, at);
	}
	remark_end(s, who, reset, at);
	early_look(s);
	s->ended |= 1 << flow_side;
	if ((s->ended >> side_other(flow_side) & 1) != 0)
		early_ended(s);
}

/* What the record did not take over. */
static void
free_rest(struct session *s)
{
	if (s->path != NULL)
		path_free(s->path);
	if (s->puzzle != NULL)
		free(s->puzzle);
	release(s, sizeof(*s));
}

static void
session_free(struct session *s)
{
	smtp_free(s->smtp);
	tls_free(s->tls);
	dialogue_free(s->dialogue);
	if (book_text_at(s->book, s->source) == NULL)
		free((char *)s->source);
	book_drop(s->book);
	free(s->conflicts);
	free_rest(s);
}

static void
note_tls(const struct session *s)
{
	struct counters *n = s->world->counters;

	if (s->tls == NULL)
		return;
	if (tls_facts(s->tls)->oversized)
		count(n, COUNT_tls_oversized);
	count_many(n, COUNT_certificates_forgotten,
	    certificate_cache_forgotten(s->world->certificates) -
	    counter_read(n, COUNT_certificates_forgotten));
}

static void
on_close(void *session, const struct flow_facts *facts)
{
	struct session *s = session;
	struct session_record *r;

	for (int i = 0; i < SIDES; i++)
		session_settle_skip(s, i, true, facts->last);
	note_tls(s);
	if ((r = session_conclude(s, facts)) == NULL) {
		count(s->world->counters, COUNT_sessions_unrecorded);
		session_free(s);
		return;
	}
	s->world->give(s->world->context, r);
	free_rest(s);
}

const struct flow_ops	session_ops = {
	.open = on_open,
	.octets = on_octets,
	.gap = on_gap,
	.conflict = on_conflict,
	.end = on_end,
	.close = on_close,
	.segment = session_segment,
	.forget = session_forget,
	.foresee = session_foresee,
};
