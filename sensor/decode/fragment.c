/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdlib.h>
#include <xxhash.h>

#include "decode/decode.h"
#include "decode/fragment.h"

/*
 * More pieces than an honest datagram has: 64 KB over the smallest common
 * MTU are 120, and 1500 octets in the smallest pieces there are 188.  It
 * bounds what looking through them costs.
 */
#define PIECES_MAX	256

/* How long a finished datagram is remembered, in microseconds. */
#define ECHO_TIME	1000000

#define DATAGRAM_MAX	65535

/* What makes fragments belong together; without padding, for hashing. */
struct key {
	struct addr	 source, destination;
	uint32_t	 id;
	uint16_t	 v6;
	uint16_t	 protocol;	/* 0 for IPv6: RFC 8200 */
};
_Static_assert(sizeof(struct key) == 40, "padding would be hashed");

struct piece {
	TAILQ_ENTRY(piece)	 link;		/* by offset */
	uint32_t		 offset;
	uint32_t		 wire;
	uint32_t		 captured;
	uint8_t			 octets[];
};

enum gathering_state {
	GATHERING_OPEN,		/* pieces are missing */
	GATHERING_FINISHED,	/* given out; kept to know its echo */
	GATHERING_REFUSED,	/* overlapping; all that comes is refused */
};

/* A datagram being put together. */
struct gathering {
	LIST_ENTRY(gathering)	 chain;		/* same bucket */
	TAILQ_ENTRY(gathering)	 age;
	struct key		 key;
	enum gathering_state	 state;
	int64_t			 since;		/* first piece, or finish */
	TAILQ_HEAD(pieces, piece)	 pieces;
	uint32_t		 npieces;
	uint32_t		 have;		/* octets, as on the wire */
	uint32_t		 total;		/* 0: last piece not seen */
	uint8_t			 protocol;	/* as the first piece has it */
};

LIST_HEAD(bucket, gathering);
TAILQ_HEAD(gatherings, gathering);

struct fragment_table {
	struct counters		*counters;
	uint64_t		 seed;
	uint32_t		 gatherings_max, memory_max;
	uint64_t		 timeout;	/* microseconds */
	struct bucket		*buckets;
	uint32_t		 mask;
	uint32_t		 ngatherings;
	size_t			 memory;
	struct gatherings	 open;		/* and refused; oldest first */
	struct gatherings	 finished;
	uint8_t			*whole[FRAGMENT_LEVELS];
};

struct fragment_table *
fragment_table_new(const struct decode_limits *limits,
    struct counters *counters)
{
	struct fragment_table *t;
	uint32_t size = 16;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	while (size < limits->fragment_datagrams && size < 1U << 24)
		size *= 2;
	if ((t->buckets = calloc(size, sizeof(*t->buckets))) == NULL) {
		free(t);
		return NULL;
	}
	t->mask = size - 1;
	t->counters = counters;
	t->seed = limits->seed;
	t->gatherings_max = limits->fragment_datagrams;
	t->memory_max = limits->fragment_memory;
	t->timeout = limits->fragment_timeout * UINT64_C(1000000);
	TAILQ_INIT(&t->open);
	TAILQ_INIT(&t->finished);
	return t;
}

static struct gatherings *
list_of(struct fragment_table *t, const struct gathering *g)
{
	return g->state == GATHERING_FINISHED ? &t->finished : &t->open;
}

static void
pieces_free(struct fragment_table *t, struct gathering *g)
{
	struct piece *piece;

	while ((piece = TAILQ_FIRST(&g->pieces)) != NULL) {
		TAILQ_REMOVE(&g->pieces, piece, link);
		t->memory -= sizeof(*piece) + piece->captured;
		free(piece);
	}
	g->npieces = 0;
	g->have = 0;
}

static void
gathering_free(struct fragment_table *t, struct gathering *g)
{
	pieces_free(t, g);
	LIST_REMOVE(g, chain);
	TAILQ_REMOVE(list_of(t, g), g, age);
	t->ngatherings--;
	t->memory -= sizeof(*g);
	free(g);
}

/* As gathering_free(), and what was hoped for is counted as lost. */
static void
give_up(struct fragment_table *t, struct gathering *g, enum counter why)
{
	if (g->state == GATHERING_OPEN)
		count(t->counters, why);
	gathering_free(t, g);
}

void
fragment_table_free(struct fragment_table *t)
{
	struct gathering *g;

	if (t == NULL)
		return;
	while ((g = TAILQ_FIRST(&t->open)) != NULL)
		give_up(t, g, COUNT_fragments_timed_out);
	while ((g = TAILQ_FIRST(&t->finished)) != NULL)
		gathering_free(t, g);
	for (unsigned i = 0; i < FRAGMENT_LEVELS; i++)
		free(t->whole[i]);
	free(t->buckets);
	free(t);
}

/* Time may jump back, with the next file; far enough, all of it is over.
 * Unsigned, for a capture may claim any time at all. */
static bool
is_over(const struct gathering *g, int64_t now, uint64_t lifetime)
{
	uint64_t apart = now > g->since ? (uint64_t)now - (uint64_t)g->since :
	    (uint64_t)g->since - (uint64_t)now;

	return apart > lifetime;
}

static void
expire(struct fragment_table *t, int64_t now)
{
	struct gathering *g;

	while ((g = TAILQ_FIRST(&t->open)) != NULL &&
	    is_over(g, now, t->timeout))
		give_up(t, g, COUNT_fragments_timed_out);
	while ((g = TAILQ_FIRST(&t->finished)) != NULL &&
	    is_over(g, now, ECHO_TIME))
		gathering_free(t, g);
}

/*
 * Room for so many octets more, of `g` or, if that is NULL, of another
 * datagram.  Echoes are a courtesy and go first; then whoever waits longest,
 * and if that is `g` itself, it is gone: -1.
 */
static int
make_room(struct fragment_table *t, const struct gathering *g, size_t octets)
{
	struct gathering *oldest;
	bool own;

	while (t->memory + octets > t->memory_max ||
	    (g == NULL && t->ngatherings >= t->gatherings_max)) {
		if ((oldest = TAILQ_FIRST(&t->finished)) == NULL &&
		    (oldest = TAILQ_FIRST(&t->open)) == NULL) {
			count(t->counters, COUNT_fragments_dropped);
			return -1;
		}
		own = oldest == g;
		give_up(t, oldest, COUNT_fragments_dropped);
		if (own)
			return -1;
	}
	return 0;
}

static struct bucket *
bucket_of(struct fragment_table *t, const struct key *key)
{
	return &t->buckets[XXH3_64bits_withSeed(key, sizeof(*key), t->seed) &
	    t->mask];
}

static struct gathering *
find(struct fragment_table *t, const struct key *key)
{
	struct gathering *g;

	LIST_FOREACH(g, bucket_of(t, key), chain)
		if (memcmp(&g->key, key, sizeof(*key)) == 0)
			return g;
	return NULL;
}

static struct gathering *
begin(struct fragment_table *t, const struct key *key, int64_t now)
{
	struct gathering *g;

	if (make_room(t, NULL, sizeof(*g)) == -1)
		return NULL;
	if ((g = calloc(1, sizeof(*g))) == NULL) {
		count(t->counters, COUNT_fragments_dropped);
		return NULL;
	}
	g->key = *key;
	g->state = GATHERING_OPEN;
	g->since = now;
	TAILQ_INIT(&g->pieces);
	LIST_INSERT_HEAD(bucket_of(t, key), g, chain);
	TAILQ_INSERT_TAIL(&t->open, g, age);
	t->ngatherings++;
	t->memory += sizeof(*g);
	return g;
}

static enum fragment_fate
refuse(struct fragment_table *t, struct gathering *g, enum counter why)
{
	count(t->counters, why);
	pieces_free(t, g);
	g->state = GATHERING_REFUSED;
	return FRAGMENT_REFUSED;
}

/* The last piece that does not begin behind `offset`; looked for from the
 * end, where pieces usually go. */
static struct piece *
piece_before(struct gathering *g, uint32_t offset)
{
	struct piece *piece;

	TAILQ_FOREACH_REVERSE(piece, &g->pieces, pieces, link)
		if (piece->offset <= offset)
			return piece;
	return NULL;
}

/* The same fragment as far as both were captured? */
static bool
same_piece(const struct piece *piece, const struct fragment *f)
{
	size_t both = piece->captured < f->octets.len ? piece->captured :
	    f->octets.len;

	return piece->offset == f->offset && piece->wire == f->wire &&
	    (both == 0 || memcmp(piece->octets, f->octets.at, both) == 0);
}

static bool
overlaps(const struct gathering *g, const struct piece *before,
    const struct fragment *f)
{
	const struct piece *after = before != NULL ?
	    TAILQ_NEXT(before, link) : TAILQ_FIRST(&g->pieces);

	return (before != NULL && before->offset + before->wire > f->offset) ||
	    (after != NULL && f->offset + f->wire > after->offset);
}

/* Does it say otherwise than those before where the datagram ends? */
static bool
end_differs(const struct gathering *g, const struct fragment *f)
{
	const struct piece *last = TAILQ_LAST(&g->pieces, pieces);
	uint32_t end = f->offset + f->wire;

	if (f->more)
		return g->total != 0 && end >= g->total;
	return (g->total != 0 && end != g->total) ||
	    (last != NULL && last->offset + last->wire > end) ||
	    (g->total == 0 && last != NULL && last->offset == f->offset);
}

static struct piece *
piece_new(struct fragment_table *t, const struct fragment *f)
{
	struct piece *piece;

	if ((piece = malloc(sizeof(*piece) + f->octets.len)) == NULL)
		return NULL;
	piece->offset = f->offset;
	piece->wire = f->wire;
	piece->captured = (uint32_t)f->octets.len;
	if (f->octets.len > 0)
		memcpy(piece->octets, f->octets.at, f->octets.len);
	t->memory += sizeof(*piece) + piece->captured;
	return piece;
}

/* All pieces are there: lay them out, up to the first octet the snap length
 * took. */
static enum fragment_fate
finish(struct fragment_table *t, struct gathering *g, unsigned level,
    struct datagram *out)
{
	struct piece *piece;
	size_t len = 0;

	if (t->whole[level] == NULL &&
	    (t->whole[level] = malloc(DATAGRAM_MAX)) == NULL) {
		give_up(t, g, COUNT_fragments_dropped);
		return FRAGMENT_REFUSED;
	}
	TAILQ_FOREACH(piece, &g->pieces, link) {
		memcpy(t->whole[level] + len, piece->octets, piece->captured);
		len += piece->captured;
		if (piece->captured < piece->wire)
			break;
	}
	out->octets = span_of(t->whole[level], len);
	out->wire = g->total;
	out->protocol = g->protocol;
	count(t->counters, COUNT_fragments_whole);
	return FRAGMENT_WHOLE;
}

/* Put it in its place among the others, if it fits there. */
static enum fragment_fate
add(struct fragment_table *t, struct gathering *g, const struct fragment *f)
{
	struct piece *before = piece_before(g, f->offset), *piece;

	if (end_differs(g, f))
		return refuse(t, g, COUNT_fragments_overlapping);
	if (before != NULL && same_piece(before, f)) {
		count(t->counters, COUNT_fragments_repeated);
		return FRAGMENT_HELD;
	}
	if (overlaps(g, before, f))
		return refuse(t, g, COUNT_fragments_overlapping);
	if (g->npieces == PIECES_MAX)
		return refuse(t, g, COUNT_fragments_dropped);
	if (make_room(t, g, sizeof(*piece) + f->octets.len) == -1)
		return FRAGMENT_REFUSED;
	if ((piece = piece_new(t, f)) == NULL)
		return refuse(t, g, COUNT_fragments_dropped);

	if (before != NULL)
		TAILQ_INSERT_AFTER(&g->pieces, before, piece, link);
	else
		TAILQ_INSERT_HEAD(&g->pieces, piece, link);
	g->npieces++;
	g->have += f->wire;
	if (f->offset == 0)
		g->protocol = f->protocol;
	if (!f->more)
		g->total = f->offset + f->wire;
	return g->total != 0 && g->have == g->total ? FRAGMENT_WHOLE :
	    FRAGMENT_HELD;
}

/*
 * A fragment for a datagram that is finished: its echo, or the identifier
 * is in use again and the old datagram makes way.
 */
static bool
is_echo(struct gathering *g, const struct fragment *f)
{
	const struct piece *piece = piece_before(g, f->offset);

	return piece != NULL && same_piece(piece, f) &&
	    f->more == (f->offset + f->wire != g->total);
}

enum fragment_fate
fragment_take(struct fragment_table *t, const struct fragment *f,
    unsigned level, struct datagram *out)
{
	struct key key = {
		.source = f->source,
		.destination = f->destination,
		.id = f->id,
		.v6 = f->v6,
		.protocol = f->v6 ? 0 : f->protocol,
	};
	struct gathering *g;

	expire(t, f->time);
	g = find(t, &key);
	if (g != NULL && g->state == GATHERING_REFUSED)
		return FRAGMENT_REFUSED;
	if (g != NULL && g->state == GATHERING_FINISHED) {
		if (is_echo(g, f)) {
			count(t->counters, COUNT_fragments_repeated);
			return FRAGMENT_ECHO;
		}
		gathering_free(t, g);
		g = NULL;
	}
	if (g == NULL && (g = begin(t, &key, f->time)) == NULL)
		return FRAGMENT_REFUSED;

	switch (add(t, g, f)) {
	case FRAGMENT_WHOLE:
		break;
	case FRAGMENT_HELD:
		return FRAGMENT_HELD;
	case FRAGMENT_ECHO:
	case FRAGMENT_REFUSED:
		return FRAGMENT_REFUSED;
	}
	if (finish(t, g, level, out) != FRAGMENT_WHOLE)
		return FRAGMENT_REFUSED;
	TAILQ_REMOVE(&t->open, g, age);
	g->state = GATHERING_FINISHED;
	g->since = f->time;
	TAILQ_INSERT_TAIL(&t->finished, g, age);
	return FRAGMENT_WHOLE;
}
