/* SPDX-License-Identifier: ISC */
/*
 * handshake.h -- TLS as a bystander sees it: the messages in clear are
 * real, everything behind them is random octets of the right length.
 */
#ifndef GENERATOR_HANDSHAKE_H
#define GENERATOR_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "bulk.h"
#include "certificate.h"
#include "plan.h"
#include "writer.h"

/* The name is left out if `sni` is NULL. */
void	handshake_client_hello(struct writer *w, const struct session *s,
	    bool tls13, const char *sni);

/* ServerHello to ServerHelloDone. */
void	handshake_server12(struct writer *w, const struct session *s,
	    const struct chain *c);
/* ClientKeyExchange to Finished. */
void	handshake_client_key12(struct writer *w, const struct session *s,
	    const struct bulk *b);
/* NewSessionTicket to Finished. */
void	handshake_finished12(struct writer *w, const struct session *s,
	    const struct bulk *b);

/* ServerHello, and a flight as long as it is with that chain. */
void	handshake_server13(struct writer *w, const struct session *s,
	    const struct bulk *b, uint32_t chain_length);
/* Finished, and an EHLO by that name. */
void	handshake_client_finished13(struct writer *w,
	    const struct session *s, const struct bulk *b, const char *name);

/* A web server's ServerHello and what follows it. */
void	handshake_web13(struct writer *w, const struct session *s,
	    const struct bulk *b);

void	handshake_alert(struct writer *w);

/* A record of application data. */
void	handshake_sealed(struct writer *w, const struct session *s,
	    const struct bulk *b, uint32_t length);

#endif
