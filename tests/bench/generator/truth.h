/* SPDX-License-Identifier: ISC */
/*
 * truth.h -- a line per SMTP session that says what it was.
 */
#ifndef GENERATOR_TRUTH_H
#define GENERATOR_TRUTH_H

#include <stdio.h>

#include "plan.h"

/* NULL after saying why. */
FILE	*truth_open(const char *path);

void	 truth_write(FILE *f, const struct session *s,
	    const struct servers *servers);

/* -1 after saying why, also if an earlier write failed. */
int	 truth_close(FILE *f, const char *path);

#endif
