/* SPDX-License-Identifier: ISC */
/*
 * detect/grade.h -- how grave, and how sure: one table.
 *
 * A rule says how good its evidence is; what passed in clear and what the
 * capture missed are the session's.  The table in grade.c does the rest, and
 * the manual page of the sensor shows the same table.
 */
#ifndef DETECT_GRADE_H
#define DETECT_GRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/names.h"

enum weight {
	WEIGHT_NOTE,	/* worth a line, harmless as far as is known */
	WEIGHT_HINT,	/* fits tampering, and ordinary life */
	WEIGHT_STRONG,	/* contradicts what is known from elsewhere */
	WEIGHT_PROOF,	/* the octets themselves show a third hand, or an end
			 * breaking a rule that no program breaks */
	WEIGHTS
};

struct grade {
	enum severity	severity;
	enum confidence	confidence;
};

struct circumstances {
	bool	promised;	/* to every sender, by DNS: dane, sts */
	bool	exposed;	/* a mail or a password passed in clear */
	bool	begun;		/* ... or MAIL was said in clear, at least */
	bool	tentative;	/* expected by a trial: a step less grave */
	bool	partial;	/* octets were missed where they matter */
};

struct grade	 grade_of(enum kind kind, enum weight weight,
		    const struct circumstances *c);

/* Does this kind show a third party at work, not a mere lack of care? */
bool		 grade_tampers(enum kind kind);

/* What an incident about it is about. */
enum family	 grade_family(enum kind kind);

/* Follows from another finding of its session and is told with it. */
bool		 grade_consequence(enum kind kind);

#endif
