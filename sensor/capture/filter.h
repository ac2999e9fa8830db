/* SPDX-License-Identifier: ISC */
/*
 * capture/filter.h -- the BPF expression that lets the kernel do the sorting.
 *
 * It passes TCP on the SMTP ports, all IP fragments but first ones that are
 * clearly not ours, DNS to and from port 53 when wanted, and the same behind
 * VLAN tags (two), MPLS (three labels), PPPoE, and one tunnel: GRE, ERSPAN
 * I to III, VXLAN, Geneve, IP in IP, 6in4 and the like.  What it cannot look
 * into it passes: more tags, a tunnel in a tunnel, IP options, extension
 * headers.  It may pass too much, never too little; decode/ sorts again.
 */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_filter {
	const uint16_t	*ports;		/* SMTP ports */
	size_t		 nports;
	bool		 dns;		/* UDP to and from port 53 too */
	const char	*extra;		/* the operator's, anded; NULL: none */
	int		 link_type;	/* LINKTYPE_ number it is meant for */
};

/*
 * The expression; the caller frees it.  NULL if memory is short.  `extra`
 * is not looked at: an error in it shows when the whole is compiled.
 */
char	*capture_filter_text(const struct capture_filter *how);

/* Does the operator's expression compile, on Ethernet?  -1 with libpcap's
 * complaint in `why`. */
int	 capture_filter_check(const char *expr, char *why, size_t whylen);

#endif
