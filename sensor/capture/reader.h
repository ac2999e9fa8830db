/* SPDX-License-Identifier: ISC */
/*
 * capture/reader.h -- one capture file, from its first frame to its end.
 *
 * Tells what the file is and reads it through savefile.c (pcap, by way of
 * libpcap) or pcapng.c.  All that can be read is given before a complaint.
 */
#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include "capture/capture.h"
#include "capture/stream.h"

enum capture_opened {
	CAPTURE_OPENED,
	CAPTURE_FOREIGN,	/* no capture at all */
	CAPTURE_EMPTY,		/* not an octet in it */
	CAPTURE_BROKEN,		/* a capture, but not one we can begin */
};

struct capture_reader_how {
	const char		*name;		/* for complaints; copied */
	const char		*filter;	/* the user's own, or NULL */
	const struct capture_wake *wake;
	atomic_uint_fast64_t	*done;		/* octets read from disk */
	size_t			 buffer;	/* octets to read at once */
};

struct capture_reader;			/* opaque */

#define CAPTURE_NAME_SHOWN	256

/* A name as complaints show it: whoever fills a folder may not send escape
 * sequences to the terminal of whoever reads it. */
void	capture_reader_show(const char *name,
	    char to[static CAPTURE_NAME_SHOWN]);

/*
 * Takes over `fd` in any case.  With CAPTURE_OPENED *out is the reader;
 * otherwise `why` holds the reason, name included.
 */
enum capture_opened	capture_reader_open(int fd,
			    const struct capture_reader_how *how,
			    struct capture_reader **out, char *why,
			    size_t whylen);
void			capture_reader_close(struct capture_reader *r);

/* CAPTURE_FRAME, then CAPTURE_DAMAGED or not, then CAPTURE_END for ever.
 * A frame lives until the next call. */
enum capture_status	capture_reader_next(struct capture_reader *r,
			    struct frame *f);

/* Behind a frame: see capture_more(). */
size_t			capture_reader_more(struct capture_reader *r,
			    struct frame *f, size_t n);

const char		*capture_reader_why(const struct capture_reader *r);

#endif
