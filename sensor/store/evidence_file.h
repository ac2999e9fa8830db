/* SPDX-License-Identifier: ISC */
/*
 * store/evidence_file.h -- evidence as a capture file that Wireshark opens.
 */
#ifndef STORE_EVIDENCE_FILE_H
#define STORE_EVIDENCE_FILE_H

#include "session/evidence.h"

/* Make the folder if it is missing.  -1 after saying why. */
int	evidence_folder(const char *dir);

/* DIR/ID.pcap, anew.  -1 after saying why. */
int	evidence_write(const char *dir, int64_t id,
	    const struct evidence_frame *frames);

#endif
