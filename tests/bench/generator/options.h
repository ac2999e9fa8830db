/* SPDX-License-Identifier: ISC */
/*
 * options.h -- what is asked for on the command line; README.md explains.
 */
#ifndef GENERATOR_OPTIONS_H
#define GENERATOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "class.h"

enum size_kind {
	SIZE_LOGNORMAL,
	SIZE_FIXED,
	SIZE_SMALL,		/* 200 to 1499 octets, evenly */
};

struct options {
	uint64_t	 sessions;
	uint64_t	 octets;	/* begin none after; 0: no bound */
	uint64_t	 seed;
	uint64_t	 start;		/* seconds since 1970 */
	uint32_t	 servers, clients, concurrency;
	double		 mix[CLASSES];	/* weights, of any sum above 0 */
	enum size_kind	 size;
	double		 size_mean, size_sigma;
	/* percent: */
	double		 ipv6, reorder, retrans, loss, noise, split;
	double		 midstream, rst, badcert;
	double		 rtt;		/* milliseconds */
	uint32_t	 mss, burst;
	bool		 nanoseconds;
	const char	*capture, *truth, *ca;	/* paths; NULL: not wanted */
};

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_EXIT,		/* help was asked for, and given */
	OPTIONS_WRONG,		/* and it has been said why */
};

/* The strings stay argv's. */
enum options_verdict	options_read(struct options *o, int argc,
			    char **argv);

#endif
