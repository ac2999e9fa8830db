/* SPDX-License-Identifier: ISC */
/*
 * smtp/proxy.h -- reading past what a proxy says before SMTP.
 */
#ifndef SMTP_PROXY_H
#define SMTP_PROXY_H

#include "smtp/conversation.h"

/* The client's first octets; how many were used. */
size_t	smtp_proxy_start(struct smtp *s, struct span octets, struct mark at);
/* Octets of a side whose part of it is not done; how many were used. */
size_t	smtp_proxy_hear(struct smtp *s, enum side who, struct span octets,
	    struct mark at);
/* Is this side's part of it to come, or at hand? */
bool	smtp_proxy_speaks(const struct smtp *s, enum side who);
void	smtp_proxy_free(struct smtp_proxy *p);	/* NULL is fine */

#endif
