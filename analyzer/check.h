/* SPDX-License-Identifier: ISC */
/*
 * analyzer/check.h -- a listing's answer for a monitoring system.
 *
 * One line of text with performance data, and an exit status, as Nagios,
 * Icinga and their kin read them.
 */
#ifndef ANALYZER_CHECK_H
#define ANALYZER_CHECK_H

#include "analyzer/listing.h"

enum check_status {
	CHECK_OK = 0,		/* nothing at or above --severity */
	CHECK_WARNING = 1,	/* something, none of it critical */
	CHECK_CRITICAL = 2,
	CHECK_UNKNOWN = 3,	/* we could not look */
};

/* Says the line.  STATUS_CHECKED and an enum check_status, or what went
 * wrong. */
int	check_run(const struct listing *l, const struct options *o,
	    const struct database *d);

/*
 * A monitoring system shows standard output only.  So standard error is held
 * back, and if we could not look its first line becomes the answer's.
 */
struct check_hold {
	int	saved, reader;	/* -1: nothing is held */
};

void	check_hold(struct check_hold *h);
/* Standard error is itself again; what was held goes there.  If `status` is
 * of no check, say UNKNOWN and why.  A status with STATUS_CHECKED. */
int	check_release(struct check_hold *h, int status);

#endif
