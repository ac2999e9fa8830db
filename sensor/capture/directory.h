/* SPDX-License-Identifier: ISC */
/*
 * capture/directory.h -- the capture files of a folder, one after another.
 *
 * Sorted by the time of their first packet, then by name; folders within it
 * are not entered, and names that begin with a dot are left alone (rsync(1)
 * and others write such files before they give them their name).
 *
 * What is no capture is passed over in silence, because notes lie next to
 * captures.  Complained of are files that cannot be read, captures that
 * cannot be begun, and files named like a capture that hold none.
 *
 * When following, inotify(7) tells which files become complete: closed by
 * their writer, or moved here.  Each is taken once; a capture is known
 * again by its inode and the time of its first packet, so that renaming it
 * changes nothing and a name or file used anew by a ring of files does.
 *
 * A file that is there at the start may still be written.  Where the kernel
 * lets us ask (as the file's owner or as root), one that somebody has open
 * for writing waits until it is closed.  Where not, only the file changed
 * last is suspected: it waits until it is closed, or moved, or until a newer
 * capture is complete.
 */
#ifndef CAPTURE_DIRECTORY_H
#define CAPTURE_DIRECTORY_H

#include "capture/capture.h"
#include "capture/wake.h"

struct capture_directory;		/* opaque */

struct capture_entry {
	char		*name;
	int64_t		 first;		/* time of the first packet */
	int64_t		 changed;	/* on disk, nanoseconds since 1970 */
	uint64_t	 size;		/* octets on disk */
	uint64_t	 device, inode;
	bool		 written;	/* somebody has it open for writing */
	bool		 unsure;	/* ... or perhaps: we may not know */
};

/* NULL after saying why. */
struct capture_directory	*capture_directory_open(const char *path,
				    bool follow,
				    const struct capture_wake *wake);
void		 capture_directory_close(struct capture_directory *d);

/*
 * The next file, which stays the directory's until the next call; *fd is
 * its descriptor, which is the caller's, or -1 with errno set.
 * CAPTURE_FILE: here it is; CAPTURE_QUIET: none for 100 ms; CAPTURE_END:
 * none any more.
 */
enum capture_status	 capture_directory_next(struct capture_directory *d,
			    const struct capture_entry **e, int *fd);

/* Octets of all files so far, taken or waiting. */
uint64_t	 capture_directory_size(const struct capture_directory *d);

/* The file capture_directory_next() would give now; NULL: none. */
const char	*capture_directory_peek(const struct capture_directory *d);

#endif
