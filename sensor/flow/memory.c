/* SPDX-License-Identifier: ISC */
/*
 * Octets remembered after delivery, so that a later copy which says
 * something else is noticed: the mark of a forged reply that raced the
 * genuine one, whichever came first.
 *
 * A side's pieces lie one behind the other in one buffer, oldest first:
 * the dialogue is many small segments, and none should cost a malloc.
 */
#include <stdalign.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

#define ROUND	64	/* malloc has no finer sizes where they matter */

/*
 * A delivered stretch.  There are several to a connection, and a hundred
 * thousand connections: its time and packet are those since the memory's
 * base.
 */
struct piece {
	int32_t		 time, packet;
	uint32_t	 seq;
	uint32_t	 reported;	/* hash of the last conflict told */
	uint32_t	 len : 23;	/* no limit is that high */
	uint32_t	 bad_checksum : 1;
	uint32_t	 ttl : 8;
	uint8_t		 octets[];
};

struct memory {
	struct mark	 base;
	uint32_t	 size;		/* of the room */
	uint32_t	 from, to;	/* what is used of it */
	uint32_t	 octets;	/* in pieces */
	uint16_t	 count;
	bool		 single;	/* the newest piece is one octet */
	alignas(struct piece) uint8_t	 room[];
};

static_assert(PIECES_MAX < UINT16_MAX, "they are counted in 16 bits");

static uint32_t
piece_size(uint32_t len)
{
	size_t size = offsetof(struct piece, octets) + len;

	return (uint32_t)((size + alignof(struct piece) - 1) &
	    ~(alignof(struct piece) - 1));
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

	if (m != NULL)
		limits_free(f->table, m, sizeof(*m) + m->size);
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
	m->from += piece_size(p->len);
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

		i += piece_size(p->len);
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

/*
 * Make room for one more piece.  What is there is moved only when a good
 * part has been dropped since the last time; else the room grows.
 */
static struct memory *
make_room(struct flow *f, struct memory *old, uint32_t size)
{
	uint32_t used = old == NULL ? 0 : old->to - old->from;
	uint32_t want = (uint32_t)sizeof(*old) + used + used / 2 + size;
	struct memory *m;

	if (old != NULL && used + size <= old->size &&
	    old->from >= used / 8) {
		memmove(old->room, old->room + old->from, used);
		old->to = used;
		old->from = 0;
		return old;
	}
	want = (want + ROUND - 1) / ROUND * ROUND;
	if ((m = limits_alloc(f->table, want)) == NULL)
		return NULL;
	*m = (struct memory){ .size = 0 };
	if (old != NULL) {
		*m = *old;
		m->from = 0;
		m->to = used;
		memcpy(m->room, old->room + old->from, used);
		limits_free(f->table, old, sizeof(*old) + old->size);
	}
	m->size = want - (uint32_t)sizeof(*m);
	return m;
}

void
memory_keep(struct flow *f, enum side who, const struct copy *c,
    uint32_t from)
{
	struct stream *s = &f->side[who];
	uint32_t limit = f->table->limits.remembered_per_side;
	struct span keep = span_first(span_skip(c->octets, from), limit);
	uint32_t size = piece_size((uint32_t)keep.len);
	struct memory *m = s->memory;
	struct piece *p;

	/* who goes for lack of memory takes no more of it */
	if (keep.len == 0 || f->facts.end == FLOW_EVICTED)
		return;
	while (m != NULL && m->count > 0 &&
	    (is_expired(f, m, piece_at(m, m->from), c->mark.time) ||
	    m->octets + keep.len > limit || m->count >= PIECES_MAX))
		drop_first(m);
	if (m == NULL || m->size - m->to < size) {
		if ((m = make_room(f, m, size)) == NULL)
			return;		/* counted by the table */
		s->memory = m;
	}
	if (m->count == 0)
		m->base = c->mark;
	else if (!is_near_base(m, &c->mark))
		move_base(m, &c->mark);
	p = piece_at(m, m->to);
	*p = (struct piece){
		.time = (int32_t)time_between(m->base.time, c->mark.time),
		.packet = (int32_t)(c->mark.packet - m->base.packet),
		.seq = c->seq + from, .len = (uint32_t)keep.len,
		.ttl = c->ttl, .bad_checksum = c->bad_checksum };
	memcpy(p->octets, keep.at, keep.len);
	m->to += size;
	m->octets += p->len;
	m->count++;
	m->single = p->len == 1;
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
	uint32_t place = (uint32_t)(before.at - p->octets);
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

		next = i + piece_size(p->len);
		from = seq_before(p->seq, c->seq) ? c->seq : p->seq;
		to = seq_before(p->seq + p->len, end) ? p->seq + p->len : end;
		if (!seq_before(p->seq, end))
			break;
		if (!seq_before(from, to) || p->bad_checksum ||
		    is_expired(f, m, p, c->mark.time))
			continue;
		before = span_of(p->octets + (from - p->seq), to - from);
		after = span_of(c->octets.at + (from - c->seq), to - from);
		if (difference(before, after, &at, &len))
			report(f, who, p, c,
			    span_first(span_skip(before, at), len),
			    span_first(span_skip(after, at), len));
	}
}
