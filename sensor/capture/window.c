/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>

#include "capture/window.h"

int
capture_window_open(struct capture_window *w, struct capture_stream *s,
    size_t chunk)
{
	*w = (struct capture_window){ .stream = s, .chunk = chunk };
	w->buffer = malloc(CAPTURE_WINDOW_SIZE);
	return w->buffer == NULL ? -1 : 0;
}

void
capture_window_close(struct capture_window *w)
{
	free(w->buffer);
	w->buffer = NULL;
}

/* False at the end.  A short read is given on: a pipe may bring no more for
 * long. */
static bool
refill(struct capture_window *w)
{
	size_t room = CAPTURE_WINDOW_SIZE - w->len;
	ssize_t got;

	got = capture_stream_read(w->stream, w->buffer + w->len,
	    room < w->chunk ? room : w->chunk);
	if (got <= 0)
		return false;
	w->len += (size_t)got;
	return true;
}

struct span
capture_window_more(struct capture_window *w, size_t n)
{
	assert(n <= CAPTURE_WINDOW_SIZE);
	memmove(w->buffer, w->buffer + w->at, w->len - w->at);
	w->base += w->at;
	w->len -= w->at;
	w->at = 0;
	while (w->len < n)
		if (!refill(w))
			break;
	return span_of(w->buffer, w->len < n ? w->len : n);
}

bool
capture_window_skip(struct capture_window *w, uint64_t n)
{
	while (n > w->len - w->at) {
		n -= w->len - w->at;
		w->base += w->len;
		w->at = w->len = 0;
		if (!refill(w))
			return false;
	}
	w->at += (size_t)n;
	return true;
}
