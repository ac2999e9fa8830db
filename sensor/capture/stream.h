/* SPDX-License-Identifier: ISC */
/*
 * capture/stream.h -- a file as the octets that were once written to it.
 *
 * Takes a descriptor of any sort (a file, a pipe, a device) and undoes the
 * compression, gzip with several members (RFC 1952) or zstd with several
 * frames (RFC 8878), told by the first octets.  Memory is bounded whatever
 * the file claims.
 */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "capture/wake.h"

#define CAPTURE_STREAM_HEAD	24	/* octets that stream_head() shows */

struct capture_stream;			/* opaque */

struct capture_stream_how {
	const struct capture_wake	*wake;
	atomic_uint_fast64_t		*done;	/* octets read from disk */
	size_t				 chunk;	/* to ask for at the start */
};

/*
 * Reads the first octets.  Closes `fd` in capture_stream_close().  NULL if
 * memory is short; errors of the file show at the first read.
 */
struct capture_stream	*capture_stream_open(int fd,
			    const struct capture_stream_how *how);
void			 capture_stream_close(struct capture_stream *s);

/* The first octets, fewer if there are no more; they will be read again. */
struct span	capture_stream_head(const struct capture_stream *s);

/*
 * Some octets, at most n: as many as come without waiting twice.  0 at the
 * end or when stopped, -1 when the file is damaged or unreadable here; all
 * octets before that were given.
 */
ssize_t		capture_stream_read(struct capture_stream *s, void *to,
		    size_t n);

/* What is wrong; NULL while nothing is. */
const char	*capture_stream_why(const struct capture_stream *s);

/* Octets given so far. */
uint64_t	capture_stream_at(const struct capture_stream *s);

/* It is a pipe or the like, and may bring nothing for long. */
bool		capture_stream_waits(const struct capture_stream *s);

bool		capture_stream_compressed(const struct capture_stream *s);

#endif
