/* SPDX-License-Identifier: ISC */
/*
 * base/escape.h -- bytes from the wire made safe to show.
 *
 * Printable ASCII stays; a backslash is doubled; all else becomes \r, \n,
 * \t or \xNN, so that no byte of a stranger reaches a terminal or a report.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/span.h"

/* Escape as much of `in` as fits whole into `size` octets with the NUL;
 * returns the length of the text. */
size_t	escape(struct span in, char *out, size_t size);

#endif
