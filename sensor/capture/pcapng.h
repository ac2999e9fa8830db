/* SPDX-License-Identifier: ISC */
/*
 * capture/pcapng.h -- pcapng files (draft-ietf-opsawg-pcapng).
 *
 * Our own reader, because libpcap gives up on a file whose interfaces
 * differ in link type or snap length, which is what `any` of dumpcap and
 * every merged capture looks like.  Several sections, each in its own byte
 * order; each interface with its own link type and clock.  Blocks that
 * carry no packets are passed over.
 *
 * A block that makes no sense ends the reading.  One that is only of no use
 * (a packet from an interface nobody described, a section of a version
 * nobody knows) is left out, and the file called damaged at its end.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include "capture/capture.h"
#include "capture/damage.h"
#include "capture/program.h"
#include "capture/stream.h"

struct capture_pcapng;			/* opaque */

/* Do these octets begin a pcapng file? */
bool	capture_pcapng_begins(struct span head);

/* As capture_savefile_open(); `chunk` octets are read at once. */
struct capture_pcapng	*capture_pcapng_open(struct capture_stream *s,
			    struct capture_programs *programs, size_t chunk,
			    char *why, size_t whylen);
void			 capture_pcapng_close(struct capture_pcapng *p);

/* CAPTURE_FRAME, CAPTURE_DAMAGED or CAPTURE_END. */
enum capture_status	 capture_pcapng_next(struct capture_pcapng *p,
			    struct frame *f);

/* Behind a frame of capture_pcapng_next(): see capture_more(). */
size_t			 capture_pcapng_more(struct capture_pcapng *p,
			    struct frame *f, size_t n);

/* After CAPTURE_DAMAGED; the text lives as long as the reader. */
struct capture_damage	 capture_pcapng_damage(
			    const struct capture_pcapng *p);

#endif
