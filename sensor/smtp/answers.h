/* SPDX-License-Identifier: ISC */
/*
 * smtp/answers.h -- what the server's replies mean for the facts.
 */
#ifndef SMTP_ANSWERS_H
#define SMTP_ANSWERS_H

#include "smtp/conversation.h"

/* A line of the reply at hand, s->answer; `line` is the whole of it. */
void	smtp_answers_line(struct smtp *s, const struct smtp_reply_line *r,
	    const struct smtp_line *line);
/* The reply is complete; its last line had this code. */
void	smtp_answers_finish(struct smtp *s, int code, struct mark at,
	    enum smtp_next *next);

#endif
