/* SPDX-License-Identifier: ISC */
/*
 * traffic.h -- all sessions of a capture, interleaved.
 *
 * A number of SMTP sessions is kept open; where one ends the next begins.
 * Other flows begin as the share of their packets calls for.  Memory grows
 * with what is open at one time, not with the file.
 */
#ifndef GENERATOR_TRAFFIC_H
#define GENERATOR_TRAFFIC_H

#include <stdint.h>

#include "options.h"

struct tally {
	uint64_t	 octets;
	uint64_t	 packets_mail, packets_other;
	uint64_t	 sessions, others;	/* ended: that is all of them */
	uint64_t	 open_most;		/* SMTP sessions at one time */
	uint64_t	 duration;		/* nanoseconds */
	uint64_t	 by_class[CLASSES];
};

/* Write the capture and its truth.  -1 after saying why. */
int	traffic_write(const struct options *o, struct tally *t);

#endif
