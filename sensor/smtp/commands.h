/* SPDX-License-Identifier: ISC */
/*
 * smtp/commands.h -- what the client's commands mean for the facts.
 */
#ifndef SMTP_COMMANDS_H
#define SMTP_COMMANDS_H

#include "smtp/conversation.h"

void	smtp_commands_hear(struct smtp *s, const struct smtp_line *line,
	    struct mark at);

/* A line that answers a challenge of AUTH (RFC 4954): never looked at. */
void	smtp_commands_hear_auth(struct smtp *s, const struct smtp_line *line,
	    struct mark at);
/* Nobody will tell how many lines belong to AUTH: go by its mechanism. */
void	smtp_commands_guess_auth(struct smtp *s);

#endif
