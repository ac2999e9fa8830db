/* SPDX-License-Identifier: ISC */
/*
 * capture/live.h -- frames from an interface, through libpcap.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include "capture/capture.h"
#include "capture/wake.h"

struct capture_tap;			/* opaque */

/* NULL after saying why. */
struct capture_tap	*capture_live_open(const char *name,
			    const struct capture_live *how);
void			 capture_live_close(struct capture_tap *l);

/* CAPTURE_FRAME, CAPTURE_QUIET after about 100 ms, or CAPTURE_FAILED. */
enum capture_status	 capture_live_next(struct capture_tap *l,
			    const struct capture_wake *w, struct frame *f);

const char		*capture_live_why(const struct capture_tap *l);
struct capture_drops	 capture_live_drops(struct capture_tap *l);

#endif
