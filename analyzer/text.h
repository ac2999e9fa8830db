/* SPDX-License-Identifier: ISC */
/*
 * analyzer/text.h -- text of strangers, made safe to show.
 *
 * Banners, names and file names come from the wire or from elsewhere.  A
 * terminal obeys some octets instead of showing them; a reader is fooled by
 * others.  What is not plainly printable is shown as its octets or code
 * point: \x1b, \u{202e}.
 */
#ifndef ANALYZER_TEXT_H
#define ANALYZER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Can our output carry UTF-8?  As the locale says. */
bool	 text_wide(void);

/*
 * A safe copy of `len` octets; the caller frees it.  NULL if memory is
 * short.  With `wide`, printable characters beyond ASCII stay as they are.
 */
char	*text_safe(const char *text, size_t len, bool wide);

/* Columns of a terminal that safe text takes. */
size_t	 text_width(const char *safe);

/* Safe text cut to `width` columns, with a mark at its end if anything is
 * gone; or broken into lines of at most `width`, between words if possible.
 * The caller frees it; NULL if memory is short. */
char	*text_cut(const char *safe, size_t width, bool wide);
char	*text_wrap(const char *safe, size_t width);

/* As text_safe(), straight to a stream. */
void	 text_put(FILE *out, const char *text, size_t len, bool wide);

/*
 * JSON text that is right already; what a terminal would obey becomes \u
 * escapes, which only ever stand inside strings.
 */
void	 text_put_json(FILE *out, const char *json, size_t len);

/* As one word of a POSIX shell, quoted where needed. */
void	 text_put_quoted(FILE *out, const char *word, bool wide);

#endif
