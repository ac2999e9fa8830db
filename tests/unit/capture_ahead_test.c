/* SPDX-License-Identifier: ISC */
/*
 * Files of several pieces, which a thread reads ahead: they give what the
 * same octets give that come through a pipe, which nobody reads ahead.
 */
#include <pthread.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "capture_build.h"

#define US		0xa1b2c3d4
#define LARGE		(1200 * 1024)	/* octets: more than all pieces */
#define PIECE		(64 * 1024)	/* about what a reader takes at once */

struct capture {
	size_t	 len, packets;
	uint8_t	*at;
};

struct told {
	enum capture_opened opened;
	size_t		 frames;
	uint64_t	 hash;		/* of all frames and their marks */
	bool		 damaged;
	char		 why[512];
};

static void
add32(struct capture *c, uint32_t v)
{
	memcpy(c->at + c->len, &v, sizeof(v));
	c->len += sizeof(v);
}

static void
add_packet(struct capture *c, uint32_t n, uint32_t len, uint32_t wire_len)
{
	add32(c, 1600000000 + n);
	add32(c, n % 1000000);
	add32(c, len);
	add32(c, wire_len);
	for (uint32_t i = 0; i < len; i++)
		c->at[c->len++] = (uint8_t)(n * 7 + i);
	c->packets++;
}

/* Packet `odd` (from 0) has more octets than the wire had: libpcap's. */
static struct capture
large_capture(size_t octets, size_t odd)
{
	struct capture c = { .at = malloc(octets + 70000) };

	assert_non_null(c.at);
	add32(&c, US);
	add32(&c, 2 | 4 << 16);
	add32(&c, 0);
	add32(&c, 0);
	add32(&c, 262144);
	add32(&c, 1);
	for (uint32_t n = 0; c.len < octets; n++) {
		uint32_t len = n % 97 == 0 ? 60000 : 40 + n * 131 % 1400;

		add_packet(&c, n, len, c.packets == odd ? len / 2 : len);
	}
	return c;
}

static void
tell(int fd, struct told *t)
{
	struct capture_wake wake = { .fd = -1 };
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = "t.pcap", .wake = &wake,
	    .done = &done, .buffer = 4096 };
	struct capture_reader *r;
	enum capture_status status;
	struct frame f;

	*t = (struct told){ .hash = 1 };
	t->opened = capture_reader_open(fd, &how, &r, t->why,
	    sizeof(t->why));
	if (t->opened != CAPTURE_OPENED)
		return;
	while ((status = capture_reader_next(r, &f)) == CAPTURE_FRAME) {
		const uint64_t marks[] = { t->hash, f.number,
		    (uint64_t)f.time, f.wire_len };

		t->frames++;
		t->hash = XXH3_64bits_withSeed(f.octets.at, f.octets.len,
		    XXH3_64bits(marks, sizeof(marks)));
	}
	if (status == CAPTURE_DAMAGED) {
		t->damaged = true;
		snprintf(t->why, sizeof(t->why), "%s", capture_reader_why(r));
	}
	capture_reader_close(r);
}

struct feed {
	int		 fd;
	const uint8_t	*at;
	size_t		 len;
};

static void *
feed_main(void *argument)
{
	struct feed *f = argument;
	ssize_t put;

	for (; f->len > 0; f->at += put, f->len -= (size_t)put)
		if ((put = write(f->fd, f->at, f->len)) <= 0)
			break;
	close(f->fd);
	return NULL;
}

static void
tell_of_pipe(const uint8_t *at, size_t len, struct told *t)
{
	struct feed feed = { .at = at, .len = len };
	pthread_t thread;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	feed.fd = fd[1];
	assert_int_equal(pthread_create(&thread, NULL, feed_main, &feed), 0);
	tell(fd[0], t);
	pthread_join(thread, NULL);
}

static void
assert_same(const uint8_t *at, size_t len)
{
	struct told file, pipe;

	tell(memory_file(at, len), &file);
	tell_of_pipe(at, len, &pipe);
	assert_int_equal(file.opened, pipe.opened);
	assert_int_equal(file.frames, pipe.frames);
	assert_int_equal(file.damaged, pipe.damaged);
	assert_string_equal(file.why, pipe.why);
	assert_true(file.hash == pipe.hash);
}

static void
large_files_are_whole(void **state)
{
	struct capture c = large_capture(LARGE, SIZE_MAX);
	struct told t;

	(void)state;
	tell(memory_file(c.at, c.len), &t);
	assert_int_equal(t.frames, c.packets);
	assert_false(t.damaged);
	assert_same(c.at, c.len);
	free(c.at);
}

/* Around the ends of pieces, and in the last record. */
static void
cut_files_tell_where(void **state)
{
	struct capture c = large_capture(LARGE, SIZE_MAX);

	(void)state;
	for (size_t cut = 1; cut < 40; cut++)
		assert_same(c.at, c.len - cut);
	for (size_t piece = 1; piece < 8; piece++)
		for (size_t cut = 0; cut < 5; cut++)
			assert_same(c.at, piece * PIECE + cut * 16);
	free(c.at);
}

/* With it and all behind it goes on who reads no piece. */
static void
odd_records_end_it(void **state)
{
	(void)state;
	for (size_t odd = 0; odd < 400; odd += 37) {
		struct capture c = large_capture(LARGE, odd);
		struct told t;

		tell(memory_file(c.at, c.len), &t);
		assert_int_equal(t.frames, c.packets);
		assert_same(c.at, c.len);
		free(c.at);
	}
}

/* Nobody waits for the rest of a file that is closed, or stopped. */
static void
closed_early(void **state)
{
	struct capture c = large_capture(LARGE, SIZE_MAX);
	atomic_uint_fast64_t done = 0;
	char why[512];

	(void)state;
	for (unsigned stop = 0; stop < 2; stop++)
		for (unsigned frames = 1; frames < 600; frames += 59) {
			struct capture_wake wake = { .fd = -1 };
			struct capture_reader_how how = { .name = "t.pcap",
			    .wake = &wake, .done = &done, .buffer = 4096 };
			struct capture_reader *r;
			struct frame f;

			assert_int_equal(capture_reader_open(
			    memory_file(c.at, c.len), &how, &r, why,
			    sizeof(why)), CAPTURE_OPENED);
			for (unsigned i = 0; i < frames; i++)
				assert_int_equal(capture_reader_next(r, &f),
				    CAPTURE_FRAME);
			atomic_store(&wake.stopped, stop == 1);
			while (stop == 1 && capture_reader_next(r, &f) ==
			    CAPTURE_FRAME)
				continue;
			capture_reader_close(r);
		}
	free(c.at);
}

/* The thread undoes compression, too. */
static void
compressed_files_are_whole(void **state)
{
	struct capture c = large_capture(LARGE, SIZE_MAX);
	size_t room = ZSTD_compressBound(c.len), len;
	uint8_t *packed = malloc(room);
	struct told plain, t;

	(void)state;
	assert_non_null(packed);
	len = ZSTD_compress(packed, room, c.at, c.len, 1);
	assert_false(ZSTD_isError(len));
	tell(memory_file(c.at, c.len), &plain);
	tell(memory_file(packed, len), &t);
	assert_int_equal(t.frames, plain.frames);
	assert_true(t.hash == plain.hash);
	for (size_t cut = 1; cut < len; cut += len / 23)
		assert_same(packed, len - cut);
	free(packed);
	free(c.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_files_are_whole),
		cmocka_unit_test(cut_files_tell_where),
		cmocka_unit_test(odd_records_end_it),
		cmocka_unit_test(closed_early),
		cmocka_unit_test(compressed_files_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
