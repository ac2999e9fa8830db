/* SPDX-License-Identifier: ISC */
#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "capture/wake.h"

int
capture_wake_open(struct capture_wake *w)
{
	atomic_init(&w->stopped, false);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->fd == -1 ? -1 : 0;
}

void
capture_wake_close(struct capture_wake *w)
{
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}

/*
 * Only what signal-safety(7) allows.  The write cannot fail in a way that
 * matters: a full counter is readable too.
 */
void
capture_wake_stop(struct capture_wake *w)
{
	static const uint64_t one = 1;
	int saved = errno;

	atomic_store(&w->stopped, true);
	if (write(w->fd, &one, sizeof(one)) == -1)
		errno = saved;
}

enum capture_waited
capture_wake_wait(const struct capture_wake *w, int fd, int ms)
{
	struct pollfd who[2] = {
		{ .fd = w->fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int n;

	if (capture_wake_stopped(w))
		return CAPTURE_WAITED_STOPPED;
	n = poll(who, 2, ms);
	if (who[0].revents != 0 || capture_wake_stopped(w))
		return CAPTURE_WAITED_STOPPED;
	if (n == -1)
		return CAPTURE_WAITED_SIGNAL;
	return n == 0 ? CAPTURE_WAITED_QUIET : CAPTURE_WAITED_READY;
}
