/* SPDX-License-Identifier: ISC */
/*
 * policy/wire.h -- what the sensor and its policy process say to each other.
 *
 * One message a packet of a SOCK_SEQPACKET socket, numbers big-endian.
 * Either side may have fallen to whoever it talks to, so each reads the
 * other as it reads strangers: every length and number is checked.
 */
#ifndef POLICY_WIRE_H
#define POLICY_WIRE_H

#include "policy/policy.h"

#define WIRE_MAX	131072	/* octets of a message */

enum wire_kind {
	WIRE_QUESTION = 'q',	/* ticket, question */
	WIRE_ANSWER = 'a',	/* ticket, answer */
	WIRE_STS_HAVE = 's',	/* a line to load */
	WIRE_STS_KEEP = 'k',	/* a line to keep */
	WIRE_HELLO = 'h',	/* a policy process begins */
};

struct wire {			/* a message being written */
	uint8_t	*at;		/* WIRE_MAX octets */
	size_t	 len;
	bool	 full;		/* it did not fit: do not send */
};

/* First octet of a message, or 0. */
int	wire_kind_of(struct span message);

void	wire_write_hello(struct wire *w);
void	wire_write_line(struct wire *w, enum wire_kind kind,
	    const char *line);
void	wire_write_question(struct wire *w, uint64_t ticket,
	    const struct policy_question *q);
/* What does not fit is left out: evidence first, then records. */
void	wire_write_answer(struct wire *w, uint64_t ticket,
	    const struct policy_answer *a);

/* False: no such message. */
bool	wire_read_line(struct span message, char *line, size_t size);
bool	wire_read_question(struct span message, uint64_t *ticket,
	    struct policy_question *q);
/* NULL as well when memory is short; free the answer. */
struct policy_answer	*wire_read_answer(struct span message,
	    uint64_t *ticket);

#endif
