/* SPDX-License-Identifier: ISC */
/*
 * writer.h -- big-endian integers and octets, written one after the other.
 *
 * There is no bound: everything this program writes is its own, and the
 * buffers are sized for the largest of it (see TURN_PREFIX_MAX).
 */
#ifndef GENERATOR_WRITER_H
#define GENERATOR_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t	*at;
};

static inline void
store16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
store24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	store16(p + 1, v & 0xffff);
}

static inline void
store32(uint8_t *p, uint32_t v)
{
	store16(p, v >> 16);
	store16(p + 2, v & 0xffff);
}

static inline void
write8(struct writer *w, uint32_t v)
{
	*w->at++ = (uint8_t)v;
}

static inline void
write16(struct writer *w, uint32_t v)
{
	store16(w->at, v);
	w->at += 2;
}

static inline void
write_octets(struct writer *w, const void *from, size_t n)
{
	memcpy(w->at, from, n);
	w->at += n;
}

#endif
