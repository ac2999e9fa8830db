/* SPDX-License-Identifier: ISC */
/*
 * servers.h -- the mail servers: who offers STARTTLS, in which words, with
 * which certificate, and whether the file has shown it yet.
 */
#ifndef GENERATOR_SERVERS_H
#define GENERATOR_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "certificate.h"
#include "options.h"

enum flavour {
	FLAVOUR_POSTFIX,
	FLAVOUR_EXIM,
	FLAVOUR_EXCHANGE,
};
#define FLAVOURS	3

struct server {
	enum flavour	 flavour;
	bool		 seen;		/* an offer stands in the file */
	struct chain	 chain;		/* empty if it never offers */
};

/* Numbers of servers, popular ones first. */
struct server_list {
	uint32_t	*numbers;
	uint32_t	 count;
};

struct servers {
	struct server		*all;
	uint32_t		 count;
	struct server_list	 offering, plain, seen;
};

/* Draws from `random`.  -1 after saying why. */
int	servers_make(struct servers *s, const struct options *o,
	    uint64_t *random);
void	servers_free(struct servers *s);

/* From now on the n-th is known to have offered STARTTLS. */
void	servers_show_offer(struct servers *s, uint32_t n);

/* One of a list that is not empty. */
uint32_t	servers_pick(const struct server_list *l, uint64_t *random);

/* Name of the n-th, which need not be one of ours (noise has its own). */
void	server_name(char to[CERTIFICATE_NAME_MAX], uint32_t n);

#endif
