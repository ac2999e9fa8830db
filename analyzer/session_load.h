/* SPDX-License-Identifier: ISC */
/*
 * analyzer/session_load.h -- one session in full, as JSON objects.
 */
#ifndef ANALYZER_SESSION_LOAD_H
#define ANALYZER_SESSION_LOAD_H

#include <jansson.h>
#include <stdint.h>

#include "analyzer/database.h"

struct session_full {
	/* All of v_sessions; then "findings", an array of v_findings, the
	 * gravest first; then "dialogue", an array of {"who", "at", "packet",
	 * "text"} with who client, server, or sensor for a remark. */
	json_t	*facts;
	char	*damage;	/* of its source, as the sensor says; NULL */
};

/* 1 if file `i` has it, 0 if not, -1 after saying why. */
int	session_load(struct session_full *s, const struct database *d,
	    unsigned i, int64_t id);
void	session_unload(struct session_full *s);

/* Members of a JSON object: NULL or 0 if unknown. */
const char	*session_text(const json_t *facts, const char *name);
json_int_t	 session_number(const json_t *facts, const char *name);

#endif
