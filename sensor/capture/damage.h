/* SPDX-License-Identifier: ISC */
/*
 * capture/damage.h -- where a file stopped making sense, and why.
 */
#ifndef CAPTURE_DAMAGE_H
#define CAPTURE_DAMAGE_H

#include <stdint.h>

/* Frames of more octets than this are damage; libpcap holds to the same. */
#define CAPTURE_FRAME_MAX	(256 * 1024)

struct capture_damage {
	uint64_t	 number;	/* of the last frame before it */
	uint64_t	 at;		/* octet, uncompressed */
	const char	*why;		/* NULL: none */
};

#endif
