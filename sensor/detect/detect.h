/* SPDX-License-Identifier: ISC */
/*
 * detect/detect.h -- facts against expectations: findings and a verdict.
 *
 * One rule, one file, one line in the table of detect.c.  A rule reads the
 * record and adds findings; it changes nothing else.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "schema/json_text.h"
#include "schema/names.h"
#include "session/record.h"

#define FINDINGS_MAX	32	/* of one session */

struct finding {
	enum kind	 kind;
	uint32_t	 because;	/* bit per enum expectation */
	enum severity	 severity;
	enum confidence	 confidence;
	int64_t		 at;		/* of the decisive packet */
	char		*summary;	/* one plain sentence; owned */
	struct json_text evidence;	/* an object; owned */
};

struct findings {
	struct finding	 list[FINDINGS_MAX];	/* gravest first */
	unsigned	 count;
	unsigned	 dropped;	/* no room or no memory */
	enum verdict	 verdict;
};

/* Judge one session.  The caller clears the findings. */
void	detect_session(const struct session_record *r, struct findings *f);
void	findings_clear(struct findings *f);

#endif
