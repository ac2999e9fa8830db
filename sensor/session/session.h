/* SPDX-License-Identifier: ISC */
/*
 * session/session.h -- one connection: who reads its octets, and what they
 * amount to.
 *
 * Octets of a flow go to smtp/ until STARTTLS is accepted, then to tls/,
 * and back if no TLS comes.  When the flow closes, what was learnt becomes
 * one record (session/record.h) and is handed on.
 *
 *	flow_table --flow_ops--> session --record--> give()
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/counters.h"
#include "dns/seen.h"
#include "flow/flow.h"
#include "session/record.h"

/* What all sessions of a road thread share; plain, owned by the pipeline. */
struct session_world {
	struct digest			*digest;
	struct certificate_cache	*certificates;
	struct dns_seen			*dns;		/* NULL: not listened to */
	struct counters			*counters;
	struct bookshelf		*books;	/* for texts that repeat; NULL: none */
	struct smtp_recalls		*recalls;	/* for EHLO replies that do; NULL: none */
	const char			*source;	/* capture being read; may change between files */
	bool				 live;		/* give records early */
	bool				 evidence;	/* keep the frames of each connection's beginning */

	/* Takes ownership of the record, of whatever stage. */
	void	(*give)(void *context, struct session_record *r);
	void	*context;
};

/* The calls to hand to flow_table_new(), with a struct session_world as
 * context. */
extern const struct flow_ops	session_ops;

#endif
