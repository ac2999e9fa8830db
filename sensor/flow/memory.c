/* SPDX-License-Identifier: ISC */
/*
 * Octets remembered after delivery, so that a later copy which says
 * something else is noticed: the mark of a forged reply that raced the
 * genuine one, whichever came first.
 *
 * A side's pieces lie one behind the other in one buffer, oldest first:
 * the dialogue is many small segments, and none should cost a malloc.
 *
 * A server says the same to all its clients: what was met before lies in a
 * book, and a piece only says where.  What a client says again may be its
 * password: that stays with its connection, and goes when its time is up.
 */
#include <stdalign.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

#define AT_FIRST	128	/* octets: to the reply to EHLO it is enough */
#define REFER_LEAST	32	/* octets: of fewer a hash costs more than room */

/*
 * A delivered stretch.  There are several to a connection, and a hundred
 * thousand connections: its time and packet are those since the memory's
 * base.
 */
struct piece {
	int32_t		 time, packet;
	uint32_t	 seq;
	uint32_t	 reported;	/* hash of the last conflict told */
	uint32_t	 len : 22;	/* no limit is that high */
	uint32_t	 referred : 1;	/* ... where in the book they are */
	uint32_t	 bad_checksum : 1;
	uint32_t	 ttl : 8;
	uint8_t		 octets[];	/* or uint32_t, if referred ... */
};

struct memory {
	struct mark	 base;
	struct book	*book;		/* NULL: none; held */
	uint32_t	 size;		/* of the room */
	uint32_t	 from, to;	/* what is used of it */
	uint32_t	 octets;	/* in pieces */
	uint16_t	 count;
	bool		 single;	/* the newest piece is one octet */
	alignas(struct piece) uint8_t	 room[];
};

static_assert(PIECES_MAX < UINT16_MAX, "they are counted in 16 bits");

/* Of so many octets, or of a reference. */
static uint32_t
size_with(size_t octets)
{
	size_t size = offsetof(struct piece, octets) + octets;

	return (uint32_t)((size + alignof(struct piece) - 1) &
	    ~(alignof(struct piece) - 1));
}

static uint32_t
piece_size(const struct piece *p)
{
	return size_with(p->referred ? sizeof(uint32_t) : p->len);
}

static const uint8_t *
octets_of(const struct memory *m, const struct piece *p)
{
	uint32_t at;

	if (!p->referred)
		return p->octets;
	memcpy(&at, p->octets, sizeof(at));
	return (const uint8_t *)book_start(m->book) + at;
}

static struct piece *
piece_at(struct memory *m, uint32_t at)
{
	return (struct piece *)(void *)(m->room + at);
}

void
memory_foresee(const struct stream *s, unsigned depth)
{
	const struct memory *m = s->memory;

	if (m == NULL)
		return;
	if (depth == 0)
		__builtin_prefetch(m);
	else if (depth == 1)
		__builtin_prefetch(m->room + m->to, 1);
}

bool
memory_last_is_single(const struct stream *s)
{
	return s->memory != NULL && s->memory->count > 0 &&
	    s->memory->single;
}

void
memory_forget(struct flow *f, enum side who)
{
	struct memory *m = f->side[who].memory;

	if (m != NULL) {
		book_drop(m->book);
		limits_free(f->table, m, sizeof(*m) + m->size);
	}
	f->side[who].memory = NULL;
}

/* Stamps are hostile, packets are not. */
static struct mark
seen_at(const struct memory *m, const struct piece *p)
{
	return (struct mark){
		.time = (int64_t)((uint64_t)m->base.time +
		    (uint64_t)(int64_t)p->time),
		.packet = m->base.packet + (uint64_t)(int64_t)p->packet,
	};
}

/* Too old to matter: a copy that late is no race. */
static bool
is_expired(const struct flow *f, const struct memory *m,
    const struct piece *p, int64_t now)
{
	return time_between(seen_at(m, p).time, now) >
	    (int64_t)f->table->limits.remember_seconds * SECOND;
}

static bool
is_near_base(const struct memory *m, const struct mark *at)
{
	int64_t time = time_between(m->base.time, at->time);
	int64_t packet = time_between((int64_t)m->base.packet,
	    (int64_t)at->packet);

	return time == (int32_t)time && packet == (int32_t)packet;
}

static void
drop_first(struct memory *m)
{
	const struct piece *p = piece_at(m, m->from);

	m->octets -= p->len;
	m->count--;
	m->from += piece_size(p);
	if (m->count == 0)
		m->from = m->to = 0;
}

void
memory_expire(struct flow *f, enum side who)
{
	struct memory *m = f->side[who].memory;

	if (m == NULL)
		return;
	while (m->count > 0 &&
	    is_expired(f, m, piece_at(m, m->from), f->table->stamp))
		drop_first(m);
	if (m->count == 0)
		memory_forget(f, who);
}

/*
 * A stamp half an hour away from the base becomes the base.  What is as far
 * from that is of another day, or a clock was set: it is forgotten, and with
 * it all before.
 */
static void
move_base(struct memory *m, const struct mark *to)
{
	struct memory moved = { .base = *to };
	uint32_t i = m->from, last = m->from;

	while (i != m->to) {
		struct piece *p = piece_at(m, i);
		struct mark at = seen_at(m, p);

		i += piece_size(p);
		if (!is_near_base(&moved, &at)) {
			last = i;
			continue;
		}
		p->time = (int32_t)time_between(to->time, at.time);
		p->packet = (int32_t)(at.packet - to->packet);
	}
	while (m->count > 0 && m->from != last)
		drop_first(m);
	m->base = *to;
}

static bool
may_refer(const struct flow *f, enum side who)
{
	return who == SIDE_SERVER && f->facts.roles != ROLES_GUESS;
}

/* As malloc has them: four sizes to a power of two. */
static uint32_t
rounded(uint32_t size)
{
	uint32_t step = UINT32_C(1) << (31 - __builtin_clz(size - 1)) >> 2;

	return (size + step - 1) & ~(step - 1);
}

static struct memory *
memory_new(struct flow *f, enum side who)
{
	struct memory *m;

	if ((m = limits_alloc(f->table, AT_FIRST)) == NULL)
		return NULL;
	*m = (struct memory){ .size = AT_FIRST - sizeof(*m) };
	if (may_refer(f, who))
		m->book = bookshelf_take(f->table->books);
	return m;
}

/*
 * Make room for one more piece.  What is there is moved only when a good
 * part has been dropped since the last time; else the room grows.  NULL: it
 * stays as it was.
 */
static struct memory *
make_room(struct flow *f, enum side who, uint32_t size)
{
	struct memory *old = f->side[who].memory, *m;
	uint32_t used = old->to - old->from;
	uint32_t want = rounded((uint32_t)sizeof(*old) + used + used / 4 +
	    size);

	if (used + size <= old->size && old->from >= used / 8) {
		memmove(old->room, old->room + old->from, used);
		old->to = used;
		old->from = 0;
		return old;
	}
	if ((m = limits_alloc(f->table, want)) == NULL)
		return NULL;
	*m = *old;
	m->from = 0;
	m->to = used;
	m->size = want - (uint32_t)sizeof(*m);
	memcpy(m->room, old->room + old->from, used);
	limits_free(f->table, old, sizeof(*old) + old->size);
	f->side[who].memory = m;
	return m;
}

/* Behind all others; `kept` is where the book has it, or NULL. */
static void
append(struct memory *m, const struct piece *head, struct span octets,
    const char *kept)
{
	struct piece *p = piece_at(m, m->to);
	uint32_t at;

	*p = *head;
	if (kept == NULL)
		memcpy(p->octets, octets.at, octets.len);
	else {
		at = (uint32_t)(kept - book_start(m->book));
		memcpy(p->octets, &at, sizeof(at));
	}
	m->to += piece_size(p);
	m->octets += p->len;
	m->count++;
	m->single = p->len == 1;
}

void
memory_keep(struct flow *f, enum side who, const struct copy *c,
    uint32_t from)
{
	struct stream *s = &f->side[who];
	uint32_t limit = f->table->limits.remembered_per_side;
	struct span keep = span_first(span_skip(c->octets, from), limit);
	struct memory *m = s->memory;
	const char *kept;
	uint32_t size;

	/* who goes for lack of memory takes no more of it */
	if (keep.len == 0 || f->facts.end == FLOW_EVICTED)
		return;
	while (m != NULL && m->count > 0 &&
	    (is_expired(f, m, piece_at(m, m->from), c->mark.time) ||
	    m->octets + keep.len > limit || m->count >= PIECES_MAX))
		drop_first(m);
	if (m == NULL && (m = s->memory = memory_new(f, who)) == NULL)
		return;		/* counted by the table */
	kept = keep.len < REFER_LEAST ? NULL : book_find(m->book, keep);
	size = size_with(kept != NULL ? sizeof(uint32_t) : keep.len);
	if (m->size - m->to < size && (m = make_room(f, who, size)) == NULL)
		return;
	if (m->count == 0)
		m->base = c->mark;
	else if (!is_near_base(m, &c->mark))
		move_base(m, &c->mark);
	append(m, &(struct piece){
		.time = (int32_t)time_between(m->base.time, c->mark.time),
		.packet = (int32_t)(c->mark.packet - m->base.packet),
		.seq = c->seq + from, .len = (uint32_t)keep.len,
		.referred = kept != NULL, .ttl = c->ttl,
		.bad_checksum = c->bad_checksum }, keep, kept);
}

/* ------------------------------------------------------------------ */
/* comparing                                                          */

/* The stretch from the first to the last differing octet. */
static bool
difference(struct span a, struct span b, size_t *from, size_t *len)
{
	size_t first = 0, last = a.len;

	if (memcmp(a.at, b.at, a.len) == 0)
		return false;
	while (a.at[first] == b.at[first])
		first++;
	while (a.at[last - 1] == b.at[last - 1])
		last--;
	*from = first;
	*len = last - first;
	return true;
}

static uint32_t
count_differing(struct span a, struct span b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < a.len; i++)
		n += a.at[i] != b.at[i];
	return n;
}

static void
report(struct flow *f, enum side who, struct piece *p, const struct copy *c,
    struct span before, struct span after)
{
	const struct memory *m = f->side[who].memory;
	struct flow_traits *t = &f->facts.side[who];
	uint32_t place = (uint32_t)(before.at - octets_of(m, p));
	uint32_t hash = (uint32_t)XXH3_64bits_withSeed(after.at, after.len,
	    place) | 1;
	struct flow_conflict told;

	if (p->reported == hash)
		return;		/* the same copy again: a duplicate */
	p->reported = hash;
	t->conflicting += count_differing(before, after);
	count(f->table->counters, COUNT_conflicts);
	if (f->session == NULL || f->table->ops->conflict == NULL)
		return;
	told = (struct flow_conflict){
		.side = who,
		.before = before,
		.after = after,
		.seen_before = seen_at(m, p),
		.seen_after = c->mark,
		.offset = p->seq - f->side[who].first + place,
		.ttl_before = p->ttl,
		.ttl_after = c->ttl,
	};
	f->table->ops->conflict(f->session, &told);
}

void
memory_compare(struct flow *f, enum side who, const struct copy *c)
{
	struct memory *m = f->side[who].memory;
	uint32_t end = c->seq + (uint32_t)c->octets.len;
	uint32_t from, to, next;
	size_t at, len;

	if (m == NULL || c->bad_checksum)
		return;
	for (uint32_t i = m->from; i != m->to; i = next) {
		struct piece *p = piece_at(m, i);
		struct span before, after;

		next = i + piece_size(p);
		from = seq_before(p->seq, c->seq) ? c->seq : p->seq;
		to = seq_before(p->seq + p->len, end) ? p->seq + p->len : end;
		if (!seq_before(p->seq, end))
			break;
		if (!seq_before(from, to) || p->bad_checksum ||
		    is_expired(f, m, p, c->mark.time))
			continue;
		before = span_of(octets_of(m, p) + (from - p->seq),
		    to - from);
		after = span_of(c->octets.at + (from - c->seq), to - from);
		if (difference(before, after, &at, &len))
			report(f, who, p, c,
			    span_first(span_skip(before, at), len),
			    span_first(span_skip(after, at), len));
	}
}
