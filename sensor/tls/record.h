/* SPDX-License-Identifier: ISC */
/*
 * tls/record.h -- one side's octets cut into TLS records (RFC 8446 5.1).
 *
 * Headers are put together over any split; bodies are handed on in the
 * pieces they come in, or skipped by their length.  Where a header belongs
 * and none comes, tells text from garbage.
 */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include "base/span.h"

/* octets it takes at most to tell text */
#define TLS_RECORD_PROBE	16
/* RFC 5246 6.2.3: the largest body, with the most a cipher may add */
#define TLS_RECORD_MAX		(16384 + 2048)

enum tls_content {
	TLS_CHANGE_CIPHER = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_DATA = 23,
	TLS_HEARTBEAT = 24,
	TLS_SSL2_HELLO = 128,	/* not a record: RFC 5246 E.2 */
};

enum tls_record_event {
	TLS_RECORD_MORE,	/* all octets taken, nothing complete */
	TLS_RECORD_HEADER,	/* type, version, length are set */
	TLS_RECORD_BODY,	/* *body has octets of the record at hand */
	TLS_RECORD_TEXT,	/* no header but text; *rest starts with it */
	TLS_RECORD_GARBAGE,	/* neither */
};

struct tls_record {
	uint16_t	 left;		/* octets of the body still to come */
	uint16_t	 length;
	uint16_t	 version;
	uint8_t		 type;
	uint8_t		 held_len;
	uint8_t		 held[TLS_RECORD_PROBE];	/* begun, undecided */
};

/* Read on; *rest moves behind what was used.  `ssl2`: an SSL 2.0 hello may
 * stand here. */
enum tls_record_event	tls_record_read(struct tls_record *r,
			    struct span *rest, struct span *body, bool ssl2);

/* What could these octets be the beginning of?  TLS_RECORD_MORE: too few. */
enum tls_record_event	tls_record_probe(struct span first, bool ssl2);

#endif
