/* SPDX-License-Identifier: ISC */
/*
 * capture/program.h -- the user's filter, compiled for each link type met.
 *
 * A pcapng file may have interfaces of several types; an expression means
 * another program on each.
 */
#ifndef CAPTURE_PROGRAM_H
#define CAPTURE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <pcap/pcap.h>

struct capture_programs;		/* opaque */

/* `expr` is copied; NULL: everything passes.  NULL if memory is short. */
struct capture_programs	*capture_programs_new(const char *expr);
void			 capture_programs_free(struct capture_programs *p);

/*
 * The program for a link type, made at the first asking and living as long
 * as `p`; NULL when everything passes.  -1 if the expression does not
 * compile for the type, or there are too many types: capture_programs_why().
 */
int		 capture_programs_get(struct capture_programs *p,
		    int link_type, const struct bpf_program **out);
const char	*capture_programs_why(const struct capture_programs *p);

#endif
