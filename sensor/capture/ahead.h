/* SPDX-License-Identifier: ISC */
/*
 * capture/ahead.h -- a stream that a thread of its own reads ahead.
 *
 * Copying a file out of the page cache, or undoing its compression, takes as
 * long as a good part of what is done with its packets, and waits for nobody.
 */
#ifndef CAPTURE_AHEAD_H
#define CAPTURE_AHEAD_H

#include "capture/stream.h"

struct capture_ahead;			/* opaque */

/*
 * From here on the stream is the thread's, until capture_ahead_stop().  It
 * reads pieces of `size` octets; `lead` octets in front of each are the
 * caller's to write.  NULL: no memory, or no thread, and the stream is as it
 * was.
 */
struct capture_ahead	*capture_ahead_start(struct capture_stream *s,
			    size_t lead, size_t size);
void			 capture_ahead_free(struct capture_ahead *a);

/*
 * The next piece, whole but for the last.  It and the one before are good
 * until the next call.  NULL, and of no octets: there are no more, for
 * whatever reason; ask the stream, once stopped.
 */
uint8_t		*capture_ahead_take(struct capture_ahead *a, size_t *len);

/* Read no more.  What was read already can be taken still. */
void		capture_ahead_stop(struct capture_ahead *a);

#endif
