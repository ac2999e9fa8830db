/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "smtp/line.h"
#include "smtp/recall.h"
#include "smtp/redact.h"
#include "smtp/reply.h"

#define SLOTS	4096U		/* a power of two */

/* Told apart by 64 bits of a keyed hash and the length, as texts of a book
 * are.  Once met is not enough to be kept. */
struct slot {
	uint64_t		 hash;		/* 0: free */
	uint64_t		 book;		/* book_number() */
	uint32_t		 len;
	struct smtp_recalled	*known;		/* NULL: met; owned */
};

struct smtp_recalls {
	uint64_t	seed;
	struct slot	slot[SLOTS];
	struct smtp_list	room;
};

struct smtp_recalls *
smtp_recalls_new(uint64_t seed)
{
	struct smtp_recalls *all = calloc(1, sizeof(*all));

	if (all != NULL)
		all->seed = seed;
	return all;
}

static void
drop(struct smtp_recalled *r)
{
	if (r != NULL)
		smtp_capability_drop(&r->list);
	free(r);
}

void
smtp_recalls_free(struct smtp_recalls *all)
{
	if (all == NULL)
		return;
	for (unsigned i = 0; i < SLOTS; i++)
		drop(all->slot[i].known);
	smtp_capability_drop(&all->room);
	free(all);
}

struct smtp_list *
smtp_recalls_room(struct smtp_recalls *all)
{
	return all != NULL ? &all->room : NULL;
}

/* In the book, or not at all. */
static bool
keep_texts(struct book *b, struct smtp_list *l)
{
	bool odd;

	if (l->capabilities.at != NULL)
		l->known_capabilities = book_find(b,
		    span_of(l->capabilities.at, l->capabilities.len));
	if (l->token != NULL)
		l->known_token = book_find(b, span_text(l->token));
	odd = l->known_capabilities == NULL ||
	    (l->token != NULL && l->known_token == NULL);
	smtp_text_drop(&l->capabilities);
	free(l->token);
	l->token = NULL;
	return !odd;
}

static bool
keep_line(struct book *b, struct span text, struct span *shown)
{
	*shown = span_of(book_find(b, text), text.len);
	return shown->at != NULL;
}

/* Reads them as server.c and answers.c do.  False if they might find more in
 * the octets than the rest of a list and nothing else. */
static bool
read_list(struct book *b, struct span octets, struct smtp_recalled *r)
{
	struct span shown[SMTP_RECALL_LINES_MAX];
	struct smtp_line_reader reader = { .held = NULL };
	char room[SMTP_REDACT_MAX + 1];
	struct smtp_line line;
	bool last = false, kept = true;
	unsigned n = 0;

	smtp_capability_line(&r->list, span_of(NULL, 0), false);
	while (!last && smtp_line_next(&reader, &octets, &line)) {
		struct smtp_reply_line reply = smtp_reply_parse(line.text);

		if (reply.code != 250 || line.cut ||
		    n == SMTP_RECALL_LINES_MAX)
			break;
		kept &= keep_line(b, smtp_text_plain(line.text,
		    SMTP_REDACT_MAX, room), &shown[n++]);
		smtp_capability_line(&r->list, reply.text, line.cut);
		last = reply.last;
	}
	smtp_line_drop(&reader);
	if (!last || !kept || octets.len > 0 || r->list.too_long)
		return false;
	r->shown = book_keep_list(b, shown, n);
	return r->shown.place != NULL;
}

static struct smtp_recalled *
learn(struct book *b, struct span octets)
{
	struct smtp_recalled *r = calloc(1, sizeof(*r));
	bool whole;

	if (r == NULL)
		return NULL;
	whole = read_list(b, octets, r);
	if (!keep_texts(b, &r->list) || !whole || r->list.reply.at == NULL) {
		drop(r);
		return NULL;
	}
	return r;
}

const struct smtp_recalled *
smtp_recall(struct smtp_recalls *all, struct book *b, struct span octets)
{
	uint64_t hash, book;
	struct slot *s;

	if (all == NULL || b == NULL || octets.len > SMTP_RECALL_OCTETS_MAX)
		return NULL;
	hash = XXH3_64bits_withSeed(octets.at, octets.len, all->seed) | 1;
	book = book_number(b);
	s = &all->slot[(hash >> 1) % SLOTS];
	if (s->hash != hash || s->len != octets.len || s->book != book) {
		drop(s->known);
		*s = (struct slot){ .hash = hash, .book = book,
		    .len = (uint32_t)octets.len };
		return NULL;
	}
	if (s->known == NULL && (s->known = learn(b, octets)) == NULL)
		s->hash = 0;	/* not that soon again */
	return s->known;
}
