/* SPDX-License-Identifier: ISC */
/* IP packets cut into fragments, for the tests of decode/. */
#ifndef DECODE_PIECES_H
#define DECODE_PIECES_H

#include "decode_frames.h"

#define RAW	101

/* Pieces of one IP packet, each a packet of its own. */
struct pieces {
	uint8_t		 at[16][2048];
	size_t		 len[16];
};

/* The piece of the packet's payload from `from` on, as piece n. */
static inline void
cut_piece(struct pieces *pieces, int n, struct span packet, size_t from,
    size_t len)
{
	bool v6 = packet.at[0] >> 4 == 6;
	size_t header = v6 ? 40 : 20;
	bool more = from + len < packet.len - header;
	uint8_t *at = pieces->at[n];

	memcpy(at, packet.at, header);
	if (v6) {
		at[40] = at[6];
		at[6] = 44;
		at[41] = 0;
		put16(at + 42, (uint32_t)from | more);
		put32(at + 44, 0xdeadbeef);
		put16(at + 4, (uint32_t)len + 8);
		header += 8;
	} else {
		put16(at + 2, (uint32_t)(len + header));
		put16(at + 6, (uint32_t)(from / 8) | (more ? 0x2000 : 0));
		put16(at + 10, 0);
		put16(at + 10, checksum_of(0, span_of(at, 20)));
	}
	memcpy(at + header, packet.at + (v6 ? 40 : 20) + from, len);
	pieces->len[n] = header + len;
}

static inline enum decode_result
give(struct rig *r, const struct pieces *pieces, int n, int64_t time,
    struct packet *p)
{
	struct frame f = frame_of(RAW, span_of(pieces->at[n], pieces->len[n]),
	    pieces->len[n]);

	f.time = time;
	f.number = (uint64_t)n + 1;
	return decode(r->decoder, &f, p);
}

#endif
