/* SPDX-License-Identifier: ISC */
/*
 * analyzer/slurp.h -- small files whole.
 */
#ifndef ANALYZER_SLURP_H
#define ANALYZER_SLURP_H

#include <stddef.h>

/* The file's octets, `most` of them at the most, "-" being standard input, and
 * behind them a NUL; the caller frees them.  NULL after saying why. */
char	*slurp(const char *path, size_t most, size_t *len);

#endif
