/* SPDX-License-Identifier: ISC */
/*
 * output.h -- a classic pcap file being written, through a large buffer.
 *
 * The first write that fails is said and sticks: from then on octets go
 * nowhere, and output_failed says so.  Whoever writes needs no check of
 * his own.
 */
#ifndef GENERATOR_OUTPUT_H
#define GENERATOR_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest frame with its record header that output_room must hold. */
#define OUTPUT_FRAME_MAX	65536

struct output {
	const char	*path;
	int		 fd;
	bool		 nanoseconds;
	bool		 failed;
	uint8_t		*buffer;
	size_t		 filled;
	uint64_t	 octets;	/* of the file so far */
};

/* "-" is standard output.  `path` is kept.  -1 after saying why. */
int	output_open(struct output *o, const char *path, bool nanoseconds);

/*
 * Begin a frame of `length` octets at `time` (nanoseconds since 1970).
 * Its octets are to be written where the answer points, before the next
 * call.
 */
uint8_t	*output_frame(struct output *o, uint64_t time, uint32_t length);

/* Write the rest and close.  -1 if anything failed since output_open. */
int	output_close(struct output *o);

#endif
