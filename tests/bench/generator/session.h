/* SPDX-License-Identifier: ISC */
/*
 * session.h -- a session advances: each call writes the packets of one
 * flight of it.
 */
#ifndef GENERATOR_SESSION_H
#define GENERATOR_SESSION_H

#include <stdbool.h>

#include "plan.h"
#include "turns.h"
#include "wire.h"

/* What all sessions are written with. */
struct stage {
	const struct options	*options;
	struct servers		*servers;
	struct bulk		 bulk;
	struct wire		 wire;
	struct turn		 turn;	/* the one being sent */
	uint64_t		 packets_mail, packets_other;
};

/* False: it is over. */
bool	session_advance(struct session *s, struct stage *st);

#endif
