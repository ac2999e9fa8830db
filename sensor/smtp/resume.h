/* SPDX-License-Identifier: ISC */
/*
 * smtp/resume.h -- held octets, once it is known what they are.
 */
#ifndef SMTP_RESUME_H
#define SMTP_RESUME_H

#include "smtp/conversation.h"

/* They are of this kind: hear them again as such. */
void	smtp_resume_as(struct smtp *s, enum smtp_talk talk);
/* After a gap: a reply of this code begins; what were the octets held? */
void	smtp_resume_sync(struct smtp *s, int code);
/* TLS begins: what was held was smuggled in before it. */
void	smtp_resume_early(struct smtp *s);
/* STARTTLS was refused: early all the same, but then commands like others. */
void	smtp_resume_refused(struct smtp *s);
/* No server is heard: if the last whole line held is one that only a client
 * says, hear it and what follows as commands. */
void	smtp_resume_from_command(struct smtp *s);

#endif
