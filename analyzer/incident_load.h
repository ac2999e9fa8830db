/* SPDX-License-Identifier: ISC */
/*
 * analyzer/incident_load.h -- one incident in full, as a JSON object.
 *
 * All of v_incidents; then "parts", an object of arrays of {"word",
 * "sessions"}, the busiest first; "findings", an array of v_findings, the
 * gravest first and at most --limit of them, and "findings_total"; of the
 * gravest session "decisive", its finding, and "promised", an object of its
 * "promise", "more", "certificate", "confirmation" and "unanswered";
 * "related", an array of {"id", "kind", "severity", "state", "title"}, what else
 * there is at its server at that time; "log", an array of {"at", "who",
 * "action", "text"} in the order of their time.
 */
#ifndef ANALYZER_INCIDENT_LOAD_H
#define ANALYZER_INCIDENT_LOAD_H

#include "analyzer/full.h"

#define INCIDENT_FINDINGS	10	/* shown unless --limit says more */

/* 1 if file `i` has it, 0 if not, -1 after saying why. */
int	incident_load(struct full_thing *t, const struct database *d,
	    unsigned i, int64_t id, const struct options *o);

#endif
