/* SPDX-License-Identifier: ISC */
/*
 * capture/window.h -- a sliding view of a stream, for parsers that need a
 * header or a packet in one piece and pass over the rest.
 */
#ifndef CAPTURE_WINDOW_H
#define CAPTURE_WINDOW_H

#include "capture/stream.h"

#define CAPTURE_WINDOW_SIZE	(1024 * 1024)

struct capture_window {
	struct capture_stream	*stream;
	uint8_t			*buffer;	/* CAPTURE_WINDOW_SIZE */
	size_t			 at, len;	/* unread: [at, len) */
	size_t			 chunk;		/* octets to ask for at once */
	uint64_t		 base;		/* stream octet of buffer[0] */
};

/* -1 if memory is short.  The stream stays the caller's. */
int	capture_window_open(struct capture_window *w,
	    struct capture_stream *s, size_t chunk);
void	capture_window_close(struct capture_window *w);

/* Refill; what capture_window_show() does when it must. */
struct span	capture_window_more(struct capture_window *w, size_t n);

/*
 * The next n octets (at most CAPTURE_WINDOW_SIZE), without passing them, or
 * all there are if the stream ends before.  Good until the next call.
 */
static inline struct span
capture_window_show(struct capture_window *w, size_t n)
{
	if (w->len - w->at < n)
		return capture_window_more(w, n);
	return span_of(w->buffer + w->at, n);
}

/* What is there without refilling. */
static inline struct span
capture_window_at_hand(const struct capture_window *w)
{
	return span_of(w->buffer + w->at, w->len - w->at);
}

/* Pass n octets; false if the stream ends before. */
bool	capture_window_skip(struct capture_window *w, uint64_t n);

/* The stream octet that comes next. */
static inline uint64_t
capture_window_at(const struct capture_window *w)
{
	return w->base + w->at;
}

#endif
