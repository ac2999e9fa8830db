/* SPDX-License-Identifier: ISC */
/*
 * base/book.h -- texts that are met again and again, kept once.
 *
 * A hundred thousand connections open at once greet with the same few
 * thousand lines.  A book keeps each of these once; whoever holds the book
 * may point into it.  It is bounded: what is met for the first time is not
 * kept, and once the book is full nothing is.
 *
 * One thread, the writer, looks texts up and adds them.  Any other may hold
 * a book that it was given, read the texts it was pointed to, and drop it.
 */
#ifndef BASE_BOOK_H
#define BASE_BOOK_H

#include "base/span.h"

#define BOOK_TEXT_MAX	512	/* octets; longer ones are not kept */
#define BOOK_LIST_MAX	(BOOK_TEXT_MAX / sizeof(struct book_place))

/* What a reader of its choice (one thread) may note beside a text. */
enum book_note {
	NOTE_LINE,		/* the store's number of it as a line */
	NOTE_TEXT,		/* ... and as a text */
	NOTES
};

struct book_text {
	int64_t		note[NOTES];	/* 0 at first */
	uint32_t	len;
	char		text[];		/* NUL-terminated */
};

/* Where a text stands: behind book_start(). */
struct book_place {
	uint32_t	at, len;
};

/* Texts that come together; the places are kept in the book, too. */
struct book_list {
	const struct book_place	*place;
	unsigned		 count;
};

struct book;			/* opaque */

void	 book_drop(struct book *b);	/* NULL is fine */

/* The writer's: the text as it is kept; NULL: it is not.  `b` may be NULL.
 * It is read by others only: here it may be far from all caches. */
const char	*book_find(struct book *b, struct span text);

/* Texts of the book that will come together again, as many as BOOK_LIST_MAX,
 * as a list.  Its place is NULL if there is no room. */
struct book_list	 book_keep_list(struct book *b,
			    const struct span texts[], unsigned count);

/* It may be looked for soon: fetch where that begins into the caches. */
void		 book_foresee(const struct book *b, struct span text);

/* Is this a text of the book?  NULL: no; `b` may be NULL. */
struct book_text	*book_text_at(const struct book *b, const char *text);

/* Where a text stands in the book, for keeping it in 32 bits or fewer. */
const char	*book_start(const struct book *b);

/* No other book of its shelf had this, or will. */
uint64_t	 book_number(const struct book *b);

/*
 * The writer's books.  When one is full the next is begun, unless the one
 * before it is still held: there are never more than two.
 */
struct bookshelf;		/* opaque */

struct bookshelf	*bookshelf_new(uint64_t seed);	/* NULL: memory */
void			 bookshelf_free(struct bookshelf *s);	/* NULL is fine */
/* The book at hand, held for the caller.  NULL: memory; `s` may be NULL. */
struct book		*bookshelf_take(struct bookshelf *s);

#endif
