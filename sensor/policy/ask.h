/* SPDX-License-Identifier: ISC */
/*
 * policy/ask.h -- the sensor's side of policy: put questions, take answers.
 *
 *	sensor --control-- keeper --fork--> worker == engine.h, the network
 *	   \________________data______________/
 *
 * Whatever strangers answer is parsed in the worker, which has no privileges
 * and may crash or hang: then what is open is answered "unknown" (why:
 * gone), the keeper starts another after a pause that grows, and the sensor
 * goes on.  The keeper is forked once, early; the sensor itself never forks
 * again.  With a snapshot all happens in process, behind the same calls.
 *
 * Nothing here blocks.  Poll ask_fd() for reading, at most ask_wait_ms();
 * ask_run(); then ask_take() until it is false.
 */
#ifndef POLICY_ASK_H
#define POLICY_ASK_H

#include "policy/engine.h"

struct ask;

struct ask_options {
	struct engine_options	 engine;
	bool			 in_process;	/* as with a snapshot */
	unsigned		 pending;	/* questions open at once */
	uint32_t		 patience_ms;	/* then the worker hangs */
	uint32_t		 pause_ms;	/* before it is started again */
	/* In the new process, before anything else: give up privileges.
	 * -1 after saying why: there will be no policy.  May be NULL. */
	int			 (*drop)(void *context);
	void			 *drop_context;
	/* MTA-STS policies outlive us: `keep` a line, and `load` what was
	 * kept, by ask_give_sts(), when a worker begins.  May be NULL. */
	void			 (*sts_keep)(void *context, const char *line);
	void			 (*sts_load)(void *context, struct ask *a);
	void			 *sts_context;
};

#define ASK_OPTIONS_DEFAULT {			\
	.engine = ENGINE_OPTIONS_DEFAULT,	\
	.pending = 1024,			\
	.patience_ms = 30000,			\
	.pause_ms = 1000,			\
}

struct ask_counts {
	uint64_t	asked, answered;
	uint64_t	gone;		/* answered "unknown" in its stead */
	uint64_t	restarts;	/* workers that ended */
	uint64_t	malformed;	/* messages that were none */
};

/* Call before threads, and before privileges are given up.  NULL after
 * saying why. */
struct ask	*ask_open(const struct ask_options *o);
/* What is open is dropped.  NULL is fine. */
void		 ask_close(struct ask *a);

/* A ticket, from 1 counting up; 0: too many are open, try later. */
uint64_t	 ask_put(struct ask *a, const struct policy_question *q);

/* True: an answer, the caller's from now on. */
bool		 ask_take(struct ask *a, uint64_t *ticket,
		    struct policy_answer **answer);

void		 ask_give_sts(struct ask *a, const char *line);

int	ask_fd(const struct ask *a);
int	ask_wait_ms(const struct ask *a);
void	ask_run(struct ask *a);

const struct ask_counts	*ask_counted(const struct ask *a);

#endif
