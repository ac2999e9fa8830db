/* SPDX-License-Identifier: ISC */
/*
 * smtpgen -- a capture full of SMTP sessions, and the truth about them.
 *
 * For benchmarks (big files are cheap) and for tests of the whole road
 * (the truth is exact).  Everything follows from --seed: the same options
 * give the same octets.  See ../README.md.
 *
 * From left to right: options.c says what is wanted; traffic.c begins
 * sessions and asks heap.c whose turn it is; plan.c has decided what each
 * is going to be; session.c writes its next flight, with the words of
 * turns.c and handshake.c, in the frames of wire.c, to output.c; truth.c
 * notes what it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "traffic.h"

#define EXIT_WRONG_USE	2

static void
report(const struct tally *t)
{
	int c;

	fprintf(stderr, "smtpgen: %" PRIu64 " octets, %" PRIu64 " packets (%"
	    PRIu64 " SMTP, %" PRIu64 " other), %" PRIu64 " SMTP sessions, %"
	    PRIu64 " other flows, at most %" PRIu64 " SMTP sessions open, "
	    "%.1f s of traffic\n", t->octets,
	    t->packets_mail + t->packets_other, t->packets_mail,
	    t->packets_other, t->sessions, t->others, t->open_most,
	    (double)t->duration / 1e9);
	for (c = 0; c < CLASSES; c++) {
		if (t->by_class[c] > 0)
			fprintf(stderr, "  %-11s %" PRIu64 "\n",
			    class_facts((enum class)c)->name, t->by_class[c]);
	}
}

int
main(int argc, char **argv)
{
	struct options options;
	struct tally tally;

	switch (options_read(&options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_EXIT:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_WRONG_USE;
	}
	if (traffic_write(&options, &tally) == -1)
		return EXIT_FAILURE;
	report(&tally);
	return EXIT_SUCCESS;
}
