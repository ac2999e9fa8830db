/* SPDX-License-Identifier: ISC */
/*
 * session/evidence.h -- the frames of a connection's beginning, kept so that
 * a finding can be shown in a capture of its own.
 *
 * Nothing from where MAIL or AUTH begins is ever part of it.
 */
#ifndef SESSION_EVIDENCE_H
#define SESSION_EVIDENCE_H

#include "decode/packet.h"

#define EVIDENCE_FRAMES_MAX	96	/* a connection */
#define EVIDENCE_OCTETS_MAX	65536

struct evidence_frame {
	struct evidence_frame	*next;
	struct mark		 mark;
	uint32_t		 len, wire_len;
	int			 link_type;	/* LINKTYPE_ number */
	uint8_t			 octets[];
};

struct evidence;		/* opaque */

struct evidence	*evidence_new(void);		/* NULL: memory */
void		 evidence_free(struct evidence *e);	/* NULL is fine */

/* Past the limits, or short of memory, frames are left out. */
void		 evidence_add(struct evidence *e, const struct packet *p);

/* Leave out everything from the frame with this number on; 0: nothing. */
void		 evidence_cut(struct evidence *e, uint64_t packet);

/* The memory it takes up. */
size_t		 evidence_size(const struct evidence *e);

/* In capture order; NULL: none. */
const struct evidence_frame	*evidence_first(const struct evidence *e);

#endif
