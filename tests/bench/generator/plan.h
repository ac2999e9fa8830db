/* SPDX-License-Identifier: ISC */
/*
 * plan.h -- what a session is going to be, decided when it begins: its
 * class, its ends, and the turns in order.
 */
#ifndef GENERATOR_PLAN_H
#define GENERATOR_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "class.h"
#include "options.h"
#include "servers.h"
#include "wire.h"

/* One turn of a conversation: what one side says before the other does. */
enum step {
	STEP_END,
	STEP_BANNER, STEP_BANNER_MASKED,
	STEP_EHLO,
	STEP_OFFER, STEP_NO_OFFER, STEP_OFFER_MASKED, STEP_EHLO_REJECTED,
	STEP_HELO, STEP_HELO_OK,
	STEP_STARTTLS, STEP_STARTTLS_MASKED,
	STEP_READY, STEP_454, STEP_500,
	STEP_CLIENT_HELLO12, STEP_CLIENT_HELLO13,
	STEP_SERVER_HELLO12, STEP_CLIENT_KEY12, STEP_FINISHED12,
	STEP_SERVER_HELLO13, STEP_CLIENT_FINISHED13,
	STEP_ALERT,
	STEP_SEALED_COMMAND, STEP_SEALED_REPLY, STEP_SEALED_MAIL,
	STEP_ENVELOPE, STEP_ENVELOPE_OK,	/* pipelined */
	STEP_MAIL, STEP_OK, STEP_RCPT, STEP_DATA, STEP_354,
	STEP_BODY, STEP_QUEUED,
	STEP_QUIT, STEP_BYE,
	/* other traffic: */
	STEP_WEB_HELLO, STEP_WEB_SERVER_HELLO, STEP_WEB_REQUEST,
	STEP_WEB_ANSWER,
	STEP_DNS_QUESTION, STEP_DNS_ANSWER,
};
#define STEPS_MAX	32

enum session_kind {
	SESSION_SMTP,
	SESSION_WEB,
	SESSION_DNS,
};

enum phase {
	PHASE_SYN, PHASE_SYNACK, PHASE_ACK,
	PHASE_TURNS,
	PHASE_FIN, PHASE_FIN_BACK, PHASE_LAST_ACK,
};

struct session {
	uint64_t		 random;
	uint64_t		 bulk;	/* octets of mail, or of an answer */
	uint64_t		 sent;	/* of the present turn */
	uint64_t		 length;	/* of it, at the last flight */
	uint64_t		 first, last;	/* packets, nanoseconds */
	struct ends		 ends;
	uint32_t		 seq[2];	/* next, by enum side */
	uint32_t		 id;
	uint32_t		 packets, dropped, repeated, swapped;
	enum session_kind	 kind;
	enum class		 class;
	enum phase		 phase;
	bool			 midstream, split, reset;
	uint8_t			 at;		/* in steps */
	uint8_t			 steps[STEPS_MAX];	/* enum step */
};

/* What sessions are planned from. */
struct planner {
	const struct options	*options;
	const struct servers	*servers;
	uint32_t		*client_ports;	/* used so far, by client */
	double			 share[CLASSES];	/* cumulated */
	uint32_t		 last_id;
};

/* Both are borrowed.  -1 after saying why. */
int	planner_make(struct planner *p, const struct options *o,
	    const struct servers *s);
void	planner_free(struct planner *p);

void	plan_mail(struct planner *p, struct session *s);
void	plan_noise(struct planner *p, struct session *s);

static inline enum step
session_step(const struct session *s)
{
	return s->steps[s->at];
}

#endif
