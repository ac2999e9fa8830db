/* SPDX-License-Identifier: ISC */
/*
 * analyzer/session_load.h -- one session in full, as a JSON object.
 *
 * All of v_sessions; then "findings", an array of v_findings, the gravest
 * first; "incidents" they belong to; and "dialogue", an array of {"who",
 * "at", "packet", "text"} with who client, server, or sensor for a remark.
 */
#ifndef ANALYZER_SESSION_LOAD_H
#define ANALYZER_SESSION_LOAD_H

#include "analyzer/full.h"

/* 1 if file `i` has it, 0 if not, -1 after saying why. */
int	session_load(struct full_thing *t, const struct database *d,
	    unsigned i, int64_t id, const struct options *o);

#endif
