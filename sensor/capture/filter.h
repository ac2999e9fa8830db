/* SPDX-License-Identifier: ISC */
/*
 * capture/filter.h -- the BPF expression that lets the kernel do the sorting.
 *
 * It passes TCP on the SMTP ports, all IP fragments but first ones that are
 * clearly not ours, answers from port 53 when wanted, and the same behind
 * VLAN tags and tunnels; what it cannot look into it passes.
 */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_filter {
	const uint16_t	*ports;		/* SMTP ports */
	size_t		 nports;
	bool		 dns;		/* answers from port 53 too */
	const char	*extra;		/* the operator's, anded; NULL: none */
	int		 link_type;	/* LINKTYPE_ number it is meant for */
};

/* The expression; the caller frees it.  NULL if memory is short. */
char	*capture_filter_text(const struct capture_filter *how);

#endif
