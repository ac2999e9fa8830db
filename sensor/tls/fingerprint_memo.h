/* SPDX-License-Identifier: ISC */
/*
 * tls/fingerprint_memo.h -- fingerprints worked out before.
 *
 * Few kinds of software send most mail, and each sends the same lists in
 * every hello; hashing them again costs more than all else in a handshake.
 * The memo is keyed by all that the definitions look at, compared octet by
 * octet, and of fixed size: a newer fingerprint takes an older one's place.
 */
#ifndef TLS_FINGERPRINT_MEMO_H
#define TLS_FINGERPRINT_MEMO_H

#include "tls/fingerprint.h"

struct fingerprint {
	char	 ja3[33];	/* JA3S, of a server */
	char	 ja4[37];	/* "", of a server */
};

struct fingerprint_memo;

/* NULL if memory is short. */
struct fingerprint_memo	*fingerprint_memo_new(void);
/* NULL is fine */
void	fingerprint_memo_free(struct fingerprint_memo *m);

/* Good until the next call for `m`. */
const struct fingerprint	*fingerprint_memo_client(
				    struct fingerprint_memo *m,
				    struct digest *d,
				    const struct client_hello *h);
const struct fingerprint	*fingerprint_memo_server(
				    struct fingerprint_memo *m,
				    struct digest *d,
				    const struct server_hello *h);

#endif
