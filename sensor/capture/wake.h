/* SPDX-License-Identifier: ISC */
/*
 * capture/wake.h -- how a source that waits is told to stop.
 *
 * A flag for the loops and a descriptor for poll(2), set together from
 * another thread or from a signal handler.  Once set it stays set.
 */
#ifndef CAPTURE_WAKE_H
#define CAPTURE_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>

struct capture_wake {
	atomic_bool	 stopped;
	int		 fd;		/* readable once stopped */
};

enum capture_waited {
	CAPTURE_WAITED_READY,		/* the descriptor can be read */
	CAPTURE_WAITED_QUIET,		/* the time is over */
	CAPTURE_WAITED_STOPPED,
	CAPTURE_WAITED_SIGNAL,		/* a signal came; ask again or leave */
};

/* -1 with errno set. */
int	capture_wake_open(struct capture_wake *w);
void	capture_wake_close(struct capture_wake *w);

void	capture_wake_stop(struct capture_wake *w);

static inline bool
capture_wake_stopped(const struct capture_wake *w)
{
	return atomic_load_explicit(&w->stopped, memory_order_relaxed);
}

/* Wait until `fd` is readable, for `ms` milliseconds (-1: as long as it
 * takes). */
enum capture_waited	capture_wake_wait(const struct capture_wake *w,
			    int fd, int ms);

#endif
