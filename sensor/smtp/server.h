/* SPDX-License-Identifier: ISC */
/*
 * smtp/server.h -- the server's octets: reply lines, put together, and
 * paired with the commands that they answer.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include "smtp/conversation.h"

/* Octets used, as smtp_client_hear(). */
size_t	smtp_server_hear(struct smtp *s, struct span octets, struct mark at,
	    enum smtp_next *next);
void	smtp_server_gap(struct smtp *s);
void	smtp_server_end(struct smtp *s, struct mark at);

/* From here on no reply can be told from another, until the client speaks
 * when everything has been answered. */
void	smtp_server_lose(struct smtp *s);
/* It does: replies are paired again from its next command on.  Hellos heard
 * until now stay without theirs. */
void	smtp_server_find(struct smtp *s);

#endif
