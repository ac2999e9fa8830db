/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#define XXH_INLINE_ALL		/* a call costs as much as a short hash */
#include <xxhash.h>

#include "base/book.h"

#define ROOM		(2 * 1024 * 1024)	/* octets of texts */
#define SLOTS		32768U		/* a power of two ... */
#define TEXTS_MAX	(SLOTS / 4 * 3)	/* ... never quite full */
#define MET		16384U		/* a power of two */

/*
 * Texts are told apart by 64 bits of a keyed hash, without a look at them:
 * that would be one more miss of the caches, for each line of a dialogue.
 */
struct slot {
	uint64_t	hash;		/* 0: free */
	uint32_t	at;		/* in the room */
	uint32_t	len;
};

struct book {
	atomic_uint	 holders;
	uint64_t	 seed, number;
	uint32_t	 used, count;
	struct slot	 slot[SLOTS];
	uint16_t	 met[MET];	/* part of a hash: met once */
	alignas(struct book_text) uint8_t	 room[ROOM];
};

static struct book *
book_new(uint64_t seed, uint64_t number)
{
	struct book *b;

	/* pages of the room are touched as texts come */
	if ((b = malloc(sizeof(*b))) == NULL)
		return NULL;
	atomic_init(&b->holders, 1);
	b->seed = seed;
	b->number = number;
	b->used = b->count = 0;
	memset(b->slot, 0, sizeof(b->slot));
	memset(b->met, 0, sizeof(b->met));
	return b;
}

void
book_drop(struct book *b)
{
	if (b != NULL && atomic_fetch_sub(&b->holders, 1) == 1)
		free(b);
}

static bool
is_full(const struct book *b)
{
	return b->count >= TEXTS_MAX || ROOM - b->used <
	    sizeof(struct book_text) + BOOK_TEXT_MAX + alignof(struct book_text);
}

static struct book_text *
place(struct book *b, uint32_t at)
{
	return (struct book_text *)(void *)(b->room + at);
}

/* It was met before, or something that looks like it. */
static bool
met_again(struct book *b, uint64_t hash)
{
	uint16_t *met = &b->met[(hash >> 20) % MET];
	uint16_t tag = (uint16_t)(hash >> 48) | 1;

	if (*met == tag)
		return true;
	*met = tag;
	return false;
}

/* Apart from book_find(), which is to be short: most texts are there. */
static const char *
add(struct book *, struct slot *, uint64_t, struct span)
    __attribute__((noinline));

static const char *
add(struct book *b, struct slot *slot, uint64_t hash, struct span text)
{
	size_t size = sizeof(struct book_text) + text.len + 1;
	struct book_text *t = place(b, b->used);

	*slot = (struct slot){ .hash = hash, .at = b->used,
	    .len = (uint32_t)text.len };
	*t = (struct book_text){ .len = (uint32_t)text.len };
	if (text.len > 0)
		memcpy(t->text, text.at, text.len);
	t->text[text.len] = '\0';
	size = (size + alignof(struct book_text) - 1) &
	    ~(alignof(struct book_text) - 1);
	b->used += (uint32_t)size;
	b->count++;
	return t->text;
}

static uint64_t
hash_of(const struct book *b, struct span text)
{
	return XXH3_64bits_withSeed(text.at, text.len, b->seed) | 1;
}

/* Where it is, or behind that. */
static uint32_t
first_slot(uint64_t hash)
{
	return (uint32_t)(hash >> 1) % SLOTS;
}

void
book_foresee(const struct book *b, struct span text)
{
	if (b != NULL && text.len <= BOOK_TEXT_MAX)
		__builtin_prefetch(&b->slot[first_slot(hash_of(b, text))]);
}

const char *
book_find(struct book *b, struct span text)
{
	uint64_t hash;
	uint32_t i;

	if (b == NULL || text.len > BOOK_TEXT_MAX)
		return NULL;
	hash = hash_of(b, text);
	for (i = first_slot(hash); b->slot[i].hash != 0;
	    i = (i + 1) % SLOTS)
		if (b->slot[i].hash == hash && b->slot[i].len == text.len)
			return place(b, b->slot[i].at)->text;
	return is_full(b) || !met_again(b, hash) ? NULL :
	    add(b, &b->slot[i], hash, text);
}

/* One text more, of places; those do not move. */
struct book_list
book_keep_list(struct book *b, const struct span texts[], unsigned count)
{
	static_assert(offsetof(struct book_text, text) %
	    alignof(struct book_place) == 0, "places are read where they lie");
	struct book_place places[BOOK_LIST_MAX];
	struct span all = span_of(places, count * sizeof(places[0]));
	const char *kept;

	assert(count <= BOOK_LIST_MAX);
	for (unsigned i = 0; i < count; i++)
		places[i] = (struct book_place){ .len = (uint32_t)texts[i].len,
		    .at = (uint32_t)((const char *)texts[i].at -
		    book_start(b)) };
	/* what is met for the first time is not kept */
	if ((kept = book_find(b, all)) == NULL)
		kept = book_find(b, all);
	return (struct book_list){ .count = count,
		.place = (const struct book_place *)(const void *)kept };
}

struct book_text *
book_text_at(const struct book *b, const char *text)
{
	const char *start = b == NULL ? NULL : book_start(b);

	if (start == NULL || text == NULL || text < start ||
	    text >= start + ROOM)
		return NULL;
	return (struct book_text *)(uintptr_t)(text -
	    offsetof(struct book_text, text));
}

const char *
book_start(const struct book *b)
{
	return (const char *)b->room;
}

uint64_t
book_number(const struct book *b)
{
	return b->number;
}

/* ------------------------------------------------------------------ */

struct bookshelf {
	struct book	*now, *before;
	uint64_t	 seed, books;
};

struct bookshelf *
bookshelf_new(uint64_t seed)
{
	struct bookshelf *s;

	if ((s = calloc(1, sizeof(*s))) != NULL)
		s->seed = seed;
	return s;
}

void
bookshelf_free(struct bookshelf *s)
{
	if (s == NULL)
		return;
	book_drop(s->now);
	book_drop(s->before);
	free(s);
}

struct book *
bookshelf_take(struct bookshelf *s)
{
	if (s == NULL)
		return NULL;
	if (s->now != NULL && is_full(s->now) && (s->before == NULL ||
	    atomic_load(&s->before->holders) == 1)) {
		book_drop(s->before);
		s->before = s->now;
		s->now = NULL;
	}
	if (s->now == NULL &&
	    (s->now = book_new(s->seed, s->books++)) == NULL)
		return NULL;
	atomic_fetch_add(&s->now->holders, 1);
	return s->now;
}
