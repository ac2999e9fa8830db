/* SPDX-License-Identifier: ISC */
/*
 * dns/key.h -- what the shelves know names, addresses and questions by.
 */
#ifndef DNS_KEY_H
#define DNS_KEY_H

#include "decode/packet.h"
#include "dns/message.h"

/* Names are lower case, as dns/message.h makes them. */
uint64_t	dns_key_name(uint64_t seed, const char *name);
uint64_t	dns_key_address(uint64_t seed, const struct addr *a);
/* Two things as one. */
uint64_t	dns_key_pair(uint64_t seed, uint64_t one, uint64_t two);
/* One question: who asked whom what, under which ID and from which port
 * (RFC 5452 section 9.1); the same for the question and its answer. */
uint64_t	dns_key_question(uint64_t seed, const struct packet *p,
		    const struct dns_message *m);

#endif
