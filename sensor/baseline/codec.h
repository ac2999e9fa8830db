/* SPDX-License-Identifier: ISC */
/*
 * baseline/codec.h -- memories as octets, for table `past`.
 *
 * Numbers are LEB128: seven bits an octet, the least first.  The reader is
 * as careful as with a packet, since a database may be damaged: the first
 * number that does not fit sets `bad`, and all others are then 0.  Times are
 * zigzag numbers, since captures claim any time, and within a range in which
 * windows around them can be reckoned without a thought.
 */
#ifndef BASELINE_CODEC_H
#define BASELINE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
	uint8_t	*at;
	size_t	 len, size;
	bool	 full;
};

static inline void
put_number(struct writer *w, uint64_t n)
{
	do {
		if (w->len == w->size) {
			w->full = true;
			return;
		}
		w->at[w->len++] = (uint8_t)((n & 0x7f) | (n > 0x7f) << 7);
		n >>= 7;
	} while (n > 0);
}

struct source_octets {
	const uint8_t	*at;
	size_t		 len;
	bool		 bad;
};

static inline uint64_t
get_number(struct source_octets *s)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64 && s->len > 0; shift += 7) {
		uint8_t c = *s->at;

		s->at++;
		s->len--;
		n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return s->bad ? 0 : n;
	}
	s->bad = true;
	return 0;
}

#define CODEC_TIME_MAX	(INT64_C(1) << 58)	/* us: some 9000 years */

static inline void
put_time(struct writer *w, int64_t at)
{
	put_number(w, (uint64_t)at << 1 ^ (uint64_t)(at >> 63));
}

static inline int64_t
get_time(struct source_octets *s)
{
	uint64_t n = get_number(s);
	int64_t at = (int64_t)(n >> 1 ^ (0 - (n & 1)));

	if (at <= CODEC_TIME_MAX && at >= -CODEC_TIME_MAX)
		return at;
	s->bad = true;
	return 0;
}

#endif
