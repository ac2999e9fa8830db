/* SPDX-License-Identifier: ISC */
/*
 * capture/savefile.h -- pcap files, read by libpcap from our stream.
 *
 * Every variant that libpcap knows, in either byte order; nanoseconds are
 * cut to microseconds.
 */
#ifndef CAPTURE_SAVEFILE_H
#define CAPTURE_SAVEFILE_H

#include "capture/capture.h"
#include "capture/damage.h"
#include "capture/program.h"
#include "capture/stream.h"

struct capture_savefile;		/* opaque */

/* Do these octets begin a pcap file? */
bool	capture_savefile_begins(struct span head);

/*
 * Reads from `s`, which stays the caller's and must outlive the savefile.
 * NULL after writing why.
 */
struct capture_savefile	*capture_savefile_open(struct capture_stream *s,
			    struct capture_programs *programs, size_t buffer,
			    char *why, size_t whylen);
void			 capture_savefile_close(struct capture_savefile *f);

/* CAPTURE_FRAME, CAPTURE_DAMAGED or CAPTURE_END. */
enum capture_status	 capture_savefile_next(struct capture_savefile *sf,
			    struct frame *f);

/* Behind a frame of capture_savefile_next(): see capture_more(). */
size_t			 capture_savefile_more(struct capture_savefile *sf,
			    struct frame *f, size_t n);

/* After CAPTURE_DAMAGED; the text lives as long as the savefile. */
struct capture_damage	 capture_savefile_damage(
			    const struct capture_savefile *sf);

#endif
