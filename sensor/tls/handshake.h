/* SPDX-License-Identifier: ISC */
/*
 * tls/handshake.h -- handshake messages put together from record bodies.
 *
 * A message may be split over records, and records over segments
 * (RFC 8446 5.1).  Only messages that somebody reads are put together, up
 * to TLS_HANDSHAKE_MAX; of the others the header is enough.
 */
#ifndef TLS_HANDSHAKE_H
#define TLS_HANDSHAKE_H

#include <stdatomic.h>

#include "base/span.h"

/* RFC 8446 B.3, RFC 5246 A.4 */
enum tls_message {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY_EXCHANGE = 12,
	TLS_SERVER_HELLO_DONE = 14,
	TLS_CLIENT_KEY_EXCHANGE = 16,
	TLS_SSL2_CLIENT_HELLO = 128,	/* ours: of SSL 2.0, without its type */
};

enum tls_handshake_event {
	TLS_HANDSHAKE_MORE,	/* all octets taken, nothing complete */
	TLS_HANDSHAKE_HEADER,	/* type and length are set */
	TLS_HANDSHAKE_MESSAGE,	/* *body is a message put together */
};

/*
 * What all conversations of a road thread may put together at once: endless
 * unfinished messages must not take all memory.  A conversation may be freed
 * in another thread and later than the rest of the road, so whoever has
 * octets in it holds it.
 */
struct tls_room {
	atomic_size_t	 used;		/* octets */
	atomic_uint	 holders;
	size_t		 max;
};

/* NULL if memory is short. */
struct tls_room	*tls_room_new(size_t max);
void		 tls_room_drop(struct tls_room *all);

struct tls_handshake {
	uint8_t		*buffer;	/* NULL: nothing put together */
	uint32_t	 length;	/* of the message's body */
	uint32_t	 left;		/* of it still to come */
	uint32_t	 room;		/* of buffer */
	uint8_t		 header[4];
	uint8_t		 header_len;
	uint8_t		 type;
	bool		 wanted;	/* put together, not passed over */
	bool		 refused;	/* ... was, until there was no room */
};

/*
 * Read on; *rest moves behind what was used.  After TLS_HANDSHAKE_HEADER the
 * body is passed over unless tls_handshake_want() is called.  *body is good
 * until the next call for `h`.
 */
enum tls_handshake_event	tls_handshake_read(struct tls_handshake *h,
				    struct tls_room *all, struct span *rest,
				    struct span *body);
void	tls_handshake_want(struct tls_handshake *h);

/* A message of this type and length begins, its header read elsewhere. */
void	tls_handshake_begin(struct tls_handshake *h, uint8_t type,
	    uint32_t length);

/* The body's next octets will not come; false if they reach beyond it. */
bool	tls_handshake_skip(struct tls_handshake *h, struct tls_room *all,
	    uint64_t octets);

/* Forget the message at hand and free its octets. */
void	tls_handshake_reset(struct tls_handshake *h, struct tls_room *all);

#endif
