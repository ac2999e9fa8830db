/* SPDX-License-Identifier: ISC */
/*
 * capture/capture.h -- frames and their times, from wherever they come.
 *
 * One capture is one source: an interface, a capture file, standard input,
 * or a directory of capture files taken in the order of their first
 * packets.  Files are pcap or pcapng, either byte order, microseconds or
 * nanoseconds, plain or compressed with gzip or zstd: told by content,
 * never by name.
 *
 * Frames are numbered from 1 in each file (as Wireshark does), and over the
 * whole life of a live capture.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct frame {
	struct span	 octets;	/* captured; good until the next
					 * capture_next() */
	uint32_t	 wire_len;	/* its length, >= octets.len */
	int64_t		 time;		/* microseconds since 1970, UTC */
	uint64_t	 number;	/* from 1 in its file */
	int		 link_type;	/* a LINKTYPE_ number */
};

enum capture_status {
	CAPTURE_FRAME,		/* a frame was read */
	CAPTURE_QUIET,		/* live or following: nothing just now */
	CAPTURE_FILE,		/* what follows is from another file */
	CAPTURE_DAMAGED,	/* the file is cut or damaged: ask again */
	CAPTURE_END,		/* that was all */
	CAPTURE_FAILED,		/* the source cannot go on */
};

/* The kernel passes what capture/filter.h says of these ports, once the
 * interface has told its link type; without ports, all that `filter` does. */
struct capture_live {
	const uint16_t	*ports;		/* SMTP ports */
	size_t		 nports;
	bool		 dns;		/* UDP to and from port 53 too */
	const char	*filter;	/* the operator's own, anded; or NULL */
	uint32_t	 snaplen;	/* octets a packet */
	uint32_t	 buffer;	/* kernel buffer, octets */
	bool		 promiscuous;
};

struct capture_path {
	const char	*filter;	/* the user's own, NULL: none */
	bool		 follow;	/* directory: wait for more files */
};

struct capture;			/* opaque */

/*
 * NULL after saying why.  `name` is copied.  A file that cannot be opened or
 * is no capture fails here; one that breaks later gives CAPTURE_DAMAGED,
 * after all that could be read.  Of a pipe ("-" too) nothing is read before
 * the first capture_next(), so that it can be stopped; what is no capture
 * is CAPTURE_FAILED then.
 *
 * The operator's filter is applied to files too, that of the ports is not:
 * decode/ sorts faster.
 */
struct capture	*capture_open_live(const char *name,
		    const struct capture_live *how);
struct capture	*capture_open_path(const char *name,
		    const struct capture_path *how);
void		 capture_close(struct capture *c);	/* NULL is fine */

/*
 * Blocks at most about 100 ms when live or following.  In a directory
 * CAPTURE_FILE stands before each file, readable or not, but the one whose
 * name is known from the opening.  A frame without a time (pcapng's simple
 * packets) has that of the frame before it.
 */
enum capture_status	 capture_next(struct capture *c, struct frame *f);

/*
 * Behind a frame of capture_next(): those that follow it and are at hand, at
 * most n.  Like it they are good until the next capture_next(), whose turn
 * it is when none are left.
 */
size_t			 capture_more(struct capture *c, struct frame *f,
			    size_t n);

/* Make a blocked or later capture_next() return CAPTURE_END.  Callable from
 * another thread and from a signal handler. */
void		 capture_stop(struct capture *c);

/* The interface, or the name of the file being read, without its folders
 * (the folder's own while the first file is awaited); lives until the next
 * CAPTURE_FILE or the end. */
const char	*capture_name(const struct capture *c);

/* What CAPTURE_DAMAGED or CAPTURE_FAILED was about, in one line: file,
 * packet number, octet (uncompressed) and reason. */
const char	*capture_why(const struct capture *c);

/* Progress in octets of the files as they lie on disk; size 0: unknown.
 * Callable from another thread. */
void		 capture_progress(const struct capture *c, uint64_t *done,
		    uint64_t *size);

/* Live only, since the opening; zero for files. */
struct capture_drops {
	uint64_t	kernel;		/* full buffer: we were too slow */
	uint64_t	interface;	/* the interface or its driver */
};
struct capture_drops	 capture_drops(struct capture *c);

#endif
