/* SPDX-License-Identifier: ISC */
/*
 * detect/incident_internal.h -- what incidents of sessions and incidents of
 * posture have in common.
 */
#ifndef DETECT_INCIDENT_INTERNAL_H
#define DETECT_INCIDENT_INTERNAL_H

#include "detect/incident.h"
#include "schema/json_text.h"

/* Graver, or as grave and earlier (sessions are numbered by time): so the
 * order of reading does not tell. */
bool	incident_leads(const struct incident *a, const struct incident *b);
void	incident_follow(struct incident *i, const struct incident *leader);

/* Who it was and who saw it: of so many sessions more. */
void	incident_put_place(struct incident *i, const struct incident_share *s,
	    uint64_t sessions);

/* The one of most sessions behind `last` (NULL: of all); NULL: no more. */
const struct incident_part	*incident_busiest(
				    const struct incident_parts *p,
				    const struct incident_part *last);

/* Steps, a JSON array: begin with "[", put each, and take it; NULL: memory is
 * short. */
void	 incident_put_step(struct json_text *j, const char *step);
char	*incident_take_steps(struct json_text *j);

#endif
