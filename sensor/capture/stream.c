/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "capture/stream.h"

#define RAW_SIZE	(128 * 1024)	/* what zstd likes to be fed */
#define GZIP_WINDOW	(15 + 16)	/* zlib: largest window, gzip only */

/* A frame may ask for a window as large as this (zstd --long without
 * --ultra stays below); larger ones are refused, not believed. */
#define ZSTD_WINDOW_LOG	27

enum form {
	FORM_PLAIN,
	FORM_GZIP,
	FORM_ZSTD,
};

struct capture_stream {
	int			 fd;
	bool			 waits;		/* a pipe or the like */
	const struct capture_wake *wake;
	atomic_uint_fast64_t	*done;

	enum form		 form;
	uint8_t			*raw;		/* as read, RAW_SIZE */
	size_t			 raw_at, raw_len;
	z_stream		 gzip;
	ZSTD_DStream		*zstd;
	bool			 within;	/* a member or frame is open */

	uint8_t			 head[CAPTURE_STREAM_HEAD];
	size_t			 head_at, head_len;
	uint64_t		 at;
	const char		*why;
	char			 errno_text[80];
};

/* From the descriptor; 0 at the end and when stopped.  A pipe may be
 * non-blocking, and is never read before it has something. */
static ssize_t
read_raw(struct capture_stream *s, void *to, size_t n)
{
	ssize_t got;

	do {
		if (capture_wake_stopped(s->wake))
			return 0;
		got = -1;
		errno = EINTR;
		if (!s->waits || capture_wake_wait(s->wake, s->fd, -1) ==
		    CAPTURE_WAITED_READY)
			got = read(s->fd, to, n);
	} while (got == -1 && (errno == EINTR || errno == EAGAIN));
	if (got == -1) {
		s->why = strerror_r(errno, s->errno_text,
		    sizeof(s->errno_text));
		return -1;
	}
	atomic_fetch_add_explicit(s->done, (uint_fast64_t)got,
	    memory_order_relaxed);
	return got;
}

/* 1 if there are raw octets, 0 at the end, -1 after setting why. */
static int
fill_raw(struct capture_stream *s)
{
	ssize_t got;

	if (s->raw_at < s->raw_len)
		return 1;
	got = read_raw(s, s->raw, RAW_SIZE);
	if (got <= 0)
		return (int)got;
	s->raw_at = 0;
	s->raw_len = (size_t)got;
	return 1;
}

static ssize_t
read_plain(struct capture_stream *s, void *to, size_t n)
{
	size_t left = s->raw_len - s->raw_at;

	if (left == 0)
		return read_raw(s, to, n);
	if (n > left)
		n = left;
	memcpy(to, s->raw + s->raw_at, n);
	s->raw_at += n;
	return (ssize_t)n;
}

/* When we were told to stop, the file is not to blame. */
static const char *
cut_short(const struct capture_stream *s, const char *why)
{
	return capture_wake_stopped(s->wake) ? NULL : why;
}

/*
 * Between two members.  Zeros behind the last one are padding (of tapes,
 * and of disks that were told the size in advance); gzip(1) is as lenient.
 */
static int
next_member(struct capture_stream *s)
{
	int more;

	while ((more = fill_raw(s)) == 1 && s->raw[s->raw_at] == 0)
		s->raw_at++;
	if (more != 1)
		return more;
	if (s->raw[s->raw_at] != 0x1f) {
		s->why = "something else behind the gzip data";
		return -1;
	}
	if (inflateReset(&s->gzip) != Z_OK) {
		s->why = "zlib cannot go on";
		return -1;
	}
	s->within = true;
	return 1;
}

/*
 * Both decoders may hold octets back when the output is full, so at the end
 * of the file they are asked once more, without input, before the data is
 * called cut short.
 */
static ssize_t
read_gzip(struct capture_stream *s, void *to, size_t n)
{
	int more, r;

	s->gzip.next_out = to;
	s->gzip.avail_out = n > UINT32_MAX ? UINT32_MAX : (uInt)n;
	n = s->gzip.avail_out;
	while (s->gzip.avail_out == n) {
		if (!s->within && (more = next_member(s)) != 1)
			return more;
		more = fill_raw(s);
		if (more == -1)
			break;
		s->gzip.next_in = s->raw + s->raw_at;
		s->gzip.avail_in = (uInt)(s->raw_len - s->raw_at);
		r = inflate(&s->gzip, Z_NO_FLUSH);
		s->raw_at = s->raw_len - s->gzip.avail_in;
		if (r == Z_STREAM_END)
			s->within = false;
		else if (r != Z_OK && r != Z_BUF_ERROR)
			s->why = "gzip data damaged";
		else if (more == 0 && s->gzip.avail_out == n)
			s->why = cut_short(s, "gzip data cut short");
		if (s->within && (more == 0 || s->why != NULL))
			break;
	}
	n -= s->gzip.avail_out;
	return n == 0 && s->why != NULL ? -1 : (ssize_t)n;
}

static ssize_t
read_zstd(struct capture_stream *s, void *to, size_t n)
{
	ZSTD_outBuffer out = { .dst = to, .size = n };
	ZSTD_inBuffer in;
	size_t r;
	int more = 1;

	while (out.pos == 0 && more == 1) {
		more = fill_raw(s);
		if (more == -1 || (more == 0 && !s->within))
			break;
		in = (ZSTD_inBuffer){ .src = s->raw, .size = s->raw_len,
		    .pos = s->raw_at };
		r = ZSTD_decompressStream(s->zstd, &out, &in);
		s->raw_at = in.pos;
		if (ZSTD_isError(r)) {
			s->why = ZSTD_getErrorName(r);
			break;
		}
		s->within = r != 0;	/* 0: the frame is done and flushed */
		if (more == 0 && s->within && out.pos == 0)
			s->why = cut_short(s, "zstd data cut short");
	}
	return out.pos == 0 && s->why != NULL ? -1 : (ssize_t)out.pos;
}

static ssize_t
read_form(struct capture_stream *s, void *to, size_t n)
{
	ssize_t got = 0;

	if (s->why != NULL)
		return -1;
	switch (s->form) {
	case FORM_PLAIN:
		got = read_plain(s, to, n);
		break;
	case FORM_GZIP:
		got = read_gzip(s, to, n);
		break;
	case FORM_ZSTD:
		got = read_zstd(s, to, n);
		break;
	}
	return got;
}

/* -1 if the library has no memory. */
static int
start_form(struct capture_stream *s)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t skip[] = { 0x2a, 0x4d, 0x18 };

	if (s->raw_len >= 2 && memcmp(s->raw, gzip, 2) == 0) {
		if (inflateInit2(&s->gzip, GZIP_WINDOW) != Z_OK)
			return -1;
		s->form = FORM_GZIP;
		s->within = true;
		return 0;
	}
	/* pzstd(1) begins with a skippable frame (RFC 8878 3.1.2). */
	if (s->raw_len >= 4 && (memcmp(s->raw, zstd, 4) == 0 ||
	    ((s->raw[0] & 0xf0) == 0x50 && memcmp(s->raw + 1, skip, 3) == 0))) {
		s->zstd = ZSTD_createDStream();
		if (s->zstd == NULL)
			return -1;
		ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
		    ZSTD_WINDOW_LOG);
		s->form = FORM_ZSTD;
		s->within = true;
	}
	return 0;
}

/* Four octets tell the form; a pipe may bring them one at a time. */
static int
read_magic(struct capture_stream *s, size_t chunk)
{
	size_t n = chunk < RAW_SIZE ? chunk : RAW_SIZE;
	ssize_t got;

	while (s->raw_len < 4) {
		got = read_raw(s, s->raw + s->raw_len, n - s->raw_len);
		if (got <= 0)
			break;
		s->raw_len += (size_t)got;
	}
	return start_form(s);
}

static void
read_head(struct capture_stream *s)
{
	ssize_t got;

	while (s->head_len < sizeof(s->head)) {
		got = read_form(s, s->head + s->head_len,
		    sizeof(s->head) - s->head_len);
		if (got <= 0)
			break;
		s->head_len += (size_t)got;
	}
}

struct capture_stream *
capture_stream_open(int fd, const struct capture_stream_how *how)
{
	struct capture_stream *s;
	struct stat st;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->fd = fd;
	s->wake = how->wake;
	s->done = how->done;
	s->waits = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
	if (!s->waits)
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	s->raw = malloc(RAW_SIZE);
	if (s->raw == NULL || read_magic(s, how->chunk) == -1) {
		s->fd = -1;		/* stays the caller's */
		capture_stream_close(s);
		return NULL;
	}
	read_head(s);
	return s;
}

void
capture_stream_close(struct capture_stream *s)
{
	if (s == NULL)
		return;
	if (s->form == FORM_GZIP)
		inflateEnd(&s->gzip);
	ZSTD_freeDStream(s->zstd);
	if (s->fd != -1)
		close(s->fd);
	free(s->raw);
	free(s);
}

struct span
capture_stream_head(const struct capture_stream *s)
{
	return span_of(s->head, s->head_len);
}

ssize_t
capture_stream_read(struct capture_stream *s, void *to, size_t n)
{
	ssize_t got;

	if (s->head_at < s->head_len) {
		if (n > s->head_len - s->head_at)
			n = s->head_len - s->head_at;
		memcpy(to, s->head + s->head_at, n);
		s->head_at += n;
		got = (ssize_t)n;
	} else
		got = read_form(s, to, n);
	if (got > 0)
		s->at += (uint64_t)got;
	return got;
}

const char *
capture_stream_why(const struct capture_stream *s)
{
	return s->why;
}

uint64_t
capture_stream_at(const struct capture_stream *s)
{
	return s->at;
}

bool
capture_stream_waits(const struct capture_stream *s)
{
	return s->waits;
}

bool
capture_stream_compressed(const struct capture_stream *s)
{
	return s->form != FORM_PLAIN;
}
