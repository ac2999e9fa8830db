/* SPDX-License-Identifier: ISC */
/*
 * Octets remembered after delivery, so that a later copy which says
 * something else is noticed: the mark of a forged reply that raced the
 * genuine one, whichever came first.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow/flow_internal.h"

static size_t
piece_size(uint32_t len)
{
	return sizeof(struct piece) + len;
}

static void
drop_first(struct flow *f, struct stream *s)
{
	struct piece *p = s->pieces;

	s->pieces = p->next;
	if (s->pieces == NULL)
		s->last_piece = NULL;
	s->piece_octets -= p->len;
	s->piece_count--;
	table_release(f->table, p, piece_size(p->len));
}

void
memory_forget(struct flow *f, enum side who)
{
	struct stream *s = &f->side[who];

	while (s->pieces != NULL)
		drop_first(f, s);
}

/* Too old to matter: a copy that late is no race. */
static bool
expired(const struct flow *f, const struct piece *p, int64_t now)
{
	return now - p->mark.time >
	    (int64_t)f->table->limits.remember_seconds * 1000000;
}

void
memory_keep(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	uint32_t limit = f->table->limits.remembered_per_side;
	struct span keep = span_first(c->octets, limit);
	struct piece *p;

	while (s->pieces != NULL && (expired(f, s->pieces, c->mark.time) ||
	    s->piece_octets + keep.len > limit ||
	    s->piece_count >= PIECES_MAX))
		drop_first(f, s);
	if (keep.len == 0 ||
	    (p = table_alloc(f->table, piece_size((uint32_t)keep.len))) == NULL)
		return;		/* counted by the table */
	*p = (struct piece){ .mark = c->mark, .seq = c->seq,
	    .len = (uint32_t)keep.len, .ttl = c->ttl,
	    .bad_checksum = c->bad_checksum };
	memcpy(p->octets, keep.at, keep.len);
	if (s->last_piece != NULL)
		s->last_piece->next = p;
	else
		s->pieces = p;
	s->last_piece = p;
	s->piece_octets += p->len;
	s->piece_count++;
}

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

static void
report(struct flow *f, enum side who, struct piece *p, const struct copy *c,
    struct span before, struct span after)
{
	struct flow_traits *t = &f->facts.side[who];
	uint32_t hash = (uint32_t)XXH3_64bits_withSeed(after.at, after.len,
	    (uint64_t)(before.at - p->octets)) | 1;
	struct flow_conflict told;

	if (p->reported == hash)
		return;		/* the same copy again: a duplicate */
	p->reported = hash;
	t->conflicting += (uint32_t)before.len;
	count(f->table->counters, COUNT_conflicts);
	if (f->session == NULL || f->table->ops->conflict == NULL)
		return;
	told = (struct flow_conflict){
		.side = who,
		.before = before,
		.after = after,
		.seen_before = p->mark,
		.seen_after = c->mark,
		.offset = (t->syn ? p->seq - t->isn - 1 : p->seq) +
		    (uint64_t)(before.at - p->octets),
		.ttl_before = p->ttl,
		.ttl_after = c->ttl,
	};
	f->table->ops->conflict(f->session, &told);
}

void
memory_compare(struct flow *f, enum side who, const struct copy *c)
{
	struct stream *s = &f->side[who];
	uint32_t end = c->seq + (uint32_t)c->octets.len;
	uint32_t from, to;
	size_t at, len;

	for (struct piece *p = s->pieces; p != NULL; p = p->next) {
		struct span before, after;

		from = seq_before(p->seq, c->seq) ? c->seq : p->seq;
		to = seq_before(p->seq + p->len, end) ? p->seq + p->len : end;
		if (!seq_before(from, to) || expired(f, p, c->mark.time) ||
		    p->bad_checksum || c->bad_checksum)
			continue;
		before = span_of(p->octets + (from - p->seq), to - from);
		after = span_of(c->octets.at + (from - c->seq), to - from);
		if (difference(before, after, &at, &len))
			report(f, who, p, c,
			    span_first(span_skip(before, at), len),
			    span_first(span_skip(after, at), len));
	}
}
