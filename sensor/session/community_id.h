/* SPDX-License-Identifier: ISC */
/*
 * session/community_id.h -- Community ID v1, seed 0, of a TCP connection:
 * the name under which Zeek, Suricata and Arkime know it too.
 * (github.com/corelight/community-id-spec)
 */
#ifndef SESSION_COMMUNITY_ID_H
#define SESSION_COMMUNITY_ID_H

#include "base/addr.h"
#include "base/digest.h"

#define COMMUNITY_ID_TEXT	32	/* "1:", 28 of base64, NUL, spare */

/* Either end first: the text is the same. */
void	community_id(struct digest *d, const struct addr ip[2],
	    const uint16_t port[2], char out[COMMUNITY_ID_TEXT]);

#endif
