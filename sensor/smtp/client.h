/* SPDX-License-Identifier: ISC */
/*
 * smtp/client.h -- the client's octets: commands, bodies, chunks, and what
 * has to wait until the server's reply tells which of them it is.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "smtp/conversation.h"

/* Octets used; fewer than given when *next becomes SMTP_TLS_MAY_BEGIN or
 * the sides change. */
size_t	smtp_client_hear(struct smtp *s, struct span octets, struct mark at,
	    enum smtp_next *next);
void	smtp_client_gap(struct smtp *s, uint64_t octets);
void	smtp_client_end(struct smtp *s, struct mark at);

/* What the client says next is known only when this was answered. */
void	smtp_client_wait(struct smtp *s, enum smtp_wait wait);
/* What it says next is the body of a message. */
void	smtp_client_start_body(struct smtp *s);
/* So many octets of the chunk at hand have passed. */
void	smtp_client_take_chunk(struct smtp *s, uint64_t octets);

#endif
