/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/footprint.h"
#include "session/session_internal.h"

/* The calls that keep a session going; each hears what is left. */
static void	hear(struct session *s, enum side who, struct span octets,
		    struct mark at);

static enum side
true_side(const struct session *s, enum side who)
{
	return s->flipped ? side_other(who) : who;
}

/* `text` is the book's. */
static void
refer(struct session *s, enum dialogue_who who, struct mark at,
    struct span text)
{
	struct dialogue_line line = { .who = who, .time = at.time,
	    .packet = at.packet, .text = (const char *)text.at,
	    .len = text.len };

	dialogue_refer(s->dialogue, &line, book_start(s->book));
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
		dialogue_add(s->dialogue, who, at.time, at.packet,
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

/* A text of the book needs no look for it. */
static void
hear_known(void *context, enum side who, struct mark at, struct span text)
{
	struct session *s = context;

	if (s->dialogue != NULL)
		refer(s, speaker(who), at, text);
}

static const struct smtp_ops	line_ops = { .line = hear_line,
	.known = hear_known };

static bool
midstream(const struct flow_facts *f)
{
	return !f->side[SIDE_CLIENT].syn && !f->side[SIDE_SERVER].syn;
}

/* ------------------------------------------------------------------ */
/* who reads next                                                     */

static void
read_smtp(struct session *s, enum side who)
{
	if (s->smtp == NULL && (s->smtp = smtp_new(&line_ops, s,
	    s->server_late || midstream(flow_facts(s->flow)))) != NULL)
		smtp_share(s->smtp, s->book, s->world->recalls);
	s->side[who].reader = READER_SMTP;
	if (s->smtp != NULL && s->side[who].gap > 0)
		smtp_gap(s->smtp, who, s->side[who].gap, s->side[who].gap_at);
	s->side[who].gap = 0;
}

static void
read_tls(struct session *s)
{
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
		if (s->tls != NULL && s->side[i].gap > 0)
			tls_gap(s->tls, i, s->side[i].gap);
		s->side[i].gap = 0;
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
	if (flow_facts(s->flow)->roles == ROLES_GUESS && s->smtp == NULL &&
	    s->tls == NULL)
		guess_roles(who, octets, &s->flipped);
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
	struct voice *v = &s->side[who];
	uint8_t first[PEEK_MAX];
	unsigned held = v->peeked, more;
	bool behind_hole = s->tls_expected && v->gap > 0;
	enum guess guess;

	memcpy(first, v->peek, held);
	more = (unsigned)span_first(octets, PEEK_MAX - held).len;
	memcpy(first + held, octets.at, more);
	guess = behind_hole ? guess_behind_hole(v, octets) :
	    guess_reader(who, span_of(first, held + more));
	if (behind_hole && guess == GUESS_MORE) {
		v->gap += octets.len;	/* of no use without what was lost */
		v->gap_at = at;
		return;
	}
	if (guess == GUESS_MORE && held + more < PEEK_MAX) {
		memcpy(v->peek, first, held + more);
		v->peeked = held + more;
		return;
	}
	v->peeked = 0;
	if (guess == GUESS_TLS) {
		/* STARTTLS may be in a hole ahead of it. */
		if (!s->tls_expected && s->smtp == NULL && !s->server_late &&
		    s->side[SIDE_CLIENT].gap + s->side[SIDE_SERVER].gap == 0)
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
	    v->reader == READER_SMTP)
		v->reader = READER_UNDECIDED;
}

static void
hear(struct session *s, enum side who, struct span octets, struct mark at)
{
	if (octets.len == 0)
		return;
	switch (s->side[who].reader) {
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
/* telling the flow what is still of interest                         */

static enum flow_want
wanted(const struct session *s, enum side who)
{
	switch (s->side[who].reader) {
	case READER_UNDECIDED:
		return FLOW_REMEMBER;
	case READER_SMTP:
		if (s->smtp == NULL ||
		    smtp_facts(s->smtp)->protocol == SMTP_FOREIGN)
			return FLOW_COUNT;
		return smtp_in_body(s->smtp, who) ? FLOW_DELIVER :
		    FLOW_REMEMBER;
	case READER_TLS:
		if (s->tls == NULL || s->side[who].enough)
			return FLOW_COUNT;
		/* A forged alert races the ServerHello, nothing behind it. */
		return tls_facts(s->tls)->server_hello ? FLOW_DELIVER :
		    FLOW_REMEMBER;
	}
	return FLOW_REMEMBER;
}

static uint64_t
skippable(const struct session *s, enum side who)
{
	switch (s->side[who].reader) {
	case READER_UNDECIDED:
		return 0;
	case READER_SMTP:
		return s->smtp == NULL ? 0 : smtp_skippable(s->smtp, who);
	case READER_TLS:
		return s->tls == NULL ? 0 : tls_skippable(s->tls, who);
	}
	return 0;
}

static uint64_t
position(const struct session *s, enum side flow_side)
{
	const struct flow_traits *t = &flow_facts(s->flow)->side[flow_side];

	return t->octets + t->missing;
}

/*
 * What all this takes up is of interest to the flow table.  It is asked for
 * less and less often: most connections stop growing soon, and what they
 * can grow to is bounded.
 */
static void
charge(struct session *s)
{
	size_t size;

	s->heard++;
	if ((s->heard & (s->heard - 1)) != 0)
		return;
	size = footprint(sizeof(*s)) +
	    footprint_of(s->conflicts,
	    RECORD_CONFLICTS_MAX * sizeof(s->conflicts[0])) +
	    path_size(s->path);
	if (s->dialogue != NULL)
		size += dialogue_size(s->dialogue);
	if (s->smtp != NULL)
		size += smtp_size(s->smtp);
	if (s->tls != NULL)
		size += tls_size(s->tls);
	flow_charge(s->flow, size);
}

static void
steer(struct session *s)
{
	charge(s);
	for (int i = 0; i < SIDES; i++) {
		enum side who = true_side(s, i);
		struct voice *v = &s->side[who];
		enum flow_want want = wanted(s, who);
		uint64_t skip;

		if (want != v->want) {
			flow_want(s->flow, i, want);
			v->want = want;
		}
		if (v->skip == 0 && (skip = skippable(s, who)) > 0) {
			flow_skip(s->flow, i, skip);
			v->skip = skip;
			v->skip_from = position(s, i);
		}
	}
	/* nobody forges what nobody compares */
	s->path_done = s->side[SIDE_CLIENT].want != FLOW_REMEMBER &&
	    s->side[SIDE_SERVER].want != FLOW_REMEMBER;
}

/* Octets of a skip have passed (all, or as many as came before the end):
 * tell the reader before it hears anything else. */
static void
settle_skip(struct session *s, enum side flow_side, bool at_end,
    struct mark at)
{
	enum side who = true_side(s, flow_side);
	struct voice *v = &s->side[who];
	uint64_t passed = v->skip;

	if (v->skip == 0)
		return;
	if (at_end) {
		uint64_t here = position(s, flow_side) - v->skip_from;

		passed = here < passed ? here : passed;
	}
	v->skip = 0;
	if (v->reader == READER_SMTP && s->smtp != NULL)
		smtp_skipped(s->smtp, who, passed, at);
	else if (v->reader == READER_TLS && s->tls != NULL)
		tls_skipped(s->tls, who, passed);
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

	if (s->server_heard || true_side(s, flow_side) != SIDE_SERVER)
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

	settle_roles(s, flow_side, octets);
	note_server(s, flow_side, at);
	settle_skip(s, flow_side, false, at);
	hear(s, true_side(s, flow_side), octets, at);
	steer(s);
	early_look(s);
}

static void
on_gap(void *session, enum side flow_side, uint64_t octets, struct mark at)
{
	struct session *s = session;
	enum side who = true_side(s, flow_side);
	struct voice *v = &s->side[who];

	settle_skip(s, flow_side, false, at);
	remark_gap(s, who, octets, at);
	v->holed = true;
	switch (v->reader) {
	case READER_UNDECIDED:
		/* what comes next tells who is to hear of it */
		v->gap += octets;
		v->gap_at = at;
		v->peeked = v->line = 0;
		v->cr = false;
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
	steer(s);
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	struct session *s = session;

	conflict_keep(s, true_side(s, c->side), c);
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
	enum side flow_side = true_side(s, SIDE_SERVER);

	return s->smtp != NULL &&
	    (f->side[flow_side].octets == 0 || s->server_late);
}

static void
on_end(void *session, enum side flow_side, struct mark at)
{
	struct session *s = session;
	enum side who = true_side(s, flow_side);
	bool reset = flow_facts(s->flow)->reset_by[flow_side];

	settle_skip(s, flow_side, true, at);
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
	s->ended[flow_side] = true;
	if (s->ended[side_other(flow_side)])
		early_ended(s);
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
	path_free(s->path);
	free(s->conflicts);
	free(s);
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
		settle_skip(s, i, true, facts->last);
	note_tls(s);
	if ((r = session_conclude(s, facts)) != NULL)
		s->world->give(s->world->context, r);
	else
		count(s->world->counters, COUNT_sessions_unrecorded);
	session_free(s);
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
