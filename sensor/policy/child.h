/* SPDX-License-Identifier: ISC */
/*
 * policy/child.h -- the two processes behind ask.h: a keeper that starts
 * workers, and the worker that answers.
 *
 * The control socket has messages of one octet: CHILD_KILL to the keeper,
 * CHILD_DIED from it.  Either process ends when its socket does.
 */
#ifndef POLICY_CHILD_H
#define POLICY_CHILD_H

#include "policy/ask.h"

enum { CHILD_KILL = 'k', CHILD_DIED = 'd' };

#define CHILD_PAUSE_MAX_MS	60000
#define CHILD_GOOD_LIFE_MS	60000	/* after which pauses begin anew */

/* Does not return.  `data` is for workers, `control` for the keeper. */
void	child_keep(const struct ask_options *o, int data, int control)
	    __attribute__((noreturn));

/* Answers questions from `data` until it ends; the exit status. */
int	child_work(const struct ask_options *o, int data);

#endif
