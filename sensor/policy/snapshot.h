/* SPDX-License-Identifier: ISC */
/*
 * policy/snapshot.h -- a zone file as a source of answers, for captures that
 * are judged elsewhere or later.
 *
 * Records of the types in dns.h; others are passed over.  A line
 *	;! zone NAME: secure|insecure|bogus
 * gives the DNSSEC state of NAME and all below it; the longest name wins,
 * and what no line covers is insecure.  Of a name that neither has records,
 * nor is below one that has, nor is covered by a line, nothing is known:
 * that is not the same as a proof that it does not exist.  A line
 *	;! asked 2026-03-01T12:00:05Z
 * says when the records that follow were looked up; "-": it is not known.
 */
#ifndef POLICY_SNAPSHOT_H
#define POLICY_SNAPSHOT_H

#include "policy/source.h"

#define SNAPSHOT_WHY_MAX	256

struct snapshot;

/* NULL after saying why. */
struct snapshot	*snapshot_open(const char *path);

/* Likewise from text, and the reason goes to `why`. */
struct snapshot	*snapshot_read(struct span text, const char *name,
		    char why[SNAPSHOT_WHY_MAX]);

void	snapshot_free(struct snapshot *s);	/* NULL is fine */

struct lookup_source	snapshot_source(struct snapshot *s);

/* The answer, a reference for the caller; NULL: memory is short. */
struct lookup_answer	*snapshot_answer(const struct snapshot *s,
		    const struct lookup_question *q);

/* Of "asked": microseconds, 0 for "-".  False: it is no such time. */
bool	snapshot_time(const char *word, int64_t *at);

size_t	snapshot_records(const struct snapshot *s);

#endif
