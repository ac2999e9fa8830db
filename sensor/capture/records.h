/* SPDX-License-Identifier: ISC */
/*
 * capture/records.h -- the records of a pcap file, where they were read to.
 *
 * libpcap copies each packet out of a FILE, which takes longer than all
 * that decode/ does with most of them.  So the plain case is read here, in
 * place: this machine's byte order, version 2.4, a length and a time that
 * make sense, and the record whole.  The first record that is anything else
 * is left to libpcap, with all behind it: what is odd, and what is said of
 * it, is its business alone.  A file longer than one reading is read ahead by
 * a thread, see ahead.h.
 */
#ifndef CAPTURE_RECORDS_H
#define CAPTURE_RECORDS_H

#include "capture/capture.h"
#include "capture/stream.h"

struct capture_records;			/* opaque */

/* Is it a file of that kind, by its header? */
bool	capture_records_plain(struct span head);

/* Reads from `s` behind the file header, `head`, `size` octets at once.
 * NULL: memory. */
struct capture_records	*capture_records_new(struct capture_stream *s,
			    struct span head, size_t size);
void			 capture_records_free(struct capture_records *r);

/* Up to n of the records that were read: octets, length and time of each.
 * Good until capture_records_read(), which is due when there are none. */
size_t	capture_records_give(struct capture_records *r, struct frame *f,
	    size_t n);

/* Read more.  False: what comes next is libpcap's. */
bool	capture_records_read(struct capture_records *r);

/* From then on: octets that were read and not given; 0: no more. */
size_t	capture_records_rest(struct capture_records *r, void *to, size_t n);

#endif
