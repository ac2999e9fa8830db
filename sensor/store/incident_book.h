/* SPDX-License-Identifier: ISC */
/*
 * store/incident_book.h -- the incidents of late, found by their place: at a
 * server, or at a client network.
 *
 * Bounded.  What there is no room for, and what is older, is fetched from
 * its rows when its time is asked about.
 */
#ifndef STORE_INCIDENT_BOOK_H
#define STORE_INCIDENT_BOOK_H

#include "detect/incident.h"
#include "store/incident_rows.h"

#define INCIDENT_BOOK_MAX	8192	/* at a commit; the least recent half
					 * leaves */

struct incident_kept {
	struct incident_kept	*chain;		/* the next at such places */
	struct incident_kept	*of_net;	/* the next at servers that has
						 * to do with such a network */
	struct incident_kept	**net;		/* where that list begins, or
						 * NULL */
	struct incident		*incident;
	uint64_t		 round;		/* for the caller to mark */
	bool			 ours;		/* opened by this program */
};

struct incident_book;		/* opaque */

/* `rows` is borrowed.  NULL: memory is short. */
struct incident_book	*incident_book_new(struct incident_rows *rows);
void	 incident_book_free(struct incident_book *b);	/* NULL is fine */

/* Behind BEGIN.  -1: SQLite failed. */
int	 incident_book_begin(struct incident_book *b, int64_t *next_id);

/* The book owns it from here on.  -1: memory is short, and it does not. */
int	 incident_book_keep(struct incident_book *b, struct incident *i,
	    bool ours);
/* The caller owns it again, before its place changes.  Was it ours? */
bool	 incident_book_let_go(struct incident_book *b,
	    const struct incident *i);

/* Fetch those at the place of `like`, and of its times, that are not here;
 * or, `like` being at a network, those at servers that have to do with it as
 * well.  -1: SQLite failed. */
int	 incident_book_fetch(struct incident_book *b,
	    const struct incident *like);
int	 incident_book_fetch_of_net(struct incident_book *b,
	    const struct incident *like);

/* That of this number, fetched if it is not here; NULL: there is none.  -1:
 * SQLite failed. */
int	 incident_book_find(struct incident_book *b, int64_t id,
	    struct incident **out);

/* Where the lists begin that hold all at its place, and all at servers with
 * that client network, among others. */
struct incident_kept	**incident_book_at(struct incident_book *b,
			    const struct incident *like);
struct incident_kept	**incident_book_of_net(struct incident_book *b,
			    const char *net);

bool	 incident_same_place(const struct incident *a,
	    const struct incident *c);
/* Its client network, or the first of those; NULL: memory was short. */
const char	*incident_first_net(const struct incident *i);

/* Ahead of COMMIT: write what changed.  -1: SQLite failed. */
int	 incident_book_flush(struct incident_book *b, int64_t now);

#endif
