/* SPDX-License-Identifier: ISC */
/*
 * policy/message.h -- DNS messages: the query we send, and what came back.
 *
 * ldns makes and parses them, behind a guard: whoever is not the answer to
 * this query, by identifier and question, is not parsed at all, and what
 * ldns 1.8 cannot take (repeated TSIG, endless records) is refused before.
 */
#ifndef POLICY_MESSAGE_H
#define POLICY_MESSAGE_H

#include "policy/lookup.h"

#define MESSAGE_QUERY_MAX	320	/* header, name, type, OPT */
#define MESSAGE_MAX		65535
#define MESSAGE_UDP_SIZE	1232	/* of a reply over UDP, no fragments */

struct message_query {
	uint16_t	len;
	uint8_t		octets[MESSAGE_QUERY_MAX];
};

/* RD, AD, and DO in EDNS; `unchecked`: CD as well (RFC 4035 section 3.2.2).
 * False if the name is none or memory is short. */
bool	message_ask(struct message_query *m, const struct lookup_question *q,
	    uint16_t id, bool unchecked);

/* Is it a reply to this very query: identifier, QR, opcode, question? */
bool	message_is_reply(const struct message_query *m, struct span reply);

/* Of what message_is_reply() took. */
bool	message_is_truncated(struct span reply);
int	message_rcode(struct span reply);	/* without EDNS's upper bits */

/*
 * Read the answer to `q` into `a`, fresh from lookup_answer_new().  AD is
 * believed only when `trusted`.  -1 if memory is short; whatever else is
 * wrong becomes its failure.
 */
int	message_read(struct lookup_answer *a, const struct lookup_question *q,
	    struct span reply, bool trusted);

#endif
