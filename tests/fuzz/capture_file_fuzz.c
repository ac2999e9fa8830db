/* SPDX-License-Identifier: ISC */
/*
 * Whole capture files, of any form and compression, with and without a
 * filter.  All that is promised of frames is checked; their octets are read,
 * so that the sanitizers see where they are.
 */
#include <sys/mman.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/damage.h"
#include "capture/reader.h"
#include "capture/stamp.h"

/* Four octets of zstd make 128 KiB: so much in, and so many frames out,
 * keep an input within a second. */
#define SIZE_MAX_IN	8192
#define FRAMES_MAX	4096
#define MORE_MAX	3

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_frame(const struct frame *f, uint64_t after)
{
	volatile uint8_t sum = 0;

	assert(f->number > after);
	assert(f->wire_len >= f->octets.len);
	assert(f->octets.len <= CAPTURE_FRAME_MAX);
	assert(f->time <= CAPTURE_TIME_MAX);
	for (size_t i = 0; i < f->octets.len; i++)
		sum = (uint8_t)(sum + f->octets.at[i]);
}

static void
read_file(const uint8_t *data, size_t size, const char *filter)
{
	struct capture_wake wake = { .fd = -1 };
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = "fuzz", .filter = filter,
	    .wake = &wake, .done = &done, .buffer = 4096 };
	struct capture_reader *r;
	enum capture_status st;
	struct frame f[1 + MORE_MAX];
	uint64_t last = 0;
	char why[512];
	int fd, n = 0;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	if (capture_reader_open(fd, &how, &r, why, sizeof(why)) !=
	    CAPTURE_OPENED)
		return;
	while ((st = capture_reader_next(r, f)) == CAPTURE_FRAME &&
	    n < FRAMES_MAX) {
		/* alone, or with some of those behind it */
		size_t frames = 1 + capture_reader_more(r, f + 1,
		    (size_t)n % (MORE_MAX + 1));

		for (size_t i = 0; i < frames; i++, n++) {
			check_frame(&f[i], last);
			last = f[i].number;
		}
	}
	if (st != CAPTURE_FRAME) {
		assert(st == CAPTURE_END || st == CAPTURE_DAMAGED);
		assert(capture_reader_next(r, f) == CAPTURE_END);
		assert(done <= size);
	}
	capture_reader_close(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > SIZE_MAX_IN)
		return -1;
	read_file(data, size, NULL);
	read_file(data, size, "tcp port 25");
	return 0;
}
