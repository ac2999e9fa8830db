/* SPDX-License-Identifier: ISC */
/*
 * Capture files octet by octet, for the tests of capture/, and what reading
 * one gave.
 */
#ifndef CAPTURE_BUILD_H
#define CAPTURE_BUILD_H

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "capture/reader.h"

#define BUILD_MAX	(192 * 1024)
#define FRAMES_MAX	16
#define MORE_MAX	3

struct bytes {
	bool	big;		/* big-endian from here on */
	size_t	len;
	uint8_t	at[BUILD_MAX];
};

struct got {
	size_t		 frames;
	struct frame	 frame[FRAMES_MAX];	/* without octets.at */
	uint8_t		 first[FRAMES_MAX];	/* octet of each */
	bool		 mixed;		/* a frame of unequal octets */
	bool		 damaged;
	enum capture_opened opened;
	char		 why[512];
};

static inline void
put(struct bytes *b, const void *octets, size_t n)
{
	assert_true(b->len + n <= sizeof(b->at));
	if (n > 0)
		memcpy(b->at + b->len, octets, n);
	b->len += n;
}

static inline void
put_number(struct bytes *b, uint64_t v, unsigned octets)
{
	uint8_t o[8];

	for (unsigned i = 0; i < octets; i++)
		o[b->big ? octets - 1 - i : i] = (uint8_t)(v >> (8 * i));
	put(b, o, octets);
}

static inline void
put16(struct bytes *b, unsigned v)
{
	put_number(b, v, 2);
}

static inline void
put32(struct bytes *b, uint32_t v)
{
	put_number(b, v, 4);
}

static inline void
pcap_begin(struct bytes *b, uint32_t magic, uint32_t snaplen, uint32_t link)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put32(b, 0);
	put32(b, 0);
	put32(b, snaplen);
	put32(b, link);
}

/* A packet whose octets are all `fill`. */
static inline void
pcap_packet(struct bytes *b, uint32_t seconds, uint32_t fraction,
    uint8_t fill, uint32_t len)
{
	uint8_t octets[2048];

	assert_true(len <= sizeof(octets));
	memset(octets, fill, len);
	put32(b, seconds);
	put32(b, fraction);
	put32(b, len);
	put32(b, len);
	put(b, octets, len);
}

/* A pcapng block of any type. */
static inline void
block(struct bytes *b, uint32_t type, const struct bytes *body)
{
	uint32_t len = 12 + (uint32_t)((body->len + 3) & ~(size_t)3);

	put32(b, type);
	put32(b, len);
	put(b, body->at, body->len);
	put(b, "\0\0\0", len - 12 - body->len);
	put32(b, len);
}

static inline void
section(struct bytes *b, unsigned major)
{
	static struct bytes body;

	body.big = b->big;
	body.len = 0;
	put32(&body, 0x1a2b3c4d);
	put16(&body, major);
	put16(&body, 0);
	put_number(&body, UINT64_MAX, 8);
	block(b, 0x0a0d0d0a, &body);
}

static inline void
interface(struct bytes *b, unsigned link, uint32_t snaplen)
{
	static struct bytes body;

	body.big = b->big;
	body.len = 0;
	put16(&body, link);
	put16(&body, 0);
	put32(&body, snaplen);
	block(b, 1, &body);
}

/* An enhanced packet. */
static inline void
enhanced(struct bytes *b, uint32_t which, uint64_t stamp, uint8_t fill,
    uint32_t len)
{
	static struct bytes body;
	uint8_t octets[2048];

	assert_true(len <= sizeof(octets));
	memset(octets, fill, len);
	body.big = b->big;
	body.len = 0;
	put32(&body, which);
	put32(&body, (uint32_t)(stamp >> 32));
	put32(&body, (uint32_t)stamp);
	put32(&body, len);
	put32(&body, len);
	put(&body, octets, len);
	block(b, 6, &body);
}

/* Appends a gzip member. */
static inline void
gzip(struct bytes *to, const void *from, size_t n)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)from;
	z.avail_in = (uInt)n;
	z.next_out = to->at + to->len;
	z.avail_out = (uInt)(sizeof(to->at) - to->len);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	to->len = sizeof(to->at) - z.avail_out;
	deflateEnd(&z);
}

/* Appends a zstd frame, with a checksum as zstd(1) writes it. */
static inline void
zstd(struct bytes *to, const void *from, size_t n)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t r;

	assert_non_null(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	r = ZSTD_compress2(c, to->at + to->len, sizeof(to->at) - to->len,
	    from, n);
	assert_false(ZSTD_isError(r));
	to->len += r;
	ZSTD_freeCCtx(c);
}

static inline int
memory_file(const void *octets, size_t n)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(write(fd, octets, n), (ssize_t)n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline void
got_frame(struct got *g, const struct frame *f)
{
	if (g->frames < FRAMES_MAX) {
		g->frame[g->frames] = *f;
		g->first[g->frames] = f->octets.len > 0 ? f->octets.at[0] : 0;
	}
	for (size_t i = 1; i < f->octets.len; i++)
		g->mixed |= f->octets.at[i] != f->octets.at[0];
	g->frames++;
}

/* Read a whole capture named t.pcap, with a filter or NULL. */
static inline void
collect(const void *octets, size_t n, const char *filter, struct got *g)
{
	struct capture_wake wake = { .fd = -1 };
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = "t.pcap",
	    .filter = filter, .wake = &wake, .done = &done,
	    .buffer = 4096 };
	struct frame f[1 + MORE_MAX];
	struct capture_reader *r;
	enum capture_status st;
	size_t frames;

	memset(g, 0, sizeof(*g));
	g->opened = capture_reader_open(memory_file(octets, n), &how, &r,
	    g->why, sizeof(g->why));
	if (g->opened != CAPTURE_OPENED)
		return;
	while ((st = capture_reader_next(r, f)) == CAPTURE_FRAME) {
		/* alone, or with some of those behind it */
		frames = 1 + capture_reader_more(r, f + 1,
		    g->frames % (MORE_MAX + 1));
		for (size_t i = 0; i < frames; i++)
			got_frame(g, &f[i]);
	}
	if (st == CAPTURE_DAMAGED) {
		g->damaged = true;
		snprintf(g->why, sizeof(g->why), "%s", capture_reader_why(r));
		st = capture_reader_next(r, f);
	}
	assert_int_equal(st, CAPTURE_END);
	assert_int_equal(capture_reader_next(r, f), CAPTURE_END);
	capture_reader_close(r);
}

/* For check_more(): frames of growing length, a second and a microsecond
 * apart, whose octets tell which they are. */
#define MORE_FRAMES	170

static inline uint32_t
more_length(size_t i)
{
	return (uint32_t)(1 + i * 11);
}

/* However many are asked for, all frames come, each once and whole, over more
 * reads than one. */
static inline void
check_more(const struct bytes *b)
{
	struct capture_wake wake = { .fd = -1 };
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = "t.pcap", .wake = &wake,
	    .done = &done, .buffer = 4096 };
	struct capture_reader *r;
	struct frame f[8];
	char why[512];

	for (size_t most = 0; most < 8; most++) {
		size_t frames = 0, n;

		assert_int_equal(capture_reader_open(memory_file(b->at,
		    b->len), &how, &r, why, sizeof(why)), CAPTURE_OPENED);
		while (capture_reader_next(r, f) == CAPTURE_FRAME) {
			n = 1 + capture_reader_more(r, f + 1, most);
			assert_true(n <= 1 + most);
			for (size_t i = 0; i < n; i++, frames++) {
				assert_int_equal(f[i].time, frames * 1000001);
				assert_int_equal(f[i].octets.len,
				    more_length(frames));
				assert_int_equal(f[i].number, frames + 1);
				for (size_t k = 0; k < f[i].octets.len; k++)
					assert_int_equal(f[i].octets.at[k],
					    frames);
			}
		}
		assert_int_equal(frames, MORE_FRAMES);
		capture_reader_close(r);
	}
}

#endif
