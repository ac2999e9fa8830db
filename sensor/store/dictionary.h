/* SPDX-License-Identifier: ISC */
/*
 * store/dictionary.h -- repeating values, stored once, by their numbers.
 *
 * Each call gives the number of a value and stores it if it is new.  What
 * it returns is > 0, or -1: SQLite (or memory) failed and the transaction
 * must be given up.
 */
#ifndef STORE_DICTIONARY_H
#define STORE_DICTIONARY_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/book.h"
#include "base/span.h"
#include "tls/certificate.h"

struct dictionary;		/* opaque */

/* The database has the schema; it must outlive the dictionary.  -1 and NULL
 * in *d on failure. */
int	dictionary_new(sqlite3 *db, struct dictionary **d);
void	dictionary_free(struct dictionary *d);	/* NULL is fine */

/* Around what is stored in a transaction: behind BEGIN IMMEDIATE, and ahead
 * of COMMIT.  Lines and wordings can be asked for in between only. */
int	dictionary_begin(struct dictionary *d);
int	dictionary_flush(struct dictionary *d);

int64_t	dictionary_sensor(struct dictionary *d, const char *name);
int64_t	dictionary_source(struct dictionary *d, const char *name);
int64_t	dictionary_text(struct dictionary *d, const char *text);
/* Into the caches what that will touch. */
void	dictionary_foresee_text(const struct dictionary *d, const char *text);
int64_t	dictionary_line(struct dictionary *d, struct span line);
int64_t	dictionary_wording(struct dictionary *d, struct span text);
/* The same of texts of a book, which remembers their numbers. */
int64_t	dictionary_kept_text(struct dictionary *d, struct book_text *t);
int64_t	dictionary_kept_line(struct dictionary *d, struct book_text *t);

/* The one without a number that fails: addresses of IPv4 may be -1.  So it
 * is in *id, and -1 returned means what it means above. */
int	dictionary_host(struct dictionary *d, const struct addr *ip,
	    int64_t *id);

/* `rest`: lines of the reply behind the first, separated by \n, "" if there
 * are none; `keywords` separated by blanks. */
int64_t	dictionary_ehlo_reply(struct dictionary *d, const char *rest,
	    const char *keywords);

int64_t	dictionary_certificate(struct dictionary *d,
	    const struct certificate *c);
/* Numbers of certificates, leaf first. */
int64_t	dictionary_chain(struct dictionary *d, const int64_t *ids,
	    unsigned count);

#endif
